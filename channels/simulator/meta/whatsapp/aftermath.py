"""What a customer's message changes on the telephone and in the simulator beside the new bubble."""

from __future__ import annotations

from collections.abc import Callable

from channels.simulator.meta.records import Customer, Json, Message
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.telephone import show_change

# Kinds that neither stand as a bubble of their own nor open the 24 hours.
SILENT = ("reaction", "edit", "revoke")
# Kinds that are no writing of the customer.
NOT_WRITTEN = ("edit", "revoke", "system")


def react(sim: Simulator, content: Json) -> None:
    """Put the emoji on its message; without one it goes away."""
    target = sim.state.messages.get(str(content.get("message_id", "")))
    if target is not None:
        target.reactions["customer"] = str(content.get("emoji", ""))
        show_change(sim, target)


def edit(sim: Simulator, content: Json) -> None:
    """Replace the words of an earlier message of the customer."""
    target = _original(sim, content)
    changed = content.get("message")
    if target is None or not isinstance(changed, dict):
        return
    kind = str(changed.get("type", target.type))
    if isinstance(target.content, dict) and isinstance(changed.get(kind), dict):
        target.content = {**target.content, **changed[kind]}
        show_change(sim, target)


def revoke(sim: Simulator, content: Json) -> None:
    """Take back an earlier message of the customer."""
    target = _original(sim, content)
    if target is not None:
        target.type, target.content, target.view = "revoked", {}, {}
        show_change(sim, target)


def _original(sim: Simulator, content: Json) -> Message | None:
    found = sim.state.messages.get(str(content.get("original_message_id", "")))
    return found if found is not None and found.direction == "inbound" else None


EFFECTS: dict[str, Callable[[Simulator, Json], None]] = {
    "reaction": react,
    "edit": edit,
    "revoke": revoke,
}


def complete_system(customer: Customer, given: Json) -> Json:
    """A system object with the sentence that Meta writes for its type, unless one is given."""
    kind = given.get("type")
    if kind in ("user_changed_number", "customer_changed_number"):
        words = f"User {customer.name} changed from {customer.wa_id} to {given.get('wa_id')}"
    elif kind == "customer_identity_changed":
        words = f"The security code of {customer.name} changed"
    elif kind == "user_changed_user_id":
        words = f"The user id of {customer.name} changed"
    else:
        words = str(kind)
    return {"body": words, **given}


def change_identity(sim: Simulator, customer: Customer, content: Json) -> None:
    """After the webhook left: the customer goes by the new number or the new user id."""
    state = sim.state
    if content.get("type") == "user_changed_user_id" and content.get("user_id"):
        state.by_bsuid.pop(customer.bsuid, None)
        state.add_customer({"wa_id": customer.wa_id, "bsuid": str(content["user_id"])})
    new = str(content.get("wa_id") or content.get("new_wa_id") or "")
    if content.get("type") in ("user_changed_number", "customer_changed_number") and new:
        _move(sim, customer, new)
    sim.hub.publish("people", {})


def _move(sim: Simulator, customer: Customer, new: str) -> None:
    state, old = sim.state, customer.wa_id
    if new == old or new in state.customers:
        return
    customer.wa_id = new
    state.customers[new] = state.customers.pop(old)
    if customer.bsuid:
        state.by_bsuid[customer.bsuid] = new
    for pair in [pair for pair in state.threads if pair[1] == old]:
        moved = (pair[0], new)
        state.threads[moved] = state.threads.pop(pair)
        for wamid in state.threads[moved]:
            if wamid in state.messages:
                state.messages[wamid].wa_id = new
        if pair in state.last_inbound:
            state.last_inbound[moved] = state.last_inbound.pop(pair)
