"""`POST /{phone_number_id}/messages`: send, mark as read, show that we are typing."""

from __future__ import annotations

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.permits import MESSAGING, demand, identify
from channels.simulator.meta.records import Json
from channels.simulator.meta.whatsapp.checks import child, missing, text
from channels.simulator.meta.whatsapp.outbound import send_message
from channels.simulator.meta.whatsapp.telephone import read_up_to

TYPING_S = 25


async def post_messages(call: Call) -> Answer:
    """Answer as Meta does: the message's id and `contacts`, or `{"success": true}`."""
    demand(call, identify(call), phone=call.node, scope=MESSAGING)
    if call.body.get("messaging_product") != "whatsapp":
        detail = "The parameter messaging_product is required and must be whatsapp."
        raise GraphError(100, detail, message=f"(#100) {detail}")
    number = call.state.numbers[call.node]
    if number.status != "CONNECTED":
        raise GraphError(133010, f"The number is {number.status}.")
    if "status" in call.body:
        return _mark_as_read(call)
    message = await send_message(call.sim, number, call.body, call.fault)
    call.entry["wamid"] = message.wamid
    item: Json = {"id": message.wamid}
    if message.type == "template":
        item["message_status"] = "accepted"
    customer = call.state.customer(message.wa_id)
    contact: Json = {"input": call.body.get("to") or call.body["recipient"]}
    contact |= {"user_id": customer.bsuid} if message.to_bsuid else {"wa_id": customer.wa_id}
    return Answer({"messaging_product": "whatsapp", "contacts": [contact], "messages": [item]})


def _mark_as_read(call: Call) -> Answer:
    """Blue ticks on the customer's telephone; with `typing_indicator` also the three dots."""
    if call.body["status"] != "read":
        raise GraphError(100, "Param status must be one of READ.")
    wamid = call.body.get("message_id")
    if not wamid:
        raise missing("message_id")
    message = call.state.messages.get(str(wamid))
    if message is None or message.direction != "inbound" or message.phone_number_id != call.node:
        raise GraphError(131009, "message_id: no message of a customer to this number has this id.")
    if "typing_indicator" in call.body:
        typing = child(call.body, "typing_indicator", "typing_indicator")
        if text(typing, "type", "typing_indicator['type']", 20) != "text":
            raise GraphError(131009, "Parameter 'typing_indicator['type']': must be text.")
        call.sim.hub.publish(
            "typing",
            {
                "phone_number_id": call.node,
                "wa_id": message.wa_id,
                "seconds": TYPING_S,
            },
        )
    read_up_to(call.sim, message)
    return Answer({"success": True})
