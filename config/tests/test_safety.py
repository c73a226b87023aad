"""A production does not start with what is missing or weak, and says so in sentences."""

import base64
import os
import re
import secrets
import subprocess
import sys
from typing import Any

import pytest

from config.settings.safety import faults
from kernel.dev.layout import ROOT

pytestmark = pytest.mark.no_database


def ring() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def sound() -> dict[str, Any]:
    """The settings of a production that may start."""
    token = secrets.token_hex
    return {
        "DEBUG": False, "SECRET_KEY": token(32), "KEY_PEPPER": token(32), "KEY_RING": ring(),
        "METRICS_TOKEN": "", "ALLOWED_HOSTS": ["crm.example.com"],
        **dict.fromkeys(("PUBLIC_URL", "EDGE_URL", "STREAM_URL", "FRONTEND_URL"),
                        "https://crm.example.com"),
        "MONGODB_URI": f"mongodb://app:{token(16)}@a:27017,b:27017/?replicaSet=rs0",
        "REDIS_URL": f"redis://:{token(16)}@redis:6379/0",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "DEFAULT_FROM_EMAIL": "S <no-reply@crm.example.com>", "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "META_APP_SECRET": token(16), "META_VERIFY_TOKEN": token(16),
    }  # fmt: skip


BAD: list[tuple[str, Any, str]] = [
    ("DEBUG", True, "DEBUG is on"),
    ("SECRET_KEY", "short", "SWITCHBOARD_SECRET_KEY needs at least 50 characters"),
    ("SECRET_KEY", "a" * 64, "SWITCHBOARD_SECRET_KEY is not random"),
    ("SECRET_KEY", "development-only-" + "x" * 40, "SWITCHBOARD_SECRET_KEY is not random"),
    ("KEY_PEPPER", "pepper", "SWITCHBOARD_KEY_PEPPER needs at least 32 characters"),
    ("KEY_RING", "k1:c2hvcnQ=", "SWITCHBOARD_KEY_RING cannot be used"),
    ("KEY_RING", "", "SWITCHBOARD_KEY_RING cannot be used"),
    ("METRICS_TOKEN", "abc", "SWITCHBOARD_METRICS_TOKEN needs"),
    ("PUBLIC_URL", "http://crm.example.com", "SWITCHBOARD_PUBLIC_URL must be the https://"),
    ("EDGE_URL", "https://localhost:8001", "SWITCHBOARD_EDGE_URL must be the https://"),
    ("FRONTEND_URL", "crm.example.com", "SWITCHBOARD_FRONTEND_URL must be the https://"),
    ("ALLOWED_HOSTS", [], "SWITCHBOARD_ALLOWED_HOSTS names no host"),
    ("ALLOWED_HOSTS", ["*"], "SWITCHBOARD_ALLOWED_HOSTS allows every host"),
    ("MONGODB_URI", "mongodb://db:27017/", "MONGODB_URI has no password"),
    (
        "MONGODB_URI",
        "mongodb://admin:password@db/",
        "The password in MONGODB_URI needs at least 16",
    ),
    ("REDIS_URL", "redis://redis:6379/0", "REDIS_URL has no password"),
    ("REDIS_URL", "redis://:changemechangeme@redis/0", "The password in REDIS_URL is not random"),
    ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "sends no mail"),
    ("DEFAULT_FROM_EMAIL", "Switchboard <no-reply@localhost>", "nobody's address"),
    ("ACCOUNT_EMAIL_VERIFICATION", "none", "must be mandatory"),
    ("META_APP_SECRET", "development-app-secret", "META_APP_SECRET is not"),
    ("META_VERIFY_TOKEN", "verify", "META_VERIFY_TOKEN needs"),
]


def test_a_sound_production_starts() -> None:
    assert list(faults(sound())) == []


@pytest.mark.parametrize("name, value, sentence", BAD, ids=[f"{n}={v!r}"[:40] for n, v, _ in BAD])
def test_what_is_weak_is_named_in_a_sentence_without_its_value(
    name: str, value: Any, sentence: str
) -> None:
    (found,) = faults(sound() | {name: value})
    assert sentence in found
    assert re.fullmatch(r"[A-Z][^\n]+\.", found)
    if isinstance(value, str) and "password" not in value and len(value) > 8:
        assert value not in found


def test_one_secret_for_two_things_is_refused() -> None:
    given = sound()
    (found,) = faults(given | {"KEY_PEPPER": given["SECRET_KEY"]})
    assert "are the same" in found


def environment() -> dict[str, str]:
    given = sound()
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("SWITCHBOARD_", "META_"))}
    return kept | {
        "SWITCHBOARD_ENV": "production", "MONGODB_URI": given["MONGODB_URI"],
        "REDIS_URL": given["REDIS_URL"], "SWITCHBOARD_ALLOWED_HOSTS": "crm.example.com",
        "SWITCHBOARD_FROM_EMAIL": given["DEFAULT_FROM_EMAIL"], "META_APP_ID": "1",
        "META_APP_SECRET": given["META_APP_SECRET"], "META_VERIFY_TOKEN": given["META_VERIFY_TOKEN"],
        **{f"SWITCHBOARD_{n}": given[n] for n in ("SECRET_KEY", "KEY_PEPPER", "KEY_RING",
                                                  "PUBLIC_URL", "EDGE_URL", "STREAM_URL")},
    }  # fmt: skip


def manage(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env,
                          capture_output=True, text=True, timeout=300)  # fmt: skip


def test_djangos_own_check_of_a_deployment_is_clean() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", env=environment())
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_a_weak_production_stops_with_one_sentence_for_each_fault() -> None:
    env = environment() | {"SWITCHBOARD_PUBLIC_URL": "http://crm.example.com",
                           "REDIS_URL": "redis://redis:6379/0"}  # fmt: skip
    done = manage("check", env=env)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "SWITCHBOARD_PUBLIC_URL must be" in last
    assert "REDIS_URL has no password" in last
    missing = manage("check", env=environment() | {"SWITCHBOARD_SECRET_KEY": ""})
    assert "SWITCHBOARD_SECRET_KEY needs at least" in missing.stderr
