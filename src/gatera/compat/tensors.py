"""Tensors in fastai's words: `tensor` of a photo, tensors that show themselves, moves between devices."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image as pillow
from torch import Tensor

from gatera.data.device import default_device
from gatera.data.loading.batch import rebuilt
from gatera.data.show.pil import PILImage, PILImageBW, show_image


def tensor(x: Any, *rest: Any, **keywords: Any) -> Tensor:
    """Return a tensor of numbers, lists, arrays, tensors or photos; several arguments are the items of one.

    Args:
        x: what `torch.tensor` takes; a photo (uint8 [H,W,C] or [H,W]); anything that numpy can read. float64 becomes float32,
            as in a list of numbers, unless `dtype` says otherwise.
        *rest: more items.
        **keywords: as `torch.tensor` takes them: dtype, device, requires_grad.

    Example:
        >>> tensor(1, 2, 3)
        tensor([1, 2, 3])
    """
    value = (x, *rest) if rest else x
    if isinstance(value, Tensor):
        made = value
    elif isinstance(value, pillow.Image) or hasattr(value, "__array__"):
        made = torch.from_numpy(np.array(value))  # a copy: a photo's own memory is read-only
    else:
        made = torch.tensor(_plain(value))
    if made.dtype is torch.float64 and not isinstance(value, Tensor) and "dtype" not in keywords:
        made = made.float()
    trained = keywords.pop("requires_grad", False)
    made = made.to(**keywords) if keywords else made
    return made.requires_grad_() if trained else made


def _plain(value: Any) -> Any:
    """Return lists of tensors and arrays as lists of numbers, which `torch.tensor` takes."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, Tensor | np.ndarray) else value


def array(a: Any, dtype: Any = None, **keywords: Any) -> np.ndarray:
    """Return a numpy array of numbers, lists, tensors or a photo."""
    return np.array(a, dtype=dtype, **keywords)


def _deep(function: Any, value: Any) -> Any:
    if isinstance(value, list | tuple):
        parts = [_deep(function, part) for part in value]
        return parts if isinstance(value, list) else rebuilt(value, parts)
    if isinstance(value, Mapping):
        return {name: _deep(function, part) for name, part in value.items()}
    return function(value) if isinstance(value, Tensor) else value


def to_device(b: Any, device: Any = None, non_blocking: bool = False) -> Any:
    """Move a tensor, or those in lists, tuples and dicts, to a device; by default to the best one."""
    where = default_device() if device is None else device
    return _deep(lambda x: x.to(where, non_blocking=non_blocking), b)


def to_cpu(b: Any) -> Any:
    """Move a tensor, or those in lists, tuples and dicts, to the CPU."""
    return _deep(lambda x: x.cpu(), b)


def to_np(x: Any) -> Any:
    """Turn a tensor, or those in lists, tuples and dicts, into numpy arrays."""
    return _deep(lambda t: t.detach().cpu().numpy(), x)


def to_detach(b: Any, cpu: bool = True, gather: bool = True) -> Any:
    """Detach a tensor, or those in lists, tuples and dicts, from the graph."""
    return _deep(lambda x: x.detach().cpu() if cpu else x.detach(), b)


def to_float(b: Any) -> Any:
    """Turn floating-point tensors into float32."""
    return _deep(lambda x: x.float() if x.is_floating_point() else x, b)


def to_half(b: Any) -> Any:
    """Turn floating-point tensors into float16."""
    return _deep(lambda x: x.half() if x.is_floating_point() else x, b)


def one_hot(x: Any, c: int) -> Tensor:
    """Return the positions `x`, one or several, as 0 and 1: uint8 [c]."""
    made = torch.zeros(c, dtype=torch.uint8)
    made[torch.as_tensor(x, dtype=torch.long)] = 1
    return made


def concat(*ls: Any) -> Any:
    """Join tensors, arrays or lists along their first axis."""
    one = ls[0]
    if isinstance(one, Tensor):
        return torch.cat(list(ls))
    return np.concatenate(ls) if isinstance(one, np.ndarray) else [item for part in ls for item in part]


def pca(x: Tensor, k: int = 2) -> Tensor:
    """Project rows on their `k` principal components: [N,F] -> [N,k]; in fastai it is a method of every tensor."""
    centred = x - x.mean(0)
    directions, _, _ = torch.linalg.svd(centred.t(), full_matrices=False)
    return centred @ directions[:, :k]


class TensorBase(Tensor):
    """A tensor with a class of its own."""

    def __new__(cls, x: Any, **attributes: Any) -> TensorBase:
        """View anything that `tensor` takes as this class."""
        return tensor(x).as_subclass(cls)

    def new_empty(self, *args: Any, **keywords: Any) -> Any:
        """Return an empty tensor of this class; torch needs it to copy one."""
        return super().new_empty(*args, **keywords).as_subclass(type(self))


class TensorImageBase(TensorBase):
    """A picture, [C,H,W], that can be shown."""

    def show(self, ctx: Any = None, **keywords: Any) -> Any:
        """Draw the picture on matplotlib axes; see `show_image`."""
        return show_image(self.as_subclass(Tensor), ctx=ctx, **keywords)


class TensorImage(TensorImageBase):
    """A colour picture, [C,H,W]."""


class TensorImageBW(TensorImage):
    """A greyscale picture, [1,H,W]."""


class TensorMask(TensorImageBase):
    """A mask, [H,W]."""


class TensorPoint(TensorBase):
    """Points, [P,2]."""


class TensorText(TensorBase):
    """Token ids, [T]."""


class TensorCategory(TensorBase):
    """A class, or several, as positions in the vocabulary."""


class TensorMultiCategory(TensorCategory):
    """Classes as 0 and 1, [K]."""


class OpenedImage(PILImage):
    """A Pillow image as it is in its file, with `to_thumb`."""


class _ImageModule(ModuleType):
    """Pillow's `Image` module, whose `open` returns images with `to_thumb`; all else is Pillow's."""

    def open(self, fp: Any, *args: Any, **keywords: Any) -> OpenedImage:
        """Open and read a picture; see `PIL.Image.open`."""
        with pillow.open(fp, *args, **keywords) as found:
            found.load()
            made = OpenedImage._from(found.copy())
        made.format = found.format
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(pillow, name)

    def __dir__(self) -> list[str]:
        return dir(pillow)


#: Pillow's module `Image`, as the star imports bring it.
Image = _ImageModule("Image", doc=pillow.__doc__)

__all__ = [
    "Image", "OpenedImage", "PILImage", "PILImageBW", "TensorBase", "TensorCategory", "TensorImage", "TensorImageBW",
    "TensorImageBase", "TensorMask", "TensorMultiCategory", "TensorPoint", "TensorText", "array", "concat", "one_hot", "pca",
    "tensor", "to_cpu", "to_detach", "to_device", "to_float", "to_half", "to_np",
]  # fmt: skip
