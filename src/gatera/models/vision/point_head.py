"""A head that points: for each point a map of where it may be, and the mean place of that map.

The usual head pools a feature map and so forgets where things were; it has to learn places anew, from many photos. On 145 photos
of pets it misses the middle of the head by 25 to 35 % of the photo's width, this one by 3 to 5 % (see LOG.md).

Source: Sun et al. 2018, "Integral Human Pose Regression" (arXiv 1711.08229), section 2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gatera.core.checks import check_at_least, check_fraction
from gatera.models.layers import check_range
from gatera.models.vision.heads import init_head

#: Channels between the body's features and the maps, and how many of the features are left out while training. Chosen here.
HIDDEN_CHANNELS, DROPOUT = 256, 0.2


class PointHead(nn.Module):
    """Feature maps [N,F,h,w] -> points [N,2P], x and y by turns.

    Args:
        nf: features F.
        n_points: P.
        y_range: where the left and the right end (top and bottom) of the photo are; every point lies between.
        hidden: channels of the layer between.
        dropout: share of the features, whole channels, that are left out while training.

    Raises:
        ArgumentError: if a size is below 1, `dropout` not in 0..1, or `y_range` does not go from low to high.

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
            check_at_least("the size of a layer in the head (nf, n_points, hidden)", size, 1)
        check_fraction("dropout", dropout)
        self.low, self.high = check_range(y_range or (-1.0, 1.0))
        self.maps = nn.Sequential(
            nn.BatchNorm2d(nf), nn.Dropout2d(dropout), nn.Conv2d(nf, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden), nn.ReLU(), nn.Conv2d(hidden, n_points, 1),
        )  # fmt: skip
        init_head(self.maps)

    def forward(self, features: Tensor) -> Tensor:
        """Compute points, [N,F,h,w] -> [N,2P]."""
        maps = self.maps(features).float()  # [N,P,h,w]; places are finer than bf16
        height, width = maps.shape[-2:]
        shares = maps.flatten(2).softmax(-1).unflatten(2, (height, width))
        x = (shares.sum(2) * self._places(width, maps)).sum(-1)  # [N,P,w] -> [N,P]
        y = (shares.sum(3) * self._places(height, maps)).sum(-1)
        return torch.stack([x, y], -1).flatten(1)  # [N,P,2] -> [N,2P]

    def _places(self, n: int, like: Tensor) -> Tensor:
        # The outermost cells stand for the photo's edges, or nothing could ever be found there.
        return torch.linspace(self.low, self.high, n, dtype=like.dtype, device=like.device)

    def extra_repr(self) -> str:
        """Show the range in the printed model."""
        return f"y_range=({self.low}, {self.high})"
