"""Several images in one message, and one by one where Meta has not enabled that for the account yet."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from channels.providers.contract import Accepted, Outcome, Rejected, Unknown
from channels.providers.instagram.errors import rule_for

Json = dict[str, Any]
Send = Callable[[Json], Outcome]

NOT_ENABLED = 2534068


def is_not_enabled(body: Json, outcome: Outcome) -> bool:
    """Return whether this is an album that was refused for being one; nothing of it was sent."""
    rule = rule_for(NOT_ENABLED)
    is_album = isinstance(body.get("message"), dict) and "attachments" in body["message"]
    return bool(is_album and isinstance(outcome, Rejected) and rule and outcome.title == rule.title)


def send_apart(send: Send, body: Json) -> Outcome:
    """Send each image as a message of its own, in order; the last one's id stands for them all.

    Once one has left, another's failure is `Unknown`: a repetition would send the first again.
    """
    sent: list[Accepted] = []
    images = body["message"]["attachments"]
    for image in images:
        outcome = send(body | {"message": {"attachment": image}})
        if not isinstance(outcome, Accepted):
            if not sent:
                return outcome
            return Unknown(reason=f"{len(sent)} of {len(images)} images were sent one by one")
        sent.append(outcome)
    return replace(sent[-1], parts=tuple(one.external_id for one in sent[:-1]))
