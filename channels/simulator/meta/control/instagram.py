"""Playing Instagram: what people do, accounts and people, and subscriptions that get lost."""

from __future__ import annotations

from channels.simulator.meta.control.play import told
from channels.simulator.meta.instagram.comments import play_change
from channels.simulator.meta.instagram.inbound import account_of, inject
from channels.simulator.meta.instagram.outbound import read_if_open
from channels.simulator.meta.records import Json
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator


async def play_event(sim: Simulator, body: Json) -> Json:
    """A person does something; see `instagram/inbound.py`."""
    mid, first = inject(sim, body)
    return {"id": mid, **await told(sim, body, first)}


async def play_comment(sim: Simulator, body: Json) -> Json:
    """A comment, a mention, the numbers of a story; see `instagram/comments.py`."""
    found, first = play_change(sim, body)
    return {"id": found, **await told(sim, body, first)}


async def put_account(sim: Simulator, body: Json) -> Json:
    """Add an account (`ig_id`, `username`, tokens, Page) or change what is named."""
    account = sim.state.instagram.add_account(body)
    sim.hub.publish("people", {})
    return dict(vars(account))


async def put_person(sim: Simulator, body: Json) -> Json:
    """Add or change a person: `igsid`, `username`, `name`, `has_blocked`, `has_written`."""
    person = sim.state.instagram.add_person(body)
    sim.hub.publish("people", {})
    return dict(vars(person))


async def put_subscription(sim: Simulator, body: Json) -> Json:
    """`action` lose or restore, for a `waba_id` or an `ig_id`.

    Losing is what Meta does to an account whose webhooks failed for an hour: nothing is said, and
    no more events leave until somebody subscribes again.
    """
    lose = {"lose": True, "restore": False}.get(str(body.get("action", "lose")))
    if lose is None:
        raise BadPatch("action must be lose or restore")
    if "ig_id" in body:
        account = account_of(sim, body)
        account.lose_subscription()
        if not lose:
            account.instagram_fields = ["messages"]
        return {"subscribed": account.is_subscribed}
    waba = sim.state.wabas[str(body["waba_id"])]
    waba.subscribed_apps = [] if lose else [sim.state.app_id]
    return {"subscribed": bool(waba.subscribed_apps)}


async def look(sim: Simulator, body: Json) -> Json:
    """A person opens or leaves the conversation; opening reads what is there."""
    account = account_of(sim, {"ig_id": str(body["phone_number_id"])})
    pair = (account.ig_id, str(body["wa_id"]))
    if body.get("open", True):
        sim.state.open_telephones[pair] = 1
        read_if_open(sim, account, pair[1])
    else:
        sim.state.open_telephones.pop(pair, None)
    return {"open": pair in sim.state.open_telephones}
