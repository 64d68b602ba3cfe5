"""A head for keypoints: one heat map per point, and the mean position under it (soft-argmax).

The usual head pools the feature map and so loses positions, which it must then learn from many photos. On 145 photos of pets it
misses the middle of the head by 25 to 35 % of the photo's width, this one by 3 to 5 % (see LOG.md).

Source: Sun et al. 2018, "Integral Human Pose Regression" (arXiv 1711.08229), section 2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gatera.core.checks import check_count, check_fraction
from gatera.models.layers import check_range
from gatera.models.vision.heads import init_head

#: Hidden channels between the body's features and the heat maps, and dropout on the features. Chosen here.
HIDDEN_CHANNELS, DROPOUT = 256, 0.2


class PointHead(nn.Module):
    """Predict points from feature maps: [N,F,h,w] -> [N,2P], alternating x and y.

    Args:
        nf: number of features F.
        n_points: number of points P.
        y_range: coordinates of the photo's left and right (top and bottom) edges; every point lies between them.
        hidden: channels of the hidden layer.
        dropout: probability of dropping a whole feature channel in training.

    Raises:
        ArgumentError: if a size is below 1, `dropout` is not in 0..1, or `y_range` is not (low, high) with low < high.

    Example:
        >>> PointHead(8, 2)(torch.zeros(1, 8, 7, 7)).shape
        torch.Size([1, 4])
    """

    def __init__(
        self, nf: int, n_points: int, y_range: tuple[float, float] | None = None, hidden: int = HIDDEN_CHANNELS,
        dropout: float = DROPOUT,
    ) -> None:  # fmt: skip
        super().__init__()
        for size in (nf, n_points, hidden):
            check_count("the size of a layer in the head (nf, n_points, hidden)", size, 1)
        check_fraction("dropout", dropout)
        self.low, self.high = check_range(y_range or (-1.0, 1.0))
        self.maps = nn.Sequential(
            nn.BatchNorm2d(nf), nn.Dropout2d(dropout), nn.Conv2d(nf, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden), nn.ReLU(), nn.Conv2d(hidden, n_points, 1),
        )  # fmt: skip
        init_head(self.maps)

    def forward(self, features: Tensor) -> Tensor:
        """Compute points, [N,F,h,w] -> [N,2P]."""
        maps = self.maps(features).float()  # [N,P,h,w]; positions need more precision than bf16 has
        height, width = maps.shape[-2:]
        shares = maps.flatten(2).softmax(-1).unflatten(2, (height, width))
        x = (shares.sum(2) * self._places(width, maps)).sum(-1)  # [N,P,w] -> [N,P]
        y = (shares.sum(3) * self._places(height, maps)).sum(-1)
        return torch.stack([x, y], -1).flatten(1)  # [N,P,2] -> [N,2P]

    def _places(self, n: int, like: Tensor) -> Tensor:
        # The outermost cells represent the photo's edges; otherwise no point could be predicted there.
        return torch.linspace(self.low, self.high, n, dtype=like.dtype, device=like.device)

    def extra_repr(self) -> str:
        """Show the range in the printed model."""
        return f"y_range=({self.low}, {self.high})"
