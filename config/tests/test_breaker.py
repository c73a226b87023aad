"""While the database is away the API says so at once, and notices by itself when it is back."""

from types import SimpleNamespace

import pytest
from django.http import HttpResponse

from config import breaker, middleware
from config.breaker import Breaker


@pytest.fixture
def clock(monkeypatch):
    at = SimpleNamespace(now=100.0)
    monkeypatch.setattr(breaker.time, "monotonic", lambda: at.now)
    return at


def test_one_request_a_second_tries_while_it_is_open(clock):
    door = Breaker()
    assert door.admits() and door.admits()
    door.note(away=True)
    assert not door.admits()
    clock.now += 1.1
    assert door.admits() and not door.admits()
    door.note(away=True)
    clock.now += 1.1
    assert door.admits()
    door.note(away=False)
    assert door.admits() and door.admits()


def test_a_time_out_on_the_database_lets_the_next_request_be_refused_at_once(rf, monkeypatch):
    asked = []

    def slow(request):
        asked.append(request.path)
        monkeypatch.setattr(middleware, "DATABASE_S", 0.0)
        return HttpResponse(status=503)

    monkeypatch.setattr(middleware, "_database", Breaker())
    monkeypatch.setattr(middleware, "answers", lambda within_s: False)
    door = middleware.RequestContext(slow)
    assert door(rf.get("/api/v1/me")).status_code == 503
    refused = door(rf.get("/api/v1/me"))
    assert (refused.status_code, refused["Retry-After"]) == (503, "2")
    assert b"database_unavailable" in refused.content
    assert asked == ["/api/v1/me"]
    assert door(rf.get("/live")).status_code == 503 and asked[-1] == "/live"


def test_a_slow_request_does_not_open_it_while_the_database_answers(rf, monkeypatch):
    monkeypatch.setattr(middleware, "_database", Breaker())
    monkeypatch.setattr(middleware, "DATABASE_S", 0.0)
    door = middleware.RequestContext(lambda request: HttpResponse(status=503))
    for _ in range(2):
        assert b"database_unavailable" not in door(rf.get("/api/v1/me")).content


def test_a_refusal_that_came_quickly_does_not_open_it(rf, monkeypatch):
    monkeypatch.setattr(middleware, "_database", Breaker())
    door = middleware.RequestContext(lambda request: HttpResponse(status=503))
    for _ in range(3):
        assert b"database_unavailable" not in door(rf.get("/api/v1/me")).content
