"""Members of staff in their browsers."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from kernel.clock import now
from kernel.models import AuditEntry
from kernel.scoping import tenant_scope
from tenants.models import StaffGrant

PASSWORD = "staff staff staff"


def browser(user: Any = None, tenant: Any = None) -> Client:
    """A browser at an address of its own, so that rate limits do not carry over between tests."""
    number = secrets.randbelow(2**24)
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    client = Client(REMOTE_ADDR=address, enforce_csrf_checks=False)
    if user is not None:
        client.force_login(user)
    if tenant is not None:
        answer = client.post(reverse("admin:choose_tenant"), {"tenant": tenant.pk})
        assert answer.url == reverse("admin:index")
    return client


def staff(*, superuser: bool = False, password: str | None = None) -> User:
    email = f"staff-{secrets.token_hex(5)}@example.test"
    return User.objects.create_user(
        email, password, name="Sam Support", is_staff=True, is_superuser=superuser
    )


def granted(world: Any, user: Any, **fields: Any) -> StaffGrant:
    """The grant by which ``user`` may enter the world's tenant for an hour."""
    given = {"reason": "ticket 81", "granted_by": "root@example.test", "granted_by_id": "0" * 24,
             "expires_at": now() + timedelta(hours=1), **fields}  # fmt: skip
    with tenant_scope(world.tenant):
        return StaffGrant.objects.create(user=user, email=user.email, **given)


def helper_of(world: Any) -> Client:
    """The browser of a member of staff who was granted the world's tenant."""
    user = staff()
    granted(world, user)
    return browser(user, world.tenant)


def audited(world: Any, action: str, of: str = "") -> list[AuditEntry]:
    """The tenant's entries of an action, oldest first; ``of`` is the id of their target."""
    with tenant_scope(world.tenant):
        found = list(AuditEntry.objects.filter(action=action).order_by("id"))
    return [entry for entry in found if not of or entry.target_id == of]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Half a second for each password is what makes guessing slow, and these tests too."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def superuser(_database_open: None) -> User:
    return staff(superuser=True)


@pytest.fixture
def page(superuser: User, world: Any) -> Client:
    """A superuser's browser inside the world's tenant."""
    return browser(superuser, world.tenant)


@pytest.fixture
def urls() -> Callable[..., str]:
    """``urls(Model)`` is its list, ``urls(row)`` its page, ``urls(row, "replay")`` a step."""

    def of(target: Any, step: str = "") -> str:
        name = f"admin:{target._meta.app_label}_{target._meta.model_name}"
        if isinstance(target, type):
            return reverse(f"{name}_changelist")
        if step:
            return reverse(f"{name}_step", args=[target.pk, step])
        return reverse(f"{name}_change", args=[target.pk])

    return of
