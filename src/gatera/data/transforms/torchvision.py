"""Adapt torchvision's transforms (v2, and v1 by the same names) and plain functions.

torchvision's random transforms act only while training and draw from torch's global generator, which is seeded for each
item by (seed, epoch, index) and put back afterwards. Those that give a photo its size act at validation and prediction as
well: as the same crop around the centre. Its conversions to tensors are ignored: the loader does them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gatera.core.checks import require
from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import TURN, seed_from
from gatera.data.item_errors import function_name
from gatera.data.transforms.base import BatchStep, BatchTransform, Key
from gatera.data.transforms.crops import CropPad, RandomResizedCrop
from gatera.data.transforms.item import FunctionTransform, ItemTransform, Op, Resize, ResizeShorter
from gatera.data.transforms.normalize import Normalize
from gatera.program.raw.placement import Placement

#: Last part of the key of these transforms on batches.
STREAM = 3

#: Conversions, which the loader does by itself.
CONVERSIONS = frozenset(
    {"ToImage", "PILToTensor", "ToPILImage", "ToPureTensor", "ToTensor", "ToDtype", "Identity"}
)

#: Those that are not random and therefore act at validation and prediction too. Others act only while training, but for
#: `RandomResizedCrop` and `RandomCrop`.
DETERMINISTIC = frozenset(
    {"Resize", "CenterCrop", "Pad", "Grayscale", "RGB", "Lambda", "LinearTransformation"}
)

#: Random ones that change colours and leave everything in its place, so that masks and points may lie on their photos.
IN_PLACE = frozenset(
    {
        "ColorJitter", "RandomPhotometricDistort", "RandomGrayscale", "RandomInvert", "RandomPosterize", "RandomSolarize",
        "RandomAdjustSharpness", "RandomAutocontrast", "RandomEqualize", "RandomChannelPermutation", "GaussianBlur",
        "GaussianNoise", "RandomErasing", "JPEG",
    }
)  # fmt: skip

#: Those that need more than one photo, or give more than one.
REFUSED = {
    "MixUp": "Use the callback: cbs=MixUp().",
    "CutMix": "Use the callback: cbs=CutMix().",
    "FiveCrop": "A photo must stay one photo.",
    "TenCrop": "A photo must stay one photo.",
}


def as_list(value: Any) -> list[Any]:
    """Return None as [], a list or tuple as a list, anything else as a list of one."""
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def item_transforms(given: Any) -> tuple[ItemTransform, ...]:
    """Turn what a user passed as `item_tfms` into item transforms.

    Args:
        given: None, one transform, or a list: ours, torchvision's, or functions from a Pillow image to one.

    Raises:
        ArgumentError: if something in it is none of these, or belongs into `batch_tfms`.
    """
    return tuple(made for tfm in _flat(given) for made in _item(tfm))


def batch_transforms(given: Any) -> tuple[BatchTransform | Normalize, ...]:
    """Turn what a user passed as `batch_tfms` into batch transforms.

    Args:
        given: None, one transform, or a list: ours, torchvision's, or functions from a batch float32 [N,C,H,W] to one.

    Raises:
        ArgumentError: if something in it is none of these, or belongs into `item_tfms`.
    """
    return tuple(made for tfm in _flat(given) for made in _batch(tfm))


def _flat(given: Any) -> Iterator[Any]:
    """Yield transforms one by one, those inside torchvision's Compose too."""
    for tfm in as_list(given):
        if torchvision_name(tfm) == "Compose":
            yield from _flat(list(tfm.transforms))
        else:
            yield tfm


def torchvision_name(transform: Any) -> str | None:
    """Return the class name of a torchvision transform; None for anything else.

    torchvision is not imported for that: it takes seconds, and without it there is no such transform.
    """
    ours = any(base.__module__.startswith("torchvision.transforms") for base in type(transform).__mro__)
    return type(transform).__name__ if ours else None


def _item(tfm: Any) -> list[ItemTransform]:
    if isinstance(tfm, ItemTransform):
        return [tfm]
    name = _checked(tfm, "item_tfms")
    if isinstance(tfm, BatchTransform | Normalize) or name == "Normalize":
        raise ArgumentError("item_tfms holds a batch transform", got=tfm, remedy="Move it to batch_tfms.")
    if name is None:
        return [FunctionTransform(tfm)]
    if name in CONVERSIONS:
        return []
    return [_fixed(tfm, name) if name in DETERMINISTIC else TorchvisionItem(tfm, _centred(tfm, name))]


def _batch(tfm: Any) -> list[BatchTransform | Normalize]:
    if isinstance(tfm, BatchTransform | Normalize):
        return [tfm]
    name = _checked(tfm, "batch_tfms")
    if isinstance(tfm, ItemTransform):
        raise ArgumentError("batch_tfms holds an item transform", got=tfm, remedy="Move it to item_tfms.")
    if name is None:
        return [FunctionStep(tfm)]
    if name in CONVERSIONS:
        return []
    if name == "Normalize":
        return [Normalize(tfm.mean, tfm.std)]
    return [TorchvisionStep(tfm)]


def _checked(tfm: Any, argument: str) -> str | None:
    """Return the name of a torchvision transform, None for a function; refuse what cannot be used."""
    if isinstance(tfm, type) or not callable(tfm):
        raise ArgumentError(
            f"{argument} holds something that is not a transform", got=tfm,
            remedy=f"Write {tfm.__name__}(...)." if isinstance(tfm, type) else None,
        )  # fmt: skip
    name = torchvision_name(tfm)
    if name in REFUSED:
        raise ArgumentError(f"{argument} cannot hold torchvision's {name}", remedy=REFUSED[name])
    if name == "ToDtype" and not getattr(tfm, "scale", True):
        raise ArgumentError(
            "ToDtype leaves colours in 0..255", got=tfm, remedy="Pass scale=True, or remove it."
        )
    return name


def _fixed(tfm: Any, name: str) -> ItemTransform:
    """Return our own transform for one of torchvision's that is not random."""
    if name == "CenterCrop":
        return CropPad((tfm.size[0], tfm.size[1]))
    if name == "Resize" and tfm.size is not None and tfm.max_size is None:
        size = [tfm.size] if isinstance(tfm.size, int) else list(tfm.size)
        if len(size) == 2:
            return Resize((size[0], size[1]), method="squish", resample=_resample(tfm))
        return ResizeShorter(size[0], _resample(tfm))
    return FunctionTransform(tfm)


def _centred(tfm: Any, name: str) -> RandomResizedCrop | CropPad | None:
    """Return what a random crop is at validation, or None for a transform that then does nothing."""
    if name == "RandomResizedCrop":
        return RandomResizedCrop((tfm.size[0], tfm.size[1]), resample=_resample(tfm))
    return CropPad((tfm.size[0], tfm.size[1])) if name == "RandomCrop" else None


def _resample(tfm: Any) -> str:
    return str(getattr(tfm.interpolation, "value", tfm.interpolation))


@contextmanager
def _seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Seed the generators that torchvision draws from, and put them back afterwards; not for use in several threads."""
    gpu = device is not None and device.type == "cuda"
    with TURN, torch.random.fork_rng(devices=[device] if gpu else []):
        torch.default_generator.manual_seed(seed)
        if gpu:
            torch.cuda.manual_seed(seed)
        yield


@dataclass(frozen=True, repr=False)
class TorchvisionItem(ItemTransform):
    """A random torchvision transform on Pillow images.

    Args:
        transform: the transform.
        otherwise: what it is at validation and prediction; None for nothing.
    """

    transform: Callable[[Any], Any]
    otherwise: ItemTransform | None = None
    random = True
    serial = True

    def __call__(self, image: Image.Image, rng: np.random.Generator | None = None) -> Image.Image:
        """Return what it makes of the photo while training, else the photo or its centre."""
        if rng is None:
            return image if self.otherwise is None else self.otherwise(image)
        with _seeded(int(rng.integers(2**63))):
            return self.transform(image)

    def steps(self, size: tuple[int, int], rng: np.random.Generator | None = None) -> list[Placement]:
        """Return nothing for one that leaves everything in its place."""
        if rng is None or torchvision_name(self.transform) not in IN_PLACE:
            return super().steps(size, rng)
        rng.integers(2**63)  # what `__call__` draws
        return []

    def config(self) -> list[Op]:
        """Return what is left of it at prediction: nothing, or a centre crop."""
        return [] if self.otherwise is None else self.otherwise.config()


@dataclass(frozen=True, repr=False)
class TorchvisionStep(BatchStep):
    """A torchvision transform on batches; a random one is sampled for each item.

    Args:
        transform: the transform.
    """

    transform: Callable[[Any], Any]

    @property
    def name(self) -> str:
        """Its class name."""
        return type(self.transform).__name__

    @property
    def moves(self) -> bool:  # type: ignore[override]
        """Whether it may change the place of things."""
        return self.name not in IN_PLACE

    @property
    def random(self) -> bool:  # type: ignore[override]
        """Whether it is random in training."""
        return self.name not in DETERMINISTIC

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the changed batch."""
        if not self.random:
            return self.transform(x)
        if key is None:
            centred = _centred(self.transform, self.name)
            return x if centred is None else _centre(x, centred)
        photos = []
        for photo, position in zip(x, index, strict=True):
            with _seeded(seed_from(*key, int(position), STREAM), x.device):
                photos.append(self.transform(photo))
        return torch.stack(photos)

    def config(self) -> list[Op]:
        """Return what is left of it at prediction: operations for resizing and cropping, nothing of other random ones."""
        if not self.random:
            return _fixed(self.transform, self.name).config()
        centred = _centred(self.transform, self.name)
        return [] if centred is None else centred.config()


def _centre(x: Tensor, crop: RandomResizedCrop | CropPad) -> Tensor:
    """Do on a batch [N,C,H,W] what `crop` does to a photo at validation."""
    functional = require("torchvision.transforms.v2.functional", "train", "to cut out the centre of a batch")
    if isinstance(crop, RandomResizedCrop):
        height, width = crop.larger
        factor = max(height / x.shape[2], width / x.shape[3])
        size = [max(height, round(x.shape[2] * factor)), max(width, round(x.shape[3] * factor))]
        x = functional.resize(x, size, functional.InterpolationMode(crop.resample), antialias=True)
    return functional.center_crop(x, list(crop.hw))


@dataclass(frozen=True, repr=False)
class FunctionStep(BatchStep):
    """A user's function from batch to batch, which is always applied and not random.

    Args:
        function: called with float32 [N,C,H,W] in 0..1.
    """

    function: Callable[[Tensor], Tensor]
    random = False

    @property
    def name(self) -> str:
        """The function's name."""
        return function_name(self.function)

    def __call__(self, x: Tensor, index: np.ndarray, key: Key | None) -> Tensor:
        """Return the function's result for the batch."""
        return self.function(x)

    def config(self) -> list[Op]:
        """Raise ExportError: Python code cannot be written into a program."""
        raise ExportError(
            f"The batch transform {self.name} acts at prediction and is Python code, "
            "which cannot be written into a program",
            remedy="Do it once on the files beforehand, or make it the first layer of the model.",
        )
