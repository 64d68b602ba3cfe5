"""Show some items of a data set with their labels and predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from gatera.core.signatures import one_target
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.data.loading.show_batch import show_items
from gatera.learn.inference.batches import decoder
from gatera.measure.losses.base import Loss

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Batches -> (raw outputs, labels or None, inputs), joined over all batches.
Predict = Callable[[Any], tuple[Tensor, Tensor | None, Any]]


@dataclass(frozen=True)
class Grid:
    """How to arrange photos: rows, columns, and (width, height) in inches; None chooses by the number of photos."""

    nrows: int | None = None
    ncols: int | None = None
    figsize: tuple[float, float] | None = None


def show_results(
    predict: Predict, loss_func: Loss, dls: DataLoaders, loader: DataLoader, max_n: int, grid: Grid
) -> Figure | pd.DataFrame:
    """Show up to `max_n` items, taken evenly from a loader's data set; see `Learner.show_results`."""
    dataset = loader.dataset
    chosen = np.unique(np.linspace(0, len(dataset) - 1, min(max_n, len(dataset))).astype(int))
    block = dataset.fields.spatial
    if block is not None:
        return _show_spatial(predict, loss_func, dls, loader.for_evaluation().batch_of(chosen), block, grid)
    one_target("show_results", dataset.targets_of(torch.from_numpy(chosen[:1])))
    outputs, _, inputs = predict(dls.test_dl([dataset.items[i] for i in chosen]))
    decode = decoder(loss_func, dls.task, dls.vocab)
    predicted = [decode(output).label for output in outputs.numpy()]
    if dataset.fields.image is None:
        return show_items(dataset, chosen.tolist(), predicted)
    labels = [dataset.label(i) for i in chosen]
    return dls.show_results(cast(Tensor, inputs), labels, predicted, grid.nrows, grid.ncols, grid.figsize)


def _show_spatial(
    predict: Predict, loss_func: Loss, dls: DataLoaders, batch: Any, block: SpatialTarget, grid: Grid
) -> Figure:
    """Show masks or points on their photos."""
    outputs, targets, inputs = predict([batch])
    predicted = loss_func.decodes(loss_func.activation(outputs))
    first, second = (predicted, None) if targets is None else (targets, predicted)
    return block.show_on(dls.train.pictures(inputs), first, second, grid.nrows, grid.ncols, grid.figsize)
