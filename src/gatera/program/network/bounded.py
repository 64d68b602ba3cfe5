"""Check a program's model before an engine sees it, and each input's size before it is computed."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from gatera.core.errors import ProgramFileError
from gatera.program.network.reader import Network, read_network
from gatera.program.network.sizes import (
    MOST_BYTES,
    Needs,
    NotAllowed,
    check_structure,
    input_shape,
    needs,
)

#: Sizes of inputs whose needs are remembered. Texts of different lengths are what has many.
MOST_REMEMBERED = 4096

TRUSTED = "If you trust whoever made it, pass trusted=True."


class _Computes(Protocol):
    @property
    def name(self) -> str: ...

    def run(self, batch: np.ndarray) -> np.ndarray: ...


def check_model(model: bytes, path: object) -> Network:
    """Return a model that an engine may be given.

    Args:
        model: its bytes.
        path: the program file, for messages.

    Raises:
        ProgramFileError: if it is not an ONNX model, or has operators, sizes or parts that are not allowed.
    """
    try:
        network = read_network(model)
        check_structure(network)
        needs(network, input_shape(network, varying=16))
    except ValueError as err:
        raise refused(path, err) from err
    return network


def refused(path: object, why: ValueError) -> ProgramFileError:
    """Return the error for a model that is not allowed."""
    return ProgramFileError(f"{path} is refused: in its model.onnx, {_clause(why)}", remedy=TRUSTED)


def _clause(why: ValueError) -> str:
    return str(why) if isinstance(why, NotAllowed) else f"something is not read ({why})"


class BoundedEngine:
    """An engine that checks the size of every input before it computes, and large batches in parts.

    Args:
        engine: computes.
        network: the model, as `check_model` returns it.
        path: the program file, for messages.
    """

    def __init__(self, engine: _Computes, network: Network, path: object) -> None:
        self._engine, self._network, self._path = engine, network, path
        self._needs: dict[tuple[int, ...], Needs] = {}

    @property
    def name(self) -> str:
        """The name of the engine that computes."""
        return self._engine.name

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Compute the output, float32 [N,...], for N inputs.

        Raises:
            ProgramFileError: if an input takes too much memory or time, or the output is none.
        """
        each = self._needs_of(batch.shape[1:])
        at_once = max(1, MOST_BYTES // max(1, each.bytes))
        starts = range(0, len(batch), at_once)
        parts = [self._run(batch[start : start + at_once]) for start in starts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _run(self, batch: np.ndarray) -> np.ndarray:
        return sound_output(self._engine.run(batch), len(batch))

    def _needs_of(self, shape: tuple[int, ...]) -> Needs:
        known = self._needs.get(shape)
        if known is None:
            try:
                known = needs(self._network, (1, *shape))
            except NotAllowed as err:
                raise refused(self._path, err) from err
            if len(self._needs) < MOST_REMEMBERED:
                self._needs[shape] = known
        return known


def sound_output(output: object, count: int) -> np.ndarray:
    """Return what an engine gave for `count` inputs.

    Raises:
        ProgramFileError: if it is not numbers, or not one row for each input.
    """
    sound = isinstance(output, np.ndarray) and output.dtype.kind in "fiu" and output.shape[:1] == (count,)
    if not sound or not isinstance(output, np.ndarray) or math.prod(output.shape) == 0:
        shape = list(output.shape) if isinstance(output, np.ndarray) else type(output).__name__
        raise ProgramFileError(
            "model.onnx does not give numbers for each input", got=shape, expected=f"[{count}, ...]"
        )
    return output
