"""A ratio is what it says, and is void when its control is not 1."""

import time
from collections.abc import Callable
from itertools import count

import pytest

from bench.ratio import Ratio, clocked, median_interval, ratio


def spinning(seconds: float) -> Callable[[], float]:
    """Return an action that takes so long."""

    def action() -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            pass

    return clocked(action)


def test_an_action_twice_as_long_has_ratio_two() -> None:
    found = ratio(spinning(0.004), spinning(0.008))
    assert found.median == pytest.approx(2, rel=0.15)
    assert found.control == pytest.approx(1, rel=0.15)
    assert found.low <= found.median <= found.high


def test_the_interval_of_seven_rounds_is_their_range() -> None:
    low, median, high, coverage = median_interval([3, 1, 2, 7, 5, 6, 4])
    assert (low, median, high) == (1, 4, 7)
    assert coverage == pytest.approx(1 - 2 / 128)


def test_more_rounds_leave_out_the_outermost() -> None:
    low, _, high, coverage = median_interval([float(value) for value in range(1, 21)])
    assert (low, high) == (6, 15)  # Conover, Practical Nonparametric Statistics, table for n = 20
    assert coverage == pytest.approx(0.9586, abs=1e-4)


def test_no_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="needs values"):
        median_interval([])


def test_a_machine_that_was_busy_makes_the_ratio_void() -> None:
    calls = count()

    def disturbed() -> float:
        # A stands first, third, fourth and last in each round: slow in the middle only.
        return spinning(0.006 if next(calls) % 4 in {2, 3} else 0.002)()

    found = ratio(disturbed, spinning(0.002))
    assert not found.stands
    assert "VOID" in str(found)


def test_a_quiet_control_stands() -> None:
    found = Ratio(1.1, 1.0, 1.2, 0.98, 1.04, 7, 1.0, 1.1)
    assert found.stands
    assert "VOID" not in str(found)
