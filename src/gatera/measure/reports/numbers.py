"""Regression report: mean squared error with a confidence interval, and baselines."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gatera.core.checks import counted, number_text
from gatera.core.errors import ArgumentError
from gatera.measure.grouped import Grouped, grouped_mean
from gatera.measure.intervals import (
    Interval,
    bootstrap_interval,
    interval_words,
    plain_interval,
    unknown_chance,
    verdict,
)
from gatera.measure.questions.paired import chance_of, chance_over_groups
from gatera.measure.reports.shows_lines import ShowsLines

#: Where a twentieth of the items or fewer make half of the squared error, that is said; fewer items than these tell nothing of it.
FEW_ITEMS, LEAST_FOR_TAILS = 0.05, 20


@dataclass(frozen=True)
class Tail:
    """The few items that make half of a squared error.

    Attributes:
        n: their number.
        median: what half of all items are off by at most, in the unit of the numbers.
    """

    n: int
    median: float


@dataclass(frozen=True, repr=False)
class NumberReport(ShowsLines):
    """The mean squared error of predicted numbers. Made by `from_predictions`.

    Attributes:
        n: number of items.
        mse: mean squared error.
        interval: its 95 % interval, by bootstrap over the items, or over groups where items are grouped.
        baselines: the mean squared error of simpler models on the same items, by name, best first.
        grouped: the interval over groups, which then is `interval`; None where items stand alone.
        tail: the items that make half of the error, where they are few; else None.
        chances: of so large a difference from a simpler model, item by item or group by group, where neither is better; by name, where
            it is known.
        beside: how much larger the squared error of each item is than that of a simpler model, [N]; by name, where it is known.
    """

    n: int
    mse: float
    interval: Interval
    baselines: Mapping[str, float] = field(default_factory=dict)
    grouped: Grouped | None = None
    tail: Tail | None = None
    chances: Mapping[str, float] = field(default_factory=dict)
    beside: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False)

    @classmethod
    def from_predictions(
        cls, predicted: Any, targets: Any, baselines: Mapping[str, float | np.ndarray] | None = None
    ) -> NumberReport:
        """Compare predictions with targets.

        Args:
            predicted: numbers [N] or [N,K].
            targets: the actual numbers, in the same shape.
            baselines: mean squared errors of simpler models, or the squared error on each item, [N], by name.

        Raises:
            ArgumentError: if there are no items, or predictions and targets differ in shape.

        Example:
            >>> report = NumberReport.from_predictions([1.0, 2.0], [1.0, 4.0], {"the mean": 2.25})
            >>> report.mse, round(report.rmse, 3), report.beaten
            (2.0, 1.414, [])
        """
        numbers, actual = np.asarray(predicted, np.float64), np.asarray(targets, np.float64)
        if numbers.shape != actual.shape or not len(actual):
            raise ArgumentError(
                "a number report needs one prediction per target, and at least one",
                got=f"predictions {list(numbers.shape)}, targets {list(actual.shape)}",
            )
        squares = np.square(numbers - actual).reshape(len(actual), -1).mean(axis=1)
        errors = {name: float(np.mean(simpler)) for name, simpler in (baselines or {}).items()}
        beside = {
            name: squares - simpler
            for name, simpler in (baselines or {}).items()
            if isinstance(simpler, np.ndarray)
        }
        return cls(
            len(actual),
            float(squares.mean()),
            bootstrap_interval(squares),
            dict(sorted(errors.items(), key=lambda baseline: baseline[1])),
            tail=_tail(squares),
            chances={name: chance_of(differences) for name, differences in beside.items()},
            beside=beside,
        )

    def over_groups(self, squares: np.ndarray, groups: Sequence[Hashable], by: str) -> NumberReport:
        """Return the same with the interval over groups; the same where each item stands alone.

        Args:
            squares: the squared error of each item, [N].
            groups: the group of each.
            by: what groups them, as a column.
        """
        found = grouped_mean(squares, groups, by, self.interval)
        if found is None:
            return self
        chances = {name: chance_over_groups(each, groups) for name, each in self.beside.items()}
        return replace(self, grouped=found, interval=found.interval, chances={**self.chances, **chances})

    @property
    def rmse(self) -> float:
        """The root of the mean squared error, in the unit of the numbers."""
        return self.mse**0.5

    @property
    def beaten(self) -> list[str]:
        """The baselines that are clearly worse: their error lies above the interval."""
        return [name for name in self.baselines if not self.verdict(name)]

    def verdict(self, baseline: str) -> str:
        """Return what is said of the model beside a baseline; "" if it is clearly better."""
        chance = self.chances.get(baseline, unknown_chance(self._independent))
        return verdict(self.interval, self._independent, self.baselines[baseline], chance)

    @property
    def _independent(self) -> int:
        return self.n if self.grouped is None else self.grouped.n

    @property
    def card_remarks(self) -> list[str]:
        """What the model card says of the numbers: the interval, and each baseline that the model is not clearly better than."""
        worse = [f"{self.verdict(name)[:-1]} than {name}." for name in self.baselines if self.verdict(name)]
        return [self.lines()[0], *worse]

    @property
    def card_metrics(self) -> dict[str, float]:
        """The numbers for the model card, by name."""
        baselines = {f"mean squared error of {name}": mse for name, mse in self.baselines.items()}
        return {"mean squared error": self.mse, **baselines}

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        thing, more = ("item", "") if self.grouped is None else ("group", self.grouped.words)
        said = interval_words(self.interval, self._independent, thing=thing, unit=more)
        said = said.replace("interval ", "interval of the MSE ", 1)
        lines = [
            f"MSE {number_text(self.mse, 4, True)} (RMSE {number_text(self.rmse, 3, True)}) on {counted(self.n, 'item')}; {said}."
        ]
        for name, mse in self.baselines.items():
            said = f"{name[:1].upper()}{name[1:]} would give {number_text(mse, 4, True)}."
            lines.append(f"{said} {self.verdict(name)}".rstrip())
        if self.tail is not None:
            half = number_text(self.tail.median, 3, True)
            of = f"{counted(self.tail.n, 'item')} of {self.n:,}"
            lines.append(
                f"Half of the squared error comes from {of}; half of the items are off by at most {half}."
            )
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "n": self.n,
            "mse": self.mse,
            "interval95": plain_interval(self.interval, self._independent),
            **({} if self.grouped is None else {"over_groups": self.grouped.to_dict(self.n)}),
            **(
                {}
                if self.tail is None
                else {"half_of_error": {"items": self.tail.n, "median_error": self.tail.median}}
            ),
            "baselines": {
                name: {"mse": mse, "beaten": name in self.beaten} for name, mse in self.baselines.items()
            },
        }


def _tail(squares: np.ndarray) -> Tail | None:
    """Return the items that make half of the squared error, if they are few."""
    if len(squares) < LEAST_FOR_TAILS or not squares.any():
        return None
    worst = np.cumsum(np.sort(squares)[::-1])
    n = int(np.searchsorted(worst, worst[-1] / 2)) + 1
    return Tail(n, float(np.sqrt(np.median(squares)))) if n <= FEW_ITEMS * len(squares) else None
