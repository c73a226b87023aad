"""API keys: what opens, what does not and when it stops; they rotate, and answer for themselves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from accounts.services import disable_person, enable_person
from kernel.clock import now
from kernel.models import AuditEntry
from kernel.mongo.wire import wire_log
from tenants import keys
from tenants.models import ApiKey, Membership
from tests import factories
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller, member

SCOPES = ["contacts:read", "contacts:write"]


def text_of(caller: Caller) -> str:
    return caller.headers["Authorization"].removeprefix("Bearer ")


def with_key(text: str) -> Caller:
    return Caller(Authorization=f"Bearer {text}")


def change(world: Any, key: Any, **fields: Any) -> None:
    with factories.inside(world):
        ApiKey.objects.filter(pk=key.pk).update(**fields)


def stored(world: Any, key: Any) -> Any:
    with factories.inside(world):
        return ApiKey.objects.get(pk=key.pk)


def iso(at: Any) -> str:
    return str(at.isoformat())


# ------------------------------------------------------------------ form and place


def malformed(text: str) -> dict[str, str]:
    """Keys that are none by their form alone."""
    other = {"sb_test_": "sb_live_", "sb_live_": "sb_test_"}[text[:8]]
    body = other + text[8:-6]
    swapped = "a" if text[-1] != "a" else "b"
    return {
        "wrong checksum": text[:-1] + swapped,
        "truncated": text[:-1],
        "without its checksum": text[:-6],
        "longer": text + "0",
        "another secret under the old checksum": text[:40] + swapped + text[41:],
        "other environment": body + keys._checksum(body),
        "other environment, old checksum": other + text[8:],
        "capitals": text.upper(),
    }


def test_what_is_no_key_by_its_form_is_refused_before_any_database_is_asked(
    world: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caller, _ = key_caller(world, SCOPES)
    for what, wrong in malformed(text_of(caller)).items():
        before = len(wire_log.commands)
        refused = with_key(wrong).get("contacts")
        assert (refused.status_code, code_of(refused)) == (401, "invalid_api_key"), what
        assert wire_log.commands[before:] == [], what
        assert wrong not in refused.content.decode() + caplog.text + capsys.readouterr().out


def test_a_key_is_read_from_its_header_and_from_nowhere_else(world: Any) -> None:
    caller, _ = key_caller(world, SCOPES)
    text, anonymous = text_of(caller), Caller()
    assert caller.get("contacts").status_code == 200
    for name in ("key", "api_key", "token", "access_token", "authorization", "Authorization"):
        refused = anonymous.client.get(f"{PREFIX}contacts", query_params={name: text})
        assert (refused.status_code, code_of(refused)) == (401, "not_authenticated"), name
        cookies = Caller()
        cookies.client.cookies[name] = text
        assert cookies.get("contacts").status_code == 401, name
    for headers in ({"X_Api_Key": text}, {"X_Session_Token": text}, {"Authorization": f"Basic {text}"},
                    {"Authorization": text}):  # fmt: skip
        assert Caller(**headers).get("contacts").status_code == 401, headers


def test_a_key_of_another_tenant_or_with_a_foreign_id_opens_nothing_here(
    world: Any, new_tenant: Any
) -> None:
    (here, key), (there, _) = (key_caller(w, SCOPES) for w in (world, new_tenant()))
    assert (
        there.get("me", {"X-Tenant": world.tenant.slug}).json()["tenant"]["id"] != world.tenant.pk
    )
    secret = keys.parse(text_of(there)).secret
    assert code_of(with_key(keys.render(key.pk, secret)).get("contacts")) == "invalid_api_key"
    assert here.get("contacts").status_code == 200


@pytest.mark.parametrize("address, opens", [
    ("203.0.113.7", True), ("::ffff:203.0.113.7", True), ("203.0.114.1", False), ("2001:db8::9", True),
    ("2001:db9::1", False), ("", False), ("nonsense", False),
])  # fmt: skip
def test_a_key_opens_from_its_networks_only(world: Any, address: str, opens: bool) -> None:
    caller, key = key_caller(world, SCOPES)
    change(world, key, cidrs=["203.0.113.0/24", "2001:db8::/32"])
    answer = caller.client.get(f"{PREFIX}contacts", REMOTE_ADDR=address,
                               headers={"Authorization": f"Bearer {text_of(caller)}"})  # fmt: skip
    assert answer.status_code == (200 if opens else 401)


def test_networks_are_kept_in_their_usual_form(owner: Caller) -> None:
    made = owner.post(
        "api-keys", {"name": "k", "scopes": SCOPES, "cidrs": ["10.1.2.3/8", "192.0.2.1"]}
    )
    assert made.json()["cidrs"] == ["10.0.0.0/8", "192.0.2.1/32"]
    refused = owner.post("api-keys", {"name": "k", "scopes": SCOPES, "cidrs": ["10.0.0.0/33"]})
    assert refused.json()["errors"][0]["field"] == "cidrs"


# ------------------------------------------------------------------ how long


def test_a_key_ends_after_ninety_days_unless_it_says_otherwise_within_a_year(owner: Caller) -> None:
    made = {"name": "k", "scopes": SCOPES}
    usual = owner.post("api-keys", made).json()["expires_at"]
    expected = now() + timedelta(days=90)
    assert usual[:10] in {iso(expected)[:10], iso(expected - timedelta(seconds=5))[:10]}
    chosen = iso(now() + timedelta(days=364))
    assert owner.post("api-keys", {**made, "expires_at": chosen}).status_code == 201
    for at in (now() + timedelta(days=366), now() - timedelta(seconds=1), now()):
        refused = owner.post("api-keys", {**made, "expires_at": iso(at)})
        assert refused.json()["errors"][0]["field"] == "expires_at"


def test_a_key_from_before_keys_ended_ends_a_year_after_it_was_made(world: Any) -> None:
    caller, key = key_caller(world, SCOPES)
    change(world, key, expires_at=None)
    assert caller.get("contacts").status_code == 200
    change(world, key, created_at=now() - timedelta(days=365))
    assert code_of(caller.get("contacts")) == "invalid_api_key"


def test_of_a_hundred_requests_at_once_none_passes_after_the_revocation(
    world: Any, owner: Caller
) -> None:
    caller, key = key_caller(world, SCOPES)
    revoked = [False]

    def ask(n: int) -> tuple[bool, int]:
        if n == 50:
            owner.delete(f"api-keys/{key.pk}")
            revoked[0] = True
            return True, 401
        was_revoked = revoked[0]
        answer = caller.client.get(
            f"{PREFIX}me", headers={"Authorization": f"Bearer {text_of(caller)}"}
        )
        return was_revoked, answer.status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(100)))
    assert {status for was_revoked, status in answers if was_revoked} == {401}
    assert {status for _, status in answers} <= {200, 401}
    assert caller.get("me").status_code == 401


def test_its_last_use_is_noted_once_a_minute_by_one_of_those_who_come_at_once(world: Any) -> None:
    caller, key = key_caller(world, SCOPES)

    def ask(_: int) -> int:
        headers = {"Authorization": f"Bearer {text_of(caller)}"}
        return caller.client.get(f"{PREFIX}me", headers=headers).status_code

    def noted() -> int:
        return sum(c.name == "update" and c.collection == "api_keys" for c in wire_log.commands)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(12))) == {200}
    first = stored(world, key)
    assert first.last_used_ip == "127.0.0.1" and noted() <= 4
    before = noted()
    assert ask(0) == 200 and noted() == before
    change(world, key, last_used_at=now() - timedelta(seconds=61))
    assert ask(0) == 200
    assert stored(world, key).last_used_at > first.last_used_at


# ------------------------------------------------------------------ no more than its maker


def test_nobody_takes_over_a_key_that_holds_more_than_they(world: Any, owner: Caller) -> None:
    admin, membership = member(world, "admin")
    _, wide = key_caller(world, ["tenant:erase"])
    refused = admin.post(f"api-keys/{wide.pk}/rotate")
    assert (refused.status_code, code_of(refused)) == (403, "scope_too_wide")
    assert stored(world, wide).digest == wide.digest
    _, narrow = key_caller(world, SCOPES)
    taken = admin.post(f"api-keys/{narrow.pk}/rotate").json()
    assert taken["created_by_id"] == membership.pk
    caller = with_key(taken["key"])
    assert caller.get("me").json()["role"] == "admin"
    owner.delete(f"members/{membership.pk}")
    assert caller.get("contacts").status_code == 401


def test_a_key_makes_and_rotates_no_keys_and_makes_no_tenants(world: Any) -> None:
    machine, key = key_caller(world, ["api_keys:manage", "contacts:read"])
    for refused in (
        machine.post("api-keys", {"name": "k", "scopes": ["contacts:read"]}),
        machine.post(f"api-keys/{key.pk}/rotate"),
    ):
        assert (refused.status_code, code_of(refused)) == (403, "permission_denied")
    with factories.inside(world):
        assert ApiKey.objects.count() == 1
    assert stored(world, key).digest == key.digest


def test_a_key_loses_at_once_what_its_maker_loses(world: Any, owner: Caller) -> None:
    admin, membership = member(world, "admin")
    made = admin.post("api-keys", {"name": "k", "scopes": SCOPES}).json()
    caller = with_key(made["key"])
    with factories.inside(world):
        contact = factories.contact()
    path = f"contacts/{contact.pk}"
    assert caller.patch(path, {"name": "A"}).status_code == 200
    owner.patch(f"members/{membership.pk}", {"role": "viewer"})
    assert caller.get("me").json()["permissions"] == ["contacts:read"]
    assert code_of(caller.patch(path, {"name": "B"})) == "permission_denied"
    with factories.inside(world):
        Membership.objects.filter(pk=membership.pk).update(status="disabled")
    assert caller.get(path).status_code == 401


def test_a_key_is_its_own_principal_in_the_audit_and_names_its_maker(world: Any) -> None:
    caller, key = key_caller(world, SCOPES)
    with factories.inside(world):
        contact = factories.contact()
    caller.patch(f"contacts/{contact.pk}", {"name": "By a key"})
    with factories.inside(world):
        entry = AuditEntry.objects.get(action="contact.changed")
    assert (entry.actor_kind, entry.actor_id) == ("api_key", key.pk)
    assert (entry.on_behalf_of, entry.ip) == (world.owner.pk, "127.0.0.1")


def test_what_becomes_of_a_key_is_audited_without_its_secret(world: Any, owner: Caller) -> None:
    made = owner.post("api-keys", {"name": "k", "scopes": SCOPES}).json()
    rotated = owner.post(f"api-keys/{made['id']}/rotate").json()
    owner.delete(f"api-keys/{made['id']}")
    with factories.inside(world):
        entries = list(AuditEntry.objects.filter(target_id=made["id"]).order_by("id"))
    assert [e.action for e in entries] == ["api_key.created", "api_key.rotated", "api_key.revoked"]
    told = str([(e.changes, e.reason) for e in entries])
    for text in (made["key"], rotated["key"]):
        assert keys.parse(text).secret not in told
        assert keys.digest(keys.parse(text).secret) not in told
    assert owner.get(f"api-keys/{made['id']}").json().get("key") is None


def test_a_key_is_closed_while_its_makers_account_is(world: Any) -> None:
    caller, _ = key_caller(world, SCOPES)
    assert caller.get("contacts").status_code == 200
    disable_person(world.user)
    refused = caller.get("contacts")
    assert (refused.status_code, code_of(refused)) == (401, "invalid_api_key")
    enable_person(world.user)
    assert caller.get("contacts").status_code == 200
