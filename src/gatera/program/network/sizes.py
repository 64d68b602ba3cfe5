"""Add up what a model takes for one input: memory, and operations. Nothing is computed but the sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gatera.program.network.operators import OPERATORS, NotAllowed
from gatera.program.network.reader import MOST_DIMENSIONS, Network, Node
from gatera.program.network.shapes import of_tensor
from gatera.program.network.value import Call, Refused, Value

#: One tensor may have this many values, and all that are needed at one time this many bytes: a U-Net on 1,024 x 1,024 pixels
#: takes about that.
MOST_VALUES, MOST_BYTES = 1 << 27, 3 << 28
#: Multiplications and additions for one input. ViT-Large on 384 x 384 pixels takes 0.4e12.
MOST_OPERATIONS = 10**12


class Needs(NamedTuple):
    """What a model takes for one input.

    Attributes:
        bytes: the memory of the tensors that are needed at one time.
        operations: multiplications and additions.
    """

    bytes: int
    operations: int


def needs(network: Network, shape: tuple[int, ...]) -> Needs:
    """Return what a model takes for an input of a shape.

    Raises:
        NotAllowed: if that is too much, if a node cannot take what it gets, or if sizes are not known before computing.
    """
    (name,) = [name for name in network.inputs if name not in network.tensors]
    dtype, _ = network.inputs[name]
    known = {tensor: of_tensor(content) for tensor, content in network.tensors.items()}
    known[name] = Value(shape, dtype)
    last = _last_uses(network)
    alive = {name: known[name].bytes}
    held, most, operations = alive[name], 0, 0
    for place, node in enumerate(network.nodes):
        results, work = _results(node, known)
        operations += work
        for output, value in zip(node.outputs, results):
            if output in known:
                raise NotAllowed(f"two of its tensors are called {output}")
            if output:
                known[output] = value
                alive[output] = value.bytes
                held += value.bytes
        most = max(most, held)
        if most > MOST_BYTES or operations > MOST_OPERATIONS:
            raise NotAllowed(_too_much(node, most, operations))
        for used in {*node.inputs, *node.outputs}:
            if last.get(used, place) <= place:
                held -= alive.pop(used, 0)
    for output in network.outputs:
        if output not in known:
            raise NotAllowed(f"nothing computes its output {output}")
    return Needs(most, operations)


def _last_uses(network: Network) -> dict[str, int]:
    last: dict[str, int] = {}
    for place, node in enumerate(network.nodes):
        for name in node.inputs:
            last[name] = place
    return last | {name: len(network.nodes) for name in network.outputs}


def _results(node: Node, known: Mapping[str, Value]) -> tuple[list[Value], int]:
    """Return the results of one node, and its operations."""
    rule = OPERATORS[node.domain, node.operator]
    try:
        for name in node.inputs:
            if name and name not in known:
                raise Refused(f"takes {name}, which nothing has computed before")
        results, work = rule(Call(node, tuple(known[name] if name else None for name in node.inputs)))
        if any(value.dtype.kind == "f" and 0 in value.shape for value in results):
            raise Refused("gives an empty tensor")  # by whose size engines divide
        for value in results:
            if (
                len(value.shape) > MOST_DIMENSIONS
                or value.count > MOST_VALUES
                or max(value.shape, default=0) > MOST_VALUES
            ):
                raise Refused(f"gives a tensor of {' x '.join(map(str, value.shape))}")
    except Refused as err:
        raise NotAllowed(f"its node {_called(node)} {err}") from err
    except (ValueError, TypeError, IndexError, ArithmeticError, AttributeError, KeyError) as err:
        raise NotAllowed(f"its node {_called(node)} has inputs or attributes that do not fit") from err
    return results, work


def _called(node: Node) -> str:
    return f"{node.name or '(nameless)'} ({node.operator})"


def _too_much(node: Node, most: int, operations: int) -> str:
    if most > MOST_BYTES:
        return f"it takes {most / 1e9:.1f} GB of memory for one input, at its node {_called(node)}"
    return f"it takes {operations:.1e} operations for one input, at its node {_called(node)}"


def input_shape(network: Network, varying: int) -> tuple[int, ...]:
    """Return the shape of an input with `varying` for the sizes that vary, and 1 for the number of inputs."""
    (sizes,) = [sizes for name, (_, sizes) in network.inputs.items() if name not in network.tensors]
    return tuple(size if size is not None else 1 if axis == 0 else varying for axis, size in enumerate(sizes))
