"""Deliberately broken builds for the negative controls; `FAULTS_BROKEN` says how."""

import os
import random
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from channels.providers.contract import RawItem
from channels.providers.whatsapp.client import WhatsAppClient
from channels.providers.whatsapp.provider import WhatsAppProvider


def install() -> None:
    HOW[os.environ["FAULTS_BROKEN"]]()


def forgetful() -> None:
    """I2: nothing is recognised again, neither the item nor the message."""
    import messaging.ingest.messages as ingest

    _change_items(lambda item: replace(item, key=f"{item.key}:{secrets.token_hex(4)}"))
    ingest._unseen = lambda arrivals: list(arrivals)


def scattered() -> None:
    """I3: a sender's items go to any lane."""
    _change_items(lambda item: replace(item, order_key=str(random.random())))


def _change_items(change: Any) -> None:
    explode = WhatsAppProvider.explode

    def changed(self: WhatsAppProvider, payload: Any) -> Iterator[Any]:
        for item in explode(self, payload):
            yield change(item) if isinstance(item, RawItem) else item

    WhatsAppProvider.explode = changed


def deaf() -> None:
    """I5: no bell is rung and nobody sweeps."""
    import kernel.tasks
    from kernel.work import bell

    def nothing(*_: Any, **__: Any) -> None:
        return None

    bell.ring = bell.ring_on = kernel.tasks.send_pulse = nothing


def talkative() -> None:
    """I7: a text is printed while its message is parsed."""
    parse = WhatsAppProvider.parse

    def loud(self: WhatsAppProvider, body: dict[str, Any]) -> Any:
        print("parsing", body.get("message"), flush=True)
        return parse(self, body)

    WhatsAppProvider.parse = loud


def clumsy() -> None:
    """I8: listing messages fails in a way that nobody foresaw."""
    from messaging.api import messages

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("not foreseen")

    messages.list_messages = broken


def stubborn() -> None:
    """I10: a call whose outcome is not known is made again."""
    from channels.providers.contract import Unknown

    send = WhatsAppClient.send

    def again(self: Any, body: Any) -> Any:
        outcome = send(self, body)
        return send(self, body) if isinstance(outcome, Unknown) else outcome

    WhatsAppClient.send = again


HOW = {f.__name__: f for f in (forgetful, scattered, deaf, talkative, clumsy, stubborn)}
