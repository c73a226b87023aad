"""What every test stands on: the real MongoDB and Redis, a new tenant, and the wire's witness."""

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_workers() -> None:
    """None runs beside the tests, so no queue carries canaries; whoever tests that says which should."""
    from config import health

    health.QUEUES = ()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Migrate once, into a database of the tests' own. Nothing is flushed: each test has new tenants."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    # Half a second for each person that a test makes would be most of the suite.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock():
        name = f"test_{secrets.token_hex(4)}"
        connection.settings_dict["NAME"] = name
        # By this name the tests' own failpoints tell this process from others.
        connection.settings_dict["OPTIONS"]["appname"] = name
        connection.close_pool()
        call_command("migrate", verbosity=0)
        yield
        connection.connection.drop_database(name)


@pytest.fixture(autouse=True)
def _database_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test may use the database, without Django's flush between tests."""
    if "no_database" in request.keywords or "/simulator/" in str(request.path):
        yield
        return
    request.getfixturevalue("django_db_setup")
    with request.getfixturevalue("django_db_blocker").unblock():
        yield


@pytest.fixture(autouse=True)
def wire_check(request: pytest.FixtureRequest, _database_open: None) -> Iterator[list[Any]]:
    """Fail the test if any command on a tenant's collection did not carry the tenant."""
    if "no_database" in request.keywords or "/simulator/" in str(request.path):
        yield []
        return
    from kernel.mongo.wire import violations, wire_log

    wire_log.commands.clear()
    with wire_log.record() as commands:
        yield wire_log.commands
    bad = violations(commands)
    assert not bad, f"commands without the tenant: {bad}"


@dataclass
class World:
    """A tenant made for one test, with its owner."""

    tenant: Any
    owner: Any
    user: Any


@pytest.fixture
def new_tenant(_database_open: None) -> Callable[..., World]:
    """A function that makes a tenant with an owner, as signing up would."""

    def make(name: str = "Acme") -> World:
        from accounts.models import User
        from kernel.scoping import tenant_scope
        from tenants.models import Membership
        from tenants.services.tenant import create_tenant

        token = secrets.token_hex(5)
        user = User.objects.create_user(f"owner-{token}@example.test", "correct horse battery")
        tenant = create_tenant(maker=user, name=name, slug=f"t-{token}")
        with tenant_scope(tenant):
            owner = Membership.objects.get(user_id=user.pk)
        return World(tenant, owner, user)

    return make


@pytest.fixture
def world(new_tenant: Callable[..., World]) -> World:
    return new_tenant()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Figures that tests gave (``record_property("figure", …)``), one a line."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, ())]
    figures = [str(value) for r in reports for name, value in r.user_properties if name == "figure"]
    for line in dict.fromkeys(figures):
        terminalreporter.write_line(line)


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """What is logged during the test. pytest's own ``caplog`` is deaf after a test of logging itself."""
    found: list[logging.LogRecord] = []
    root = logging.getLogger()

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record)

    handler = Keeping()
    root.handlers.insert(0, handler)  # before one that renders what it is given
    yield found
    root.removeHandler(handler)
