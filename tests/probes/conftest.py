"""Two tenants of the same shape, and everybody who may ask from the first for what is in the second."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client, override_settings

from config.api import refusals
from kernel.clock import now
from tenants.middleware import TenantMiddleware
from tenants.permissions import Permission
from tests import factories
from tests.api.caller import PREFIX
from tests.probes.populated import Populated, canaries, populate, secrets_of
from tests.probes.positions import operations, path_places
from tests.probes.probing import PERSON, Caller

ROLES = ("owner", "admin", "supervisor", "agent", "viewer")
CALLERS = (
    *ROLES,
    "key",
    "read-only-key",
    "expired-key",
    "anonymous",
    "non-member",
    "former-member",
)
IDEMPOTENCY_KEY = "used-over-there"
OTHERWISE = {"X-Request-Id": "while-filling"}
# No limit on how often one asks, and a provider that does not answer.
FAST = {name: 10**6 for name in dir(configured) if name.startswith("RATE_")} | {
    "META_GRAPH_URL": "http://127.0.0.1:9",
}


@dataclass
class Pair:
    """Who asks (``here``), whose data they are after (``there``), and a third tenant of a stranger."""

    here: Populated
    there: Populated
    stranger: factories.World
    canaries: frozenset[str]
    cursors: dict[str, str]
    callers: dict[str, Caller]


@pytest.fixture(scope="module")
def pair(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    media = tmp_path_factory.mktemp("media")
    with (
        django_db_blocker.unblock(),
        override_settings(MEDIA_ROOT=media, **FAST),
        pytest.MonkeyPatch.context() as patch,
    ):
        # Reading the session costs as much as the rest of a refused request; who may enter which
        # tenant is asked of the database each time.
        patch.setattr(TenantMiddleware, "_person", _person)
        # Whoever asks has just proven it: what they may do then is what is probed.
        for module in ("config.api.operations", "tenants.api.views", "tenants.api.invitations"):
            patch.setattr(f"{module}.demand_fresh", lambda request: None)
        # Each refusal is a write; of so many, one in twenty shows that they are noted.
        patch.setattr("config.api.errors.note", _one_in_twenty(refusals.note))
        from kernel.work.drain import drain

        here, there = populate(), populate()
        drain("relay", seconds=10)
        stranger = factories.new_world("Initech")
        callers = {name: _caller(name, here, there, stranger) for name in CALLERS}
        cursors = _cursors(there)
        _use_idempotency_key(there, IDEMPOTENCY_KEY)
        _use_idempotency_key(here, "used-over-here")
        hidden = canaries(there, here) | secrets_of(here) | secrets_of(there)
        yield Pair(here, there, stranger, hidden, cursors, callers)


def _one_in_twenty(note: Callable[..., None]) -> Callable[..., None]:
    turns = itertools.count()

    def thinned(*args: Any) -> None:
        if next(turns) % 20 == 0:
            note(*args)

    return thinned


_by_session = TenantMiddleware._person


def _person(middleware: TenantMiddleware, request: Any) -> Any:
    if PERSON not in request.META:
        return _by_session(middleware, request)
    request.by_cookie = True
    return request.META[PERSON]


def signed_in(user: Any, tenant: Any, role: str) -> Caller:
    return Caller(role, {"X-Tenant": tenant.slug}, person=user, is_thorough=role == "owner")


def _caller(name: str, here: Populated, there: Populated, stranger: factories.World) -> Caller:
    tenant = here.world.tenant
    if name == "owner":
        return signed_in(here.world.user, tenant, name)
    if name in ROLES or name == "former-member":
        return _member(name, here, there)
    if name == "non-member":
        return signed_in(stranger.user, tenant, name)
    if name == "anonymous":
        return Caller(name, {"X-Tenant": tenant.slug})
    return _key(name, here)


def _member(name: str, here: Populated, there: Populated) -> Caller:
    """The former member may do much here, and was in the other tenant until just now."""
    from tenants.services.members import add_member, remove_member

    user, role = factories.person(), "supervisor" if name == "former-member" else name
    if name == "former-member":
        with factories.inside(there.world):
            remove_member(member_id=add_member(email=user.email, role="admin").pk)
    with factories.inside(here.world):
        add_member(email=user.email, role=role)
    return signed_in(user, here.world.tenant, name)


def _key(name: str, here: Populated) -> Caller:
    from tenants.models import ApiKey
    from tenants.services.api_keys import create_api_key

    reading = name == "read-only-key"
    scopes = [str(p) for p in Permission if not reading or ":read" in p]
    with factories.inside(here.world):
        key, text = create_api_key(name=name, scopes=scopes)
        if name == "expired-key":
            ApiKey.objects.filter(pk=key.pk).update(expires_at=now() - timedelta(seconds=1))
    return Caller(name, {"Authorization": f"Bearer {text}"}, is_thorough=name == "key")


def _cursors(side: Populated) -> dict[str, str]:
    """What the other tenant's owner gets as ``next`` of each list; those outside of tenants are superusers'."""
    owner, found = signed_in(side.world.user, side.world.tenant, "owner"), {}
    for operation in operations():
        is_list = any(p["name"] == "cursor" for p in operation.named("query"))
        if not (is_list and operation.has_tenant):
            continue
        path = operation.filled({p.name: side.ids[p.model][0] for p in path_places(operation)})
        token = owner.send("get", path, query={"limit": "1"}, headers=OTHERWISE).json().get("next")
        if token:
            found[operation.id] = token
    return found


def _use_idempotency_key(side: Populated, key: str) -> None:
    owner = signed_in(side.world.user, side.world.tenant, "owner")
    contact = side.ids["crm.Contact"][0]
    answer = owner.send("patch", f"{PREFIX}contacts/{contact}", body={"name": f"{side.mark} again"},
                        headers={"Idempotency-Key": key, **OTHERWISE})  # fmt: skip
    assert answer.status_code == 200, answer.content


@pytest.fixture
def fast(settings: Any, tmp_path: Any) -> None:
    """No limits on how often one asks, and a storage of one's own."""
    for name, value in FAST.items():
        setattr(settings, name, value)
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def figure(record_property: Callable[[str, Any], None]) -> Callable[[str], None]:
    """Put a line under the results of the run."""

    def put(text: str) -> None:
        record_property("figure", text)

    return put


@pytest.fixture
def anybody() -> Client:
    return Client(raise_request_exception=False)
