"""The benchmark's own arithmetic; the measuring itself is `make bench`."""

import hashlib
import hmac
import json
import math
from datetime import UTC, datetime

from bson import ObjectId

from tests.bench import population, report
from tests.bench.figures import Findings, Measure, percentile
from tests.bench.http1 import answer_in
from tests.bench.kept import Kept
from tests.bench.signing import Writers, signed_requests
from tests.bench.sizes import QUICK


def test_a_percentile_is_a_value_that_was_measured():
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, p) for p in (0, 50, 99, 100)] == [1.0, 50.0, 99.0, 100.0]
    assert percentile([7.0], 99) == 7.0
    assert percentile([], 50) == 0.0


def test_a_missed_bar_says_by_how_much():
    assert Measure("a", "x", "ratio", [0.5, 0.7, 0.9], (">=", 0.7)).verdict == "met"
    assert Measure("a", "x", "ms", [100.0], ("<=", 50)).verdict == "MISSED by 100 %"
    assert Measure("a", "x", "ms", [], ("<=", 50)).verdict == "not measured"
    assert math.isnan(Measure("a", "x", "ms", []).median)


def test_an_answer_is_whole_or_nothing():
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKHTTP/1.1 5"
    assert [answer_in(data[:n]) for n in (10, 38, 39)] == [None, None, None]
    found = answer_in(data)
    assert found is not None and (found.status, found.body, data[found.end :]) == (
        200,
        b"OK",
        b"HTTP/1.1 5",
    )


def test_webhooks_are_unique_signed_and_in_order_for_each_sender():
    writers = Writers(("1", "2"), customers=4, run="t")
    requests = signed_requests(writers, 8, secret="s", path="/p", host="h")
    bodies = []
    for request in requests:
        head, _, body = request.partition(b"\r\n\r\n")
        assert hmac.new(b"s", body, hashlib.sha256).hexdigest().encode() in head
        bodies.append(json.loads(body)["entry"][0]["changes"][0]["value"])
    assert len({b["messages"][0]["id"] for b in bodies}) == 8
    first = [
        b["messages"][0]["text"]["body"][:3]
        for b in bodies
        if b["messages"][0]["from"] == writers.sender(0)
    ]
    assert first == ["t 1", "t 2"]


def test_a_part_is_kept_for_the_code_it_was_measured_with(tmp_path):
    found = Findings("a")
    found.add("rate", "/s", [1.0, 2.0], bar=(">=", 1))
    found.remark("why")
    Kept(tmp_path, QUICK, "one").write(found, 3)
    assert Kept(tmp_path, QUICK, "one").read("a") == found
    assert Kept(tmp_path, QUICK, "two").read("a") is None


def test_publishing_replaces_only_what_stands_between_the_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    found = Findings("a")
    found.add("rate", "/s", [900.0], bar=(">=", 800))
    report.publish([found], [("date", "today")], "quick", page)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "| a | rate | ≥ 800 /s | 900 /s |  | met |" in text
    assert "met" in report.table([found])


SHAPES = {
    "contact": {"tenantId": 1}, "identity": {}, "conversation": {}, "inbound": {"direction": "inbound", "type": "text"},
    "outbound": {"direction": "outbound", "type": "text"}, "updates": [{"status": "sent"}, {"status": "read"}],
}  # fmt: skip


def test_a_population_is_the_same_each_time_and_adds_up():
    cast = population.Cast(
        SHAPES, [ObjectId(), ObjectId()], [ObjectId()], datetime(2026, 1, 1, tzinfo=UTC)
    )
    made, again = (population.group(cast, 1, 2, 200) for _ in range(2))
    assert made == again
    assert len(made.conversations) == 200 and len(made.messages) == 2_000
    ids = [row["_id"] for row in made.messages]
    assert ids == sorted(set(ids)), "messages lie in the order of time"
    active = [(c["channel_id"], c["contact_id"]) for c in made.conversations if c["active"]]
    assert len(active) == len(set(active)), "a contact has one active conversation on a channel"
    for thread in made.conversations:
        own = [m for m in made.messages if m["conversation_id"] == thread["_id"]]
        assert [m["seq"] for m in own] == list(range(1, thread["message_count"] + 1))
        assert thread["last_message"]["id"] == str(own[-1]["_id"])
