"""The demo: two tenants with people, channels and a few conversations, the same on every start."""

import json
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import User
from channels.errors import ChannelTaken
from channels.models import Channel
from channels.services.connect import connect_instagram, connect_whatsapp
from kernel import egress
from kernel.clock import now
from kernel.scoping import tenant_scope
from tenants import keys
from tenants.access import Principal, acting, acting_as_system
from tenants.models import ApiKey, Membership, Tenant
from tenants.models.api_key import LONGEST
from tenants.permissions import ROLES
from tenants.services.api_keys import create_api_key
from tenants.services.members import add_member
from tenants.services.tenant import create_tenant

PEOPLE = (("owner", "Olivia"), ("admin", "Adam"), ("agent", "Ana"), ("viewer", "Victor"))
STAFF_EMAIL = "staff@switchboard.test"
GREETINGS = (
    ("5511955501001", "Oi! Is my order on its way?"),
    ("380445550102", "Добрий день! Чи є у вас доставка?"),
    ("815055501003", "こんにちは、営業時間を教えてください"),
)


@dataclass(frozen=True)
class Seeded:
    """What ``demo.json`` holds, and whether anything was made."""

    document: dict[str, Any]
    first_time: bool


def seed(path: Path, simulator: dict[str, Any]) -> Seeded:
    """Make what is missing; ``path`` keeps what cannot be read back (passwords, keys)."""
    known = json.loads(path.read_text()) if path.exists() else {}
    password = known.get("password") or f"demo-{secrets.token_urlsafe(9)}"
    # One hash for all: each costs half a second. Known people keep theirs while the file is there.
    hashed = (
        "" if known and User.objects.filter(email=STAFF_EMAIL).exists() else make_password(password)
    )
    staff = _person(STAFF_EMAIL, "Sam Support", hashed, staff=True)
    before = Tenant.objects.count()
    tenants = [_tenant(slug, numbers, simulator, hashed, known)
               for slug, numbers in simulator["tenants"].items()]  # fmt: skip
    document = {
        "web": settings.PUBLIC_URL,
        "edge": settings.EDGE_URL,
        "stream": settings.STREAM_URL,
        "simulator": settings.SIMULATOR_URL,
        "meta": {
            "app_secret": settings.META_APP_SECRET,
            "verify_token": settings.META_VERIFY_TOKEN,
        },
        "tenants": tenants,
        "staff": [{"email": staff.email, "password": password}],
        "password": password,
    }
    for tenant in tenants:
        tenant["users"] = [{**user, "password": password} for user in tenant["users"]]
    path.write_text(json.dumps(document, indent=2) + "\n")
    path.chmod(0o600)
    return Seeded(document, first_time=before == 0)


def _person(email: str, name: str, hashed: str, *, staff: bool = False) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User(email=email, name=name, is_staff=staff, is_superuser=staff)
    elif not hashed:
        return user
    user.password = hashed or make_password(None)
    user.save()
    EmailAddress.objects.update_or_create(
        user=user, email=email, defaults={"verified": True, "primary": True}
    )
    return user


def _tenant(
    slug: str, numbers: list[str], simulator: dict[str, Any], hashed: str, known: dict[str, Any]
) -> dict[str, Any]:
    people = [(role, _person(f"{role}@{slug}.test", f"{name} {slug.title()}", hashed))
              for role, name in PEOPLE]  # fmt: skip
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        tenant = create_tenant(maker=people[0][1], name=slug.title(), slug=slug)
    with tenant_scope(tenant):
        with acting_as_system():
            for role, person in people[1:]:
                if not Membership.objects.filter(user_id=person.pk).exists():
                    add_member(email=person.email, role=role)
            channels = [_channel(number, simulator) for number in numbers]
            accounts = [_account(account) for account in _accounts_of(slug, simulator)]
        key = _key(people[0][1], _known_key(known, slug))
    return {
        "id": tenant.pk,
        "slug": slug,
        "api_key": key,
        "users": [{"email": p.email, "role": role} for role, p in people],
        "channels": [{"id": c.pk, "kind": c.kind, **c.external} for c in channels],
        "accounts": [{"id": c.pk, "kind": c.kind, **c.external} for c in accounts],
    }


def _known_key(known: dict[str, Any], slug: str) -> str:
    return next((t["api_key"] for t in known.get("tenants", ()) if t["slug"] == slug), "")


def _key(owner: User, text: str) -> str:
    """The key of the last start if it still opens the tenant, else a new one."""
    parsed = keys.parse(text)
    row = ApiKey.objects.filter(pk=parsed.id, revoked_at=None).first() if parsed else None
    if parsed and row and keys.matches(parsed.secret, row.digest) and not row.has_ended:
        return text
    member = Membership.objects.get(user_id=owner.pk)
    principal = Principal(kind="member", id=member.pk, member_id=member.pk, user_id=owner.pk,
                          name=str(member), role="owner", permissions=ROLES["owner"])  # fmt: skip
    with acting(principal):
        until = now() + LONGEST - timedelta(minutes=1)
        return create_api_key(name="demo", scopes=sorted(ROLES["owner"]), expires_at=until)[1]


def _channel(phone_number_id: str, simulator: dict[str, Any]) -> Channel:
    number = next(n for n in simulator["numbers"] if n["phone_number_id"] == phone_number_id)
    for channel in Channel.objects.exclude(status=Channel.REMOVED):
        if channel.external.get("phone_number_id") == phone_number_id:
            return channel
    try:
        return connect_whatsapp(
            phone_number_id=phone_number_id,
            waba_id=number["waba_id"],
            access_token=number["access_token"],
            name=number["verified_name"],
        )
    except ChannelTaken as error:
        raise SystemExit(f"{phone_number_id} belongs to another tenant of this database") from error


def _accounts_of(slug: str, simulator: dict[str, Any]) -> list[dict[str, Any]]:
    played = simulator.get("instagram", {})
    owners = played.get("owners", {})
    return [
        account for account in played.get("accounts", ()) if owners.get(account["ig_id"]) == slug
    ]


def _account(account: dict[str, Any]) -> Channel:
    """An Instagram account, connected by its own token."""
    for channel in Channel.objects.exclude(status=Channel.REMOVED):
        if channel.external.get("ig_id") == account["ig_id"]:
            return channel
    try:
        return connect_instagram(access_token=account["access_token"], name=account["username"])
    except ChannelTaken as error:
        raise SystemExit(
            f"{account['ig_id']} belongs to another tenant of this database"
        ) from error


def greet(document: dict[str, Any]) -> int:
    """Let the demo's customers write, through the simulator, as they would; returns how many messages went out."""
    sent = 0
    for tenant in document["tenants"]:
        for (wa_id, text), channel in zip(
            GREETINGS, tenant["channels"] * len(GREETINGS), strict=False
        ):
            body = {"phone_number_id": channel["phone_number_id"], "from": wa_id, "type": "text",
                    "text": {"body": text}}  # fmt: skip
            _post(f"{settings.SIMULATOR_URL}/_sim/inject", body)
            sent += 1
    return sent


def _post(url: str, body: dict[str, Any], tries: int = 20) -> None:
    for _ in range(tries):
        try:
            egress.request("POST", url, json=body, timeout_s=15)
            return
        except egress.EgressError:
            time.sleep(0.5)
