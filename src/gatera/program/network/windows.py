"""Operators that slide a window: convolutions and poolings."""

from __future__ import annotations

import math

import numpy as np

from gatera.program.network.value import Call, Refused, Value

#: No window, stride, dilation or padding is larger.
LARGEST_STEP = 100_000


def _window(call: Call, kernel: list[int]) -> tuple[list[int], list[int], list[int]]:
    """Return strides, dilations and the padding of both sides together, for each axis of the window."""
    n = len(kernel)
    strides, dilations = call.ints("strides") or [1] * n, call.ints("dilations") or [1] * n
    pads = call.ints("pads") or [0] * (2 * n)
    sound = len(strides) == len(dilations) == n and len(pads) == 2 * n
    numbers = [*kernel, *strides, *dilations]
    if (
        not sound
        or min(numbers, default=1) < 1
        or min(pads, default=0) < 0
        or max(*numbers, *pads) > LARGEST_STEP
    ):
        raise Refused("has an invalid window")
    return strides, dilations, [before + after for before, after in zip(pads, pads[n:])]


def _slid(call: Call, sizes: tuple[int, ...], kernel: list[int]) -> tuple[int, ...]:
    strides, dilations, pads = _window(call, kernel)
    if call.text("auto_pad", "NOTSET").startswith("SAME"):
        return tuple(-(-size // stride) for size, stride in zip(sizes, strides))
    up = call.whole("ceil_mode", 0)
    found = []
    for size, length, stride, dilation, pad in zip(sizes, kernel, strides, dilations, pads):
        room = size + pad - dilation * (length - 1) - 1
        if room < 0:
            raise Refused("has a window that is larger than what it slides over")
        found.append((-(-room // stride) if up else room // stride) + 1)
    return tuple(found)


def _spatial(value: Value) -> tuple[int, ...]:
    if not 3 <= len(value.shape) <= 5:
        raise Refused(f"slides over a tensor of {len(value.shape)} dimensions")
    return value.shape[2:]


def convolution(call: Call) -> tuple[list[Value], int]:
    """Conv: [N,C,...] and weights [M,C/groups,...]."""
    value, weights = call[0], call[1]
    kernel = list(weights.shape[2:])
    if len(weights.shape) != len(value.shape) or call.ints("kernel_shape", kernel) != kernel:
        raise Refused("has weights that do not fit")
    groups = call.whole("group", 1)
    if groups < 1 or weights.shape[1] * groups != value.shape[1] or weights.shape[0] % groups:
        raise Refused("has groups that do not fit")
    shape = (value.shape[0], weights.shape[0], *_slid(call, _spatial(value), kernel))
    result = Value(shape, value.dtype, exact=value.exact)
    return [result], 2 * result.count * weights.shape[1] * math.prod(kernel)


def transposed_convolution(call: Call) -> tuple[list[Value], int]:
    """ConvTranspose: [N,C,...] and weights [C,M/groups,...]."""
    value, weights = call[0], call[1]
    kernel, groups = list(weights.shape[2:]), call.whole("group", 1)
    if len(weights.shape) != len(value.shape) or weights.shape[0] != value.shape[1] or groups < 1:
        raise Refused("has weights that do not fit")
    strides, dilations, pads = _window(call, kernel)
    if call.ints("output_shape"):
        raise Refused("names its own output_shape")
    extra = call.ints("output_padding") or [0] * len(kernel)
    same = call.text("auto_pad", "NOTSET").startswith("SAME")
    sizes = [
        size * stride if same else stride * (size - 1) + more + dilation * (length - 1) + 1 - pad
        for size, stride, more, dilation, length, pad in zip(
            _spatial(value), strides, extra, dilations, kernel, pads, strict=True
        )
    ]  # fmt: skip
    if min(sizes) < 1 or not all(0 <= more <= LARGEST_STEP for more in extra):
        raise Refused("has an invalid window")
    result = Value((value.shape[0], weights.shape[1] * groups, *sizes), value.dtype, exact=value.exact)
    return [result], 2 * value.count * weights.shape[1] * math.prod(kernel)


def pooling(call: Call) -> tuple[list[Value], int]:
    """MaxPool (a second output has the places), AveragePool, LpPool."""
    value, kernel = call[0], call.ints("kernel_shape") or []
    if len(kernel) != len(_spatial(value)):
        raise Refused("has a window that does not fit")
    result = Value((*value.shape[:2], *_slid(call, _spatial(value), kernel)), value.dtype, exact=value.exact)
    places = [Value(result.shape, np.dtype(np.int64), exact=value.exact) for _ in call.node.outputs[1:]]
    return [result, *places], 2 * result.count * math.prod(kernel)


def global_pooling(call: Call) -> list[Value]:
    """GlobalAveragePool, GlobalMaxPool."""
    value = call[0]
    return [Value((*value.shape[:2], *(1 for _ in _spatial(value))), value.dtype, exact=value.exact)]


def sampled(call: Call) -> list[Value]:
    """GridSample: as many pixels as places."""
    value, grid = call[0], call[1]
    if len(value.shape) != len(grid.shape):
        raise Refused("has places that do not fit")
    return [Value((*value.shape[:2], *grid.shape[1:-1]), value.dtype, exact=value.exact)]
