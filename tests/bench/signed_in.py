"""`python -m tests.bench.signed_in TENANT`: browsers' sessions of an agent and of staff, as JSON.

Signing in costs half a second of CPU by design and is measured nowhere here; the sessions are the
product's own.
"""

import json
import sys
from typing import Any

import django

AGENT = "agent7@"


def sessions(tenant_id: str) -> dict[str, str]:
    """Session keys by ``agent`` and ``staff``; the latter has chosen the tenant in the backoffice."""
    from accounts.models import User
    from config.backoffice.scope import KEY

    staff, _ = User.objects.get_or_create(
        email=f"staff@{tenant_id}.test", defaults={"is_staff": True, "is_superuser": True}
    )
    agent = User.objects.get(email=f"{AGENT}{tenant_id}.test")
    return {"agent": _session(agent), "staff": _session(staff, **{KEY: tenant_id})}


def _session(user: Any, **also: str) -> str:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    session = client.session
    session.update(also)
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(sessions(sys.argv[1])))
