"""How far predicted numbers are off: how far, how sure, and against what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.intervals import Interval, bootstrap_interval


@dataclass(frozen=True)
class NumberReport:
    """The mean squared error of predicted numbers. Made by `from_predictions`.

    Attributes:
        n: how many items.
        mse: mean squared error.
        interval: its 95 % interval, by bootstrap over the items.
        rivals: the mean squared error of simpler answers on the same items, by their names, best first.
    """

    n: int
    mse: float
    interval: Interval
    rivals: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_predictions(
        cls, predicted: Any, targets: Any, rivals: Mapping[str, float] | None = None
    ) -> NumberReport:
        """Compare predictions with the truth.

        Args:
            predicted: numbers [N] or [N,K].
            targets: the true ones, in the same shape.
            rivals: mean squared errors of simpler answers, by name.

        Raises:
            ArgumentError: if there is no item, or not as many predictions as targets.

        Example:
            >>> report = NumberReport.from_predictions([1.0, 2.0], [1.0, 4.0], {"the mean": 2.25})
            >>> report.mse, round(report.rmse, 3), report.beaten
            (2.0, 1.414, [])
        """
        said, actual = np.asarray(predicted, np.float64), np.asarray(targets, np.float64)
        if said.shape != actual.shape or not len(actual):
            raise ArgumentError(
                "a number report needs one prediction for each of at least one item",
                got=f"predictions {list(said.shape)}, targets {list(actual.shape)}",
            )
        squares = np.square(said - actual).reshape(len(actual), -1).mean(axis=1)
        ordered = dict(sorted((rivals or {}).items(), key=lambda rival: rival[1]))
        return cls(len(actual), float(squares.mean()), bootstrap_interval(squares), ordered)

    @property
    def rmse(self) -> float:
        """The root of the mean squared error: in the unit of the numbers."""
        return self.mse**0.5

    @property
    def beaten(self) -> list[str]:
        """The rivals that are clearly worse: whose error lies above the interval."""
        return [name for name, mse in self.rivals.items() if mse > self.interval[1]]

    @property
    def card_metrics(self) -> dict[str, float]:
        """The figures that belong on a program's card, by name."""
        rivals = {f"mean squared error of {name}": mse for name, mse in self.rivals.items()}
        return {"mean squared error": self.mse, **rivals}

    def lines(self) -> list[str]:
        """Return the report in words, a line each."""
        low, high = self.interval
        lines = [
            f"Mean squared error {self.mse:.4g} on {self.n:,} items, so it is off by {self.rmse:.3g} as a rule; "
            f"95 % interval {low:.4g} to {high:.4g}."
        ]
        for name, mse in self.rivals.items():
            verdict = "" if name in self.beaten else " The model is not clearly better than that."
            lines.append(f"{name[:1].upper()}{name[1:]} would give {mse:.4g}.{verdict}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "n": self.n,
            "mse": self.mse,
            "interval95": list(self.interval),
            "rivals": {
                name: {"mse": mse, "beaten": name in self.beaten} for name, mse in self.rivals.items()
            },
        }
