"""A send whose template is paused or disabled: told, learnt, and no other message waits for it."""

import pytest

from channels.models import MessageTemplate
from channels.providers.events import ProviderError, StatusUpdate
from messaging.models import Delivery
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from messaging.tests.arriving import at, take
from messaging.tests.sending import queue, send_now, state, texts_sent
from tests import factories


@pytest.mark.parametrize(("code", "status", "words"), [
    (132015, "PAUSED", "in about 3 hours"), (132016, "DISABLED", "another template"),
])  # fmt: skip
def test_a_refused_template_does_not_hold_what_is_behind_it(live, code, status, words):
    factories.template(live.channel, name="hello", components=[{"type": "BODY", "text": "Hi"}])
    body = {"name": "hello", "language": "en_US"}
    draft = Draft(type="template", body=body)
    message = send_message(conversation_id=live.conversation.pk, draft=draft)
    queue(live, "after it")
    live.simulator.fail_next(code=code)
    send_now()
    assert texts_sent(live) == ["after it"]
    found = state(message)
    assert (found.status, found.error["code"]) == ("failed", code)
    assert words in found.error["advice"]
    assert MessageTemplate.objects.get().status == status
    assert not Delivery.objects.filter(open=True).exists()


@pytest.mark.parametrize(
    ("code", "status"), [(132015, "PAUSED"), (132016, "DISABLED"), (131026, "APPROVED")]
)
def test_a_template_that_is_refused_late_is_learnt_too(live, code, status):
    factories.template(live.channel, name="hello", components=[{"type": "BODY", "text": "Hi"}])
    draft = Draft(type="template", body={"name": "hello", "language": "en_US"})
    message = send_message(conversation_id=live.conversation.pk, draft=draft)
    send_now()
    sent = Delivery.objects.get().external_id
    failed = StatusUpdate(external_id=sent, status="failed", callback_data=message.pk,
                          error=ProviderError(code=code), provider_at=at())  # fmt: skip
    take(live.channel, failed, failed)
    assert state(message).status == "failed"
    template = MessageTemplate.objects.get()
    assert template.status == status
    assert len(template.history) == (status != "APPROVED")
