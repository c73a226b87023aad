"""What the customer's telephone shows, and what the customer does without writing."""

from __future__ import annotations

from channels.simulator.meta.records import Json, Message
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.state import State


def bubble(state: State, message: Message) -> Json:
    """A message as the telephone page draws it."""
    return {
        "id": message.wamid,
        "phone_number_id": message.phone_number_id,
        "wa_id": message.wa_id,
        "direction": message.direction,
        "type": message.type,
        "content": message.content,
        "view": message.view,
        "at": message.at,
        "status": message.status,
        "reply_to": message.reply_to,
        "error": message.error,
        "reactions": {who: emoji for who, emoji in message.reactions.items() if emoji},
        "read_by_business": message.wamid in state.read_by_business,
    }


def show(sim: Simulator, message: Message) -> None:
    """Put a new bubble on the open pages."""
    sim.hub.publish("message", bubble(sim.state, message))


def show_change(sim: Simulator, message: Message) -> None:
    """Redraw a bubble whose ticks, reactions or error changed."""
    sim.hub.publish("change", bubble(sim.state, message))


def thread(state: State, phone_number_id: str, wa_id: str) -> list[Json]:
    """The bubbles of one conversation, oldest first."""
    ids = state.threads.get((phone_number_id, wa_id), ())
    found = (state.messages.get(wamid) for wamid in ids)
    return [bubble(state, message) for message in found if message is not None]


def read_up_to(sim: Simulator, message: Message) -> None:
    """The business read this message and, as in WhatsApp, all earlier ones of the thread."""
    state = sim.state
    for wamid in reversed(state.threads.get(message.thread, ())):
        earlier = state.messages.get(wamid)
        if earlier is None or earlier.direction != "inbound" or earlier.at > message.at:
            continue
        if wamid in state.read_by_business:
            return
        state.read_by_business.add(wamid)
        show_change(sim, earlier)
