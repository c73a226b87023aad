"""``ETag`` and ``If-Match``: a change made on an old version is refused, and nothing changes."""

from typing import Any

import pytest

from tests.api.caller import Caller, code_of


@pytest.mark.parametrize(
    "noun, change", [("contact", {"name": "New"}), ("conversation", {"status": "closed"})]
)
def test_a_stale_change_is_412(
    owner: Caller, thread: Any, noun: str, change: dict[str, str]
) -> None:
    id_ = thread.contact_id if noun == "contact" else thread.pk
    path = f"{noun}s/{id_}"
    tag = owner.get(path)["ETag"]
    for stale in ('"v2"', '"v0"', "v1", 'W/"v1"', '"other"', '"v99999999999999999999"'):
        refused = owner.patch(path, change, If_Match=stale)
        assert (refused.status_code, code_of(refused)) == (412, "stale_version"), stale
    assert owner.get(path)["ETag"] == tag
    changed = owner.patch(path, change, If_Match=tag)
    assert (changed.status_code, changed["ETag"]) == (200, '"v2"')
    assert code_of(owner.patch(path, change, If_Match=tag)) == "stale_version"


def test_the_body_may_name_the_version_instead(owner: Caller, thread: Any) -> None:
    path = f"contacts/{thread.contact_id}"
    assert owner.patch(path, {"name": "A", "version": 1}).json()["version"] == 2
    assert owner.patch(path, {"name": "B", "version": 1}).status_code == 412
    assert owner.patch(path, {"name": "C"}, If_Match="*").status_code == 200
    assert owner.patch(path, {"version": 3}).status_code == 400
    assert owner.get(path).json()["name"] == "C"


def test_an_assignment_takes_if_match_too(world: Any, owner: Caller, thread: Any) -> None:
    path = f"conversations/{thread.pk}/assign"
    refused = owner.post(path, {"assignee_id": "me"}, If_Match='"v7"')
    assert code_of(refused) == "stale_version"
    assert owner.post(path, {"assignee_id": "me"}, If_Match='"v1"').status_code == 200
