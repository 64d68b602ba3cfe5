"""Classification report: error rate with a confidence interval, baseline, error per class, confusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.core.escape import escaped
from gatera.measure.intervals import ErrorCount
from gatera.measure.reports.baseline import Baseline
from gatera.measure.reports.confusion import Confusion, confusion_matrix, most_confused


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


@dataclass(frozen=True)
class ErrorReport(ErrorCount):
    """The error of a classifier on labelled items. Made by `from_predictions`.

    Attributes:
        n: number of items.
        errors: number of wrong predictions.
        per_class: the error within each class, in the vocabulary's order.
        confused: the confusions, most frequent first.
        baseline: the error of always predicting the most frequent class; None if unknown.
        baseline_label: that class.
    """

    n: int
    errors: int
    per_class: tuple[ClassError, ...]
    confused: tuple[Confusion, ...]
    baseline: Baseline | None = None
    baseline_label: object = None

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
        return cls(
            n=len(actual),
            errors=int((classes != actual).sum()),
            per_class=tuple(rows),
            confused=tuple(most_confused(matrix, vocab)),
            baseline=baseline,
            baseline_label=None if baseline is None else vocab[baseline.index],
        )

    @property
    def beats_baseline(self) -> bool | None:
        """Whether even the upper end of the interval is below the baseline's error; None without a baseline."""
        return None if self.baseline is None else self.interval.high < self.baseline.error

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON data; labels that JSON cannot hold become text."""
        low, high = self.interval
        return {
            "n": self.n, "errors": self.errors, "error": self.error, "interval95": [low, high],
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
        low, high = (percent(end, self.n) for end in self.interval)
        return f"Error {percent(self.error, self.n)} ({self.errors} of {self.n} wrong); 95 % interval {low} to {high}."

    def baseline_line(self) -> str | None:
        """Return the baseline's error, and whether the model is better; None without a baseline."""
        if self.baseline is None:
            return None
        verdict = "" if self.beats_baseline else " The model is not clearly better."
        error = percent(self.baseline.error, self.n)
        return f"Always predicting {escaped(self.baseline_label)}, the most frequent class, would give {error}.{verdict}"

    def confused_line(self, most: int = 5) -> str:
        """Return the most frequent confusions in words."""
        if not self.confused:
            return "No misclassified items."
        pairs = [
            f"{escaped(pair.actual)} predicted as {escaped(pair.predicted)} ({pair.n})"
            for pair in self.confused
        ]
        return f"Most confused: {listed(pairs, most)}."


def percent(share: float, n: int) -> str:
    """Return a share as text, with as many decimals as `n` items support.

    Example:
        >>> percent(0.0086, n=700), percent(0.0086, n=7000)
        ('0.9 %', '0.86 %')
    """
    return f"{100 * share:.{1 if n < 2000 else 2}f} %"


def _plain(label: object) -> object:
    # numpy scalars become Python values; anything else that JSON cannot hold becomes text.
    value = label.item() if isinstance(label, np.generic) else label
    return value if isinstance(value, str | bool | int | float) else str(value)
