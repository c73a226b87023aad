"""Each test has its own tenant and channel; lanes of earlier tests are gone."""

import pytest

from kernel.models import Lane
from tests import factories


@pytest.fixture(autouse=True)
def _quiet(_database_open):
    Lane.objects.all().delete()


@pytest.fixture
def shop(world):
    """Inside a tenant with a channel, as its owner."""
    with factories.inside(world):
        world.channel = factories.channel()
        yield world
