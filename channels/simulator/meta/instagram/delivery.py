"""Instagram's webhooks: who gets them, with which secret, in which envelope."""

from __future__ import annotations

import asyncio

from channels.simulator.meta.instagram.records import Account
from channels.simulator.meta.records import Json
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.webhooks import Event

First = asyncio.Future[int | None] | None


def _event(sim: Simulator, account: Account, lane: str, value: Json, kind: str) -> Event | None:
    """An event for the flavour that is subscribed; None when none is.

    A Page's subscription is that of the Meta app, which signs with its own secret; Instagram
    Login's is that of the Instagram app.
    """
    state = sim.state
    if not account.is_subscribed:
        return None
    url = state.instagram.webhook_url or state.webhook_url
    if not url:
        return None
    if state.chaos.unknown_fields:
        value = {**value, "_new_property": {"since": "tomorrow"}}
    event = Event(account.ig_id, (account.ig_id, lane), value, f"instagram:{kind}", url)
    event.object_name = "instagram"
    event.secret = state.instagram.app_secret if account.instagram_fields else state.app_secret
    return event


def tell(
    sim: Simulator,
    account: Account,
    igsid: str,
    value: Json,
    kind: str,
    *,
    is_standby: bool = False,
    mid: str = "",
) -> First:
    """Queue one item of `messaging[]`, or of `standby[]` while another app owns the thread."""
    event = _event(sim, account, igsid, value, kind)
    if event is None:
        return None
    event.place = "standby" if is_standby or not account.is_owner else "messaging"
    event.at, event.wamid = sim.state.now() * 1000, mid
    return sim.emitter.emit(event)


def tell_change(sim: Simulator, account: Account, field: str, value: Json) -> First:
    """Queue a change of `comments` and the like; `ig_comments` says in which of two shapes."""
    event = _event(sim, account, f"changes:{field}", value, field)
    if event is None:
        return None
    event.field_name, event.at = field, sim.state.now()
    is_flat = sim.state.settings.ig_comments == "flat" and bool(account.instagram_fields)
    event.place = "flat" if is_flat else "changes"
    return sim.emitter.emit(event)


def item(
    sim: Simulator, account: Account, igsid: str, part: Json, *, is_ours: bool = False
) -> Json:
    """One item of `messaging[]` with sender, recipient and milliseconds."""
    ends = {"sender": {"id": igsid}, "recipient": {"id": account.ig_id}}
    if is_ours:
        ends = {"sender": {"id": account.ig_id}, "recipient": {"id": igsid}}
    return {**ends, "timestamp": int(sim.state.now() * 1000), **part}
