"""Members of staff in their browsers."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User

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
