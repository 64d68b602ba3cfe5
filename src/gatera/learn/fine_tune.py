"""Decide what `fine_tune` freezes and at which learning rates it trains; freeze and unfreeze parameter groups.

A linear head that starts from the least-squares solution, or that was trained before, has little left to learn. Where nobody
names a learning rate, both parts of `fine_tune` are careful with it; a rate that the caller gives is used as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatera.core.checks import check_at_least, check_count, check_fraction, check_positive
from gatera.core.progress import note
from gatera.learn.head_start import HeadStart
from gatera.learn.optimizer import group_lrs
from gatera.models.groups import ParameterGroup

#: `base_lr` of `fine_tune` if neither its caller nor the learner's options set one; fastai's.
FINE_TUNE_LR = 2e-3

#: Fraction of the default rate at which the frozen part trains a head that has a start: on 700 photos the full rate takes the
#: errors from 9 to 10, a tenth to 8 (see LOG.md).
START_SHARE = 0.1

#: The unfrozen part has its full rates if a linear head on the frozen features misses this fraction of the training items or
#: more; below that rates are in proportion, at least at the second fraction, and the earliest group stays frozen: on 700 photos
#: of which 1 % are missed, the full rates make the model worse (see LOG.md).
FULL_RATE_ERROR, LEAST_SHARE = 0.05, 0.1


def freeze_groups(groups: Sequence[ParameterGroup], n: int) -> int:
    """Freeze the first `n` parameter groups and unfreeze the others; negative `n` counts from the end.

    Returns:
        How many groups are frozen. With a single group `freeze_to(-1)` freezes nothing.
    """
    n_frozen = max(len(groups) + n, 0) if n < 0 else min(n, len(groups))
    for number, group in enumerate(groups):
        for parameter in group.parameters:
            parameter.requires_grad_(number >= n_frozen)
            if number < n_frozen:
                parameter.grad = None  # the optimizer would go on using the last gradient
    return n_frozen


def check_fine_tune(
    epochs: int, base_lr: float | None, freeze_epochs: int, lr_mult: float, pct_start: float, div: float
) -> None:
    """Raise ArgumentError if an argument of `fine_tune` is not usable: before its first part, not after it."""
    check_count("epochs", epochs, 1)
    check_count("freeze_epochs", freeze_epochs, 0)
    if base_lr is not None:
        check_at_least("base_lr", base_lr, 0)
    check_positive("lr_mult", lr_mult)
    check_fraction("pct_start", pct_start)
    check_positive("div", div)


def rate_share(missed: float | None) -> float:
    """Return the fraction of the usual rates that the unfrozen part of `fine_tune` has, 0..1.

    Args:
        missed: fraction of training items that the head's start misses; None if that is not known.

    Example:
        >>> rate_share(None), rate_share(0.2), round(rate_share(0.01), 2), rate_share(0.0)
        (1.0, 1.0, 0.2, 0.1)
    """
    return 1.0 if missed is None else min(1.0, max(LEAST_SHARE, missed / FULL_RATE_ERROR))


@dataclass(frozen=True)
class FineTuneRates:
    """The usual peak rates of `fine_tune`.

    Attributes:
        frozen: of the head in the frozen part.
        unfrozen: from the earliest group's to the head's in the unfrozen part.
    """

    frozen: float
    unfrozen: slice

    @classmethod
    def of(
        cls, base_lr: float | None, default: float | None, lr_mult: float, start: HeadStart | None
    ) -> FineTuneRates:
        """Return the rates for a `base_lr`, or where it is None, for the learner's default (or fastai's).

        Example:
            >>> FineTuneRates.of(None, None, 100, None)
            FineTuneRates(frozen=0.002, unfrozen=slice(1e-05, 0.001, None))
        """
        rate = (default or FINE_TUNE_LR) if base_lr is None else base_lr
        frozen = rate if start is None or start.from_zero else rate * START_SHARE
        return cls(frozen, slice(rate / 2 / lr_mult, rate / 2))


@dataclass(frozen=True)
class UnfrozenPart:
    """What the second part of `fine_tune` trains.

    Attributes:
        n_frozen: how many of the earliest groups stay frozen.
        rates: the peak rate of each group.
    """

    n_frozen: int
    rates: list[float]

    @classmethod
    def of(
        cls,
        groups: Sequence[ParameterGroup],
        rates: slice,
        start: HeadStart | None,
        trained_groups: int | None,
    ) -> UnfrozenPart:
        """Return all groups at the usual rates, or less if little is left to learn; then a line says so.

        Args:
            groups: the model's parameter groups.
            rates: the usual peak rates, from the earliest group's to the head's.
            start: what the head starts from; None for the usual rates.
            trained_groups: number of last groups to train, for any start; None to choose.
        """
        share = rate_share(None if start is None else start.missed)
        n_frozen = 0 if share == 1 or len(groups) < 3 else 1
        if trained_groups is not None:
            n_frozen = max(len(groups) - trained_groups, 0)
        if share < 1:
            assert start is not None and start.missed is not None  # for the type checker: they made the share
            *first, last = [group.name for group in groups[n_frozen:]]
            trained = f"{', '.join(first)} and {last}" if first else last
            note(
                f"Training {trained} at {100 * share:.0f} % of the usual learning rate, because the head alone gets only {100 * start.missed:.1f} % of the "
                "training items wrong."
            )
        return cls(n_frozen, [rate * share for rate in group_lrs(rates, len(groups))])
