"""Prepare the columns of a table for a model: code categories, fill gaps, normalise numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError
from gatera.data.transforms.normalize import Normalize


class FillStrategy:
    """How missing numbers are filled: the median of the training set, a constant, or the most frequent number."""

    median = "median"
    constant = "constant"
    mode = "mode"


@dataclass(frozen=True)
class Categorify:
    """Give every category a code, learned from the training set; 0, shown as "#na#", is for all others and for missing values."""


@dataclass(frozen=True)
class FillMissing:
    """Fill missing values in number columns.

    Args:
        fill_strategy: "median", "constant" or "mode", also as `FillStrategy.median` and so on.
        add_col: also tell the model where there was a gap: a category column `<name>_na` for each number column that
            has gaps in the training set.
        fill_vals: column -> number, for the strategy "constant"; 0 for the others.
    """

    fill_strategy: str = FillStrategy.median
    add_col: bool = True
    fill_vals: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_choice("fill_strategy", self.fill_strategy, ("median", "constant", "mode"))

    def fill_of(self, name: str, numbers: np.ndarray) -> float:
        """Return the number used where one is missing.

        Args:
            name: the column.
            numbers: those that the training set has, float64 [n], at least one.
        """
        if self.fill_strategy == FillStrategy.constant:
            return float(self.fill_vals.get(name, 0.0))
        if self.fill_strategy == FillStrategy.mode:
            different, counts = np.unique(numbers, return_counts=True)
            return float(different[counts.argmax()])  # of several that are as frequent, the smallest
        return float(np.median(numbers))


@dataclass(frozen=True)
class Procs:
    """The processors of one table; None for those that it does without."""

    categorify: Categorify | None
    fill: FillMissing | None
    normalize: Normalize | None


def as_procs(procs: Any) -> Procs:
    """Return the processors that a user asks for, as classes or instances, in any order.

    Args:
        procs: one of them or a list; None for all three.

    Raises:
        ArgumentError: if something else is among them, or one is there twice.
    """
    if procs is None:
        return Procs(Categorify(), FillMissing(), Normalize())
    many = list(procs) if isinstance(procs, Iterable) else [procs]
    found: dict[type, Any] = {}
    for given in many:
        made = given() if isinstance(given, type) else given
        kind = next((kind for kind in (Categorify, FillMissing, Normalize) if isinstance(made, kind)), None)
        if kind is None or kind in found:
            raise ArgumentError(
                "procs contains something that is not a proc" if kind is None else "procs contains the same kind of step twice",
                got=given, expected="Categorify, FillMissing, Normalize, each once",
                remedy="Change columns in other ways before the table is made." if kind is None else None,
            )  # fmt: skip
        found[kind] = made
    return Procs(found.get(Categorify), found.get(FillMissing), found.get(Normalize))
