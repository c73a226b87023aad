"""Logs: one event, one line, and nothing in it that must not be read."""

import io
import json
import logging
import time
import uuid
from collections.abc import Iterator

import pytest
import structlog

from kernel.logging import MASK, bind, bound, clear, configure, get_logger, redact_text


class Output(io.StringIO):
    """What was logged, as lines and as events."""

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()

    @property
    def event(self) -> dict[str, object]:
        (line,) = self.lines
        return dict(json.loads(line))


@pytest.fixture
def output() -> Iterator[Output]:
    """JSON logging into memory; the process's own set-up is restored afterwards."""
    root = logging.getLogger()
    handlers, level, settings = list(root.handlers), root.level, structlog.get_config()
    stream = Output()
    clear()  # what a request of an earlier test has bound
    configure(json=True, level="DEBUG", redact=["storyCaption"], strict=True, stream=stream)
    yield stream
    clear()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)
    logging.captureWarnings(False)


def test_event_carries_its_data_and_what_was_bound(output: Output) -> None:
    bind(request_id="r1", tenantId="6560f1")
    with bound(task_id="k1"):
        get_logger("messaging.dispatch").info("message.accepted", attempt=2, seconds=0.5)
    event = output.event
    assert str(event.pop("timestamp")).endswith("Z")
    assert event == {
        "event": "message.accepted",
        "level": "info",
        "logger": "messaging.dispatch",
        "request_id": "r1",
        "tenantId": "6560f1",
        "task_id": "k1",
        "attempt": 2,
        "seconds": 0.5,
    }


def test_cleared_context_does_not_reach_the_next_event(output: Output) -> None:
    bind(tenantId="t1")
    clear()
    get_logger("x").info("message.accepted")
    assert "tenantId" not in output.event


def test_masked_keys_are_masked_at_any_depth_and_in_any_spelling(output: Output) -> None:
    get_logger("x").warning(
        "message.refused",
        token="t0ken",
        accessToken="t0ken",
        verify_token="t0ken",
        headers={"Authorization": "t0ken", "X-Hub-Signature": "t0ken", "Accept": "any"},
        entries=[{"text": {"body": "t0ken"}}, {"wa-id": 4915112345678, "storyCaption": "t0ken"}],
        phone=4915112345678,
        has_token=True,
    )
    event = output.event
    assert "t0ken" not in output.getvalue() and "4915112345678" not in output.getvalue()
    assert event["headers"] == {"Authorization": MASK, "X-Hub-Signature": MASK, "Accept": "any"}
    assert event["entries"] == [{"text": MASK}, {"wa-id": MASK, "storyCaption": MASK}]
    assert event["has_token"] is True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("failed for EAAGm0PX4ZCpsBAKZC1234567890 now", f"failed for {MASK} now"),
        ("IGAAabcdefgh12345", MASK),
        ("key sb_live_abc123_secretsecret", f"key {MASK}"),
        ("sb_test_abc", MASK),
        ("Authorization: Bearer abc.def-123", f"Authorization: Bearer {MASK}"),
        ("GET /me?access_token=abc123&fields=id", f"GET /me?access_token={MASK}&fields=id"),
        ('{"password": "hunter2", "a": 1}', f'{{"password": "{MASK}", "a": 1}}'),
        ("mongodb://user:pa55@db:27017/x", f"mongodb://{MASK}@db:27017/x"),
        ("redis://:pa55@cache:6379", f"redis://{MASK}@cache:6379"),
        ("mail to jo.doe+x@example.co.uk bounced", "mail to [e-mail] bounced"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", MASK),
        ("to 4915112345678 failed", "to …78 failed"),
        ("wa:4915112345678", "wa:…78"),
        ("call +49 (151) 123-456-78!", "call …78!"),
        ("0049151123456", "…56"),
        ("+15550001234", "…34"),
    ],
)
def test_secret_is_masked_by_its_look(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T01:53:11.123456Z",
        "656f3c1e9b1d8a0001a1b2c3",
        "111111111111111111111111",
        str(uuid.UUID("12345678-1234-1234-1234-123456789012")),
        "127.0.0.1:27017",
        "0.123456789",
        "1234567 rows",
        "tokens 12 of 80",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_identifiers_and_numbers_are_not_taken_for_telephones(output: Output) -> None:
    get_logger("x").info("item.stored", phone_number_id="106540352242922", at_ms=1763862791123)
    assert output.event["phone_number_id"] == "106540352242922"
    assert output.event["at_ms"] == 1763862791123


def test_one_event_is_one_line_whatever_it_carries(output: Output) -> None:
    evil = 'a\r\n{"event":"forged"}\x1b[31m\u2028\x85\x00'
    get_logger("x").info("message.accepted", note=evil, more=[{evil: evil}], data=b"\n\xff")
    assert len(output.lines) == 1
    assert output.event["note"] == 'a\\r\\n{"event":"forged"}\\x1b[31m\\x2028\\x85\\x00'
    assert output.event["data"] == "\\n\\xff"


def test_one_event_is_one_line_for_a_human_too(output: Output) -> None:
    stream = Output()
    configure(json=False, stream=stream)
    get_logger("x").info("message.accepted", note="a\nb\x1b[0m", token="t0ken")
    assert len(stream.lines) == 1 and "t0ken" not in stream.getvalue()
    assert "message.accepted" in stream.lines[0] and "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    "name", ["django.request", "django.server", "celery", "celery.task", "_granian", "py.warnings"]
)
def test_library_logs_are_routed_and_masked(output: Output, name: str) -> None:
    bind(request_id="r1")
    logging.getLogger(name).error("no route for %s\n%s", "+49 151 1234567", "Bearer abcdefgh")
    assert output.event["event"] == f"no route for …67\\nBearer {MASK}"
    assert output.event["request_id"] == "r1" and output.event["logger"] == name


def test_traceback_is_one_line_and_masked(output: Output) -> None:
    try:
        raise ValueError("refused EAAGm0PX4ZCpsBAKZC123\nfor jo@example.com")
    except ValueError:
        get_logger("x").exception("message.failed")
    trace = str(output.event["exception"])
    assert "Traceback" in trace and "ValueError: refused" in trace
    assert "EAAG" not in trace and "jo@" not in trace


@pytest.mark.parametrize(
    "piece", ["1", "a.", "a-", "x@", "+1 ", "token", "token=", "eyJaaaaaa-", "://a:", "(0)"]
)
def test_hostile_text_is_masked_in_linear_time(piece: str) -> None:
    begun = time.perf_counter()
    redact_text(piece * 20_000)
    assert time.perf_counter() - begun < 0.25


def test_value_that_cannot_be_shown_plainly_does_not_break_the_log(output: Output) -> None:
    loop: list[object] = []
    loop.append(loop)
    get_logger("x").info("item.stored", loop=loop, kind=ValueError, at=uuid.UUID(int=1))
    assert output.event["at"] == "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize("name", ["Message accepted", "message", "message.Accepted", "a.b for 1"])
def test_event_with_another_name_is_refused_in_strict_mode(output: Output, name: str) -> None:
    with pytest.raises(ValueError, match=r"noun\.verb"):
        get_logger("x").info(name)
    assert output.lines == []
