"""What staff write on the business's own telephone, and its backlog (coexistence)."""

from __future__ import annotations

from channels.simulator.meta.records import Json, Message, Number
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.telephone import show


def keep_echo(sim: Simulator, number: Number, value: Json) -> None:
    """Show the echoed messages to the customer, as they come from the same number."""
    for item in value.get("message_echoes", ()):
        kind = str(item.get("type", ""))
        content = item.get(kind)
        wa_id = str(item.get("to", ""))
        if not wa_id or kind in ("revoke", "edit") or not isinstance(content, (dict, list)):
            continue
        message = Message(
            wamid=str(item.get("id")),
            phone_number_id=number.phone_number_id,
            wa_id=sim.state.customer(wa_id).wa_id,
            direction="outbound",
            type=kind,
            content=content,
            at=sim.state.now(),
            status="delivered",
        )
        show(sim, sim.state.add_message(message))
