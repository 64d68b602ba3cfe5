"""Apply batch transforms to photos: 8 bits to float, augmentation in training, normalisation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import rng
from gatera.data.item_errors import naming_item
from gatera.data.transforms.base import BatchStep, BatchTransform, Key, RandomBatchTransform
from gatera.data.transforms.geometry import Geometry
from gatera.data.transforms.item import Op, as_size
from gatera.data.transforms.lighting import Lighting
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.sampled import LEVELS, SampledAugmentation, Sampling

#: Last part of the key of batch transforms; those of item transforms have none.
STREAM = 1


@dataclass(frozen=True)
class FusedTransforms:
    """Geometric and lighting transforms that are applied in one pass.

    Raises:
        ArgumentError: if geometric ones disagree on size, mode, pad_mode or align_corners.
    """

    geometry: tuple[Geometry, ...]
    lighting: tuple[Lighting, ...]

    def __post_init__(self) -> None:
        for name in ("size", "mode", "pad_mode", "align_corners"):
            values = {getattr(tfm, name) for tfm in self.geometry} - ({None} if name == "size" else set())
            if len(values) > 1:
                raise ArgumentError(
                    f"Geometric transforms are done in one resampling and must agree on {name}",
                    got=sorted(map(str, values)),
                )

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of the output; None for that of the input."""
        return next((as_size(tfm.size) for tfm in self.geometry if tfm.size is not None), None)

    def config(self) -> list[Op]:
        """Return the resize that is left at prediction."""
        return next((ops for tfm in reversed(self.geometry) if (ops := tfm.config())), [])

    def sample(self, index: np.ndarray, key: Key, lead: int, in_size: tuple[int, int]) -> SampledAugmentation:
        """Sample the changes of some items.

        Args:
            index: dataset positions, int64 [n].
            key: (seed, epoch).
            lead: dataset position of the batch's first item, whose sample the others take where `batch=True`.
            in_size: (height, width) of the photos.
        """
        transforms: list[RandomBatchTransform] = [*self.geometry, *self.lighting]
        ends = np.cumsum([0, *(tfm.n_draws for tfm in transforms)])
        own = np.stack([rng(*key, int(i), STREAM).random(ends[-1]) for i in index])
        leading = np.broadcast_to(rng(*key, lead, STREAM).random(ends[-1]), own.shape)
        numbers = [
            (leading if tfm.batch else own)[:, start:end]
            for tfm, start, end in zip(transforms, ends[:-1], ends[1:], strict=True)
        ]
        return self._compose(numbers, in_size)

    def _compose(self, numbers: Sequence[np.ndarray], in_size: tuple[int, int]) -> SampledAugmentation:
        to_input = colors = None
        for tfm, u in zip(self.geometry, numbers, strict=False):
            m = tfm.matrices(u, in_size, self.size or in_size)
            to_input = m if to_input is None else to_input @ m
        for light, u in zip(self.lighting, numbers[len(self.geometry) :], strict=True):
            m = light.colors(u)
            colors = m if colors is None else m @ colors
        first = self.geometry[0] if self.geometry else Geometry
        sampling = Sampling(first.mode, first.pad_mode, first.align_corners)
        return SampledAugmentation(
            to_input, self.size, colors, any(light.mixes for light in self.lighting), sampling
        )


class BatchPipeline:
    """Turns a collated batch into the model's input.

    Args:
        transforms: batch transforms. Whatever their order in the list, geometry and light come first, then the other
            steps in their order, then `Normalize`.

    Attributes:
        random: whether anything in it draws random numbers while training.
        normalize: the user's normalisation, or None.
        at_prediction: what remains of it at validation and prediction, as operations of `program.preprocess`.

    Raises:
        ArgumentError: if `Normalize` is in it twice, or something that is not a batch transform.
    """

    def __init__(self, transforms: Sequence[Any] = ()) -> None:
        found = [tfm for tfm in transforms if isinstance(tfm, Normalize)]
        if len(found) > 1:
            raise ArgumentError(
                "Normalize is in batch_tfms twice", remedy="Colours are normalised exactly once: remove one."
            )
        others = [tfm for tfm in transforms if not isinstance(tfm, Normalize)]
        for tfm in others:
            if not isinstance(tfm, BatchTransform):
                raise ArgumentError("batch_tfms holds something that is not a batch transform", got=tfm)
        self.normalize: Normalize | None = found[0] if found else None
        fused = FusedTransforms(
            tuple(tfm for tfm in others if isinstance(tfm, Geometry)),
            tuple(tfm for tfm in others if isinstance(tfm, Lighting)),
        )
        self.fused = fused if fused.geometry or fused.lighting else None
        self.steps = tuple(tfm for tfm in others if isinstance(tfm, BatchStep))
        self.random = self.fused is not None or any(step.random for step in self.steps)
        self.at_prediction, self.remaining = self._plan()

    def __repr__(self) -> str:
        fused = () if self.fused is None else (*self.fused.geometry, *self.fused.lighting)
        steps = [*fused, *self.steps, *([] if self.normalize is None else [self.normalize])]
        return f"<BatchPipeline: {' -> '.join(map(repr, steps)) or 'nothing'}>"

    def _plan(self) -> tuple[list[Op], tuple[BatchStep, ...]]:
        """Return what prediction needs: operations on each photo, and steps that can only be done on batches."""
        ops = [] if self.fused is None else self.fused.config()
        acting = [step for step in self.steps if not step.random or step.config()]
        for number, step in enumerate(acting):
            try:
                ops = ops + step.config()
            except ExportError:
                return ops, tuple(acting[number:])
        return ops, ()

    def fitted(self, photos: Callable[[], Iterable[Tensor]]) -> BatchPipeline:
        """Return a pipeline whose normalisation knows its statistics.

        Args:
            photos: gives batches of the training set, float [N,C,H,W] in 0..1; called only where they are needed.
        """
        if self.normalize is None or self.normalize.mean is not None:
            return self
        return self.normalizing(self.normalize.fit(photos()))

    def normalizing(self, normalize: Normalize | None) -> BatchPipeline:
        """Return a pipeline with another normalisation, or none."""
        other = copy.copy(self)
        other.normalize = normalize
        return other

    @property
    def empty(self) -> bool:
        """Whether it does nothing but convert 8-bit values to floats."""
        return self.fused is None and not self.steps and self.normalize is None

    def check_exportable(self) -> None:
        """Raise ExportError, naming it, if a step that acts at prediction cannot be written as data."""
        for step in self.remaining:
            step.config()

    def check_places(self) -> None:
        """Raise ArgumentError, naming it, if a step may move what is on a photo, where masks or points are to follow."""
        for step in self.steps:
            if step.moves:
                raise ArgumentError(
                    f"Masks and points cannot follow the batch transform {step.name}: it does not tell where it moves pixels",
                    remedy="Use aug_transforms, or an item transform; or write a BatchStep with moves = False.",
                )

    def sample(
        self, index: np.ndarray, key: Key | None, lead: int, in_size: tuple[int, int]
    ) -> SampledAugmentation | None:
        """Return the sampled changes of some items; None at validation, or where nothing is fused."""
        return None if key is None or self.fused is None else self.fused.sample(index, key, lead, in_size)

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the model's input, float32 [N,C,H,W] in 0..1, channels last in memory, normalised if asked for.

        Args:
            x: uint8 [N,C,H,W]; or float32 in 0..1, to which the fused transforms have been applied already.
            index: dataset positions of the items, int64 [N].
            key: (seed, epoch) while training, None otherwise.
        """
        if x.dtype == torch.uint8:
            sampled = self.sample(index, key, int(index[0]), (x.shape[2], x.shape[3]))
            x = x.to(torch.float32).div_(255) if sampled is None else sampled.photos(x)
        for step in self.remaining if key is None else self.steps:
            with naming_item(f"apply the batch transform {step.name} to", f"a batch of {len(index)} items"):
                x = step(x, index, key)
        x = x if self.normalize is None else self.normalize(x)
        return x.contiguous(memory_format=torch.channels_last)  # does nothing where it is so already


def to_float(photo: np.ndarray, out: np.ndarray) -> None:
    """Write a photo uint8 [H,W,C] into `out`, float32, as 0..1."""
    np.take(LEVELS, photo, out=out, mode="clip")
