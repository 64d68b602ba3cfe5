from __future__ import annotations

import math

import pytest

from gatera.core.errors import ArgumentError
from gatera.learn.schedule import SchedCos, SchedExp, SchedLin, SchedNo, combine_scheds, combined_cos


@pytest.mark.parametrize("make", [SchedLin, SchedCos, SchedExp])
def test_a_schedule_starts_and_ends_where_it_says(make):
    schedule = make(1.0, 0.01)
    assert schedule(0.0) == pytest.approx(1.0)
    assert schedule(1.0) == pytest.approx(0.01)


def test_half_way_values_are_the_formulas():
    assert SchedLin(0, 2)(0.5) == 1
    assert SchedCos(0, 2)(0.5) == pytest.approx(1)
    assert SchedExp(1, 100)(0.5) == pytest.approx(10)
    assert SchedNo(3, 9)(0.5) == 3


def test_the_one_cycle_curve_rises_and_falls_by_cosine():
    curve = combined_cos(0.25, 0.04, 1.0, 1e-5)
    assert curve(0.0) == pytest.approx(0.04)
    assert curve(0.25) == pytest.approx(1.0)
    assert curve(0.125) == pytest.approx(0.52)
    assert curve(0.625) == pytest.approx((1 + 1e-5) / 2)
    assert curve(1.0) == pytest.approx(1e-5)


def test_a_cycle_without_a_fall_ends_at_its_peak():
    assert combined_cos(1.0, 0.1, 1.0, 0.0)(1.0) == pytest.approx(1.0)
    assert math.isclose(combined_cos(0.0, 0.1, 1.0, 0.0)(0.0), 1.0)


def test_parts_that_do_not_add_up_are_refused():
    with pytest.raises(ArgumentError) as err:
        combine_scheds([0.5, 0.4], [SchedNo(1, 1), SchedNo(1, 1)])
    assert str(err.value) == "pcts must be one fraction per schedule, adding up to 1. Got: [0.5, 0.4]."
