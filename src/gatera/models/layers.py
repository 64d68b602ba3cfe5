"""Small layers that PyTorch lacks: input normalisation, concatenated pooling, bounded outputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.checks import check_finite
from gatera.core.errors import ArgumentError


class Normalization(nn.Module):
    """Subtract channel means and divide by channel standard deviations; the first layer of a pretrained body.

    It is part of the model, not of the data pipeline, so that it is applied exactly once wherever the model is used.

    Args:
        mean: one value per channel, for inputs in 0..1.
        std: one value per channel, all above 0.

    Raises:
        ArgumentError: if the two differ in length or a standard deviation is not positive.

    Example:
        >>> Normalization([0.5], [0.25])(torch.tensor([[[[0.5, 1.0]]]]))
        tensor([[[[0., 2.]]]])
    """

    mean: Tensor  # [C,1,1]
    std: Tensor  # [C,1,1]

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        if len(mean) != len(std) or not mean:
            raise ArgumentError(
                "mean and std must each have one value per channel", got=(tuple(mean), tuple(std)),
                expected="two lists of the same length, not empty",
            )  # fmt: skip
        if min(std) <= 0:
            raise ArgumentError("std must be above 0 in every channel", got=tuple(std))
        # Not persistent: they belong to the architecture, so a checkpoint cannot change them unnoticed.
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise floats 0..1; [N,C,H,W] -> [N,C,H,W]."""
        return (x - self.mean) / self.std

    def extra_repr(self) -> str:
        """Show the two vectors in the printed model."""
        return f"mean={self.mean.flatten().tolist()}, std={self.std.flatten().tolist()}"


class AdaptiveConcatPool2d(nn.Module):
    """Pool a feature map by maximum and by mean, and concatenate: [N,C,H,W] -> [N,2C,h,w], maximum first.

    Args:
        size: of the result: h and w, or one number for both; None for 1.

    Example:
        >>> AdaptiveConcatPool2d()(torch.tensor([[[[1.0, 3.0]]]])).flatten()
        tensor([3., 2.])
    """

    def __init__(self, size: int | tuple[int, int] | None = None) -> None:
        super().__init__()
        size = size or 1
        self.size = (size, size) if isinstance(size, int) else size

    def forward(self, x: Tensor) -> Tensor:
        """Pool; [N,C,H,W] -> [N,2C,h,w]."""
        if tuple(self.size) != (1, 1):
            return torch.cat(
                [F.adaptive_max_pool2d(x, self.size), F.adaptive_avg_pool2d(x, self.size)], dim=1
            )
        return torch.cat([x.amax(dim=(2, 3), keepdim=True), x.mean(dim=(2, 3), keepdim=True)], dim=1)


def sigmoid_range(x: Tensor, low: float, high: float) -> Tensor:
    """Squash `x` into the open interval (low, high) with a sigmoid.

    Example:
        >>> sigmoid_range(torch.tensor([0.0]), 1.0, 5.0)
        tensor([3.])
    """
    return torch.sigmoid(x) * (high - low) + low


def check_range(y_range: tuple[float, float]) -> tuple[float, float]:
    """Return the range, or raise ArgumentError if an end is not finite, or its low end is not below its high end."""
    low, high = y_range
    for end in (low, high):
        check_finite("y_range", end)
    if not low < high:
        raise ArgumentError("y_range must be a pair (low, high) with low < high", got=(low, high))
    return low, high


class SigmoidRange(nn.Module):
    """`sigmoid_range` as a layer.

    Raises:
        ArgumentError: if `low` is not below `high`.
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = check_range((low, high))

    def forward(self, x: Tensor) -> Tensor:
        """Squash logits of any shape into (low, high), in float32: bf16 has only a few hundred values there."""
        return sigmoid_range(x.float(), self.low, self.high)

    def extra_repr(self) -> str:
        """Show the interval in the printed model."""
        return f"low={self.low}, high={self.high}"


class PlacewiseDropout(nn.Module):
    """Dropout with the same mask at every position of a text: [N,T,F] -> [N,T,F]."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Apply the dropout, in training mode only."""
        if not self.training or not self.p:
            return x
        return x * F.dropout(x.new_ones(len(x), 1, x.shape[2]), self.p)

    def extra_repr(self) -> str:
        """Show the probability in the printed model."""
        return f"p={self.p}"
