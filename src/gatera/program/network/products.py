"""Products of matrices, and recurrent layers: each gives its results and how many operations they take."""

from __future__ import annotations

from gatera.program.network.value import Call, Refused, Value, broadcast


def matmul(call: Call) -> tuple[list[Value], int]:
    """MatMul: [...,m,k] and [...,k,n]."""
    left, right = call[0], call[1]
    if not left.shape or not right.shape:
        raise Refused("multiplies a single number")
    rows = left.shape[-2:-1] if len(left.shape) > 1 else ()
    columns = right.shape[-1:] if len(right.shape) > 1 else ()
    inner = right.shape[-2] if len(right.shape) > 1 else right.shape[0]
    if left.exact and right.exact and left.shape[-1] != inner:
        raise Refused(f"multiplies {list(left.shape)} by {list(right.shape)}")
    batch = broadcast([Value(left.shape[:-2], left.dtype), Value(right.shape[:-2], right.dtype)])
    result = Value(batch + rows + columns, left.dtype, exact=left.exact and right.exact)
    return [result], 2 * result.count * max(left.shape[-1], inner)


def gemm(call: Call) -> tuple[list[Value], int]:
    """Gemm: two matrices, either one turned over first."""
    left, right = call[0].shape, call[1].shape
    if len(left) != 2 or len(right) != 2:
        raise Refused("multiplies what are not matrices")
    left = left[::-1] if call.whole("transA", 0) else left
    right = right[::-1] if call.whole("transB", 0) else right
    exact = call[0].exact and call[1].exact
    if exact and left[1] != right[0]:
        raise Refused(f"multiplies {list(left)} by {list(right)}")
    result = Value((left[0], right[1]), call[0].dtype, exact=exact)
    return [result], 2 * result.count * left[1]


#: How many gates a recurrent layer has.
_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def recurrent(call: Call) -> tuple[list[Value], int]:
    """LSTM, GRU, RNN: [T,N,I], weights [D,gates*H,I] and [D,gates*H,H]."""
    value, weights, again = call[0], call[1], call[2]
    gates = _GATES[call.node.operator]
    if call.whole("layout", 0) or len(value.shape) != 3 or len(weights.shape) != 3 or len(again.shape) != 3:
        raise Refused("has inputs that do not fit")
    steps, batch, width = value.shape
    directions, _, hidden = again.shape
    if (
        weights.shape != (directions, gates * hidden, width)
        or again.shape[1] != gates * hidden
        or call.whole("hidden_size", hidden) != hidden
        or directions != (2 if call.text("direction", "forward") == "bidirectional" else 1)
    ):
        raise Refused("has weights that do not fit")
    last = Value((directions, batch, hidden), value.dtype, exact=value.exact)
    all_steps = Value((steps, directions, batch, hidden), value.dtype, exact=value.exact)
    work = 2 * steps * batch * directions * gates * hidden * (width + hidden)
    return [all_steps, *(last for _ in call.node.outputs[1:])], work
