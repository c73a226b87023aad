"""Reset, clock, settings, chaos and faults."""

from __future__ import annotations

from channels.simulator.meta.faults import parse_fault
from channels.simulator.meta.records import Json
from channels.simulator.meta.settings import BadPatch, apply_patch
from channels.simulator.meta.simulator import Simulator


async def reset(sim: Simulator, body: Json) -> Json:
    """Forget everything; `config` replaces the configuration, else that of the start returns."""
    sim.reset(body.get("config"))
    return {"epoch": sim.state.epoch}


async def set_clock(sim: Simulator, body: Json) -> Json:
    """Move the clock: `offset_s` from real time, or `advance_s` from where it is."""
    offset = float(body.get("offset_s", sim.state.clock_offset_s))
    sim.state.clock_offset_s = offset + float(body.get("advance_s", 0))
    return {"offset_s": sim.state.clock_offset_s, "now": sim.state.now()}


async def set_settings(sim: Simulator, body: Json) -> Json:
    """Change settings; `webhook_url`, `verify_token` and `app_secret` belong here too."""
    rest = dict(body)
    for name in ("webhook_url", "verify_token", "app_secret"):
        if name in rest:
            setattr(sim.state, name, str(rest.pop(name)))
            sim.state.callback_verified = False
    apply_patch(sim.state.settings, rest)
    return {**vars(sim.state.settings), "webhook_url": sim.state.webhook_url}


async def set_chaos(sim: Simulator, body: Json) -> Json:
    """Change the chaos switches; `seed` starts the dice anew."""
    apply_patch(sim.state.chaos, body)
    if "seed" in body:
        sim.state.random.seed(sim.state.chaos.seed)
    return dict(vars(sim.state.chaos))


async def fail_next(sim: Simulator, body: Json) -> Json:
    """Queue a fault; `{"clear": true}` takes all away."""
    if body.get("clear"):
        sim.state.faults.clear()
    else:
        fault = parse_fault(body)
        if fault.count < 1:
            raise BadPatch("count must be at least 1")
        sim.state.faults.append(fault)
    return {"waiting": [dict(vars(item)) for item in sim.state.faults]}
