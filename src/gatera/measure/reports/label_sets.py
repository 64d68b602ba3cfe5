"""Multi-label report without PyTorch: how often the set of labels is right, and precision, recall and F1 of each label."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.measure.grouped import Grouped, grouped_errors, grouped_mean
from gatera.measure.intervals import (
    FEWEST_SAMPLED,
    ErrorCount,
    Interval,
    bootstrap_interval,
    interval_words,
    plain_interval,
    resamples_for,
    verdict,
)
from gatera.measure.questions.paired import chance_of, chance_over_groups
from gatera.measure.reports.classes import percent, rate_words
from gatera.measure.reports.shows_lines import ShowsLines


@dataclass(frozen=True)
class LabelRow:
    """How well one label is found.

    Attributes:
        label: the label.
        n: number of items that have it.
        found: number of those for which it was predicted.
        false: number of other items for which it was predicted.
    """

    label: object
    n: int
    found: int
    false: int

    @property
    def precision(self) -> float:
        """The share of its predictions that are right, 0..1; NaN if it was never predicted."""
        predicted = self.found + self.false
        return self.found / predicted if predicted else float("nan")

    @property
    def recall(self) -> float:
        """The share of its items that were found, 0..1; NaN if no item has it."""
        return self.found / self.n if self.n else float("nan")

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 0..1; NaN if it neither occurs nor was predicted."""
        total = self.n + self.found + self.false
        return 2 * self.found / total if total else float("nan")


@dataclass(frozen=True, repr=False)
class LabelSetReport(ShowsLines, ErrorCount):
    """The error of a multi-label classifier. Made by `from_predictions`.

    Attributes:
        n: number of items.
        errors: number of items whose labels are not exactly right.
        wrong_labels: number of single yes-or-no decisions that are wrong.
        rows: each label, in the vocabulary's order.
        simplest: number of wrong decisions if no label were ever predicted.
        f1_interval: the 95 % interval of `mean_f1`, by bootstrap over the items; None where no item has a label.
        wrong_interval: that of the share of wrong decisions; None where it is not known.
        chance: of so large a difference from never predicting a label, item by item, where neither is better; 0 if that is not known.
        grouped: the interval of `error` over groups, which then is `interval`, as the others are; None where items stand alone.
        items: whether each item has a label, had it found, got it wrongly, bool [N,3,K]; None where that is not known.
    """

    n: int
    errors: int
    wrong_labels: int
    rows: tuple[LabelRow, ...]
    simplest: int
    f1_interval: Interval | None = None
    wrong_interval: Interval | None = None
    chance: float = 0.0
    grouped: Grouped | None = None
    items: np.ndarray | None = field(default=None, compare=False)

    @classmethod
    def from_predictions(cls, predicted: Any, targets: Any, vocab: Sequence[object]) -> LabelSetReport:
        """Compare predictions with targets.

        Args:
            predicted: which labels were predicted, bool [N,K].
            targets: which apply, bool [N,K].
            vocab: the labels [K].

        Raises:
            ArgumentError: if there are no items, or the shapes differ.

        Example:
            >>> report = LabelSetReport.from_predictions([[1, 0], [1, 1]], [[1, 0], [0, 1]], ["cat", "dog"])
            >>> report.error, report.rows[0].precision
            (0.5, 0.5)
        """
        found, actual = np.asarray(predicted, bool), np.asarray(targets, bool)
        if found.shape != actual.shape or found.ndim != 2 or not len(found) or found.shape[1] != len(vocab):
            raise ArgumentError(
                "predictions, targets and vocab must be those of the same items and labels",
                got=f"{list(found.shape)}, {list(actual.shape)} and {len(vocab)} labels",
            )
        each = np.stack([actual, found & actual, found & ~actual], axis=1)  # [N,3,K]
        counts = each.sum(axis=0)
        rows = tuple(LabelRow(label, *map(int, counts[:, k])) for k, label in enumerate(vocab))
        wrong = found != actual
        return cls(
            len(found), int(wrong.any(axis=1).sum()), int(wrong.sum()), rows, int(actual.sum()),
            bootstrap_interval(each, _mean_f1, resamples=resamples_for(each.size)) if actual.any() else None,
            bootstrap_interval(wrong.mean(axis=1)), chance_of(wrong.sum(axis=1) - actual.sum(axis=1)),
            items=each,
        )  # fmt: skip

    def over_groups(self, groups: Sequence[Hashable], by: str) -> LabelSetReport:
        """Return the same with the intervals over groups; the same where each item stands alone.

        Args:
            groups: the group of each item.
            by: what groups them, as a column.
        """
        if self.items is None or self.wrong_interval is None:
            return self
        has, hit, false = self.items.transpose(1, 0, 2)
        wrong = has & ~hit | false
        grouped = grouped_errors(wrong.any(axis=1), groups, by)
        of_wrong = grouped_mean(wrong.mean(axis=1), groups, by, self.wrong_interval)
        if grouped is None or of_wrong is None:
            return self
        f1 = self.f1_interval
        if f1 is not None:
            found = grouped_mean(self.items, groups, by, f1, _mean_f1, resamples_for(self.items.size))
            f1 = f1 if found is None else found.interval
        chance = chance_over_groups(wrong.sum(axis=1) - has.sum(axis=1), groups)
        return replace(self, grouped=grouped, f1_interval=f1, wrong_interval=of_wrong.interval, chance=chance)

    @property
    def interval(self) -> Interval:
        """The 95 % interval of `error`: Wilson's, or over groups where items are grouped."""
        return super().interval if self.grouped is None else self.grouped.interval

    @property
    def _independent(self) -> int:
        return self.n if self.grouped is None else self.grouped.n

    @property
    def mean_f1(self) -> float:
        """The mean F1 of the labels that occur, 0..1; NaN where no item has a label."""
        return float(np.mean([row.f1 for row in self.rows if row.n] or [float("nan")]))

    @property
    def verdict(self) -> str:
        """What is said of the model beside never predicting a label, decision by decision; "" if it is clearly better."""
        if self.wrong_interval is None:
            return ""
        simplest = self.simplest / (self.n * len(self.rows))
        return verdict(self.wrong_interval, self._independent, simplest, self.chance)

    @property
    def card_metrics(self) -> dict[str, float]:
        """The numbers for the model card, by name."""
        known = {"mean F1 of the labels": self.mean_f1} if _finite(self.mean_f1) is not None else {}
        return {"share of items with a wrong label": self.error, **known}

    @property
    def card_remarks(self) -> list[str]:
        """What a card says of a test: the error and the mean F1, with their intervals, and whether the model is worth anything."""
        worse = [f"{self.verdict[:-1]} than never predicting a label."] if self.verdict else []
        return [self.lines()[0], *worse, f"{self._f1_words()}."]

    def _f1_words(self) -> str:
        """Return the mean F1 with its interval in words; why there is none where no item has a label."""
        ends = self.f1_interval
        if ends is None and not any(row.n for row in self.rows):
            return "No item has a label, so there is no F1"
        between = (
            ""
            if ends is None or self._independent < FEWEST_SAMPLED
            else f" ({interval_words(ends, self.n, '{:.3f}')})"
        )
        return f"Mean F1 {self.mean_f1:.3f}{between}"

    def lines(self, most: int = 5) -> list[str]:
        """Return the report as lines of text; `most` of the labels with the lowest F1 are named."""
        decisions = self.n * len(self.rows)
        present = sorted((row for row in self.rows if row.n), key=lambda row: row.f1)
        worst = listed([f"{row.label} {row.f1:.2f}" for row in present], most)
        return [
            f"Error {percent(self.error, self.n)} ({self.errors} of {self.n} items have a wrong or missing label); "
            f"{rate_words(self.interval, self.n, self.grouped)}.",
            f"{percent(self.wrong_labels / decisions, decisions)} of the {decisions:,} decisions, label by label, are wrong; "
            f"never predicting a label would give {percent(self.simplest / decisions, decisions)}. {self.verdict}".rstrip(),
            f"{self._f1_words()}; lowest: {worst}." if present else f"{self._f1_words()}.",
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; None where a number does not exist."""
        return {
            "n": self.n, "errors": self.errors, "error": self.error,
            "interval95": None if self.grouped is not None and self.grouped.n < 2 else list(self.interval),
            **({} if self.grouped is None else {"over_groups": self.grouped.to_dict(self.n)}),
            "wrong_labels": self.wrong_labels, "baseline": {"wrong_labels": self.simplest, "beaten": not self.verdict}, "mean_f1": _finite(self.mean_f1),
            "mean_f1_interval95": None if self.f1_interval is None else plain_interval(self.f1_interval, self._independent),
            "per_label": [
                {
                    "label": str(row.label), "n": row.n, "precision": _finite(row.precision), "recall": _finite(row.recall),
                    "f1": _finite(row.f1),
                }
                for row in self.rows
            ],
        }  # fmt: skip


def _mean_f1(each: np.ndarray) -> float:
    """Return the mean F1 of the labels that occur, from [N,3,K]: whether items have them, had them found, got them wrongly."""
    n, found, false = each.sum(axis=0)
    there = n > 0
    return float((2 * found[there] / (n + found + false)[there]).mean()) if there.any() else float("nan")


def _finite(value: float) -> float | None:
    return None if value != value else value
