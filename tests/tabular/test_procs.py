from __future__ import annotations

import numpy as np
import pytest

import gatera.vision.all as vision
from gatera.core.errors import ArgumentError
from gatera.data.transforms.normalize import Normalize
from gatera.tabular.procs import Categorify, FillMissing, FillStrategy, Procs, as_procs


def test_none_means_all_three():
    assert as_procs(None) == Procs(Categorify(), FillMissing(), Normalize())


def test_classes_and_instances_are_taken_in_any_order():
    fill = FillMissing(FillStrategy.mode, add_col=False)
    assert as_procs([Normalize, fill, Categorify()]) == Procs(Categorify(), fill, Normalize())
    assert as_procs(Categorify) == Procs(Categorify(), None, None)
    assert as_procs([]) == Procs(None, None, None)


def test_normalize_is_the_one_for_photos():
    assert vision.Normalize is Normalize


@pytest.mark.parametrize(("strategy", "fill"), [("median", 2.0), ("mode", 1.0), ("constant", 9.0)])
def test_there_are_three_ways_to_fill(strategy, fill):
    proc = FillMissing(strategy, fill_vals={"age": 9})
    assert proc.fill_of("age", np.array([1.0, 1.0, 2.0, 3.0, 4.0])) == fill


def test_the_constant_is_zero_unless_given():
    assert FillMissing(FillStrategy.constant).fill_of("age", np.array([1.0])) == 0


def test_other_things_are_refused():
    with pytest.raises(ArgumentError) as err:
        as_procs([Categorify, str])
    assert str(err.value) == (
        "procs contains something that is not a proc. Got: <class 'str'>. Expected: Categorify, FillMissing, "
        "Normalize, each once. Change columns in other ways before the table is made."
    )
    with pytest.raises(ArgumentError) as err:
        as_procs([Categorify, Categorify()])
    assert str(err.value) == (
        "procs contains the same kind of step twice. Got: Categorify(). Expected: Categorify, FillMissing, Normalize, each once."
    )
    with pytest.raises(ArgumentError) as err:
        FillMissing("mean")
    assert str(err.value) == (
        "fill_strategy must be one of median, constant, mode. Got: 'mean'. Did you mean 'median'?"
    )
