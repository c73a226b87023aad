"""Templates are submitted, edited, deleted and released; what the answers say of the call limits is told."""

import json

import pytest

from channels.providers.contract import Accepted, Rejected, Throttled, Transient, Usage
from channels.providers.meta.usage import usage_of
from channels.providers.whatsapp.tests.conftest import Meta

DONE = Accepted(external_id="77")


def test_a_new_template_is_posted_to_its_account(meta: Meta) -> None:
    made = {"id": "77", "status": "PENDING", "category": "UTILITY"}
    meta.answer(made)
    assert meta.client().create_template({"name": "a", "language": "en"}) == made
    (request,) = meta.requests
    assert (request["method"], request["path"]) == ("POST", "/v26.0/3011/message_templates")
    assert json.loads(request["body"]) == {"name": "a", "language": "en"}
    meta.answer({})
    assert isinstance(meta.client().create_template({}), Transient)
    assert isinstance(meta.client(waba_id="").create_template({}), Rejected)


def test_a_template_is_edited_deleted_and_released(meta: Meta) -> None:
    client = meta.client()
    for _ in range(3):
        meta.answer({"success": True})
    assert client.edit_template("77", {"category": "MARKETING"}) == DONE
    assert client.delete_template("a", "77") == DONE
    assert client.unpause_template("77") == DONE
    assert [(r["method"], r["path"]) for r in meta.requests] == [
        ("POST", "/v26.0/77"),
        ("DELETE", "/v26.0/3011/message_templates"),
        ("POST", "/v26.0/77/unpause"),
    ]
    assert json.loads(meta.requests[0]["body"]) == {"category": "MARKETING"}
    asked = meta.requests[1]["query"]
    assert (asked["name"], asked["hsm_id"]) == ("a", "77")


@pytest.mark.parametrize(
    ("subcode", "words"),
    [
        (2388040, "longer"),
        (2388047, "header"),
        (2388072, "body"),
        (2388073, "footer"),
        (2388293, "too many variables"),
        (2388299, "begins or ends"),
        (2388019, "as many templates"),
        (2388024, "exists already"),
        (33, "gone"),
    ],
)
def test_a_refusal_is_explained(meta: Meta, subcode: int, words: str) -> None:
    meta.answer({"error": {"code": 100, "error_subcode": subcode, "message": "m"}}, 400)
    refused = meta.client().edit_template("77", {})
    assert isinstance(refused, Rejected)
    assert words in refused.title
    assert refused.advice


def test_the_accounts_limit_is_no_refusal(meta: Meta) -> None:
    usage = {"301": [{"call_count": 100, "estimated_time_to_regain_access": 7}]}
    headers = {"X_Business_Use_Case_Usage": json.dumps(usage)}
    meta.answer({"error": {"code": 80008, "message": "m"}}, 400, **headers)
    answer = meta.client().create_template({})
    assert isinstance(answer, Throttled)
    assert (answer.scope, answer.retry_after) == ("account", 420)


# ------------------------------------------------------------------------------ usage headers


def test_a_send_tells_how_full_the_limits_are(meta: Meta) -> None:
    row = {"type": "whatsapp", "call_count": 20, "total_time": 95, "total_cputime": 3}
    headers = {
        "X_App_Usage": '{"call_count":28,"total_time":81,"total_cputime":2}',
        "X_Business_Use_Case_Usage": json.dumps({"3011": [row]}),
    }
    meta.answer({"messages": [{"id": "wamid.1"}]}, **headers)
    outcome = meta.client().send({})
    assert outcome == Accepted(external_id="wamid.1", usage=Usage(app=81, account=95))


def test_usage_without_anything_in_it_is_none() -> None:
    row = {"call_count": 100, "estimated_time_to_regain_access": 19}
    full = {"X-Business-Use-Case-Usage": json.dumps({"1": [row, 7], "2": "x"})}
    assert usage_of(full) == Usage(account=100, regain_s=1140)
    assert usage_of({"x-app-usage": '{"call_count":100}'}) == Usage(app=100)
    for text in ("", "[]", "nonsense", "{}", '{"1": 7}', '{"1": []}', '{"call_count":0}'):
        assert usage_of({"x-business-use-case-usage": text, "x-app-usage": text}) is None
