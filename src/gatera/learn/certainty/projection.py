"""Make features short: principal components of equal variance, and how much of the features lies beside them.

Source: Wang, Li, Feng and Zhang 2022 (virtual-logit matching: what lies beside the principal components tells other inputs best).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

#: Components that are kept, at most; and so many training items are needed for each.
MOST_COMPONENTS, ITEMS_PER_COMPONENT = 64, 4

#: Directions with less than this share of the largest standard deviation are noise of rounding.
LEAST_DEVIATION = 1e-4

#: What lies beside the components is left out below this share: rounding, where all of them are kept.
LEAST_BESIDE = 1e-3

#: Where nothing lay beside fewer components than there are features, anything that does is odd: by how far it lies there, in units of the
#: largest deviation, times this.
WEIGHT_OUTSIDE = 5.0

#: What that share counts, in units of one component. Street photos found by a dogs-vs-cats program at 1 % false alarms: 1 % for 1, 72 % for
#: 2, 89 % for 3, 97 % for 5.
WEIGHT = 5.0


@dataclass(frozen=True, eq=False)
class Projection:
    """A linear map of features, fitted to the training set.

    Attributes:
        mean: float64 [F].
        components: float64 [F,D], orthonormal columns.
        deviation: standard deviation along each, float64 [D].
        beside: mean and standard deviation of the share of a feature vector's length beside the components, 0..1; None where
            nothing lies beside them.
        outside: the largest deviation, where nothing lay beside the components although there are fewer than features; else None.
    """

    mean: np.ndarray
    components: np.ndarray
    deviation: np.ndarray
    beside: tuple[float, float] | None = None
    outside: float | None = None

    @classmethod
    def fitted(cls, features: np.ndarray) -> Projection | None:
        """Fit to features, float [N,F]; None if there are too few items, or all features are the same."""
        n_components = min(MOST_COMPONENTS, len(features) // ITEMS_PER_COMPONENT, features.shape[1])
        if n_components < 1:
            return None
        mean = features.mean(0, dtype=np.float64)
        centred = features - mean
        variances, directions = _principal(centred, n_components)
        deviation = np.sqrt(np.maximum(variances, 0))
        kept = deviation > LEAST_DEVIATION * deviation[0] if deviation[0] > 0 else np.zeros(1, bool)
        if not kept.any():
            return None
        components = directions[:, : int(kept.sum())]
        rest = centred - centred @ components @ components.T
        beside = np.sqrt((rest**2).sum(1) / np.maximum((centred**2).sum(1), 1e-12))
        counts = min(beside.mean(), beside.std()) > LEAST_BESIDE
        narrow = not counts and components.shape[1] < features.shape[1]
        return cls(
            mean, components, deviation[kept], (float(beside.mean()), float(beside.std())) if counts else None,
            float(deviation[0]) if narrow else None,
        )  # fmt: skip

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return short features, float32 [N,D] or [N,D+1], of features [N,F]."""
        with torch.no_grad():
            return self.module()(torch.from_numpy(features.astype(np.float32))).numpy()

    def module(self) -> nn.Module:
        """Return it as a module, for the program."""
        return _Projected(self)


def _principal(centred: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the n largest variances [n] and their directions [F,n] of centred features [N,F].

    The smaller of two matrices is taken apart, [F,F] or [N,N]: a table of 20,000 columns would need 3 GB for the first.
    """
    freedom = max(1, len(centred) - 1)
    wide = centred.shape[1] > len(centred)
    values, vectors = np.linalg.eigh((centred @ centred.T if wide else centred.T @ centred) / freedom)
    values, vectors = values[::-1][:n], vectors[:, ::-1][:, :n]
    if not wide:
        return values, vectors
    lengths = np.sqrt(np.maximum(values * freedom, np.finfo(np.float64).tiny))
    return values, centred.T @ vectors / lengths


class _Projected(nn.Module):
    """Computes a `Projection`: [N,F] -> [N,D] or [N,D+1]."""

    mean: Tensor
    components: Tensor
    deviation: Tensor

    def __init__(self, fitted: Projection) -> None:
        super().__init__()
        for name in ("mean", "components", "deviation"):
            self.register_buffer(name, torch.from_numpy(getattr(fitted, name).astype(np.float32)))
        self.beside, self.outside = fitted.beside, fitted.outside

    def forward(self, features: Tensor) -> Tensor:
        """Compute."""
        centred = features - self.mean
        along = centred @ self.components
        short = along / self.deviation
        rest = centred - along @ self.components.T
        if self.outside is not None:
            far = (rest * rest).sum(1, keepdim=True).sqrt()
            return torch.cat([short, far * (WEIGHT_OUTSIDE / self.outside)], 1)
        if self.beside is None:
            return short
        middle, spread = self.beside
        whole = (centred * centred).sum(1, keepdim=True).clamp(min=1e-12)
        share = ((rest * rest).sum(1, keepdim=True) / whole).sqrt()
        return torch.cat([short, (share - middle) * (WEIGHT / spread)], 1)
