"""Run the frozen part of a model once, keep its outputs, and train the rest on them.

While only the head is trained and nothing before it is random, the body gives the same output for the same photo in every
epoch. `skip_frozen_part` finds the longest fixed beginning of the model and replaces the loaders by ones that yield its
outputs. On two cores the outputs of 2,000 photos took 24 s, and then each epoch of the head 0.2 s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from gatera.core.progress import track
from gatera.core.signatures import Several, each, joined
from gatera.data.loading.batch import as_pair
from gatera.data.loading.loaders import Batch, DataLoader
from gatera.kernels.fast_training import own_forward
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.callbacks.batch_norm import BATCH_NORMS
from gatera.learn.certainty.tap import WithFeatures
from gatera.learn.inference.model_key import model_key
from gatera.learn.inference.parts import outputs
from gatera.learn.state import LoopState
from gatera.models.vision.body import Body

#: Memory limit for kept outputs, in bytes; if they need more, the frozen part runs in every epoch.
LIMIT_BYTES = 2 * 10**9

#: Outputs of tokens that need more bytes than this are kept in half precision, which moves them by at most 0.05 %.
HALVED_FROM = 500 * 10**6

RANDOM_LAYERS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)


@dataclass(frozen=True)
class Features:
    """The outputs of a model's fixed beginning for one loader.

    Attributes:
        outputs: float32 [n, ...], one row per dataset position; for inputs of different length T a list of n float32 or
            float16 [T, ...], if the outputs have that length, too, or are cut to a length that all have in common.
        labels: [n, ...].
        pooled: the mean of the body's output over its places, float32 [n,F], which tells what an input looks like; None where there is
            no body, or something else than rows is kept.
    """

    outputs: Tensor | list[Tensor]
    labels: Any
    pooled: Tensor | None = None

    @property
    def device(self) -> torch.device:
        """Where labels and outputs are."""
        return (self.labels[0] if isinstance(self.labels, Several) else self.labels).device

    @property
    def exact(self) -> bool:
        """Whether they are kept as they were computed."""
        first = self.outputs if isinstance(self.outputs, Tensor) else self.outputs[0]
        return first.dtype != torch.float16

    def rows(self, index: Tensor) -> Tensor:
        """Return the outputs at some positions, int64 [N], as [N, ...]; shorter ones are padded with zeros."""
        if isinstance(self.outputs, Tensor):
            return self.outputs[index]
        return pad_sequence([self.outputs[i].float() for i in index.tolist()], batch_first=True)

    def taken(self, index: Tensor) -> Features:
        """Return those of the items at some positions, int64 [N], where the outputs are rows."""
        at = index.to(self.device)
        return Features(
            torch.as_tensor(self.outputs)[at], each(lambda values: values[at], self.labels),
            None if self.pooled is None else self.pooled[at],
        )  # fmt: skip


def _end_to_end(parts: Sequence[Features]) -> Features:
    """Join those of several loaders, whose outputs are rows."""
    pooled = [part.pooled for part in parts if part.pooled is not None]
    return Features(
        torch.cat([torch.as_tensor(part.outputs) for part in parts]), joined(torch.cat, [part.labels for part in parts]),
        torch.cat(pooled) if len(pooled) == len(parts) else None,
    )  # fmt: skip


class FeatureLoader:
    """Yields (outputs, labels) in exactly the order in which `loader` would yield its items.

    Args:
        loader: the original loader.
        features: the kept outputs of its data set.
    """

    def __init__(self, loader: DataLoader, features: Features) -> None:
        self.loader, self.features, self.dataset = loader, features, loader.dataset
        soft = loader.dataset.training_targets if loader.training else None
        self._labels = features.labels if soft is None else soft.to(features.device)

    def __len__(self) -> int:
        return len(self.loader)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which decides the order."""
        self.loader.set_epoch(epoch)

    def __iter__(self) -> Iterator[Batch]:
        for index in self.loader.batch_indices():
            rows = torch.from_numpy(np.ascontiguousarray(index))
            on_device = rows.to(self.features.device)
            labels = each(lambda values: values[on_device], self._labels)  # noqa: B023 - called at once
            yield Batch((self.features.rows(on_device), labels), rows)


def split_fixed(model: nn.Module) -> tuple[nn.Sequential, nn.Sequential] | None:
    """Split a model into its fixed beginning and the rest, in training mode.

    A layer is fixed if it has no parameters to train and nothing random or data-dependent in training. Only nested
    `nn.Sequential`s are split: only their order of execution is certain.

    Returns:
        The two parts, or None if the fixed part has no parameters or nothing is left to train.
    """
    layers = list(_flatten(model))
    n_fixed = next((i for i, layer in enumerate(layers) if not _is_fixed(layer)), len(layers))
    fixed, rest = layers[:n_fixed], layers[n_fixed:]
    worth_it = any(True for layer in fixed for _ in layer.parameters())
    return (nn.Sequential(*fixed), nn.Sequential(*rest)) if worth_it and rest else None


def _flatten(model: nn.Module) -> Iterator[nn.Module]:
    in_order = (
        isinstance(model, nn.Sequential)
        and type(model).forward is nn.Sequential.forward
        and own_forward(model) is None
    )
    if in_order and not model._forward_hooks and not model._forward_pre_hooks:
        for child in model.children():
            yield from _flatten(child)
    else:
        yield model


def _is_fixed(layer: nn.Module) -> bool:
    if any(p.requires_grad for p in layer.parameters()):
        return False
    has_parameters = any(True for _ in layer.parameters())
    for module in layer.modules():
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks:
            return False  # a hook expects to be called in every epoch
        if not has_parameters and isinstance(module, (*RANDOM_LAYERS, *BATCH_NORMS)):
            return False
    return True  # FixBatchNorm puts a layer whose parameters are all frozen into evaluation mode


def skip_frozen_part(state: LoopState, cache: FeatureCache, quiet: bool) -> None:
    """Let the loop train on kept outputs of the model's fixed beginning, if the result is the same.

    Nothing changes if a callback may change more than predictions, a loader is random, or the outputs need too much memory.

    Args:
        state: the loop's state, before the fit; its model and loaders are replaced.
        cache: where the outputs are kept between fits.
        quiet: show no progress bar.
    """
    loaders = [loader for loader in (state.train, state.valid) if isinstance(loader, DataLoader)]
    all_ours = len(loaders) == (1 if state.valid is None else 2)
    if not all_ours or any(loader.random for loader in loaders):
        return
    same = all(callback.reads_only or callback.leaves_inputs for callback in state.callbacks)
    parts = split_fixed(state.model) if same else None
    if parts is None:
        return
    fixed, rest = parts
    with state.arithmetic.kernels(fixed):
        kept = cache.loaders(fixed, loaders, state.arithmetic, quiet)
    if kept is not None:
        state.model, state.train = rest, kept[0]
        state.valid = None if state.valid is None else kept[1]


class FeatureCache:
    """Computes and keeps the outputs of fixed beginnings, as long as the parameters behind them stay the same."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] | None = None
        # The data set and its transforms are kept, too, so that nothing else can get their identities.
        self._kept: dict[tuple[int, int], dict[str, tuple[DataLoader, Features]]] = {}

    def exact(self, loader: DataLoader) -> bool:
        """Whether the kept outputs of a loader's items, if there are any, are as they were computed."""
        return all(features.exact for _, features in self._kept.get(_identity(loader), {}).values())

    def kept(
        self, fixed: nn.Module, loader: DataLoader, arithmetic: Arithmetic | None = None
    ) -> Features | None:
        """Return the outputs of a fixed beginning for a loader's items if they were computed, and nothing behind them has changed.

        Args:
            fixed: the fixed beginning.
            loader: the items.
            arithmetic: the device and precision that they were computed in; None for any, where rounding does not matter.
        """
        if self._key != model_key(fixed):
            return None
        by_arithmetic = self._kept.get(_identity(loader), {})
        found = (
            next(iter(by_arithmetic.values()), None)
            if arithmetic is None
            else by_arithmetic.get(str(arithmetic))
        )
        return None if found is None else found[1]

    def loaders(
        self, fixed: nn.Module, loaders: Sequence[DataLoader], arithmetic: Arithmetic, quiet: bool
    ) -> list[FeatureLoader] | None:
        """Return loaders of `fixed`'s outputs, or None if these need too much memory.

        Args:
            fixed: the fixed beginning; it is put into evaluation mode.
            loaders: the original loaders.
            arithmetic: device and precision to compute in; the outputs are kept in float32.
            quiet: show no progress bar.
        """
        key = model_key(fixed)
        if key != self._key:
            self._key, self._kept = key, {}
        fixed.eval()
        found = []
        for loader in loaders:
            by_arithmetic = self._kept.setdefault(_identity(loader), {})
            if str(arithmetic) not in by_arithmetic:
                plain = loader.for_evaluation()
                features = compute(fixed, plain, arithmetic, quiet)
                if features is None:
                    return None
                by_arithmetic[str(arithmetic)] = plain, features
            found.append(FeatureLoader(loader, by_arithmetic[str(arithmetic)][1]))
        return found

    def rearrange(
        self, old: Sequence[DataLoader], new: Sequence[DataLoader], rows: Sequence[np.ndarray]
    ) -> None:
        """Keep the outputs of items that other loaders have now; those that are no rows of numbers are computed again when needed.

        Args:
            old: the loaders before; nothing is kept for them.
            new: the loaders now.
            rows: for each of these the place of its items among those of all `old`, one after the other, int64.
        """
        before = [self._kept.pop(_identity(loader), {}) for loader in old]
        for computed_in in set.intersection(*map(set, before)):
            parts = [by_arithmetic[computed_in][1] for by_arithmetic in before]
            if not all(isinstance(part.outputs, Tensor) for part in parts):
                continue
            whole = _end_to_end(parts)
            for loader, order in zip(new, rows, strict=True):
                taken = loader.for_evaluation(), whole.taken(torch.from_numpy(order))
                self._kept.setdefault(_identity(loader), {})[computed_in] = taken


def _identity(loader: DataLoader) -> tuple[int, int]:
    """Return what tells items with their transforms from all others."""
    return id(loader.dataset), id(loader.batch_tfms)


def from_kept(
    model: nn.Module, loader: Any, arithmetic: Arithmetic, cache: FeatureCache
) -> tuple[nn.Sequential, FeatureLoader] | None:
    """Return the trained rest of a model and a loader of what its fixed beginning made of the items, if that was kept.

    The rest then predicts in a moment what the model would: exactly so, as validation in a fit of the rest does.

    Args:
        model: the model.
        loader: items without augmentation; anything else has nothing kept.
        arithmetic: device and precision.
        cache: where outputs are kept.
    """
    parts = split_fixed(model) if isinstance(loader, DataLoader) and not loader.random else None
    kept = None if parts is None else cache.kept(parts[0], loader, arithmetic)
    if parts is None or kept is None or not kept.exact:
        return None
    return parts[1], FeatureLoader(loader, kept)


def compute(fixed: nn.Module, loader: DataLoader, arithmetic: Arithmetic, quiet: bool) -> Features | None:
    """Run the fixed beginning over a whole data set; None if its outputs need more than `LIMIT_BYTES`."""
    body = next((module for module in fixed.modules() if isinstance(module, Body)), None)
    rows = body is not None and (
        not body.spatial or any(isinstance(each, nn.Flatten) for each in fixed.modules())
    )
    if body is None or not rows:
        return _computed(fixed, loader, arithmetic, quiet)
    found = _computed(WithFeatures(fixed), loader, arithmetic, quiet)
    if found is None or not isinstance(found.outputs, Tensor):
        return found
    width = found.outputs.shape[1] - body.num_features
    return Features(
        found.outputs[:, :width].contiguous(), found.labels, found.outputs[:, width:].contiguous()
    )


def _computed(fixed: nn.Module, loader: DataLoader, arithmetic: Arithmetic, quiet: bool) -> Features | None:
    kept: FeatureStore | None = None
    labels: list[Any] = []
    rows: list[Tensor] = []
    with torch.no_grad():
        for batch in track(loader, "computing the outputs of the frozen part", quiet=quiet):
            x, y = as_pair(batch)
            part = outputs(fixed, arithmetic.to_device(x), arithmetic)
            kept = kept or FeatureStore(loader, x, part)
            if not kept.put(batch.index, x, part):
                return None
            if loader.training and loader.dataset.training_targets is not None:
                # one class for each item; `FeatureLoader` has what is learned from
                y = loader.dataset.targets_of(batch.index)
            labels.append(arithmetic.to_device(y))
            rows.append(batch.index)
    if kept is None:
        return None
    order = torch.cat(rows).argsort()
    return Features(kept.outputs, joined(lambda parts: torch.cat(parts)[order.to(parts[0].device)], labels))


class FeatureStore:
    """Collects outputs by dataset position.

    Args:
        loader: the loader of the inputs.
        x: the first batch's inputs.
        part: its outputs.
    """

    outputs: Tensor | list[Tensor]

    def __init__(self, loader: DataLoader, x: Any, part: Any) -> None:
        self.lengths, self.fits = loader.dataset.lengths, isinstance(part, Tensor)
        self.longest: int | None = None
        self.outputs = []
        if not self.fits:
            return
        if self.lengths is not None and part.ndim > 2 and part.shape[1] <= x.shape[1]:
            if part.shape[1] < x.shape[1]:
                self.longest = part.shape[1]  # what the model leaves of longer inputs
            # the longest come first
            n_bytes = int(np.minimum(self.lengths, part.shape[1]).sum()) * part[0, 0].nbytes
            self.dtype = (
                torch.float16 if n_bytes > HALVED_FROM and part.dtype == torch.float32 else part.dtype
            )
            self.fits = n_bytes * self.dtype.itemsize // part.dtype.itemsize <= LIMIT_BYTES
            self.outputs = [part.new_empty(0)] * loader.n
        else:
            self.fits = part[0].nbytes * loader.n <= LIMIT_BYTES
            self.outputs = part.new_empty((loader.n, *part.shape[1:])) if self.fits else []

    def put(self, index: Tensor, x: Any, part: Tensor) -> bool:
        """Add a batch: positions int64 [N], inputs, outputs [N, ...]; False if the outputs cannot be kept."""
        if not self.fits:
            return False
        if isinstance(self.outputs, Tensor):
            if part.shape[1:] != self.outputs.shape[1:]:
                return False  # the outputs' size depends on the inputs in some other way
            self.outputs[index.to(self.outputs.device)] = part
            return True
        if self.lengths is None or part.shape[1] != min(x.shape[1], self.longest or x.shape[1]):
            return False
        for place, position in enumerate(index.tolist()):
            self.outputs[position] = part[place, : self.lengths[position]].to(self.dtype, copy=True)
        return True
