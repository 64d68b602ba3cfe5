"""Segmentation metrics: pixel accuracy, IoU and Dice, exact over the epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.measure.losses.standard import NO_CLASS


class MaskMetric:
    """A metric of masks, computed from the confusion matrix of their pixels.

    Pixels whose target is -100 (where photos were padded with zeros) are ignored.

    Args:
        name: the column heading.
        axis: the axis of the classes in predictions [N,K,H,W].
        ignore: index of a class whose pixels are ignored, e.g. void; None for none.
    """

    def __init__(self, name: str, axis: int = 1, ignore: int | None = None) -> None:
        self.name, self.axis, self.ignore = name, axis, ignore
        self.reset()

    def reset(self) -> None:
        """Start a new epoch."""
        self._counts: Tensor | None = None

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add one batch.

        Args:
            pred: logits or probabilities [N,K,H,W].
            target: class indices, int64 [N,H,W].

        Raises:
            ArgumentError: if there is not one label per predicted pixel, or a label is not a class index.
        """
        counts = self._table(pred.detach(), target.detach())
        self._counts = counts if self._counts is None else self._counts + counts

    def value(self) -> float:
        """Return the metric over all batches since `reset`; NaN if all pixels were ignored."""
        return float("nan") if self._counts is None else self.compute(self._counts.cpu().double())

    def compute(self, counts: Tensor) -> float:
        """Return the metric from a confusion matrix, float64 [K,K]; row = actual, column = predicted."""
        raise NotImplementedError

    def __call__(self, pred: Tensor, target: Tensor) -> float:
        """Return the metric of these predictions only, without changing the epoch's state."""
        return self.compute(self._table(pred.detach(), target.detach()).cpu().double())

    def _table(self, pred: Tensor, target: Tensor) -> Tensor:
        k, predicted = pred.shape[self.axis], pred.argmax(self.axis)  # [N,K,H,W] -> [N,H,W]
        if predicted.shape != target.shape:
            raise ArgumentError(
                f"{self.name} got predictions and masks of different sizes",
                got=f"predictions {list(pred.shape)}, masks {list(target.shape)}",
                expected=f"masks {list(predicted.shape)} for such predictions",
            )
        predicted, target = predicted.reshape(-1), target.reshape(-1)
        counted = target != NO_CLASS
        if self.ignore is not None:
            counted &= target != self.ignore
        predicted, target = predicted[counted], target[counted]
        if target.numel() and not 0 <= int(target.min()) <= int(target.max()) < k:
            raise ArgumentError(
                f"{self.name} got a label that is not a class index", got=sorted(set(target.unique().tolist()) - set(range(k)))[0],
                expected=f"0 to {k - 1}", remedy="Pass ignore= for the index of void pixels.",
            )  # fmt: skip
        return torch.bincount(target * k + predicted, minlength=k * k).reshape(k, k)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class PixelAccuracy(MaskMetric):
    """Share of pixels with the right class, 0..1.

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
        """Return right pixels / all pixels."""
        return (counts.diagonal().sum() / counts.sum()).item()


class JaccardCoeffMulti(MaskMetric):
    """Mean intersection over union (mIoU) of the classes that occur, in labels or predictions, 0..1.

    Args:
        axis, ignore: as in `MaskMetric`. The ignored class is not part of the mean.
    """

    def __init__(self, axis: int = 1, ignore: int | None = None) -> None:
        super().__init__("jaccard_coeff_multi", axis, ignore)

    def compute(self, counts: Tensor) -> float:
        """Return the mean of intersection / union over the classes."""
        both, sizes = _overlaps(counts)
        return _mean_where(both, sizes - both, self.ignore)


class DiceMulti(MaskMetric):
    """Mean Dice coefficient (F1 of pixels) of the classes that occur, in labels or predictions, 0..1.

    Args:
        axis, ignore: as in `MaskMetric`. The ignored class is not part of the mean.
    """

    def __init__(self, axis: int = 1, ignore: int | None = None) -> None:
        super().__init__("dice_multi", axis, ignore)

    def compute(self, counts: Tensor) -> float:
        """Return the mean of 2 * intersection / (labelled + predicted pixels) over the classes."""
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
        """Return 2 * intersection / (labelled + predicted pixels) of the foreground."""
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
        """Return intersection / union of the foreground."""
        both, sizes = _foreground(counts)
        return (both / (sizes - both)).item()


def _overlaps(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the intersection of each class, and its labelled plus predicted pixels, float64 [K] each."""
    return counts.diagonal(), counts.sum(0) + counts.sum(1)


def _foreground(counts: Tensor) -> tuple[Tensor, Tensor]:
    return counts[1:, 1:].sum(), counts[1:].sum() + counts[:, 1:].sum()


def _mean_where(top: Tensor, bottom: Tensor, ignore: int | None) -> float:
    there = bottom > 0
    if ignore is not None and 0 <= ignore < len(there):
        there[ignore] = False
    return (top[there] / bottom[there]).mean().item()
