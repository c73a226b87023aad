"""Who answers a thread: passing it to another app, taking it back, asking for it."""

from __future__ import annotations

from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.ig_accounts import acting_account
from channels.simulator.meta.instagram.delivery import item, tell
from channels.simulator.meta.instagram.errors import invalid, refused
from channels.simulator.meta.instagram.samples import PAGE_INBOX
from channels.simulator.meta.records import Json


async def control_thread(call: Call) -> Answer:
    """`POST …/{pass,take,request,release}_thread_control {recipient, target_app_id?, metadata?}`.

    Ownership is kept for the whole account. Passing and taking are told by webhook.
    """
    account = acting_account(call, "messages")
    recipient = call.body.get("recipient")
    igsid = str(recipient.get("id", "")) if isinstance(recipient, dict) else ""
    if igsid not in call.state.instagram.people:
        raise refused(2534014)
    action = call.edge.removesuffix("_thread_control")
    target = str(call.body.get("target_app_id", PAGE_INBOX))
    if action == "pass" and not target.isdigit():
        raise invalid("Param target_app_id must be the id of an app")
    if action in ("pass", "release") and not account.is_owner:
        raise refused(2534037)
    ours = int(call.state.instagram.app_id if call.is_instagram else call.state.app_id)
    metadata = str(call.body.get("metadata", ""))
    part: Json = {}
    if action == "take":
        account.is_owner = True
        part = {"take_thread_control": {"previous_owner_app_id": PAGE_INBOX, "metadata": metadata}}
    elif action == "pass":
        owners = {"previous_owner_app_id": ours, "new_owner_app_id": int(target)}
        part = {"pass_thread_control": {**owners, "metadata": metadata}}
    if part:
        tell(call.sim, account, igsid, item(call.sim, account, igsid, part), call.edge)
    if action in ("pass", "release"):
        account.is_owner = False
    return Answer({"success": True})
