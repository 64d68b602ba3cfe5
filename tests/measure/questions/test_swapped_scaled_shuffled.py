"""What is said of programs, parts and labels does not depend on the order of items, the names of classes, or the unit of errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gatera.measure.grouped import grouped_errors
from gatera.measure.questions.label_errors import suspects
from gatera.measure.questions.paired import PairedTest, paired_test
from gatera.measure.questions.slices import Slice, worst_slices

ERRORS = st.one_of(
    st.sampled_from([0.0, 1.0]), st.sampled_from([0.1, 0.2, 0.3, 0.6, 1e-15, 1e12]), st.floats(0, 1e6)
)
GROUPS = st.sampled_from(["a", "b", "c", "", None])


@st.composite
def two_programs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[Any] | None]:
    """Return the errors of two programs on the same items, and their groups."""
    n = draw(st.integers(1, 20))
    each = st.lists(draw(st.sampled_from([ERRORS, st.sampled_from([0.0, 1.0])])), min_size=n, max_size=n)
    groups = draw(st.none() | st.lists(GROUPS, min_size=n, max_size=n))
    return np.array(draw(each)), np.array(draw(each)), groups


def said(test: PairedTest) -> tuple[Any, ...]:
    return test.p, test.needed, test.differ


@given(two_programs())
def test_two_programs_swapped_are_as_different(drawn):
    one, other, groups = drawn
    test, swapped = (paired_test(*both, groups=groups) for both in ((one, other), (other, one)))
    room = 1e-9 * max(np.abs(one - other).max(), 1e-300)
    assert said(test) == said(swapped)
    assert test.difference == pytest.approx(-swapped.difference, abs=room)
    ends = (-swapped.interval.high, -swapped.interval.low)
    assert tuple(test.interval) == pytest.approx(ends, abs=room)
    assert test.needed is None or test.needed < 1e30  # what is rounding is no difference
    test.sentence(), test.to_dict()


@given(two_programs(), st.sampled_from([2.0**-60, 0.25, 1024.0]))
def test_another_unit_of_errors_changes_no_verdict(drawn, unit):
    one, other, groups = drawn
    differences = one - other
    assume(
        not any(np.isin(some, (-1, 0, 1)).all() for some in (differences, differences * unit))
    )  # these are counted
    test, scaled = (
        paired_test(one, other, groups=groups),
        paired_test(one * unit, other * unit, groups=groups),
    )
    assert said(test) == said(scaled)
    assert tuple(scaled.interval) == pytest.approx([unit * end for end in test.interval], rel=1e-9)


@st.composite
def parts(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, list[Any]], list[int] | None]:
    """Return the error of each item, attributes, and groups."""
    n = draw(st.integers(9, 60))
    kinds = [st.sampled_from(some) for some in ((0.0, 1.0), (0.1, 0.2, 0.3), (0.1,), (7.7,), (1e-9,))]
    errors = draw(st.lists(draw(st.sampled_from(kinds)), min_size=n, max_size=n))
    cells = [
        st.sampled_from(["red", "blue", "", None]), st.integers(-3, 3), st.booleans(), st.floats(allow_nan=True), st.sampled_from([1, 1.0, "1", -0.0]),
    ]  # fmt: skip
    attributes = {
        name: draw(st.lists(draw(st.sampled_from(cells)), min_size=n, max_size=n)) for name in ("one", "two")
    }
    return np.array(errors), attributes, draw(st.none() | st.lists(st.integers(0, 6), min_size=n, max_size=n))


def without_order(found: list[Slice]) -> list[tuple[Any, ...]]:
    return sorted((part.name, part.n, round(part.error, 9), part.clear) for part in found)


@given(parts(), st.randoms())
def test_parts_are_the_same_in_any_order_and_equal_errors_are_worse_nowhere(drawn, random):
    errors, attributes, groups = drawn
    found = worst_slices(errors, attributes, most=99, groups=groups)
    for part in found:
        assert part.error == pytest.approx(errors[part.places].mean())
        assert part.interval.low <= part.error * (1 + 1e-9) and part.error <= part.interval.high * (1 + 1e-9)
        assert not part.clear or np.ptp(errors) > 0
    order = random.sample(range(len(errors)), len(errors))
    again = worst_slices(
        errors[order],
        {name: [values[place] for place in order] for name, values in attributes.items()},
        most=99,
        groups=None if groups is None else [groups[place] for place in order],
    )
    assert without_order(again) == without_order(found)


@given(st.integers(60, 200), st.integers(0, 2**32 - 1), st.integers(0, 8))
def test_a_part_that_is_always_wrong_is_the_worst_whatever_else_is_looked_at(n, seed, others):
    draw = np.random.default_rng(seed)
    dark = draw.random(n) < 0.3
    assume(dark.sum() >= 15)
    errors = np.where(dark, 1.0, draw.random(n) < 0.1)
    attributes = {f"noise {place}": draw.integers(0, 3, n).tolist() for place in range(others)}
    [worst] = worst_slices(
        errors, {**attributes, "brightness": np.where(dark, "dark", "light").tolist()}, most=1
    )
    assert worst.name == "brightness: dark" and worst.clear


@st.composite
def labelled(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of classes, with ties, and labels."""
    k, n = draw(st.integers(2, 4)), draw(st.integers(2, 12))
    weights = st.lists(st.integers(0, 4), min_size=k, max_size=k).filter(any)
    p = np.array(draw(st.lists(weights, min_size=n, max_size=n)), float)
    precision = draw(st.sampled_from([np.float64, np.float32, np.float16]))
    given = draw(
        st.lists(st.integers(0, k - 1), min_size=n, max_size=n).filter(lambda some: len(set(some)) > 1)
    )
    return (p / p.sum(axis=1, keepdims=True)).astype(precision), np.array(given)


@given(labelled(), st.randoms())
def test_suspects_are_the_same_in_any_order_of_items_and_classes(drawn, random):
    p, labels = drawn
    found = {each.place: each.margin for each in suspects(p, labels)}
    others = [
        np.delete(row, label).max() - row[label] for row, label in zip(p.astype(float), labels, strict=True)
    ]
    assert found == pytest.approx({place: margin for place, margin in enumerate(others) if margin > 0})
    order = random.sample(range(len(labels)), len(labels))
    place = np.array(random.sample(range(p.shape[1]), p.shape[1]))
    again = suspects(p[:, np.argsort(place)][order], place[labels][order])
    assert {order[each.place]: each.margin for each in again} == pytest.approx(found)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=60))
def test_groups_never_make_an_interval_narrower_and_their_names_say_nothing(rows):
    wrong, groups = [float(bad) for bad, _ in rows], [group for _, group in rows]
    found = grouped_errors(wrong, groups, "patient")
    if found is None:
        assert len(set(groups)) == len(groups)
        return
    assert found.interval.low <= found.over_items.low + 1e-12
    assert found.over_items.high <= found.interval.high + 1e-12
    again = grouped_errors(wrong[::-1], [f"patient {group}" for group in groups[::-1]], "patient")
    assert again is not None and again.interval == pytest.approx(found.interval)
