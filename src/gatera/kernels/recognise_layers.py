"""Recognise the convolutions and batch norms that the fast kernels support: PyTorch's own, and timm's two variants.

Only exact types count, because a subclass may compute something else. timm is not imported for this: a model can hold
layers of timm only where timm has been imported already.
"""

from __future__ import annotations

import sys
from typing import Any

from torch import Tensor, nn

from gatera.kernels.folded_conv import Clip, Padding


def _timm_layers() -> Any:
    return sys.modules.get("timm.layers")


def is_convolution(module: nn.Module) -> bool:
    """Whether `module` is a 2-d convolution with zero padding, or timm's one with TensorFlow's SAME padding."""
    timm = _timm_layers()
    if type(module) is nn.Conv2d:
        return module.padding_mode == "zeros" and not isinstance(module.padding, str)
    return timm is not None and type(module) is timm.Conv2dSame


def is_batch_norm(module: nn.Module) -> bool:
    """Whether `module` is a 2-d batch norm, alone or with timm's activation behind it."""
    timm = _timm_layers()
    return type(module) is nn.BatchNorm2d or (timm is not None and type(module) is timm.BatchNormAct2d)


def padding_of(conv: nn.Conv2d, x: Tensor) -> Padding:
    """Zeros that `conv` puts around `x` [N,C,H,W]."""
    if type(conv) is nn.Conv2d:
        rows, columns = int(conv.padding[0]), int(conv.padding[1])
        return columns, columns, rows, rows
    rows, columns = (_same_padding(conv, x.shape[2 + axis], axis) for axis in (0, 1))
    # an odd zero goes to the right and below
    return columns // 2, columns - columns // 2, rows // 2, rows - rows // 2


def _same_padding(conv: nn.Conv2d, size: int, axis: int) -> int:
    """Zeros in all along one axis, so that there are size / stride outputs, rounded up (as TensorFlow defines SAME)."""
    stride, reach = conv.stride[axis], (conv.kernel_size[axis] - 1) * conv.dilation[axis]
    n_outputs = -(-size // stride)
    return max((n_outputs - 1) * stride + reach + 1 - size, 0)


def clip_of(norm: Any) -> Clip | None:
    """The activation inside of a batch norm if a folded convolution can compute it: ReLU, ReLU6, Hardtanh."""
    if type(norm) is nn.BatchNorm2d or type(norm.drop) is not nn.Identity:
        return None
    if type(norm.act) is nn.ReLU:
        return Clip()
    return Clip(norm.act.min_val, norm.act.max_val) if type(norm.act) in (nn.ReLU6, nn.Hardtanh) else None


def after_norm(norm: Any, x: Tensor) -> Tensor:
    """Compute what `norm` does after normalising: nothing, or timm's dropping and activation."""
    return x if type(norm) is nn.BatchNorm2d else norm.act(norm.drop(x))
