"""What watches the installation, and the page of errors."""

from io import StringIO
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.test import Client

from kernel.clock import now
from kernel.models import Canary
from kernel.mongo.wire import wire_log
from kernel.work.sweep import beat_canary
from tests import factories


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.metrics._kept", (0.0, b""))


def test_live_asks_nobody() -> None:
    before = len(wire_log.commands)
    answer = Client().get("/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert len(wire_log.commands) == before


def test_ready_tells_which_dependency_is_away(settings: Any, monkeypatch: Any) -> None:
    Canary.objects.all().delete()
    answer = Client().get("/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {
        "database": True, "redis": True, "queues": True, "spool": True, "vault": True}  # fmt: skip
    monkeypatch.setattr("config.health.bell_client", _away)
    answer = Client().get("/ready")
    assert (answer.status_code, answer.json()["checks"]["redis"]) == (503, False)
    assert answer.json()["checks"]["database"] is True


def _away() -> Any:
    from redis.exceptions import ConnectionError as Away

    raise Away("gone")


def test_canaries_tell_the_age_of_each_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.health.QUEUES", ("inbound",))
    beat_canary("inbound")
    ages = Client().get("/health/canaries").json()["queues"]
    assert 0 <= ages["inbound"] < 5
    Canary.objects.update(seen_at=now().replace(year=2020))
    assert Client().get("/ready").json()["checks"]["queues"] is False
    Canary.objects.all().delete()


def test_metrics_count_what_stands_still(world: Any) -> None:
    def dead() -> float:
        text = Client().get("/metrics").content.decode()
        line = next(x for x in text.splitlines() if 'collection="attachments",state="dead"' in x)
        return float(line.split()[-1])

    before = dead()
    with factories.inside(world):
        factories.item(state="dead", open=False).save(force_insert=True)
    assert dead() == before  # kept for ten seconds
    import config.metrics

    config.metrics._kept = (0.0, b"")
    assert dead() == before + 1
    text = Client().get("/metrics").content.decode()
    for name in ("switchboard_oldest_due_seconds", "switchboard_lanes_due",
                 "switchboard_ingest_lag_seconds", "switchboard_ingest_oldest_seconds"):  # fmt: skip
        assert name in text


def test_the_page_of_errors_is_up_to_date() -> None:
    call_command("errors_doc", "--check", stdout=StringIO())
    assert (configured.ROOT / "docs/errors.md").read_text().count("\n| ") > 60
    page = Client().get("/api/docs/errors").content.decode()
    assert 'id="window_closed"' in page


def test_the_schema_and_its_page_are_served() -> None:
    assert Client().get("/api/schema/").status_code == 200
    assert b"swagger-ui" in Client().get("/api/docs/").content
