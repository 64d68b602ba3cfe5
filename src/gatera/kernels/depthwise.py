"""Gradients of depthwise convolutions through the kernels of oneDNN that are fast.

On a processor PyTorch computes depthwise convolutions with oneDNN. Its forward kernels are good; of its gradient kernels
some fall back to plain reference code. Measured for 16 photos in bf16 on one core (AVX-512 BF16, channels last), in ms:

| layer | gradient of | as it is | here | how |
|---|---|---|---|---|
| 240 channels, 5x5, 28 px | weight | 117 | 9 | kernel columns in runs of three |
| 672 channels, 5x5, 14 px | weight | 85 | 5 | same |
| 96 channels, 3x3 stride 2, 112 px | input | 192 | 18 | one dense convolution for each of four phases |
| 144 channels, 5x5 stride 2, 56 px | input | 127 | 8 | same |
| 240 channels, 5x5, 28 px | input | 4.3 | 2.1 | the forward kernel, with the weight turned round |

Every number is computed once, by the same kind of kernel, with the same accumulation in float32: results differ from
PyTorch's in the order of summation only.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: oneDNN's fast weight-gradient kernel takes kernels up to three columns wide (any height); wider ones are 10 times slower.
WIDEST_FAST_KERNEL = 3

Pair = tuple[int, int]


def is_depthwise(weight: Tensor, groups: int) -> bool:
    """Whether a convolution has one kernel per channel: `weight` is [C,1,kernel height,kernel width], and C groups."""
    return groups == weight.shape[0] and weight.shape[1] == 1


def has_slow_gradient(conv: nn.Conv2d) -> bool:
    """Whether oneDNN computes a gradient of this convolution by reference code, and this module does better."""
    wide = conv.kernel_size[1] > WIDEST_FAST_KERNEL
    strided = conv.stride == (2, 2) and min(conv.kernel_size) >= 2
    return is_depthwise(conv.weight, conv.groups) and conv.dilation == (1, 1) and (wide or strided)


def weight_gradient(grad: Tensor, x: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Gradient of a depthwise convolution's weight.

    Args:
        grad: of the output; [N,C,H',W'].
        x: the convolution's input, [N,C,H,W], of the same dtype as `grad`.
        kernel, stride, padding: (vertical, horizontal); padding is the same on both sides.

    Returns:
        [C,1,kernel height,kernel width], in the dtype of `grad`.

    Example:
        >>> x, grad = torch.arange(9.).view(1, 1, 3, 3), torch.ones(1, 1, 3, 3)
        >>> weight_gradient(grad, x, (1, 5), (1, 1), (0, 2)).flatten().tolist()
        [9.0, 21.0, 36.0, 27.0, 15.0]
    """
    if kernel[1] <= WIDEST_FAST_KERNEL:
        return _weight_gradient(grad, x, kernel, stride, padding)
    parts = []
    for first, end in pairwise(_column_runs(kernel[1], padding[1])):
        columns, left = _columns(x, first - padding[1], end - first, grad.shape[3], stride[1])
        parts.append(_weight_gradient(grad, columns, (kernel[0], end - first), stride, (padding[0], left)))
    return torch.cat(parts, dim=3)


def _column_runs(width: int, padding: int) -> list[int]:
    """Edges of runs of at most three kernel columns; where padding is "same", the middle run needs no copy of the input."""
    first = (
        (width - WIDEST_FAST_KERNEL) // 2 % WIDEST_FAST_KERNEL if padding == width // 2 and width % 2 else 0
    )
    return sorted({0, *range(first, width, WIDEST_FAST_KERNEL), width})


def _columns(x: Tensor, offset: int, width: int, n_outputs: int, stride: int) -> tuple[Tensor, int]:
    """Return the input columns that a run of kernel columns meets, and the padding left to the convolution.

    Output column i meets the input columns i*stride + offset and the next `width` - 1.
    """
    before, needed = -offset, (n_outputs - 1) * stride + width
    fits = (x.shape[3] + 2 * before - width) // stride + 1 == n_outputs
    if 0 <= before <= width // 2 and fits:
        return x, before
    # A run of columns may meet padding only, where the photo is narrower than the kernel: then nothing is left of x.
    inside = x[:, :, :, max(offset, 0) : max(offset + needed, 0)]
    left = min(max(before, 0), needed)
    return F.pad(inside, (left, needed - left - inside.shape[3])), 0


def _weight_gradient(grad: Tensor, x: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    channels = x.shape[1]
    weight = grad.new_empty((channels, 1, *kernel))  # only its shape is read
    _, result, _ = torch.ops.aten.convolution_backward(
        grad, x, weight, None, stride, padding, (1, 1), False, (0, 0), channels, (False, True, False)
    )
    return result


def input_gradient(grad: Tensor, weight: Tensor, size: Pair, stride: int, padding: Pair) -> Tensor:
    """Gradient of the input of a depthwise convolution.

    With stride 2, pixels of the (padded) input fall into four phases, by the parity of their row and column. Those of one
    phase meet every second row and column of the kernel only, so their gradients are one small convolution of `grad` with
    stride 1. With stride 1 there is a single phase.

    Args:
        grad: of the output; [N,C,H',W'].
        weight: [C,1,kernel height,kernel width], at least `stride` in height and width, of the same dtype as `grad`.
        size: (H, W) of the input before padding.
        stride: 1 or 2, in both directions.
        padding: rows above and columns left of the input (what is below and to the right follows from `size`).

    Returns:
        [N,C,H,W], channels last.

    Example:
        >>> weight = torch.tensor([[[[1., 2.], [3., 4.]]]])
        >>> input_gradient(torch.ones(1, 1, 1, 1), weight, (2, 3), 2, (0, 0))
        tensor([[[[1., 2., 0.],
                  [3., 4., 0.]]]])
    """
    n, channels = grad.shape[:2]
    centred = 2 * padding[0] == weight.shape[2] - 1 and 2 * padding[1] == weight.shape[3] - 1
    if stride == 1 and centred and grad.shape[2:] == size:
        return F.conv2d(grad, weight.flip(2, 3), None, 1, padding, 1, channels)  # nothing to cut off
    result = torch.empty((n, channels, *size), dtype=grad.dtype, memory_format=torch.channels_last)
    for row_phase in range(stride):
        for column_phase in range(stride):
            taps = weight[:, :, row_phase::stride, column_phase::stride].flip(2, 3)
            reach = (taps.shape[2] - 1, taps.shape[3] - 1)
            # item m of `phase` is the gradient of padded pixel m*stride + phase
            phase = F.conv2d(grad, taps, None, 1, reach, 1, channels)
            row, skipped_rows = _first_of_phase(row_phase, stride, padding[0])
            column, skipped_columns = _first_of_phase(column_phase, stride, padding[1])
            _fill(result[:, :, row::stride, column::stride], phase[:, :, skipped_rows:, skipped_columns:])
    return result


def _first_of_phase(phase: int, stride: int, padding: int) -> Pair:
    """Return the first unpadded pixel of a phase of the padded ones, and how many of the phase lie before it."""
    first = (phase - padding) % stride
    return first, (first + padding - phase) // stride


def _fill(target: Tensor, values: Tensor) -> None:
    rows, columns = min(target.shape[2], values.shape[2]), min(target.shape[3], values.shape[3])
    target[:, :, :rows, :columns] = values[:, :, :rows, :columns]
    # no output has seen the last pixels where the stride stops short of them
    target[:, :, rows:] = 0
    target[:, :, :rows, columns:] = 0
