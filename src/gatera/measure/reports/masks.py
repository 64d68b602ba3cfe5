"""Segmentation report: pixel error with a confidence interval, IoU per class, baseline."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError
from gatera.measure.grouped import Grouped, grouped_mean
from gatera.measure.intervals import (
    FEWEST_SAMPLED,
    Interval,
    bootstrap_interval,
    interval_words,
    plain_interval,
    resamples_for,
    too_few,
    verdict,
)
from gatera.measure.questions.paired import chance_of, chance_over_groups
from gatera.measure.reports.classes import FREQUENT, percent, rate_words
from gatera.measure.reports.shows_lines import ShowsLines


@dataclass(frozen=True, repr=False)
class MaskReport(ShowsLines):
    """The share of wrong pixels and the IoU of each class. Made by `from_masks`.

    Attributes:
        n: number of photos.
        error: share of pixels with a wrong class, 0..1.
        interval: its 95 % interval, by bootstrap over the photos, as pixels of one photo are not independent, or over groups of photos.
        overlaps: intersection over union (IoU) of each class that occurs, 0..1, by name.
        baseline: the error of predicting the most frequent class for every pixel.
        baseline_label: that class.
        ignored: the class whose pixels are ignored; None for none.
        overlap_interval: the 95 % interval of the mean IoU, by bootstrap over the same; None where it is not known.
        chance: of so large a difference from the baseline, photo by photo, where neither is better; 0 if that is not known.
        grouped: the interval over groups, which then is `interval`; None where photos stand alone.
        photos: what the intervals are computed from: the wrong pixels of each photo, all of them, and those that the baseline gets wrong,
            int64 [N,3], and of each class those in both masks and in either, [N,2,K]; None where that is not known.
    """

    n: int
    error: float
    interval: Interval
    overlaps: dict[str, float]
    baseline: float
    baseline_label: str
    ignored: str | None = None
    overlap_interval: Interval | None = None
    chance: float = 0.0
    grouped: Grouped | None = None
    photos: tuple[np.ndarray, np.ndarray] | None = field(default=None, compare=False)

    @classmethod
    def from_masks(
        cls, pairs: Iterable[tuple[Any, Any]], vocab: Sequence[object], ignored: str | None = None
    ) -> MaskReport:
        """Compare predicted masks with targets.

        Args:
            pairs: for each photo the predicted and the actual class of its pixels, int [H,W]; actual values outside
                0..K-1 are ignored.
            vocab: the classes [K].
            ignored: a class whose pixels are ignored, e.g. void.

        Raises:
            ArgumentError: if every pixel is ignored, or a pair differs in size.

        Example:
            >>> report = MaskReport.from_masks([([[0, 1]], [[0, 0]])], ["ground", "disc"])
            >>> report.error, report.overlaps
            (0.5, {'ground': 0.5, 'disc': 0.0})
        """
        tables = [
            pixel_table(np.asarray(predicted), np.asarray(actual), len(vocab)) for predicted, actual in pairs
        ]
        return cls.from_tables(np.stack(tables), vocab, ignored)

    @classmethod
    def from_tables(
        cls, tables: np.ndarray, vocab: Sequence[object], ignored: str | None = None
    ) -> MaskReport:
        """Make a report of the tables that `pixel_table` returns.

        Args:
            tables: one for each photo, int64 [N,K,K].
            vocab: the classes [K].
            ignored: a class whose pixels are ignored.

        Raises:
            ArgumentError: if every pixel is ignored.
        """
        names, tables = [str(name) for name in vocab], tables.copy()
        if ignored is not None:
            tables[:, names.index(ignored)] = 0
        if not tables.sum():
            raise ArgumentError(
                "a mask report needs at least one pixel that is not ignored", got=f"{len(tables)} masks"
            )
        whole = tables.sum(axis=0)  # [K,K]; row = actual, column = predicted
        intersection, union = np.diag(whole), whole.sum(axis=0) + whole.sum(axis=1) - np.diag(whole)
        frequent = int(whole.sum(axis=1).argmax())
        totals = tables.sum(axis=(1, 2))
        of_baseline = totals - tables[:, frequent].sum(axis=1)
        wrong = np.stack([totals - np.trace(tables, axis1=1, axis2=2), totals, of_baseline], axis=1)  # [N,3]
        counts = _overlap_counts(tables, None if ignored is None else names.index(ignored))
        return cls(
            n=len(tables), error=_share(wrong), interval=bootstrap_interval(wrong, _share),
            overlaps={
                name: float(intersection[k] / union[k]) for k, name in enumerate(names) if union[k] and name != ignored
            },
            baseline=float(1 - whole[frequent].sum() / whole.sum()), baseline_label=names[frequent], ignored=ignored,
            overlap_interval=bootstrap_interval(counts, _mean_overlap, resamples=resamples_for(counts.size)),
            chance=chance_of(wrong[:, 0] - of_baseline), photos=(wrong, counts),
        )  # fmt: skip

    def over_groups(self, groups: Sequence[Hashable], by: str) -> MaskReport:
        """Return the same with the intervals over groups; the same where each photo stands alone.

        Args:
            groups: the group of each photo.
            by: what groups them.
        """
        if self.photos is None or self.overlap_interval is None:
            return self
        wrong, counts = self.photos
        found = grouped_mean(wrong, groups, by, self.interval, _share)
        overlap = grouped_mean(
            counts, groups, by, self.overlap_interval, _mean_overlap, resamples_for(counts.size)
        )
        if found is None or overlap is None:
            return self
        chance = chance_over_groups(wrong[:, 0] - wrong[:, 2], groups)
        return replace(
            self, grouped=found, interval=found.interval, overlap_interval=overlap.interval, chance=chance
        )

    @property
    def mean_overlap(self) -> float:
        """Mean intersection over union (mIoU) of the classes that occur."""
        return sum(self.overlaps.values()) / len(self.overlaps)

    @property
    def beats_baseline(self) -> bool:
        """Whether even the upper end of the interval is below the baseline's error."""
        return not self.verdict

    @property
    def card_remarks(self) -> list[str]:
        """What the model card says of the numbers: the intervals of both, and whether the baseline is beaten."""
        overlap = self._overlap_words()
        return [
            self.lines()[0],
            *([f"{self.verdict[:-1]} than {FREQUENT}."] if self.verdict else []),
            *([f"Mean intersection over union {self.mean_overlap:.3f}; {overlap}."] if overlap else []),
        ]

    @property
    def verdict(self) -> str:
        """What is said of the model beside the baseline; "" if it is clearly better."""
        return verdict(self.interval, self._independent, self.baseline, self.chance)

    @property
    def _independent(self) -> int:
        return self.n if self.grouped is None else self.grouped.n

    def _overlap_words(self) -> str:
        """Return the interval of the mean IoU in words; "" where it is not known."""
        ends = self.overlap_interval
        few = ends is None or self._independent < FEWEST_SAMPLED
        return "" if ends is None or few else interval_words(ends, self.n, "{:.3f}")

    @property
    def card_metrics(self) -> dict[str, float]:
        """The numbers for the model card, by name."""
        return {
            "share of pixels wrong": self.error,
            "mean intersection over union": self.mean_overlap,
            f"share of pixels wrong when always predicting {self.baseline_label}": self.baseline,
        }

    def lines(self, most: int = 5) -> list[str]:
        """Return the report as lines of text; `most` of the classes with the lowest IoU are named."""
        if self._independent >= FEWEST_SAMPLED:
            known = rate_words(self.interval, self.n, self.grouped)
        else:
            known = too_few(self._independent, "photo" if self.grouped is None else "group")
        photos = f"{counted(self.n, 'photo')}; {known}"
        ignored = "" if self.ignored is None else f" ({self.ignored} is ignored)"
        lines = [
            f"{percent(self.error, self.n)} of the pixels are wrong{ignored}, on {photos}.",
            f"Always predicting {self.baseline_label}, the most frequent class, would give {percent(self.baseline, self.n)}.",
        ]
        if self.verdict:
            lines.append(self.verdict)
        worst = sorted(self.overlaps.items(), key=lambda overlap: overlap[1])
        named = listed([f"{name} {overlap:.2f}" for name, overlap in worst], most)
        between = f" ({words})" if (words := self._overlap_words()) else ""
        lines.append(f"Mean IoU {self.mean_overlap:.3f}{between}; lowest: {named}.")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "n": self.n, "error": self.error, "interval95": plain_interval(self.interval, self._independent),
            **({} if self.grouped is None else {"over_groups": self.grouped.to_dict(self.n)}),
            "mean_iou": self.mean_overlap,
            "mean_iou_interval95": None if self.overlap_interval is None else plain_interval(self.overlap_interval, self._independent),
            "iou": self.overlaps, "ignored": self.ignored,
            "baseline": {"label": self.baseline_label, "error": self.baseline, "beaten": self.beats_baseline},
        }  # fmt: skip


def pixel_table(predicted: np.ndarray, actual: np.ndarray, k: int) -> np.ndarray:
    """Return the confusion matrix of the pixels, int64 [K,K]; row = actual, column = predicted.

    Args:
        predicted: class numbers, int [H,W].
        actual: the same; pixels with numbers outside 0..k-1 are skipped.
        k: number of classes.

    Raises:
        ArgumentError: if the masks differ in size.
    """
    if predicted.shape != actual.shape:
        raise ArgumentError(
            "a predicted mask and its target must have the same size",
            got=f"{list(predicted.shape)} and {list(actual.shape)}",
        )
    counted = (actual >= 0) & (actual < k)
    return np.bincount(actual[counted] * k + predicted[counted], minlength=k * k).reshape(k, k)


def _overlap_counts(tables: np.ndarray, ignored: int | None) -> np.ndarray:
    """Return the pixels in both masks and in either, of each photo and class, int64 [N,2,K].

    Args:
        tables: of each photo, int64 [N,K,K]; pixels that are ignored are 0.
        ignored: the number of a class that is not part of the mean; None for none.
    """
    both = tables.diagonal(axis1=1, axis2=2)
    counts = np.stack([both, tables.sum(axis=1) + tables.sum(axis=2) - both], axis=1)
    return counts if ignored is None else np.delete(counts, ignored, axis=2)


def _mean_overlap(counts: np.ndarray) -> float:
    """Return the mean IoU from intersection and union of each photo, [N,2,K]; NaN without a class."""
    both, union = counts.sum(axis=0)
    there = union > 0
    return float((both[there] / union[there]).mean()) if there.any() else float("nan")


def _share(counts: np.ndarray) -> float:
    """Return the share of wrong pixels from counts (wrong, all, others) of each photo, int64 [N,3]."""
    wrong, total = counts.sum(axis=0)[:2]
    return float(wrong / max(total, 1))
