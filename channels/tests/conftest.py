"""A tenant, and a simulator of Meta's APIs to connect to."""

import pytest

from channels.tests.facebook import playing
from tests import factories
from tests.simulator import running


@pytest.fixture(scope="session")
def _simulator(tmp_path_factory, django_db_setup):
    with running(tmp_path_factory.mktemp("channels"), count=12) as simulator:
        yield simulator


@pytest.fixture
def live(world, settings, monkeypatch, _simulator):
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    settings.META_GRAPH_URL = _simulator.url
    _simulator.do("fail-next", clear=True)
    with factories.inside(world):
        world.simulator = _simulator
        yield world


@pytest.fixture
def hosts(world, settings, monkeypatch):
    """All of Meta's hosts, inside a tenant: each under its own name, as the simulator has them."""
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    with playing() as server:
        settings.META_GRAPH_URL = f"{server.url}/fb"
        settings.META_INSTAGRAM_URL = f"{server.url}/ig"
        settings.META_INSTAGRAM_CODES_URL = f"{server.url}/codes"
        settings.META_INSTAGRAM_LOGIN_URL = f"{server.url}/dialog"
        with factories.inside(world):
            yield server
