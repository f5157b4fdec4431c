"""A ratio is what it says, and is void when its control is not 1."""

import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from bench.ratio import Ratio, clocked, median_interval, ratio


def taking(seconds: Iterator[float]) -> Callable[[], float]:
    """Return an action that takes so long, one call after the other."""
    return lambda: next(seconds)


def test_an_action_twice_as_long_has_ratio_two() -> None:
    found = ratio(taking(repeat(0.5)), taking(repeat(1.0)))
    assert (found.low, found.median, found.high) == (2, 2, 2)
    assert (found.control, found.a_seconds, found.b_seconds) == (1, 0.5, 1.0)
    assert found.stands


def test_a_machine_that_slows_down_evenly_changes_nothing() -> None:
    calls: list[float] = []

    def slowing(times: float) -> Callable[[], float]:
        def action() -> float:
            calls.append(1 + 0.01 * len(calls))
            return times * calls[-1]

        return action

    found = ratio(slowing(1), slowing(3))
    assert found.median == pytest.approx(3)
    assert found.control == pytest.approx(1)


def test_a_machine_that_was_busy_makes_the_ratio_void() -> None:
    warming, rounds = [1.0], [1.0, 1.3, 1.3, 1.0] * 7  # A stands first, third, fourth and last: slow in the middle
    found = ratio(taking(chain(warming, rounds)), taking(repeat(1.0)))
    assert found.control == pytest.approx(1.3)
    assert not found.stands
    assert "VOID" in str(found)


def test_a_quiet_control_stands() -> None:
    found = Ratio(1.1, 1.0, 1.2, 0.98, 1.04, 7, 1.0, 1.1)
    assert found.stands
    assert "VOID" not in str(found)


def test_a_clocked_action_tells_at_least_its_own_time() -> None:
    def spin() -> None:
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass

    assert clocked(spin)() >= 0.01


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
