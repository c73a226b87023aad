"""The telephone page and its live stream, over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import requests

from channels.simulator.meta.tests.conftest import NOA, PHONE, Meta

PAGE = Path(__file__).resolve().parent.parent / "page"


def lines_of(stream: requests.Response) -> Iterator[str]:
    return (line.decode() for line in stream.iter_lines(chunk_size=1))


def test_the_page_and_all_its_files_are_served(meta: Meta) -> None:
    page = requests.get(meta.url)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    named = re.findall(r'"(/page/[^"]+)"', page.text)
    scripts = [f"/page/js/{path.name}" for path in (PAGE / "js").iterdir()]
    for path in {*named, *scripts}:
        assert requests.get(meta.url + path).status_code == 200


def test_no_script_parses_text_as_html() -> None:
    for path in (PAGE / "js").iterdir():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|eval\(", path.read_text())


def test_pages_do_not_count_as_graph_calls(meta: Meta) -> None:
    requests.get(meta.url)
    requests.get(f"{meta.url}/favicon.ico")
    assert requests.get(f"{meta.url}/_sim/nothing").status_code == 404
    assert meta.read("requests")["last"] == 0


def test_the_stream_tells_of_messages_and_can_be_resumed(meta: Meta) -> None:
    url = f"{meta.url}/_sim/events"
    with requests.get(url, stream=True, timeout=5) as stream:
        lines = lines_of(stream)
        assert next(lines) == "retry: 1000"
        wamid = meta.write("look")
        found = [next(lines) for _ in range(4)]
    number = int(found[1].removeprefix("id: "))
    assert found[2] == "event: message"
    assert json.loads(found[3].removeprefix("data: "))["id"] == wamid
    later = meta.write("again")
    resumed = {"Last-Event-ID": str(number)}
    with requests.get(url, stream=True, timeout=5, headers=resumed) as stream:
        lines = lines_of(stream)
        text = [next(lines) for _ in range(5)][-1]
    assert json.loads(text.removeprefix("data: "))["id"] == later


def test_files_that_are_not_media_are_never_shown_in_the_page(meta: Meta) -> None:
    file = {"file": ("x.html", b"<script>1</script>", "text/html")}
    answer = requests.post(
        f"{meta.url}/_sim/media", files=file, data={"phone_number_id": PHONE}
    ).json()
    assert answer["type"] == "document"
    shown = requests.get(f"{meta.url}/_sim/media/{answer['id']}")
    assert shown.headers["content-disposition"] == "attachment"
    assert shown.headers["content-type"] == "application/octet-stream"
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_a_thread_holds_both_sides(meta: Meta) -> None:
    meta.write("hi")
    meta.send(text={"body": "hello"})
    thread = meta.read("thread", phone_number_id=PHONE, wa_id=NOA)["messages"]
    assert [item["direction"] for item in thread] == ["inbound", "outbound"]
