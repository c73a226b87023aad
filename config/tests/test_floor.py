"""Nobody is answered sooner than the slowest of late."""

import pytest

from config import floor as module
from config.floor import HALF_S, MOST_S, Floor

pytestmark = pytest.mark.no_database


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: at[0])
    return at


def test_while_all_are_quick_all_take_the_least(clock: list[float]) -> None:
    floor = Floor()
    assert [took + floor.left_s(took, 0.5) for took in (0.1, 0.4, 0.2)] == [0.5] * 3


def test_who_is_quick_waits_for_the_slowest_of_late(clock: list[float]) -> None:
    floor = Floor()
    assert floor.left_s(0.9, 0.5) == 0.0
    assert [took + floor.left_s(took, 0.5) for took in (0.1, 0.7, 0.4)] == pytest.approx([0.9] * 3)
    clock[0] += HALF_S / 2
    assert floor.left_s(0.1, 0.5) + 0.1 == pytest.approx(0.9 * 0.5**0.5)
    clock[0] += 10 * HALF_S
    assert floor.left_s(0.1, 0.5) + 0.1 == pytest.approx(0.5)


def test_one_that_hung_keeps_nobody_longer_than_the_most(clock: list[float]) -> None:
    floor = Floor()
    assert floor.left_s(60.0, 0.5) == 0.0
    assert floor.left_s(0.1, 0.5) + 0.1 == pytest.approx(MOST_S)
