"""Adding and changing numbers, customers, tokens and templates while the simulator runs."""

from __future__ import annotations

import secrets

from channels.simulator.meta.instagram.state import TOKEN_LIFE_S
from channels.simulator.meta.records import Code, Json, Template
from channels.simulator.meta.settings import BadPatch, apply_patch
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.state import SCOPES
from channels.simulator.meta.whatsapp.statuses import catch_up


async def put_number(sim: Simulator, body: Json) -> Json:
    """Add a number (all fields) or change one (`phone_number_id` and what changes)."""
    known = sim.state.numbers.get(str(body.get("phone_number_id", "")))
    if known is not None:
        apply_patch(known, body)
        sim.state.grant(known.access_token, known)
    else:
        known = sim.state.add_number(body)
    sim.hub.publish("people", {})
    return dict(vars(known))


async def put_customer(sim: Simulator, body: Json) -> Json:
    """Add or change a customer; a telephone switched on again receives what waited."""
    if not str(body.get("wa_id", "")).isdigit():
        raise BadPatch("wa_id must be digits")
    item = {**body, "wa_id": str(body["wa_id"])}
    customer = sim.state.add_customer(item)
    catch_up(sim, customer)
    sim.hub.publish("people", {})
    return dict(vars(customer))


async def put_token(sim: Simulator, body: Json) -> Json:
    """`action`: add, revoke, restore or expire; also makes a `code` for the login exchange."""
    state = sim.state
    value = str(body.get("token") or f"EAAsim{secrets.token_hex(16)}")
    act = body.get("action", "add")
    if act == "add" and "ig_id" in body:
        _instagram_token(sim, value, body)
    elif act == "add":
        for phone in body.get("phone_number_ids", list(state.numbers)):
            state.grant(value, state.numbers[str(phone)])
        if value not in state.tokens:
            raise BadPatch("phone_number_ids must not be empty")
        state.tokens[value].scopes = list(body.get("scopes", SCOPES))
        state.tokens[value].expires_at = float(body.get("expires_at", 0))
        if body.get("code"):
            until = state.now() + float(body.get("code_life_s", 3600))
            state.codes[str(body["code"])] = Code(value, until)
    elif act in ("revoke", "restore", "expire"):
        token = state.tokens[value]
        token.is_revoked = act == "revoke"
        token.revoked_subcode = int(body.get("subcode", 467))
        token.expires_at = state.now() - 1 if act == "expire" else 0.0
    else:
        raise BadPatch("action must be add, revoke, restore or expire")
    return dict(vars(state.tokens[value]))


def _instagram_token(sim: Simulator, value: str, body: Json) -> None:
    """A token of an account: of its Page with `page: true`, else of Instagram Login."""
    instagram = sim.state.instagram
    account = instagram.accounts[str(body["ig_id"])]
    if body.get("page"):
        token = instagram.grant_page(value, account)
    else:
        token = instagram.grant_instagram(value, account, float(body.get("life_s", TOKEN_LIFE_S)))
    token.issued_at -= float(body.get("age_s", 0))
    token.scopes = list(body.get("scopes", token.scopes))


async def put_template(sim: Simulator, body: Json) -> Json:
    """Add or replace a template by (waba_id, name, language); or only change its `status`."""
    state = sim.state
    waba_ids = [str(body["waba_id"])] if "waba_id" in body else list(state.wabas)
    changed: list[Template] = []
    for waba_id in waba_ids:
        found = [
            item
            for item in state.templates.values()
            if (item.waba_id, item.name) == (waba_id, body["name"])
            and item.language == body.get("language", "en_US")
        ]
        template = found[0] if found else _new_template(sim, waba_id, body)
        ids = {"waba_id": waba_id, "template_id": template.template_id}
        apply_patch(template, {**body, **ids})
        changed.append(template)
    return {"templates": [dict(vars(item)) for item in changed]}


def _new_template(sim: Simulator, waba_id: str, body: Json) -> Template:
    template = Template(
        template_id=sim.state.new_id(),
        waba_id=waba_id,
        name=str(body["name"]),
        language=str(body.get("language", "en_US")),
        category=str(body.get("category", "UTILITY")),
        components=body["components"],
    )
    sim.state.templates[template.template_id] = template
    return template
