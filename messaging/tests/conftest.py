"""A tenant with a channel at the simulator and a conversation whose window is open."""

import pytest

from channels.providers.meta.tests.server import playing
from conversations.models import Conversation
from kernel.models import Lane
from messaging.dispatch import together
from messaging.dispatch.calls import pool
from messaging.tests.instagram import DANA, ig_receive, ig_text, instagram_channel
from tests import factories
from tests.simulator import CUSTOMER, running


@pytest.fixture(scope="session")
def _simulator(tmp_path_factory, django_db_setup):
    with running(tmp_path_factory.mktemp("simulator"), count=100) as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator, settings, monkeypatch):
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    settings.META_GRAPH_URL = _simulator.url
    _simulator.do("fail-next", clear=True)
    return _simulator


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine a quick call may take a while: what is not about slow calls waits for them."""
    monkeypatch.setattr(together, "WAIT_S", 20.0)
    yield
    assert pool().wait_until_idle(20)


@pytest.fixture
def shop(world, settings, tmp_path):
    """Inside a tenant with an open conversation on a channel that nobody answers for."""
    Lane.objects.all().delete()
    settings.MEDIA_ROOT = str(tmp_path)
    with factories.inside(world):
        world.channel = factories.channel()
        world.contact = factories.contact(name="Noa")
        factories.identity(world.contact, value=CUSTOMER)
        world.conversation = factories.conversation(on=world.channel, with_=world.contact)
        yield world


@pytest.fixture
def live(world, settings, tmp_path, simulator):
    """The same, with the simulator behind the channel."""
    Lane.objects.all().delete()
    settings.MEDIA_ROOT = str(tmp_path)
    with factories.inside(world):
        world.simulator = simulator
        world.channel = simulator.channel()
        world.contact = factories.contact(name="Noa")
        factories.identity(world.contact, value=CUSTOMER)
        world.conversation = factories.conversation(on=world.channel, with_=world.contact)
        yield world


@pytest.fixture
def meta(monkeypatch, settings):
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    with playing() as server:
        settings.META_GRAPH_URL = settings.META_INSTAGRAM_URL = server.base_url
        yield server


@pytest.fixture
def gram(world, meta, settings, tmp_path):
    """Inside a tenant with an Instagram channel behind which ``meta`` answers."""
    Lane.objects.all().delete()
    settings.MEDIA_ROOT = str(tmp_path)
    with factories.inside(world):
        world.meta, world.channel = meta, instagram_channel()
        world.contact = factories.contact(name="Dana")
        scope = world.channel.external["ig_id"]
        factories.identity(world.contact, kind="igsid", value=DANA, scope=scope)
        yield world


@pytest.fixture
def talk(gram):
    """A conversation on it whose window is open."""
    ig_receive(gram.channel, ig_text(gram.channel, DANA, "hello"))
    return Conversation.objects.get()
