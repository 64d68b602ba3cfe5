"""Test-time augmentation: several augmented views of each item are predicted and averaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.data.loading.loaders import DataLoader, DataLoaders


def averaged_over_views(
    probabilities: Callable[[DataLoader], tuple[Tensor, Tensor | None]],
    loader: Any,
    dls: DataLoaders,
    n: int,
    beta: float | None,
    use_max: bool,
) -> tuple[Tensor | None, ...]:
    """Return the answers of `Learner.tta`, which says what they are.

    Args:
        probabilities: computes (probabilities [N,K], labels) of a loader.
        loader: of the items.
        dls: the data; the augmentation of its training set makes the views.
        n: see `Learner.tta`.
        beta: see there.
        use_max: see there.

    Raises:
        ArgumentError: if the loader cannot augment, or the targets move with every view.
    """
    if not isinstance(loader, DataLoader):
        raise ArgumentError("tta needs a loader that can augment", got=type(loader).__name__)
    if loader.dataset.fields.spatial is not None:
        raise ArgumentError("tta cannot average masks or points, which move with every view", got=dls.task)
    views = torch.stack(
        [probabilities(dls.train.augmenting(loader.dataset, view))[0] for view in range(n)]
    )  # [n,N,K]
    plain, labels = probabilities(loader.for_evaluation())
    if use_max:
        return torch.maximum(views.amax(0), plain), labels
    mean = views.mean(0)
    return (mean, plain, labels) if beta is None else (torch.lerp(mean, plain, beta), labels)
