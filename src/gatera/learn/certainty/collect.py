"""Run a model over held-out and training items, for its outputs and features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from gatera.core.random import rng
from gatera.data.loading.loader import DataLoader
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.certainty.tap import MOST_FEATURES, WithFeatures, caught, find_tap
from gatera.learn.frozen_features import FeatureCache, from_kept
from gatera.learn.inference.batches import join_batches, run_batches

#: Features of more training items would say hardly more, and each takes as long as a prediction.
MOST_TRAINING_ITEMS = 500

#: Of more held-out items a random part is taken.
MOST_HELD_OUT = 10_000


@dataclass(frozen=True, eq=False)
class Collected:
    """What a model says of some items.

    Attributes:
        outputs: float32 [N,K]; None for masks and points.
        targets: [N] or [N,K]; None for masks and points.
        features: float32 [N,F]; None if the model has none.
    """

    outputs: np.ndarray | None
    targets: np.ndarray | None
    features: np.ndarray | None


def collect(
    model: nn.Module,
    loader: DataLoader,
    arithmetic: Arithmetic,
    most: int,
    flat: bool,
    quiet: bool,
    cache: FeatureCache | None = None,
) -> Collected:
    """Return outputs, targets and features of at most `most` items, without anything random.

    Args:
        model: the model; it is not changed.
        loader: the items.
        arithmetic: device and precision.
        most: of more items, a random part is taken.
        flat: whether each item has a row of outputs; for masks and points only features are returned.
        quiet: show no progress bar.
        cache: where outputs of the model's fixed beginning may be kept, so that it need not run.
    """
    kept = (
        None if cache is None or not flat else _from_kept(model, loader.for_evaluation(), arithmetic, cache)
    )
    if kept is not None:
        return _part(kept, positions(loader, most))
    width = _width(model, loader, arithmetic)
    if width is None and not flat:
        return Collected(None, None, None)
    watched = model if width is None else WithFeatures(model, flat)
    found, targets, _ = _joined(watched, _some(loader, most), arithmetic, quiet)
    rows = found.float().flatten(1).numpy()
    plain = targets.numpy() if flat and isinstance(targets, Tensor) else None
    if width is None:
        return Collected(rows, plain, None)
    features = rows[:, width:] if flat else rows
    known = features.shape[1] <= MOST_FEATURES and bool(np.isfinite(features).all())
    return Collected(rows[:, :width] if flat else None, plain, features if known else None)


def _width(model: nn.Module, loader: DataLoader, arithmetic: Arithmetic) -> int | None:
    """Return how many outputs a model has for an item, tried with one; None if no features can be caught beside them."""
    tap = find_tap(model)
    if tap is None:
        return None
    one = DataLoader(loader.dataset.subset([0]), 1, batch_tfms=loader.batch_tfms, options=loader.options)
    with caught(tap) as seen:
        outputs, _, _ = _joined(model, one, arithmetic, True)
    # fast kernels and the search for a size of parts compute it more than once
    rows = bool(seen) and seen[-1].ndim in (2, 4) and len(seen[-1]) == 1
    return int(outputs.flatten(1).shape[1]) if rows else None


def _joined(
    model: nn.Module, loader: DataLoader, arithmetic: Arithmetic, quiet: bool
) -> tuple[Tensor, Any, Any]:
    batches: Iterable[Any] = run_batches(model, loader, arithmetic, quiet)
    return join_batches(batches, in_order=not loader.sorts)


def _from_kept(
    model: nn.Module, loader: DataLoader, arithmetic: Arithmetic, cache: FeatureCache
) -> Collected | None:
    """Return what a model says of all items of a loader, if what its fixed beginning made of them was kept; None if not."""
    found = from_kept(model, loader, arithmetic, cache)
    if found is None:
        return None
    rest, kept = found
    if kept.features.pooled is None:
        return None
    batches = run_batches(rest, kept, arithmetic, quiet=True)
    outputs, targets, _ = join_batches(batches, in_order=not loader.sorts)
    plain = targets.numpy() if isinstance(targets, Tensor) else None
    return Collected(outputs.float().flatten(1).numpy(), plain, kept.features.pooled.cpu().numpy())


def _part(found: Collected, positions: np.ndarray) -> Collected:
    outputs, targets, features = (
        None if part is None else part[positions] for part in (found.outputs, found.targets, found.features)
    )
    return Collected(outputs, targets, features)


def positions(loader: DataLoader, most: int) -> np.ndarray:
    """Return the positions of the items to look at, int64: a random part of more than `most`."""
    if loader.n <= most:
        return np.arange(loader.n)
    return np.sort(rng(loader.options.seed, loader.n).choice(loader.n, most, replace=False))


def _some(loader: DataLoader, most: int) -> DataLoader:
    if loader.n <= most:
        return loader.for_evaluation()
    some = loader.dataset.subset(positions(loader, most).tolist())
    return DataLoader(some, loader.bs, batch_tfms=loader.batch_tfms, options=loader.options)
