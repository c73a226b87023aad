"""The registry finds Instagram, and what it declares fits what it does."""

from channels.providers import provider_for, provider_for_object
from channels.providers.contract import Credentials, Endpoint
from channels.providers.instagram.client import InstagramClient
from channels.providers.instagram.explode import explode
from channels.providers.instagram.provider import INSTAGRAM
from channels.providers.instagram.tests.corpus import FIXTURES, events_of, read

EVENTS = {
    *("InboundMessage", "Echo", "Reaction", "ReadUpTo", "PressedButton", "Referred", "Commented"),
    *("MessageEdited", "MessageRevoked", "Announced", "ThreadControl", "AccountNotice"),
    *("PreferenceChanged", "Ignored", "unparsable"),
}


def test_the_registry_finds_instagram() -> None:
    assert provider_for("instagram") is INSTAGRAM
    assert provider_for_object("instagram") is INSTAGRAM
    body = read(FIXTURES[0])["body"]
    assert list(INSTAGRAM.explode(body)) == list(explode(body))


def test_the_corpus_covers_every_event() -> None:
    assert len(FIXTURES) >= 60
    seen = {
        event.get("event", "unparsable")
        for path in FIXTURES
        for event in events_of(explode(read(path)["body"]))
    }
    assert seen == EVENTS


def test_what_it_declares() -> None:
    assert INSTAGRAM.window_hours == INSTAGRAM.capabilities["window"]["hours"] == 24
    assert INSTAGRAM.human_agent_hours == 168
    assert INSTAGRAM.template_types == frozenset()
    assert INSTAGRAM.template_parameters([{"type": "BODY"}]) == {"body": 0}
    assert INSTAGRAM.template_text([{"type": "BODY", "text": "x"}], ["y"]) == ""
    rule = INSTAGRAM.explain(190)
    assert rule is not None and rule.kind == "T"
    assert INSTAGRAM.explain(987654) is None
    endpoint = Endpoint(base_url="http://127.0.0.1:9", version="v26.0")
    client = INSTAGRAM.client({}, Credentials(access_token="x"), endpoint)
    assert isinstance(client, InstagramClient)
