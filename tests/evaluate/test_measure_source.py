"""How long a program takes for an item."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gatera.evaluate.items import Example
from gatera.evaluate.measure_source import TIMED, measure_latency


def timed(n: int) -> tuple[list[int], object]:
    """Return which of n items were predicted, and what was measured."""
    asked: list[int] = []
    program = SimpleNamespace(predict=asked.append, engine=SimpleNamespace(name="an engine"))
    return asked, measure_latency(program, [Example(f"row {raw}", raw, None) for raw in range(n)])


@pytest.mark.parametrize("n", [1, 2, TIMED, TIMED + 7])
def test_each_item_is_timed_once_after_the_first_has_warmed_up(n):
    asked, latency = timed(n)
    assert asked == [0, *range(min(n, TIMED))]
    assert (latency.n, latency.engine) == (min(n, TIMED), "an engine")
    assert 0 <= latency.p50 <= latency.p95


def test_of_many_items_some_from_everywhere_are_timed():
    asked, latency = timed(4 * TIMED)
    assert asked == [0, *range(0, 4 * TIMED, 4)] and latency.n == TIMED


def test_without_items_there_is_nothing_to_time():
    assert timed(0)[1] is None
