"""Masks as targets: the class of each pixel of a photo."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError, PhotoError
from gatera.data.blocks.mask_pixels import (
    VALUES,
    as_numbers,
    classes_of_colours,
    colours_of,
    load_mask,
    name_of_mask,
    numbers_of,
    palettes_that_differ,
)
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.blocks.vocab import Vocab, native
from gatera.data.show.pil import PILImageBW, Source
from gatera.data.show.spatial import show_masks
from gatera.data.transforms.sampled import SampledAugmentation
from gatera.program.placing import NOT_SEEN
from gatera.program.raw.photo import stored_size
from gatera.program.raw.placement import Placement, Size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Target of pixels that belong to no photo (beyond its edge, padded with zeros). torch's losses leave this value out.
IGNORED = -100


class PILMask(PILImageBW):
    """A mask: a Pillow image of mode L whose pixels are numbers, not grey levels.

    Unlike a photo it is read exactly as stored: the numbers of a palette are kept, nothing is rotated or averaged.
    """

    @classmethod
    def create(cls, source: Source) -> Self:
        """Open a mask.

        Args:
            source: path, bytes or open file of a picture with one channel, or grey in several; Pillow image; array or tensor
                of whole numbers [H,W] (or [H,W,1], [1,H,W]).

        Raises:
            PhotoError: if it cannot be read, has colours, or numbers beyond 255; the message names the file.
        """
        if isinstance(source, np.ndarray | Tensor | list):
            return cls._from(Image.fromarray(as_numbers(np.asarray(source), "a mask")))
        image, name = load_mask(source)
        mask = cls._from(Image.fromarray(numbers_of(image, name)))
        mask.info["source"] = name  # so that an error can name the file
        return mask


def _can_be_held(numbers: Sequence[Any]) -> bool:
    return all(isinstance(number, int) and 0 <= number <= 255 for number in numbers)


@dataclass(frozen=True, repr=False)
class MaskBlock(SpatialTarget):
    """A mask: the class of every pixel of the photo.

    A mask is a picture whose pixels are the numbers of their classes (a PNG, as a rule), of the same size as its photo. It is
    read when its photo is, and goes through the same resizing, cropping and augmentation, where each pixel takes the value of
    the nearest one. Targets are int64 [N,H,W]; where a photo was padded with zeros they are -100, which losses ignore.

    Args:
        codes: the names of classes 0, 1, 2, ...; or, where a mask holds other numbers, a dict from number to name; or, where it
            is painted in colours, from (red, green, blue) to name.
        nearest: whether a number or colour that is none of the codes counts as the nearest of them: for masks kept as JPEG,
            which changes values a little. By default it is an error.

    Raises:
        ArgumentError: if there are no codes, duplicate names, or numbers that a mask cannot hold.
    """

    codes: Sequence[Any] | Mapping[Any, Any] | None = None
    nearest: bool = False
    task = "segmentation"

    def __post_init__(self) -> None:
        if self.codes is None or not len(self.codes):
            raise ArgumentError(
                "MaskBlock got no codes", got=self.codes,
                remedy='Name the classes: codes=["background", "pet"], or {1: "pet", 2: "background"} for other numbers.',
            )  # fmt: skip
        plain: Any = (
            dict(self.codes) if isinstance(self.codes, Mapping) else [native(name) for name in self.codes]
        )
        object.__setattr__(self, "codes", plain)  # arrays, as numpy.loadtxt gives them, cannot be compared
        names, numbers = self._names, self._numbers
        if len(set(names)) < len(names):
            raise ArgumentError("codes has duplicate names", got=names)
        if (
            not _can_be_held(numbers if self._colours is None else sum(self._colours, ()))
            or len(names) > NOT_SEEN
        ):
            raise ArgumentError(
                "codes has numbers that a mask cannot hold",
                got=numbers,
                expected=f"{VALUES}, {NOT_SEEN} classes at most",
            )

    @property
    def _names(self) -> list[Any]:
        names = self.codes.values() if isinstance(self.codes, Mapping) else self.codes
        return [native(name) for name in names or ()]

    @property
    def _colours(self) -> list[tuple[int, ...]] | None:
        """The colours of the classes; None where masks hold numbers."""
        if isinstance(self.codes, Mapping) and any(isinstance(key, tuple) for key in self.codes):
            return [key if isinstance(key, tuple) and len(key) == 3 else (-1,) for key in self.codes]
        return None

    @property
    def _numbers(self) -> list[int]:
        """The numbers of the classes in what `read` returns: of colours their positions in `codes`."""
        if isinstance(self.codes, Mapping) and self._colours is None:
            return [native(number) for number in self.codes]
        return [*range(len(self._names))]

    @property
    def vocab(self) -> Vocab:  # type: ignore[override]
        """The names of the classes."""
        return Vocab(self._names)

    @property
    def n_out(self) -> int:  # type: ignore[override]
        """Number of classes."""
        return len(self._names)

    @cached_property
    def _table(self) -> np.ndarray:
        """The class of every number, int16 [256]; -1 for none."""
        if self.nearest and self._colours is None:
            distance = np.abs(np.arange(256)[:, None] - np.array(self._numbers)[None])  # [256,K]
            return distance.argmin(axis=1).astype(np.int16)
        table = np.full(256, -1, np.int16)
        table[self._numbers] = np.arange(self.n_out)
        return table

    def fit(self, values: Sequence[Any]) -> Self:
        """Return itself; a warning says where palettes number their colours differently, as programs that save each mask alone do."""
        if self._colours is None and (said := palettes_that_differ(values, self._numbers)):
            warnings.warn(
                f"Masks number the colours of their palettes differently: {said}. Their numbers are used; if the colours "
                "matter, name them in codes, as in {(255, 0, 0): 'car'}.",
                stacklevel=2,
            )
        return self

    def check(self, raw: Any) -> None:
        """Raise DataError if the mask's file is not there."""
        if isinstance(raw, str | Path) and not Path(raw).is_file():
            raise PhotoError(
                f"the mask {raw} does not exist",
                remedy="Check get_y (label_func), which returns the path of a photo's mask.",
            )

    def check_fit(self, raw: Any, photo: str, size: Size) -> None:
        """Raise DataError, naming both, if mask and photo differ in size."""
        found = stored_size(raw) if isinstance(raw, str | Path) else self.read(raw).shape
        if tuple(found) != size:
            name = f"the mask {raw}" if isinstance(raw, str | Path) else "the mask"
            raise DataError(
                f"{name} is {found[0]} x {found[1]} pixels (height x width), but its photo {photo} is {size[0]} x {size[1]}",
                remedy="A mask has one class for each pixel of its photo: resize one of them.",
            )

    def read(self, raw: Any) -> PILMask:
        """Open a path, bytes, array, tensor or Pillow image; of colours the positions in `codes` are returned.

        Raises:
            PhotoError: if it cannot be read; the message names the file.
            DataError: if it has a colour that is not in `codes`.
        """
        known = self._colours
        if known is None or isinstance(raw, PILMask):
            return PILMask.create(raw)
        image, name = load_mask(
            Image.fromarray(np.asarray(raw)) if isinstance(raw, np.ndarray | Tensor) else raw
        )
        colours = colours_of(image)
        found = classes_of_colours(colours, [(r, g, b) for r, g, b in known], self.nearest)
        if (found < 0).any():
            bad = colours[found < 0]
            raise DataError(
                f"{name} holds the colour {tuple(bad[0].tolist())} in {len(bad):,} of its {found.size:,} pixels, which is not one of the codes",
                expected=listed((f"{key} ({value})" for key, value in zip(known, self._names)), 40),
                remedy="Give it a class in codes= or mask_values=, or correct the mask.",
            )
        mask = PILMask.create(found)
        mask.info["source"] = name
        return mask

    def encode(self, value: Image.Image) -> np.ndarray:
        """Return the class of each pixel, uint8 [H,W].

        Raises:
            DataError: if a pixel has a number that is not in `codes`.
        """
        mask = PILMask.create(value)
        found = self._table[np.asarray(mask)]
        if (found < 0).any():
            bad = np.asarray(mask)[found < 0]
            raise DataError(
                f"{name_of_mask(mask)} holds {bad[0]} in {len(bad):,} of its {found.size:,} pixels, which is not one of the codes",
                expected=listed((f"{number} ({name})" for number, name in zip(self._numbers, self._names)), 12),
                remedy=self._remedy(mask),
            )  # fmt: skip
        return found.astype(np.uint8)

    def _remedy(self, mask: Image.Image) -> str:
        """Return what to do about numbers that are none of the codes: often as many numbers as names are there."""
        present = np.unique(np.asarray(mask)).tolist()
        if len(present) == self.n_out and not isinstance(self.codes, Mapping):
            return f"If those are its numbers in order, pass codes={dict(zip(present, self._names, strict=True))}."
        return "Give it a class in codes= or mask_values=, or correct the mask."

    def decode(self, encoded: Any) -> PILMask:
        """Return a mask of class indices [H,W] as a picture of the codes' numbers; 255 where there is no class."""
        index = np.asarray(encoded).astype(np.int64)
        outside = (index < 0) | (index >= self.n_out)
        numbers = np.array(self._numbers, np.uint8)[np.where(outside, 0, index)]
        return PILMask.create(np.where(outside, NOT_SEEN, numbers))

    def count(self, raws: Sequence[Any]) -> np.ndarray:
        """Return in how many pixels of these masks each class occurs, int64 [K]."""
        counts = (np.bincount(self.encode(self.read(raw)).ravel(), minlength=self.n_out) for raw in raws)
        return sum(counts, np.zeros(self.n_out, np.int64))

    def show(self, value: Any) -> str:
        """Return the mask's size in one line."""
        return "mask of {} x {} pixels".format(*PILMask.create(value).shape)

    def cache_key(self) -> list[dict[str, Any]]:
        """Return how a mask is read."""
        keys: Any = self._numbers if self._colours is None else [list(colour) for colour in self._colours]
        return [{"op": "read_mask", "codes": keys} | ({"nearest": True} if self.nearest else {})]

    def place(self, encoded: np.ndarray, steps: Sequence[Placement]) -> np.ndarray:
        """Return the mask after item transforms, uint8 [h,w]."""
        for step in steps:
            encoded = step.nearest(encoded, zero=NOT_SEEN)
        return encoded

    def move(self, encoded: np.ndarray, sampled: SampledAugmentation, i: int, size: Size) -> np.ndarray:
        """Return the mask after the changes sampled for item `i`, uint8 [h,w]."""
        return sampled.mask(i, encoded, zero=NOT_SEEN)

    def to_target(self, encoded: np.ndarray, size: Size) -> np.ndarray:
        """Return the mask, uint8 [h,w]."""
        return encoded

    def as_targets(self, stacked: Tensor) -> Tensor:
        """Return class indices, int64 [N,h,w]; `IGNORED` where there is no photo."""
        targets = stacked.long()
        return torch.where(targets == NOT_SEEN, IGNORED, targets)

    def show_on(
        self, photos: Sequence[np.ndarray], targets: Tensor, predictions: Tensor | None = None, nrows: int | None = None,
        ncols: int | None = None, figsize: tuple[float, float] | None = None, suptitle: str | None = None,
    ) -> Figure:  # fmt: skip
        """Draw masks over their photos, in one colour for each class; with predictions in two columns."""
        guessed = None if predictions is None else list(predictions.cpu().numpy())
        shape: Any = (nrows, ncols, figsize, suptitle)
        return show_masks(photos, list(targets.cpu().numpy()), self.vocab, guessed, *shape)
