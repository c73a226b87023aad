"""A Celery task runs in the tenant that sent it, the second link of a chain too."""

import logging
import threading

import pytest
from celery import Celery, chain, current_app
from celery.contrib.testing.worker import start_worker

from kernel.scoping import NoActiveTenant, active_tenant_id, tenant_scope
from kernel.scoping.context import current_scope
from kernel.scoping.tasks import HEADER, write_tenant

seen: list[tuple[str, object]] = []
arrived = threading.Semaphore(0)
app = Celery("scoping-test", broker="memory://", set_as_current=False)
app.conf.update(task_ignore_result=True, task_serializer="json", worker_hijack_root_logger=False)


@app.task(name="scoping-test.note")
def note(label: str) -> str:
    seen.append((label, current_scope()))
    arrived.release()
    return label


@app.task(name="scoping-test.note_next")
def note_next(label: str, then: str) -> str:
    seen.append((then, current_scope()))
    arrived.release()
    return then


@app.task(name="scoping-test.fail")
def fail() -> None:
    seen.append(("fail", current_scope()))
    arrived.release()
    raise RuntimeError("this task fails")


@pytest.fixture(scope="module")
def worker():
    own, root, level = current_app._get_current_object(), logging.getLogger(), logging.root.level
    options = {"pool": "solo", "concurrency": 1, "perform_ping_check": False}
    with start_worker(app, loglevel="CRITICAL", **options):
        yield
    root.setLevel(level)  # a worker sets the level of everything that is logged
    own.set_current()  # a worker makes its app the current one
    own.set_default()


@pytest.fixture(autouse=True)
def _forget():
    seen.clear()


def wait_for(count):
    for _ in range(count):
        assert arrived.acquire(timeout=10), f"only {seen} arrived"


def test_a_task_runs_in_the_tenant_that_sent_it_and_in_none_otherwise(worker):
    with tenant_scope("a" * 24):
        note.delay("first")
    note.delay("nobody")
    with tenant_scope("b" * 24):
        note.delay("second")
    wait_for(3)
    assert seen == [("first", "a" * 24), ("nobody", None), ("second", "b" * 24)]


def test_every_link_of_a_chain_keeps_the_tenant(worker):
    with tenant_scope("c" * 24):
        chain(note.s("one"), note_next.s("two"), note_next.s("three")).apply_async()
    wait_for(3)
    assert seen == [("one", "c" * 24), ("two", "c" * 24), ("three", "c" * 24)]


def test_a_failing_task_leaves_the_tenant(worker):
    with tenant_scope("d" * 24):
        fail.delay()
    note.delay("after")
    wait_for(2)
    assert seen == [("fail", "d" * 24), ("after", None)]


def test_publishing_writes_the_tenant_into_the_headers_only_inside_one():
    headers: dict[str, str] = {}
    write_tenant(headers=headers)
    assert headers == {}
    with tenant_scope("e" * 24):
        write_tenant(headers=headers)
    assert headers == {HEADER: "e" * 24}
    with pytest.raises(NoActiveTenant):
        active_tenant_id()
