"""Every limit of WhatsApp is refused on the way through the API: by field, with the limit, as 422."""

import pytest

from channels.providers.whatsapp.tests.outbound import LINK
from channels.providers.whatsapp.tests.rows import MOST, built, named
from messaging.api.sending import NewMessage, draft_of
from messaging.errors import InvalidMessageBody
from messaging.services.drafts import Draft
from messaging.services.outgoing import prepare
from tests import factories


def as_asked(given) -> dict:
    """The request's body for an internal message."""
    if given.type == "text":
        return {"type": "text", "text": given.text}
    if given.media is None:
        return {"type": given.type, given.type: given.content}
    beside = {"caption": given.media.caption, "filename": given.media.filename}
    file = {"link": LINK, **{name: value for name, value in beside.items() if value}}
    return {"type": given.type, given.type: file}


def drafted(given) -> Draft:
    """The draft, once the API has taken the body's shape."""
    body = NewMessage(data=as_asked(given))
    assert body.is_valid(), body.errors
    return draft_of(body.validated_data)


@pytest.fixture
def ready(shop):
    """The templates of the samples; they take what they are given."""
    definitions = {
        "note": [],
        "spring_offers": [{"type": "HEADER", "format": "TEXT", "text": "{{1}}"}],
    }
    for name, components in definitions.items():
        body = {"type": "BODY", "text": "Hi {{1}}"}
        factories.template(shop.channel, name=name, components=[*components, body])
    return shop


def test_one_past_every_limit_is_named_with_it_and_the_limit_itself_passes(ready):
    for row in MOST:
        kind, field = row
        if (kind, field.path) == ("template", "name"):
            continue  # no template of that name is known, and that is said first
        prepare(ready.channel, ready.contact.pk, drafted(built(kind, field, field.most)[0]))
        given, name = built(kind, field, field.most + 1)
        with pytest.raises(InvalidMessageBody) as caught:
            prepare(ready.channel, ready.contact.pk, drafted(given))
        told = caught.value.errors[0]["field"], caught.value.data["limit"]
        assert told == (name, field.most), named(row)
