"""A member of staff who may enter a tenant, and programs that act for them."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as configured

from kernel.clock import now
from kernel.models import AuditEntry
from tenants.models import StaffGrant
from tests import factories
from tests.api.caller import Caller
from tests.api.conftest import signed_in


@pytest.fixture
def sam(world: Any, settings: Any) -> Any:
    """A member of staff with a grant for ``world``."""
    settings.STAFF_SECOND_FACTOR = True
    user = factories.person(is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    granted(world, user)
    return user


def granted(world: Any, user: Any) -> None:
    with factories.inside(world):
        StaffGrant.objects.create(user=user, email=user.email, reason="ticket 4711",
                                  expires_at=now() + timedelta(hours=1))  # fmt: skip


def program_of(user: Any) -> Caller:
    """Signed in by a token, as a program is: no cookie goes with it."""
    token = signed_in(user).client.cookies[configured.SESSION_COOKIE_NAME].value
    return Caller(X_Session_Token=token)


def audited(world: Any, action: str) -> list[AuditEntry]:
    with factories.inside(world):
        return list(AuditEntry.objects.filter(action=action).order_by("seq"))
