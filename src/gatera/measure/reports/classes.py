"""Classification report: error rate with a confidence interval, baseline, error per class, confusions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from math import hypot
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.core.escape import escaped
from gatera.measure.grouped import Grouped, grouped_errors
from gatera.measure.intervals import ErrorCount, Interval, score_interval, verdict, wilson_interval
from gatera.measure.questions.paired import chance_over_groups, mcnemar
from gatera.measure.reports.baseline import Baseline
from gatera.measure.reports.confusion import Confusion, confusion_matrix, most_confused
from gatera.measure.reports.shows_lines import ShowsLines

#: What cards call the baseline of a classifier.
FREQUENT = "always predicting the most frequent class"


@dataclass(frozen=True)
class ClassError:
    """The error among the items of one class.

    Attributes:
        label: the class.
        n: number of items of that class.
        errors: number of them predicted as another class.
    """

    label: object
    n: int
    errors: int

    @property
    def error(self) -> float:
        """The share of the class's items that are wrong, 0..1; NaN if it has none."""
        return self.errors / self.n if self.n else float("nan")


@dataclass(frozen=True, repr=False)
class ErrorReport(ShowsLines, ErrorCount):
    """The error of a classifier on labelled items. Made by `from_predictions`.

    Attributes:
        n: number of items.
        errors: number of wrong predictions.
        per_class: the error within each class, in the vocabulary's order.
        confused: the confusions, most frequent first.
        baseline: the error of always predicting the most frequent class; None if unknown.
        baseline_label: that class.
        grouped: the interval over groups, which then is `interval`; None where items stand alone.
        chance: of so large a difference from the baseline, item by item or group by group, where neither is better; 0 if that is not
            known.
        beside: 1 for each item that only the model gets wrong, -1 where only the baseline does, else 0, int64 [N]; None if that is not
            known.
    """

    n: int
    errors: int
    per_class: tuple[ClassError, ...]
    confused: tuple[Confusion, ...]
    baseline: Baseline | None = None
    baseline_label: object = None
    grouped: Grouped | None = None
    chance: float = 0.0
    beside: np.ndarray | None = field(default=None, compare=False)

    @classmethod
    def from_predictions(
        cls, predicted: Any, targets: Any, vocab: Sequence[object], baseline: Baseline | None = None
    ) -> ErrorReport:
        """Compare predictions with targets.

        Args:
            predicted: class indices int [N], or probabilities [N,K], of which the largest counts.
            targets: class indices, int [N].
            vocab: the classes [K].
            baseline: from `most_frequent_class`.

        Raises:
            ArgumentError: if there are no items, or predictions and targets differ in number.

        Example:
            >>> report = ErrorReport.from_predictions([0, 1, 1, 1], [0, 0, 1, 1], ["cat", "dog"])
            >>> report.error, report.confused
            (0.25, (Confusion(actual='cat', predicted='dog', n=1),))
        """
        classes, actual = np.asarray(predicted), np.asarray(targets)
        classes = classes.argmax(axis=1) if classes.ndim == 2 else classes
        if classes.shape != actual.shape or not len(actual):
            raise ArgumentError(
                "an error report needs one prediction per target, and at least one",
                got=f"predictions {list(classes.shape)}, targets {list(actual.shape)}",
            )
        matrix = confusion_matrix(actual, classes, len(vocab))
        sizes, right = matrix.sum(axis=1).tolist(), np.diag(matrix).tolist()
        rows = [ClassError(label, n, n - good) for label, n, good in zip(vocab, sizes, right, strict=True)]
        beside = None if baseline is None else _beside(classes != actual, actual != baseline.index)
        return cls(
            n=len(actual),
            errors=int((classes != actual).sum()),
            per_class=tuple(rows),
            confused=tuple(most_confused(matrix, vocab)),
            baseline=baseline,
            baseline_label=None if baseline is None else vocab[baseline.index],
            chance=0.0 if beside is None else mcnemar(beside),
            beside=beside,
        )

    def over_groups(self, wrong: np.ndarray, groups: Sequence[Hashable], by: str) -> ErrorReport:
        """Return the same with the interval over groups; nothing changes where each item stands alone.

        Args:
            wrong: whether each item is wrong, 0 or 1, [N].
            groups: the group of each.
            by: what groups them, as a column.
        """
        found = grouped_errors(wrong, groups, by)
        if found is None or self.beside is None:
            return replace(self, grouped=found)
        return replace(self, grouped=found, chance=chance_over_groups(self.beside, groups))

    @property
    def interval(self) -> Interval:
        """The 95 % interval of `error`: Wilson's, or over groups where items are grouped; 0 to 1 of a single group."""
        return super().interval if self.grouped is None else self.grouped.interval

    @property
    def beats_baseline(self) -> bool | None:
        """Whether the model is clearly better; None without a baseline.

        Even the upper end of the interval must be below the baseline's error, and chance explain the difference less than once in 20
        times: the baseline's error on few items is not its error on others.
        """
        return None if self.baseline is None else not self.verdict

    @property
    def verdict(self) -> str:
        """What is said of the model beside the baseline; "" without one, or if the model is clearly better."""
        if self.baseline is None:
            return ""
        return verdict(self.interval, self._independent, self.baseline.error, self.chance)

    def clearly_worse_than(self, simpler: float) -> bool:
        """Whether the error is clearly above that of a simpler classifier on the same items, of which nothing else is known.

        By the interval of the difference of two rates, as if the two erred on other items each: mostly they err on the same, and
        then the difference is surer than that.

        Args:
            simpler: the error of the simpler classifier, 0..1.

        Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10.
        """
        own, over_items = self.error - self.interval.low, wilson_interval(self.errors, self.n).low
        wider = own / max(self.error - over_items, 1e-9)  # over groups, both are less sure
        theirs = wider * (score_interval(simpler, self.n).high - simpler)
        return self.error - simpler > hypot(own, theirs)

    @property
    def card_remarks(self) -> list[str]:
        """The error with its interval and, unless the baseline is beaten, the verdict: what a card says of a test."""
        return [
            self.error_line(),
            *([f"{self.verdict[:-1]} than {FREQUENT}."] if self.verdict else []),
        ]

    @property
    def interval_words(self) -> str:
        """The interval in words, as in "95 % interval 0.4 % to 1.9 %"."""
        return rate_words(self.interval, self.n, self.grouped)

    @property
    def interval_ends(self) -> str:
        """The ends of the interval in words, as in "0.4 % to 1.9 %"."""
        return " to ".join(percent(end, self.n) for end in self.interval)

    @property
    def _independent(self) -> int:
        # Of one item Wilson's interval says something, as it knows that the error is a rate.
        return max(self.n, 2) if self.grouped is None else self.grouped.n

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON data; labels that JSON cannot hold become text."""
        return {
            "n": self.n, "errors": self.errors, "error": self.error,
            "interval95": list(self.interval) if self._independent > 1 else None,
            **({} if self.grouped is None else {"over_groups": self.grouped.to_dict(self.n)}),
            "baseline": None if self.baseline is None else {
                "label": _plain(self.baseline_label), "error": self.baseline.error, "beaten": self.beats_baseline,
            },
            "most_confused": [
                {"actual": _plain(pair.actual), "predicted": _plain(pair.predicted), "n": pair.n} for pair in self.confused
            ],
            "per_class": [
                {"label": _plain(row.label), "n": row.n, "errors": row.errors} for row in self.per_class
            ],
        }  # fmt: skip

    def lines(self, most: int = 5) -> list[str]:
        """Return the report as lines of text.

        Args:
            most: number of confusions to name.
        """
        return [
            self.error_line(),
            *([line] if (line := self.baseline_line()) else []),
            self.confused_line(most),
        ]

    def error_line(self) -> str:
        """Return the error with its interval, as in "Error 0.9 % (6 of 700 wrong); 95 % interval 0.4 % to 1.9 %."."""
        return f"Error {percent(self.error, self.n)} ({self.errors:,} of {self.n:,} wrong); {self.interval_words}."

    def baseline_line(self) -> str | None:
        """Return the baseline's error, and whether the model is better; None without a baseline."""
        if self.baseline is None:
            return None
        error = percent(self.baseline.error, self.n)
        said = (
            f"Always predicting {escaped(self.baseline_label)}, the most frequent class, would give {error}."
        )
        return f"{said} {self.verdict}".rstrip()

    def confused_line(self, most: int = 5) -> str:
        """Return the most frequent confusions in words."""
        if not self.confused:
            return "No misclassified items."
        pairs = [
            f"{escaped(pair.actual)} predicted as {escaped(pair.predicted)} ({pair.n})"
            for pair in self.confused
        ]
        return f"Most confused: {listed(pairs, most)}."


def rate_words(interval: Interval, n: int, grouped: Grouped | None) -> str:
    """Return the interval of a rate in words, and over what it is; why there is none of a single group.

    Example:
        >>> rate_words(Interval(0.004, 0.019), 700, None)
        '95 % interval 0.4 % to 1.9 %'
    """
    more = "" if grouped is None else grouped.words
    if grouped is not None and grouped.n < 2:
        return f"1 group{more} is too few for an interval"
    return f"95 % interval {' to '.join(percent(end, n) for end in interval)}{more}"


def percent(share: float, n: int) -> str:
    """Return a share as text, with as many decimals as `n` items support.

    Example:
        >>> percent(0.0086, n=700), percent(0.0086, n=7000)
        ('0.9 %', '0.86 %')
    """
    return f"{100 * share:.{1 if n < 2000 else 2}f} %"


def _beside(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return 1 where only the first is wrong, -1 where only the second is, else 0, int64 [N]."""
    return first.astype(np.int64) - second


def _plain(label: object) -> object:
    # numpy scalars become Python values; anything else that JSON cannot hold becomes text.
    value = label.item() if isinstance(label, np.generic) else label
    return value if isinstance(value, str | bool | int | float) else str(value)
