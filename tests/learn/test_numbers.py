"""Numbers that training cannot use are refused before it begins, and leave the learner as it was."""

from __future__ import annotations

import math

import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.data.transforms.geometry import Rotate, Zoom
from gatera.data.transforms.presets import aug_transforms
from gatera.learn.callbacks.tracking import EarlyStoppingCallback, ReduceLROnPlateau
from gatera.learn.options import TrainingOptions
from gatera.models.collab import EmbeddingDotBias
from gatera.models.layers import SigmoidRange
from gatera.models.tabular import TabularModel

NO_NUMBERS = [math.nan, math.inf, -1.0, "0.1", True]

FITS = [
    ("fit", "wd"), ("fit", "lr"), ("fit_one_cycle", "lr_max"), ("fit_one_cycle", "div"), ("fit_one_cycle", "div_final"),
    ("fit_one_cycle", "pct_start"), ("fit_flat_cos", "div_final"), ("fit_flat_cos", "pct_start"), ("fine_tune", "base_lr"),
    ("fine_tune", "lr_mult"), ("fine_tune", "div"), ("fine_tune", "pct_start"), ("fine_tune", "freeze_epochs"), ("fine_tune", "wd"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "argument"), FITS)
def test_a_fit_refuses_what_is_not_a_usable_number(make_learner, method, argument):
    learn = make_learner()
    before = [parameter.clone() for parameter in learn.model.parameters()]
    for value in NO_NUMBERS:
        with pytest.raises(ArgumentError) as err:
            getattr(learn, method)(1, **{argument: value})
        assert repr(value) in str(err.value)
    assert learn.epochs_done == 0
    assert all(torch.equal(old, new) for old, new in zip(before, learn.model.parameters(), strict=True))


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_so_do_options_of_a_learner_and_of_the_learning_rate_finder(make_learner, value):
    for options in ({"wd": value}, {"fine_tune_lr": value}, {"moms": (0.9, value, 0.9)}, {"moms": value}):
        with pytest.raises(ArgumentError):
            TrainingOptions(**options)
    for bounds in ({"start_lr": value}, {"end_lr": value}, {"num_it": value}):
        with pytest.raises(ArgumentError):
            make_learner().lr_find(**bounds)


def test_rates_of_a_slice_must_be_above_0(make_learner):
    with pytest.raises(ArgumentError, match="lr does not fit the model's parameter groups"):
        make_learner().fit(1, slice(0, 1e-3))
    with pytest.raises(ArgumentError, match="lr does not fit the model's parameter groups"):
        make_learner().fit(1, slice("a", 1e-3))


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.1"])
def test_so_do_models_transforms_and_callbacks(value):
    for make in (
        lambda: SigmoidRange(0, value), lambda: SigmoidRange(value, 5), lambda: EmbeddingDotBias(value, 3, 3),
        lambda: TabularModel([], 2, 1, value), lambda: Rotate(max_deg=value), lambda: Zoom(max_zoom=value),
        lambda: aug_transforms(mult=value), lambda: aug_transforms(max_rotate=value), lambda: aug_transforms(max_zoom=value),
        lambda: EarlyStoppingCallback(min_delta=value), lambda: ReduceLROnPlateau(factor=value),
        lambda: ReduceLROnPlateau(min_lr=value),
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            make()
