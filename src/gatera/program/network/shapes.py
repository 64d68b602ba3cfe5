"""Operators that move values: what shape they give. Those that make tensors larger need sizes that are known beforehand."""

from __future__ import annotations

import math

import numpy as np

from gatera.program.network.elementwise import INT64, LARGEST_FOLLOWED
from gatera.program.network.reader import Tensor
from gatera.program.network.value import Call, Refused, Value, axes_of, axis_of, broadcast


def of_tensor(tensor: Tensor) -> Value:
    """Return what is known of a tensor that the model holds."""
    values = None if tensor.values is None else tensor.values.reshape(tensor.shape)
    if values is not None and values.dtype.kind == "i":
        # the largest numbers are how exporters write "to the end"
        values = np.clip(values.astype(np.int64), -LARGEST_FOLLOWED, LARGEST_FOLLOWED)
    return Value(tensor.shape, tensor.dtype, values)


def constant(call: Call) -> list[Value]:
    """Constant, with its value in one of several attributes."""
    attributes = call.node.attributes
    if isinstance(attributes.get("value"), Tensor):
        return [of_tensor(attributes["value"])]
    for name, dtype in (
        ("value_int", INT64),
        ("value_ints", INT64),
        ("value_float", np.float32),
        ("value_floats", np.float32),
    ):
        if name in attributes:
            array = np.asarray(attributes[name], dtype)
            return [of_tensor(Tensor(array.shape, array.dtype, array.ravel()))]
    raise Refused("holds no tensor")


def shape_of(call: Call) -> list[Value]:
    """Shape: the sizes themselves are known."""
    value = call[0]
    if not value.exact:
        return [Value((len(value.shape),), INT64)]
    start, end = call.whole("start", 0), call.whole("end", len(value.shape))
    sizes = np.array(value.shape[slice(start, end)], np.int64)
    return [Value(sizes.shape, INT64, sizes)]


def size_of(call: Call) -> list[Value]:
    """Size: how many values there are."""
    return [
        Value(
            (),
            INT64,
            np.array(call[0].count, np.int64) if call[0].exact and call[0].count < LARGEST_FOLLOWED else None,
        )
    ]


def reshape(call: Call) -> list[Value]:
    """Reshape: 0 keeps a size, -1 takes what is left."""
    value, wanted = call[0], call[1].ints()
    if not call.whole("allowzero", 0):
        if any(size == 0 and place >= len(value.shape) for place, size in enumerate(wanted)):
            raise Refused("refers to a dimension that does not exist")
        wanted = [size or value.shape[place] for place, size in enumerate(wanted)]
    if wanted.count(-1) > 1 or min(wanted, default=0) < -1:
        raise Refused(f"has the target {wanted}")
    known = math.prod(size for size in wanted if size != -1)
    shape = tuple(-(-value.count // known) if size == -1 and known else max(size, 0) for size in wanted)
    if value.exact and math.prod(shape) != value.count:
        raise Refused(f"turns {list(value.shape)} into {list(shape)}, which has another number of values")
    return [_moved(value, shape)]


def _moved(value: Value, shape: tuple[int, ...]) -> Value:
    """The same values in another shape."""
    kept = value.values
    kept = kept.reshape(shape) if kept is not None and kept.size == math.prod(shape) else None
    return Value(shape, value.dtype, kept, value.exact)


def flatten(call: Call) -> list[Value]:
    """Flatten: two dimensions."""
    value, rank = call[0], len(call[0].shape)
    axis = call.whole("axis", 1)
    if not -rank <= axis <= rank:
        raise Refused(f"names the axis {axis} of a tensor of {rank} dimensions")
    axis = axis + rank if axis < 0 else axis
    return [_moved(value, (math.prod(value.shape[:axis]), math.prod(value.shape[axis:])))]


def transpose(call: Call) -> list[Value]:
    """Transpose: the axes in another order."""
    value, rank = call[0], len(call[0].shape)
    order = call.ints("perm") or list(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise Refused(f"has the order {order} for a tensor of {rank} dimensions")
    return [Value(tuple(value.shape[axis] for axis in order), value.dtype, exact=value.exact)]


def squeeze(call: Call) -> list[Value]:
    """Squeeze: without axes of size 1."""
    value, axes = call[0], call.sizes("axes", 1)
    rank = len(value.shape)
    gone = (
        axes_of(axes, rank)
        if axes is not None
        else [axis for axis, size in enumerate(value.shape) if size == 1]
    )
    if any(value.shape[axis] > 1 for axis in gone):
        raise Refused("leaves out an axis that is not of size 1")
    return [_moved(value, tuple(size for axis, size in enumerate(value.shape) if axis not in gone))]


def unsqueeze(call: Call) -> list[Value]:
    """Unsqueeze: more axes of size 1."""
    value, axes = call[0], call.sizes("axes", 1) or []
    rank = len(value.shape) + len(axes)
    new, sizes = axes_of(axes, rank), iter(value.shape)
    return [_moved(value, tuple(1 if axis in new else next(sizes) for axis in range(rank)))]


def concat(call: Call) -> list[Value]:
    """Concat: one after the other along an axis."""
    values = call.given
    rank = len(values[0].shape)
    axis = axis_of(call.whole("axis", 0), rank)
    if any(len(value.shape) != rank for value in values):
        raise Refused("joins tensors of different dimensions")
    shape = tuple(
        sum(value.shape[place] for value in values)
        if place == axis
        else max(value.shape[place] for value in values)
        for place in range(rank)
    )
    known = [value.values for value in values if value.values is not None]
    exact = all(value.exact for value in values)
    followed = np.concatenate(known) if len(known) == len(values) and rank == 1 and shape[0] <= 64 else None
    return [Value(shape, values[0].dtype, followed, exact)]


def split(call: Call) -> list[Value]:
    """Split: into parts along an axis."""
    value, count = call[0], len(call.node.outputs)
    axis, sizes = axis_of(call.whole("axis", 0), len(call[0].shape)), call.sizes("split", 1)
    if sizes is None:
        each = -(-value.shape[axis] // max(1, call.whole("num_outputs", count)))
        sizes = [each] * count
    if len(sizes) != count or min(sizes) < 0 or sum(sizes) > value.shape[axis] + len(sizes):
        raise Refused(f"has the parts {sizes}")
    return [
        Value(
            (*value.shape[:axis], size, *value.shape[axis + 1 :]),
            value.dtype,
            exact=value.exact and call.optional(1) is not None,
        )
        for size in sizes
    ]


def cut(call: Call) -> list[Value]:
    """Slice: from starts to ends in steps. What depends on values is at most all of it."""
    value, rank = call[0], len(call[0].shape)
    places = [call.optional(place) for place in (1, 2, 3, 4)]
    if any(place is not None and place.values is None for place in places):
        return [Value(value.shape, value.dtype, exact=False)]
    starts, ends = call[1].ints(), call[2].ints()
    axes = axes_of(places[2].ints(), rank) if places[2] else list(range(len(starts)))
    steps = places[3].ints() if places[3] else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps or len(starts) > rank:
        raise Refused("has starts, ends, axes and steps that do not fit")
    slices = [slice(None)] * rank
    for axis, start, end, step in zip(axes, starts, ends, steps):
        size = value.shape[axis]
        slices[axis] = slice(start, None if step < 0 and end < -size else end, step)
    shape = tuple(len(range(size)[cut]) for size, cut in zip(value.shape, slices))
    kept = value.values[tuple(slices)] if value.values is not None else None
    return [Value(shape, value.dtype, kept, value.exact)]


def gather(call: Call) -> list[Value]:
    """Gather: rows by their numbers."""
    value, places = call[0], call[1]
    axis = axis_of(call.whole("axis", 0), len(value.shape))
    shape = value.shape[:axis] + places.shape + value.shape[axis + 1 :]
    kept = None
    if value.values is not None and places.values is not None and len(value.shape) == 1:
        size = value.shape[0]
        if any(not -size <= place < size for place in places.ints()):
            raise Refused("selects elements that do not exist")
        kept = np.asarray(value.values[places.values.astype(np.int64)])
    return [Value(shape, value.dtype, kept, value.exact and places.exact)]


def gather_elements(call: Call) -> list[Value]:
    """GatherElements: as many values as places."""
    return [Value(call[1].shape, call[0].dtype, exact=call[1].exact)]


def gather_nd(call: Call) -> list[Value]:
    """GatherND: whole blocks by their places."""
    value, places = call[0], call[1]
    batch, depth = call.whole("batch_dims", 0), places.shape[-1] if places.shape else 0
    if not places.exact or not 0 <= batch <= len(value.shape) or batch + depth > len(value.shape):
        raise Refused("has places that do not fit")
    return [Value(places.shape[:-1] + value.shape[batch + depth :], value.dtype, exact=value.exact)]


def expand(call: Call) -> list[Value]:
    """Expand: repeated along axes of size 1."""
    wanted = tuple(call[1].ints())
    if min(wanted, default=0) < 0:
        raise Refused(f"has the target {list(wanted)}")
    return [Value(broadcast([call[0], Value(wanted, INT64)]), call[0].dtype, exact=call[0].exact)]


def tile(call: Call) -> list[Value]:
    """Tile: repeated."""
    value, repeats = call[0], call[1].ints()
    if len(repeats) != len(value.shape) or min(repeats, default=0) < 0:
        raise Refused(f"has the repeats {repeats}")
    return [
        Value(
            tuple(size * times for size, times in zip(value.shape, repeats)), value.dtype, exact=value.exact
        )
    ]


def pad(call: Call) -> list[Value]:
    """Pad: more on both sides of each axis."""
    value, rank = call[0], len(call[0].shape)
    pads, axes = call.sizes("pads", 1) or [], call.optional(3)
    places = axes_of(axes.ints(), rank) if axes else list(range(rank))
    if len(pads) != 2 * len(places):
        raise Refused(f"has the pads {pads}")
    shape = list(value.shape)
    for axis, before, after in zip(places, pads, pads[len(places) :]):
        shape[axis] = max(0, shape[axis] + before + after)
        if max(-before, -after, 0) > value.shape[axis]:
            raise Refused(f"crops more than there is: {pads}")
    return [Value(tuple(shape), value.dtype, exact=value.exact)]


def counted(call: Call) -> list[Value]:
    """Range: from a start to an end in steps."""
    (start,), (end,), (step,) = (call[place].ints() for place in range(3))
    if step == 0 or call[0].dtype.kind not in "iu":
        raise Refused("counts in steps of 0, or not in whole numbers")
    count = max(0, -(-(end - start) // step))
    values = np.arange(start, end, step, dtype=np.int64) if count <= 64 else None
    return [Value((count,), call[0].dtype, values)]


def filled(call: Call) -> list[Value]:
    """ConstantOfShape: one value everywhere."""
    shape, tensor = tuple(call[0].ints()), call.tensor("value")
    if min(shape, default=0) < 0 or (tensor is not None and tensor.shape not in ((1,), ())):
        raise Refused(f"has the shape {list(shape)}")
    dtype = tensor.dtype if tensor else np.dtype(np.float32)
    kept = None
    if math.prod(shape) <= 64 and tensor is not None and tensor.values is not None and dtype.kind in "iu":
        kept = np.full(shape, of_tensor(tensor).ints()[0], np.int64)
    return [Value(shape, dtype, kept)]


def one_hot(call: Call) -> list[Value]:
    """OneHot: a new axis with a place for each class."""
    value, depth = call[0], call[1].ints()
    rank = len(value.shape) + 1
    axis = axis_of(call.whole("axis", -1), rank)
    if len(depth) != 1 or depth[0] < 0:
        raise Refused("has no valid number of classes")
    return [Value((*value.shape[:axis], depth[0], *value.shape[axis:]), call[2].dtype, exact=value.exact)]


def scattered(call: Call) -> list[Value]:
    """ScatterElements, ScatterND: the first input with some values changed."""
    return [Value(call[0].shape, call[0].dtype, exact=call[0].exact)]


def to_space(call: Call) -> list[Value]:
    """DepthToSpace and SpaceToDepth: the same values in blocks."""
    value, block = call[0], call.whole("blocksize", 0)
    if len(value.shape) != 4 or not 1 <= block <= 1024:
        raise Refused(f"has blocks of {block}")
    batch, channels, height, width = value.shape
    if call.node.operator == "DepthToSpace":
        return [
            Value(
                (batch, channels // block**2, height * block, width * block), value.dtype, exact=value.exact
            )
        ]
    return [
        Value((batch, channels * block**2, height // block, width // block), value.dtype, exact=value.exact)
    ]


def resize(call: Call) -> list[Value]:
    """Resize: by factors, or to sizes, of all axes or of some."""
    value, rank = call[0], len(call[0].shape)
    factors, sizes = call.optional(2), call.optional(3)
    axes = axes_of(call.ints("axes") or list(range(rank)), rank)
    shape = list(value.shape)
    if sizes is not None and sizes.shape != (0,):
        wanted = sizes.ints()
    elif factors is not None and factors.values is not None:
        if not np.isfinite(factors.values).all():
            raise Refused("has factors that are not finite")
        wanted = [int(shape[axis] * float(factor)) for axis, factor in zip(axes, factors.values.ravel())]
    else:
        raise Refused("has sizes that depend on the input's values")
    if len(wanted) != len(axes) or min(wanted, default=1) < 1:
        raise Refused(f"has the sizes {wanted}")
    for axis, size in zip(axes, wanted):
        shape[axis] = size
    kept = value.exact and call.text("keep_aspect_ratio_policy", "stretch") == "stretch"
    return [Value(tuple(shape), value.dtype, exact=kept)]
