"""A file's way to a template: a session at the app, the bytes, the handle; and what Meta refuses of it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from channels.simulator.meta.tests.conftest import OTHER_TOKEN, TOKEN, WABA, Meta, refusal

APP, JPEG = "100200300", b"\xff\xd8\xff" + b"x" * 97
BODY = {"type": "BODY", "text": "Look at these."}


def begin(meta: Meta, app: str = APP, token: str = TOKEN, **asked: Any) -> requests.Response:
    params = {"file_length": len(JPEG), "file_type": "image/jpeg", "file_name": "a.jpg", **asked}
    return meta.graph("POST", f"{app}/uploads", token=token, params=params)


def give(
    meta: Meta, session: str, data: bytes = JPEG, token: str = TOKEN, **headers: str
) -> requests.Response:
    sent = {"Authorization": f"OAuth {token}", "file_offset": "0"} | headers
    return meta.http.post(f"{meta.url}/v26.0/{session}", data=data, headers=sent, timeout=10)


def handle_of(meta: Meta, data: bytes = JPEG, kind: str = "image/jpeg") -> str:
    session = begin(meta, file_length=len(data), file_type=kind).json()["id"]
    given = give(meta, session, data)
    assert given.status_code == 200, given.text
    return str(given.json()["h"])


def create(meta: Meta, kind: str, *handles: Any, name: str = "spring") -> requests.Response:
    header = {"type": "HEADER", "format": kind, "example": {"header_handle": [*handles]}}
    body = {"name": name, "language": "en_US", "category": "MARKETING"}
    path = f"{WABA}/message_templates"
    return meta.graph("POST", path, json={**body, "components": [header, BODY]})


@pytest.mark.parametrize(
    ("kind", "type_"),
    [("IMAGE", "image/jpeg"), ("VIDEO", "video/mp4"), ("GIF", "video/mp4"),
     ("DOCUMENT", "application/pdf")],
)  # fmt: skip
def test_a_template_shows_what_was_uploaded_by_a_link_that_is_new_each_time(
    meta: Meta, kind: str, type_: str
) -> None:
    handle = handle_of(meta, kind=type_)
    assert handle.startswith("4::")
    made = create(meta, kind, handle)
    assert made.status_code == 200, made.text
    shown = [meta.graph("GET", made.json()["id"]).json()["components"][0] for _ in range(2)]
    links = [one["example"]["header_handle"][0] for one in shown]
    assert links[0] != links[1]
    seen = requests.get(links[0], timeout=10)
    assert (seen.content, seen.headers["content-type"]) == (JPEG, type_)
    meta.sim("clock", advance_s=15 * 86_400)
    assert requests.get(links[0], timeout=10).status_code == 403


def test_a_session_is_begun_at_the_tokens_own_app_with_what_the_file_is(meta: Meta) -> None:
    assert begin(meta).json()["id"].startswith("upload:")
    for app in ("404404", "300400500"):
        wrong = begin(meta, app=app)
        assert (wrong.status_code, wrong.json()["error"]["error_subcode"]) == (400, 33)
    meta.sim("tokens", token="weak", scopes=["whatsapp_business_messaging"])
    assert refusal(begin(meta, token="weak"))[:2] == (403, 200)
    assert refusal(begin(meta, token="nobody"))[:2] == (401, 190)
    for asked in ({"file_length": 0}, {"file_length": "x"}, {"file_type": "image/webp"}):
        assert refusal(begin(meta, **asked))[:2] == (400, 100)


def test_the_bytes_are_taken_whole_once_and_of_whom_began(meta: Meta) -> None:
    session = begin(meta).json()["id"]
    for short in (JPEG[:-1], JPEG + b"x", b""):
        assert refusal(give(meta, session, short))[:2] == (400, 100)
    assert refusal(give(meta, session, file_offset="7"))[:2] == (400, 100)
    assert refusal(give(meta, session, Authorization=f"Bearer {TOKEN}"))[:2] == (401, 190)
    for other in (
        give(meta, "upload:unknown"),
        give(meta, session.partition("?")[0]),
        give(meta, session, token=OTHER_TOKEN),
    ):
        assert (other.status_code, other.json()["error"]["error_subcode"]) == (400, 33)
    assert give(meta, session).json()["h"]
    assert give(meta, session).json()["error"]["error_subcode"] == 33
    entries = [e for e in meta.read("requests")["requests"] if "/upload:" in e["path"]]
    assert entries
    assert all("_content" not in entry["body"] for entry in entries)


def test_a_template_names_a_handle_that_an_upload_gave_of_the_headers_kind(meta: Meta) -> None:
    handle = handle_of(meta)
    for kind, given in (
        ("IMAGE", ["4::never"]), ("IMAGE", [handle, "4::never"]), ("VIDEO", [handle]),
        ("IMAGE", ["https://shop.example/a.jpg"]), ("DOCUMENT", []), ("IMAGE", [7]),
    ):  # fmt: skip
        refused = create(meta, kind, *given)
        assert refusal(refused)[:2] == (400, 100)
        assert refused.json()["error"]["error_subcode"] == 2388273
    made = create(meta, "IMAGE", handle).json()["id"]
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::never"]}}
    meta.sim("templates", name="spring", waba_id=WABA, status="APPROVED")
    edited = meta.graph("POST", made, json={"components": [header, BODY]})
    assert edited.json()["error"]["error_subcode"] == 2388273
