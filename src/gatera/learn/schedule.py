"""Schedules: a hyperparameter as a function of training progress (0..1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch

from gatera.core.checks import check_fraction, check_positive
from gatera.core.errors import ArgumentError
from gatera.learn.optimizer import set_hyper
from gatera.learn.options import check_moms
from gatera.learn.state import Callback, LoopState

#: A value at a position 0..1 of the training.
Schedule = Callable[[float], float]


#: The 1cycle policy: the peak rate divided by the first and by the last one, and the share of the fit in which rates rise.
DIV, DIV_FINAL, PCT_START = 25.0, 1e5, 0.25


def _lin(start: float, end: float, position: float) -> float:
    return start + position * (end - start)


def _cos(start: float, end: float, position: float) -> float:
    return start + (1 + math.cos(math.pi * (1 - position))) * (end - start) / 2


def _exp(start: float, end: float, position: float) -> float:
    return start * (end / start) ** position


def SchedLin(start: float, end: float) -> Schedule:
    """Return a straight line from `start` to `end`."""
    return partial(_lin, start, end)


def SchedCos(start: float, end: float) -> Schedule:
    """Return half a cosine wave from `start` to `end`."""
    return partial(_cos, start, end)


def SchedExp(start: float, end: float) -> Schedule:
    """Return a geometric path from `start` to `end`, both positive."""
    return partial(_exp, start, end)


def SchedNo(start: float, end: float) -> Schedule:
    """Return the constant `start`."""
    return lambda position: start


def combine_scheds(pcts: Sequence[float], scheds: Sequence[Schedule]) -> Schedule:
    """Chain schedules; `pcts` are the fractions of the training for each, adding up to 1.

    Raises:
        ArgumentError: if the fractions do not add up to 1, or there is not one per schedule.
    """
    if len(pcts) != len(scheds) or not math.isclose(sum(pcts), 1.0, abs_tol=1e-6):
        raise ArgumentError("pcts must be one fraction per schedule, adding up to 1", got=list(pcts))

    def combined(position: float) -> float:
        start = 0.0
        for part, schedule in zip(pcts, scheds, strict=True):
            if position < start + part or math.isclose(start + part, 1.0, abs_tol=1e-6):
                return schedule((position - start) / part if part else 1.0)
            start += part
        return scheds[-1](1.0)

    return combined


def combined_cos(pct: float, start: float, middle: float, end: float) -> Schedule:
    """Return a cosine from `start` to `middle` over the first `pct` of the training, then one on to `end`."""
    return combine_scheds([pct, 1 - pct], [SchedCos(start, middle), SchedCos(middle, end)])


class ParamScheduler(Callback):
    """Set hyperparameters before every batch.

    Args:
        scheds: hyperparameter ("lr", "mom", "wd", or another of the optimizer's) -> one schedule for all parameter groups, or
            one per group.

    Attributes:
        hps: hyperparameter -> the values it had in the last group, one per batch.
    """

    order = 60
    reads_only = True

    def __init__(self, scheds: Mapping[str, Schedule | Sequence[Schedule]]) -> None:
        self.scheds = dict(scheds)
        self.hps: dict[str, list[float]] = {name: [] for name in scheds}

    def before_batch(self, state: LoopState) -> None:
        """Set each hyperparameter to its current value."""
        if state.training:
            self.apply(state.optimizer, state.progress)

    def apply(self, optimizer: torch.optim.Optimizer, progress: float) -> None:
        """Set each hyperparameter to its value at a fraction of the fit, 0..1."""
        for name, schedule in self.scheds.items():
            values = [s(progress) for s in ([schedule] if callable(schedule) else schedule)]
            set_hyper(optimizer, name, values)
            self.hps[name].append(values[-1])


def one_cycle(
    lrs: Sequence[float],
    moms: Sequence[float],
    div: float = DIV,
    div_final: float = DIV_FINAL,
    pct_start: float = PCT_START,
) -> ParamScheduler:
    """Return the 1cycle policy: learning rates up and down by cosine, momentum the other way.

    Args:
        lrs: the peak learning rate of each parameter group.
        moms: momentum at the start, at the peak, and at the end.
        div: the start is peak / div.
        div_final: the end is peak / div_final.
        pct_start: fraction of the training, 0..1, during which rates rise.

    Raises:
        ArgumentError: if a number is not finite or out of its range.

    Source: Smith, "A disciplined approach to neural network hyper-parameters" (arXiv 1803.09820), with fastai's
    cosine shape and defaults.
    """
    check_positive("div", div)
    check_positive("div_final", div_final)
    check_fraction("pct_start", pct_start)
    check_moms(moms)
    return ParamScheduler(
        {
            "lr": [combined_cos(pct_start, lr / div, lr, lr / div_final) for lr in lrs],
            "mom": combined_cos(pct_start, *moms),
        }
    )


def flat_cos(lrs: Sequence[float], div_final: float = DIV_FINAL, pct_start: float = 0.75) -> ParamScheduler:
    """Return constant learning rates, which then fall by a cosine.

    Args:
        lrs: the learning rate of each parameter group.
        div_final: the end is rate / div_final.
        pct_start: fraction of the training, 0..1, with constant rates.

    Raises:
        ArgumentError: if a number is not finite or out of its range.
    """
    check_positive("div_final", div_final)
    check_fraction("pct_start", pct_start)
    return ParamScheduler({"lr": [combined_cos(pct_start, lr, lr, lr / div_final) for lr in lrs]})
