"""How well predicted masks agree with the truth: how many pixels, how sure, and against what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.measure.intervals import Interval, bootstrap_interval
from gatera.measure.reports.classes import percent


@dataclass(frozen=True)
class MaskReport:
    """The share of wrong pixels and the overlap of each class. Made by `from_masks`.

    Attributes:
        n: how many photos.
        error: share of the pixels that got a wrong class, 0..1.
        interval: its 95 % interval, by bootstrap over the photos: pixels of one photo are no independent examples.
        overlaps: intersection over union of each class that occurs, 0..1, by its name.
        baseline: the error of giving every pixel the class that is most frequent among these.
        baseline_label: that class.
        left_out: the class whose pixels do not count; None if all do.
    """

    n: int
    error: float
    interval: Interval
    overlaps: dict[str, float]
    baseline: float
    baseline_label: str
    left_out: str | None = None

    @classmethod
    def from_masks(
        cls, pairs: Iterable[tuple[Any, Any]], vocab: Sequence[object], left_out: str | None = None
    ) -> MaskReport:
        """Compare masks with the truth.

        Args:
            pairs: for each photo the predicted and the true class of its pixels, int [H,W]; true ones outside the
                classes do not count.
            vocab: the classes [K].
            left_out: a class whose pixels do not count, e.g. void.

        Raises:
            ArgumentError: if no pixel counts, or a pair differs in size.

        Example:
            >>> report = MaskReport.from_masks([([[0, 1]], [[0, 0]])], ["ground", "disc"])
            >>> report.error, report.overlaps
            (0.5, {'ground': 0.5, 'disc': 0.0})
        """
        names = [str(name) for name in vocab]
        tables = np.stack([_table(np.asarray(said), np.asarray(true), len(names)) for said, true in pairs])
        if left_out is not None:
            tables[:, names.index(left_out)] = 0
        if not tables.sum():
            raise ArgumentError(
                "a mask report needs at least one pixel that counts", got=f"{len(tables)} masks"
            )
        whole = tables.sum(axis=0)  # [K,K]: a row for each true class, a column for each predicted
        both, either = np.diag(whole), whole.sum(axis=0) + whole.sum(axis=1) - np.diag(whole)
        usual = int(whole.sum(axis=1).argmax())
        totals = tables.sum(axis=(1, 2))
        wrong = np.stack([totals - np.trace(tables, axis1=1, axis2=2), totals], axis=1)  # [N,2]
        return cls(
            n=len(tables), error=_share(wrong), interval=bootstrap_interval(wrong, _share),
            overlaps={
                name: float(both[k] / either[k]) for k, name in enumerate(names) if either[k] and name != left_out
            },
            baseline=float(1 - whole[usual].sum() / whole.sum()), baseline_label=names[usual], left_out=left_out,
        )  # fmt: skip

    @property
    def mean_overlap(self) -> float:
        """Mean intersection over union (mIoU) of the classes that occur."""
        return sum(self.overlaps.values()) / len(self.overlaps)

    @property
    def beats_baseline(self) -> bool:
        """Whether even the upper end of the interval is below the baseline's error."""
        return self.interval[1] < self.baseline

    @property
    def card_metrics(self) -> dict[str, float]:
        """The figures that belong on a program's card, by name."""
        return {
            "share of pixels wrong": self.error,
            "mean intersection over union": self.mean_overlap,
            f"share of pixels wrong when always answering {self.baseline_label}": self.baseline,
        }

    def lines(self, most: int = 5) -> list[str]:
        """Return the report in words, a line each; `most` of the classes that are found worst are named."""
        low, high = self.interval
        counted = "" if self.left_out is None else f" (those that are {self.left_out} do not count)"
        lines = [
            f"{percent(self.error, self.n)} of the pixels are wrong{counted}, on {self.n:,} photos; "
            f"95 % interval {percent(low, self.n)} to {percent(high, self.n)}.",
            f"Always answering {self.baseline_label}, the most frequent class, would give {percent(self.baseline, self.n)}.",
        ]
        if not self.beats_baseline:
            lines.append("The model is not clearly better than that.")
        worst = sorted(self.overlaps.items(), key=lambda overlap: overlap[1])
        named = listed([f"{name} {overlap:.2f}" for name, overlap in worst], most)
        lines.append(
            f"Overlap with the truth (mean intersection over union): {self.mean_overlap:.3f}; least: {named}."
        )
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "n": self.n, "error": self.error, "interval95": list(self.interval), "mean_iou": self.mean_overlap,
            "iou": self.overlaps, "left_out": self.left_out,
            "baseline": {"label": self.baseline_label, "error": self.baseline, "beaten": self.beats_baseline},
        }  # fmt: skip


def _table(said: np.ndarray, true: np.ndarray, k: int) -> np.ndarray:
    """Return how many pixels of each true class were given each class, int64 [K,K]."""
    if said.shape != true.shape:
        raise ArgumentError(
            "a mask and the truth differ in size",
            got=f"{list(said.shape)} and {list(true.shape)}",
            expected="one size",
        )
    counts = (true >= 0) & (true < k)
    return np.bincount(true[counts] * k + said[counts], minlength=k * k).reshape(k, k)


def _share(counts: np.ndarray) -> float:
    """Return the share of wrong pixels: counts of wrong ones and of all, int64 [N,2]."""
    wrong, total = counts.sum(axis=0)
    return float(wrong / max(total, 1))
