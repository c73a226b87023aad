"""Registering a number with the Cloud API, and verifying that it is ours."""

from __future__ import annotations

import re
from collections import deque

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.permits import MANAGEMENT, demand, identify
from channels.simulator.meta.records import Number

REGISTRATIONS, WITHIN_S = 10, 72 * 3600
CODE = "123456"


def _number(call: Call) -> Number:
    demand(call, identify(call), phone=call.node, scope=MANAGEMENT)
    return call.state.numbers[call.node]


def _count(call: Call) -> None:
    """Ten registrations and deregistrations within 72 hours."""
    now = call.state.now()
    recent = call.state.sends.setdefault(("register", call.node), deque())
    while recent and now - recent[0] >= WITHIN_S:
        recent.popleft()
    if len(recent) >= REGISTRATIONS:
        raise GraphError(133016, "Too many registrations of this number within 72 hours.")
    recent.append(now)


async def register(call: Call) -> Answer:
    """`POST /{phone_number_id}/register {pin}`; the first PIN stays until it is changed."""
    number = _number(call)
    if call.body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    pin = str(call.body.get("pin", ""))
    if not re.fullmatch(r"\d{6}", pin):
        raise GraphError(100, "Param pin must be 6 digits.")
    if number.code_verification_status not in ("VERIFIED", "EXPIRED"):
        raise GraphError(133006, "The number must be verified first.")
    _count(call)
    if number.pin and number.pin != pin:
        raise GraphError(133005, "Two step verification PIN is incorrect.")
    number.pin, number.status = pin, "CONNECTED"
    return Answer({"success": True})


async def deregister(call: Call) -> Answer:
    """`POST /{phone_number_id}/deregister`."""
    number = _number(call)
    _count(call)
    number.status = "DISCONNECTED"
    return Answer({"success": True})


async def request_code(call: Call) -> Answer:
    """`POST /{phone_number_id}/request_code?code_method&language`; the code is always 123456."""
    number = _number(call)
    if call.parameter("code_method") not in ("SMS", "VOICE") or not call.parameter("language"):
        raise GraphError(100, "code_method must be SMS or VOICE; language is required.")
    if number.code_verification_status == "VERIFIED":
        raise GraphError(136024, message="(#136024) The number was already verified", http=400)
    return Answer({"success": True})


async def verify_code(call: Call) -> Answer:
    """`POST /{phone_number_id}/verify_code?code`."""
    number = _number(call)
    if call.parameter("code") != CODE:
        raise GraphError(136025, message="(#136025) The code is wrong", http=400)
    number.code_verification_status = "VERIFIED"
    return Answer({"success": True})
