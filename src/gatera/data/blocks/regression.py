"""Block of numeric targets: one number per item, or several."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_count
from gatera.core.errors import DataError
from gatera.data.blocks.base import TargetBlock

#: Rounding to float32 may change targets by this share of how much they vary.
MOST_ROUNDING = 0.01


@dataclass(frozen=True, repr=False)
class RegressionBlock(TargetBlock):
    """One number or several.

    Args:
        n_out: how many; None to learn it from the training set.
    """

    n_out: int | None = None
    task = "regression"

    def __post_init__(self) -> None:
        if self.n_out is not None:
            check_count("n_out", self.n_out, 1)

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that knows how many numbers there are.

        Raises:
            DataError: if they are so large that float32, in which models compute, cannot tell them apart.
        """
        _check_precision(values)
        if self.n_out is not None:
            return self
        for value in values:
            with contextlib.suppress(DataError):  # `encode` complains of it, and names the item
                return replace(self, n_out=_numbers(value).size)
        return replace(self, n_out=1)

    def encode(self, value: Any) -> Tensor:
        """Return the numbers, float32 [K]; a single number too is [1].

        Raises:
            DataError: if these are not finite numbers, or not as many as in the training set.
        """
        numbers = _numbers(value)
        if self.n_out is not None and numbers.size != self.n_out:
            raise DataError(
                "RegressionBlock got the wrong number of values",
                got=value,
                expected=f"{self.n_out} numbers",
            )
        return torch.from_numpy(numbers)

    def encode_targets(self, values: Sequence[Any]) -> Tensor | None:
        """Return all numbers, float32 [n,K]; None if one of them is not as it should be."""
        try:
            with np.errstate(over="ignore"):  # `encode` complains of what is too large, and names the item
                numbers = np.array(values, dtype=np.float32).reshape(len(values), -1)
        except (TypeError, ValueError):
            return None
        right = np.isfinite(numbers).all() and numbers.shape[1] == self.n_out
        return torch.from_numpy(numbers) if right else None

    def decode(self, encoded: Any) -> float | list[float]:
        """Return the number, or the list of numbers."""
        numbers = np.asarray(encoded, dtype=np.float64)
        return numbers.tolist() if numbers.size > 1 else numbers.item()

    def show(self, value: float | list[float]) -> str:
        """Return the numbers with four digits."""
        numbers = np.atleast_1d(np.asarray(value, np.float64)).tolist()
        return ", ".join(f"{float(f'{number:.4g}'):,.7g}" for number in numbers)  # 889,000, not 8.89e+05


def _numbers(value: Any) -> np.ndarray:
    try:
        exact = np.atleast_1d(np.array(value, dtype=np.float64))
        with np.errstate(over="ignore"):
            numbers = exact.astype(np.float32)
    except (TypeError, ValueError) as err:
        raise DataError("RegressionBlock got something that is not a number", got=value) from err
    if np.isinf(numbers).any() and np.isfinite(exact).all():
        raise DataError(
            "RegressionBlock got a number that is too large for float32, in which models compute", got=value,
            expected=f"at most {np.finfo(np.float32).max:.2g}", remedy="Divide all of them by the same number, or predict their logarithm.",
        )  # fmt: skip
    if numbers.ndim > 1 or not np.isfinite(numbers).all():
        raise DataError(
            "RegressionBlock got a number that is not finite",
            got=value,
            remedy="Fill it in, or remove the item.",
        )
    return numbers


def _check_precision(values: Sequence[Any]) -> None:
    """Raise DataError if rounding to float32 changes targets by too much of how they vary: 1e12 and a few units, say."""
    try:
        exact = np.array(values, dtype=np.float64).reshape(len(values), -1)
    except (TypeError, ValueError):
        return  # `encode` complains of it, and names the item
    exact = exact[np.isfinite(exact).all(1) & (np.abs(exact) < np.finfo(np.float32).max).all(1)]
    for column in exact.T:
        middle = column.mean() if len(column) else 0.0
        varies = float((column - middle).std()) if len(column) else 0.0
        lost = float((column.astype(np.float32).astype(np.float64) - column).std()) if len(column) else 0.0
        if lost > MOST_ROUNDING * varies:
            raise DataError(
                "the numbers to predict differ by less than float32, in which models compute, can represent",
                got=f"{column.min():.15g} to {column.max():.15g}",
                remedy=f"Subtract {middle:.3g} from all of them, and predict the difference.",
            )
