"""Make features short: principal components of equal variance, and how far features lie beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

#: Components that are kept, at most; and so many training items are needed for each.
MOST_COMPONENTS, ITEMS_PER_COMPONENT = 64, 4

#: Directions with less than this share of the largest standard deviation are noise of rounding.
LEAST_DEVIATION = 1e-4

#: What the distance beside the components counts, in units of the deviation of one component.
BESIDE = 1.0


@dataclass(frozen=True, eq=False)
class Projection:
    """A linear map of features, fitted to the training set.

    Attributes:
        mean: float64 [F].
        components: float64 [F,D], orthonormal columns.
        deviation: standard deviation along each, float64 [D].
        beside: mean and standard deviation of the distance beside the components.
    """

    mean: np.ndarray
    components: np.ndarray
    deviation: np.ndarray
    beside: tuple[float, float]

    @classmethod
    def fitted(cls, features: np.ndarray) -> Projection | None:
        """Fit to features, float [N,F]; None if there are too few items, or all features are the same."""
        n_components = min(MOST_COMPONENTS, len(features) // ITEMS_PER_COMPONENT, features.shape[1])
        if n_components < 1:
            return None
        mean = features.mean(0, dtype=np.float64)
        centred = features - mean
        values, vectors = np.linalg.eigh(centred.T @ centred / max(1, len(features) - 1))
        deviation = np.sqrt(np.maximum(values[::-1][:n_components], 0))
        kept = deviation > LEAST_DEVIATION * deviation[0] if deviation[0] > 0 else np.zeros(1, bool)
        if not kept.any():
            return None
        components = vectors[:, ::-1][:, :n_components][:, : int(kept.sum())]
        plain = cls(mean, components, deviation[kept], (0.0, 1.0))
        beside = plain(features)[:, -1]
        return cls(mean, components, plain.deviation, (float(beside.mean()), max(float(beside.std()), 1e-6)))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return short features, float32 [N,D+1], of features [N,F]."""
        centred = features - self.mean
        along = centred @ self.components
        squared = (centred**2).sum(1) - (along**2).sum(1)
        middle, spread = self.beside
        beside = (np.sqrt(np.maximum(squared, 0)) - middle) / spread * BESIDE
        return np.concatenate([along / self.deviation, beside[:, None]], 1).astype(np.float32)

    def module(self) -> nn.Module:
        """Return it as a module, for the program."""
        return _Projected(self)


class _Projected(nn.Module):
    """Computes a `Projection`: [N,F] -> [N,D+1]."""

    mean: Tensor
    components: Tensor
    deviation: Tensor

    def __init__(self, fitted: Projection) -> None:
        super().__init__()
        for name in ("mean", "components", "deviation"):
            self.register_buffer(name, torch.from_numpy(getattr(fitted, name).astype(np.float32)))
        self.middle, self.spread = fitted.beside

    def forward(self, features: Tensor) -> Tensor:
        """Compute."""
        centred = features - self.mean
        along = centred @ self.components
        squared = (centred * centred).sum(1, keepdim=True) - (along * along).sum(1, keepdim=True)
        beside = (squared.clamp(min=0).sqrt() - self.middle) * (BESIDE / self.spread)
        return torch.cat([along / self.deviation, beside], 1)
