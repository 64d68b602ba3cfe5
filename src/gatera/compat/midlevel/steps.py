"""Transforms that are ready to use: photos to tensors, labels to positions, numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from gatera.compat.lists import L
from gatera.compat.midlevel.transform import Transform
from gatera.compat.tensors import TensorCategory, TensorImage, TensorImageBW, TensorMask, tensor
from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.data.blocks.mask import PILMask
from gatera.data.show.pil import image2tensor
from gatera.data.transforms.item import ItemTransform as PhotoTransform


class PhotoStep(Transform):
    """One of the library's item transforms, applied to the photos of a tuple."""

    def __init__(self, transform: PhotoTransform) -> None:
        super().__init__()
        self.transform = transform

    @property
    def name(self) -> str:
        """The item transform's name."""
        return type(self.transform).__name__

    def encodes(self, x: Image.Image) -> Any:
        """Transform a photo."""
        made = self.transform(x)
        return made if isinstance(made, type(x)) or not hasattr(type(x), "_from") else type(x)._from(made)  # type: ignore[attr-defined]


class ToTensor(Transform):
    """Turn photos into tensors, uint8 [C,H,W], and masks into int64 [H,W]."""

    order = 5

    def encodes(self, x: Image.Image) -> Any:
        """Return the photo as a tensor."""
        if isinstance(x, PILMask):
            return TensorMask(tensor(x).long())
        made = image2tensor(x)
        return TensorImageBW(made) if len(made) == 1 else TensorImage(made)


class IntToFloatTensor(Transform):
    """Turn photos uint8 into float32 0..1.

    Args:
        div: what colours are divided by.
        div_mask: what mask values are divided by.
    """

    order = 10

    def __init__(self, div: float = 255.0, div_mask: int = 1) -> None:
        super().__init__()
        self.div, self.div_mask = div, div_mask

    def encodes(self, x: Tensor) -> Any:
        """Return the photo as floats."""
        if isinstance(x, TensorMask):
            return x.div(self.div_mask, rounding_mode="floor").long()
        return x.float().div_(self.div) if x.dtype is torch.uint8 else x

    def decodes(self, x: Tensor) -> Any:
        """Return colours in 0..1."""
        return x.clamp(0, 1) if isinstance(x, TensorImage) else x


class CategoryMap(L):
    """A vocabulary: position -> label, and `o2i`: label -> position.

    Args:
        labels: the labels.
        sort: sort the different ones; else they keep their order.
        add_na: put "#na#" first, for missing ones.
    """

    def __init__(self, labels: Iterable[Any], sort: bool = True, add_na: bool = False) -> None:
        found = list(dict.fromkeys(labels))
        if sort:
            found = sorted(found, key=lambda label: (str(type(label)), label))
        super().__init__(["#na#", *found] if add_na else found)
        self.o2i = {label: place for place, label in enumerate(self)}


class Categorize(Transform):
    """Turn labels into their positions in a vocabulary.

    Args:
        vocab: the labels; None to learn them from the training items.
        sort: sort the learned labels.
        add_na: put "#na#" first, for missing ones.

    Raises:
        DataError: if a label is unknown.
    """

    def __init__(self, vocab: Any = None, sort: bool = True, add_na: bool = False) -> None:
        super().__init__()
        self.sort, self.add_na = sort, add_na
        self.vocab = None if vocab is None else CategoryMap(vocab, sort=False, add_na=add_na)

    def setups(self, items: Any) -> None:
        """Learn the labels."""
        if self.vocab is None and items is not None:
            self.vocab = CategoryMap(list(items), self.sort, self.add_na)

    @property
    def c(self) -> int:
        """Number of labels."""
        return len(self.vocab or ())

    def encodes(self, o: Any) -> Any:
        """Return a label's position."""
        known = {} if self.vocab is None else self.vocab.o2i
        if o not in known:
            raise DataError(f"Categorize got an unknown label {o!r}", available=listed(known))
        return TensorCategory(known[o])

    def decodes(self, o: Any) -> Any:
        """Return the label at a position."""
        return None if self.vocab is None else self.vocab[int(o)]


class RegressionSetup(Transform):
    """Turn numbers into float32 tensors.

    Args:
        c: number of outputs; None for one per number.
    """

    def __init__(self, c: int | None = None) -> None:
        super().__init__()
        self.c = c

    def encodes(self, o: Any) -> Any:
        """Return the numbers as a tensor."""
        return tensor(o).float()

    def decodes(self, o: Any) -> Any:
        """Return the numbers."""
        return o
