"""A tenant, and a simulator of Meta's APIs to connect to."""

import pytest

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
