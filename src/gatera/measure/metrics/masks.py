"""How well masks agree: pixels right, overlap of each class. All from one table of counts, exact over the epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.measure.losses.standard import NO_CLASS


class MaskMetric:
    """A metric of masks, computed from how many pixels of each class were taken for each.

    Pixels whose target is -100, which is no class (where photos were padded with zeros), never count.

    Args:
        name: the column heading.
        axis: the axis of the classes in predictions [N,K,H,W].
        ignore: class whose pixels do not count (void, say), by its index; None counts all.
    """

    def __init__(self, name: str, axis: int = 1, ignore: int | None = None) -> None:
        self.name, self.axis, self.ignore = name, axis, ignore
        self.reset()

    def reset(self) -> None:
        """Forget everything seen so far."""
        self._counts: Tensor | None = None

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Take in one batch.

        Args:
            pred: logits or probabilities [N,K,H,W].
            target: class indices, int64 [N,H,W].

        Raises:
            ArgumentError: if there is not one label per predicted pixel, or a label is no class.
        """
        counts = self._table(pred.detach(), target.detach())
        self._counts = counts if self._counts is None else self._counts + counts

    def value(self) -> float:
        """Return the metric over all batches since `reset`; NaN if no pixel counted."""
        return float("nan") if self._counts is None else self.compute(self._counts.double().cpu())

    def compute(self, counts: Tensor) -> float:
        """Return the metric of a table of counts, float64 [K,K]: a row for each true class, a column for each predicted."""
        raise NotImplementedError

    def __call__(self, pred: Tensor, target: Tensor) -> float:
        """Return the metric of these predictions alone; what was seen before stays as it is."""
        return self.compute(self._table(pred.detach(), target.detach()).double().cpu())

    def _table(self, pred: Tensor, target: Tensor) -> Tensor:
        k, guessed = pred.shape[self.axis], pred.argmax(self.axis)  # [N,K,H,W] -> [N,H,W]
        if guessed.shape != target.shape:
            raise ArgumentError(
                f"{self.name} got predictions and masks that do not fit",
                got=f"predictions {list(pred.shape)}, masks {list(target.shape)}",
                expected=f"masks {list(guessed.shape)} for such predictions",
            )
        guessed, target = guessed.reshape(-1), target.reshape(-1)
        counted = target != NO_CLASS
        if self.ignore is not None:
            counted &= target != self.ignore
        guessed, target = guessed[counted], target[counted]
        if target.numel() and not 0 <= int(target.min()) <= int(target.max()) < k:
            raise ArgumentError(
                f"{self.name} got a label that is no class", got=sorted(set(target.unique().tolist()) - set(range(k)))[0],
                expected=f"0 to {k - 1}", remedy="Pass ignore= for the index of void pixels.",
            )  # fmt: skip
        return torch.bincount(target * k + guessed, minlength=k * k).reshape(k, k)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class PixelAccuracy(MaskMetric):
    """Share of the pixels that are given the right class, 0..1.

    Args:
        axis, ignore: as in `MaskMetric`.

    Example:
        >>> pred, mask = torch.tensor([[[[2.0, 0.0]], [[0.0, 1.0]]]]), torch.tensor([[[0, 0]]])
        >>> PixelAccuracy()(pred, mask)
        0.5
    """

    def __init__(self, axis: int = 1, ignore: int | None = None) -> None:
        super().__init__("pixel_accuracy", axis, ignore)

    def compute(self, counts: Tensor) -> float:
        """Return right pixels / all."""
        return (counts.diagonal().sum() / counts.sum()).item()


class JaccardCoeffMulti(MaskMetric):
    """Mean intersection over union (mIoU) of the classes that occur, in labels or predictions, 0..1.

    Args:
        axis, ignore: as in `MaskMetric`. The ignored class has no part in the mean.
    """

    def __init__(self, axis: int = 1, ignore: int | None = None) -> None:
        super().__init__("jaccard_coeff_multi", axis, ignore)

    def compute(self, counts: Tensor) -> float:
        """Return the mean over classes of pixels in both / pixels in either."""
        both, sizes = _overlaps(counts)
        return _mean_where(both, sizes - both, self.ignore)


class DiceMulti(MaskMetric):
    """Mean Dice coefficient (F1 of pixels) of the classes that occur, in labels or predictions, 0..1.

    Args:
        axis, ignore: as in `MaskMetric`. The ignored class has no part in the mean.
    """

    def __init__(self, axis: int = 1, ignore: int | None = None) -> None:
        super().__init__("dice_multi", axis, ignore)

    def compute(self, counts: Tensor) -> float:
        """Return the mean over classes of 2 * pixels in both / (labelled + predicted pixels)."""
        both, sizes = _overlaps(counts)
        return _mean_where(2 * both, sizes, self.ignore)


class Dice(MaskMetric):
    """Dice coefficient (F1 of pixels) of the foreground, every class but the first, 0..1.

    Args:
        axis, ignore: as in `MaskMetric`.
    """

    def __init__(self, axis: int = 1, ignore: int | None = None) -> None:
        super().__init__("dice", axis, ignore)

    def compute(self, counts: Tensor) -> float:
        """Return 2 * foreground in both / (labelled + predicted foreground)."""
        both, sizes = _foreground(counts)
        return (2 * both / sizes).item()


class JaccardCoeff(MaskMetric):
    """Intersection over union of the foreground, every class but the first, 0..1.

    Args:
        axis, ignore: as in `MaskMetric`.
    """

    def __init__(self, axis: int = 1, ignore: int | None = None) -> None:
        super().__init__("jaccard_coeff", axis, ignore)

    def compute(self, counts: Tensor) -> float:
        """Return foreground in both / foreground in either."""
        both, sizes = _foreground(counts)
        return (both / (sizes - both)).item()


def _overlaps(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return, for each class, pixels in both masks and the sum of its pixels in either, float64 [K] each."""
    return counts.diagonal(), counts.sum(0) + counts.sum(1)


def _foreground(counts: Tensor) -> tuple[Tensor, Tensor]:
    return counts[1:, 1:].sum(), counts[1:].sum() + counts[:, 1:].sum()


def _mean_where(top: Tensor, bottom: Tensor, ignore: int | None) -> float:
    there = bottom > 0
    if ignore is not None and 0 <= ignore < len(there):
        there[ignore] = False
    return (top[there] / bottom[there]).mean().item()
