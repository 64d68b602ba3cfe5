"""Operators whose results are as large as their inputs, or smaller."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gatera.program.network.reader import DTYPES
from gatera.program.network.value import Call, Refused, Value, axes_of, axis_of, broadcast

BOOL, INT64 = np.dtype(bool), np.dtype(np.int64)

#: Whole numbers beyond this are not followed: an engine might round or overflow them otherwise.
LARGEST_FOLLOWED = 1 << 40


def _exact(values: list[Value]) -> bool:
    return all(value.exact for value in values)


def same(call: Call) -> list[Value]:
    """The first input's shape and type, for every output."""
    first = call[0]
    return [Value(first.shape, first.dtype, exact=first.exact) for _ in call.node.outputs]


def unchanged(call: Call) -> list[Value]:
    """The first input itself; a second output is a mask of the same shape."""
    return [call[0], *(Value(call[0].shape, BOOL) for _ in call.node.outputs[1:])]


def together(call: Call) -> list[Value]:
    """The shape of all inputs together, and the first one's type."""
    return [Value(broadcast(call.given), call[0].dtype, exact=_exact(call.given))]


def compared(call: Call) -> list[Value]:
    """Truth values in the shape of all inputs together."""
    return [Value(broadcast(call.given), BOOL, exact=_exact(call.given))]


def chosen(call: Call) -> list[Value]:
    """Where: the shape of all inputs together, and the type of the second."""
    return [Value(broadcast(call.given), call[1].dtype, exact=_exact(call.given))]


def arithmetic(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Call], list[Value]]:
    """Two inputs together; whole numbers that are known are followed, as sizes are computed from them."""

    def rule(call: Call) -> list[Value]:
        (result,), left, right = together(call), call[0].values, call[1].values
        if left is None or right is None or min(left.size, right.size) == 0 or result.count > 64:
            return [result]
        if left.dtype.kind not in "iu" or right.dtype.kind not in "iu":
            return [result]
        if function is np.floor_divide and ((left < 0).any() or (right <= 0).any()):
            return [result]  # an engine rounds towards zero, numpy down
        values = function(left.astype(object), right.astype(object))
        if np.max(np.abs(np.asarray(values, object))) > LARGEST_FOLLOWED:
            raise Refused("computes a size that is too large")
        return [
            Value(
                result.shape, result.dtype, np.asarray(values, np.int64).reshape(result.shape), result.exact
            )
        ]

    return rule


def extreme(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Call], list[Value]]:
    """Min and Max of any number of inputs; of two, whole numbers that are known are followed."""
    rule = arithmetic(function)
    return lambda call: rule(call) if len(call.given) == 2 else together(call)


def divided(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Call], list[Value]]:
    """Div and Mod. Of whole numbers the divisor must be known, and above 0: a division by 0 ends the whole process."""
    rule = arithmetic(function)

    def checked(call: Call) -> list[Value]:
        divisor = call[1]
        whole = call[0].dtype.kind in "iub" or divisor.dtype.kind in "iub"
        if whole and (divisor.values is None or not (divisor.values > 0).all()):
            raise Refused("divides whole numbers by what may be 0")
        return rule(call)

    return checked


def cast(call: Call) -> list[Value]:
    """Another type; whole numbers that are known stay known."""
    dtype, value = DTYPES.get(call.whole("to", 0)), call[0]
    if dtype is None:
        raise Refused("casts to a type that is not allowed")
    kept = value.values
    followed = kept is not None and kept.dtype.kind in "iu" and dtype in (np.dtype(np.int32), INT64)
    if followed and kept is not None and kept.size and np.abs(kept).max() > 2**31 - 1:
        followed = False
    return [Value(value.shape, dtype, kept if followed else None, value.exact)]


def reduced(call: Call) -> list[Value]:
    """Sums, means and so on over some axes, which are an attribute or the second input."""
    value, axes = call[0], call.sizes("axes", 1)
    if not axes and call.whole("noop_with_empty_axes", 0):
        return [Value(value.shape, value.dtype, exact=value.exact)]
    rank = len(value.shape)
    return [_without(value, axes_of(axes, rank) if axes else list(range(rank)), call.whole("keepdims", 1))]


def arg_reduced(call: Call) -> list[Value]:
    """Where the largest value lies along one axis."""
    value = call[0]
    found = _without(value, [axis_of(call.whole("axis", 0), len(value.shape))], call.whole("keepdims", 1))
    return [Value(found.shape, INT64, exact=found.exact)]


def _without(value: Value, axes: list[int], keep: int) -> Value:
    shape = [1 if axis in axes else size for axis, size in enumerate(value.shape) if keep or axis not in axes]
    return Value(tuple(shape), value.dtype, exact=value.exact)


def normalized(call: Call) -> list[Value]:
    """Normalisations: further outputs are statistics, never larger than the input."""
    if call.whole("training_mode", 0):
        raise Refused("is in training mode")
    return same(call)


def quantized(call: Call) -> list[Value]:
    """QuantizeLinear: 8 bits, or the type of the zero point."""
    zero = call.optional(2)
    return [Value(call[0].shape, zero.dtype if zero else np.dtype(np.uint8), exact=call[0].exact)]


def dequantized(call: Call) -> list[Value]:
    """DequantizeLinear: the type of the scale."""
    return [Value(call[0].shape, call[1].dtype, exact=call[0].exact)]


def largest(call: Call) -> list[Value]:
    """TopK: values and places."""
    value, rank = call[0], len(call[0].shape)
    axis, count = axis_of(call.whole("axis", -1), rank), call[1].ints()
    if len(count) != 1 or not 0 <= count[0] <= value.shape[axis]:
        raise Refused("selects more elements than there are")
    shape = (*value.shape[:axis], count[0], *value.shape[axis + 1 :])
    return [Value(shape, value.dtype, exact=value.exact), Value(shape, INT64, exact=value.exact)]


def found_places(call: Call) -> list[Value]:
    """NonZero: at most as many places as there are values."""
    return [Value((len(call[0].shape), call[0].count), INT64, exact=False)]
