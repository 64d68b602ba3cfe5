"""Check a program's model before an engine sees it, and each input's size before it is computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from gatera.core.errors import ProgramFileError
from gatera.program.network.operators import NotAllowed, check_structure
from gatera.program.network.reader import Network, read_network
from gatera.program.network.sizes import MOST_BYTES, Needs, input_shape, needs

#: Sizes of inputs whose needs are remembered. Texts of different lengths are what has many.
MOST_REMEMBERED = 4096

TRUSTED = "If you trust its author, pass trusted=True."


class RefusedNetworkError(ProgramFileError):
    """A program's model, or what it would compute of an input, is not allowed: an operator, a size, the memory."""


_Found = TypeVar("_Found")


class _Computes(Protocol):
    @property
    def name(self) -> str: ...

    def run(self, batch: np.ndarray) -> np.ndarray: ...

    def run_with_features(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]: ...


def check_model(model: bytes, path: object, features: str | None = None) -> Network:
    """Return a model that an engine may be given.

    Args:
        model: its bytes.
        path: the program file, for messages.
        features: the name of a tensor inside it that the engine will give, too.

    Raises:
        ProgramFileError: if it is not an ONNX model, or has operators, sizes or parts that are not allowed.
    """
    try:
        network = read_network(model)
        check_structure(network)
        if features is not None:
            network = network._replace(outputs=(*network.outputs, features))
        needs(network, input_shape(network, varying=16))
    except ValueError as err:
        raise refused(path, err) from err
    return network


def refused(path: object, why: ValueError) -> RefusedNetworkError:
    """Return the error for a model that is not allowed."""
    clause = str(why) if isinstance(why, NotAllowed) else f"something is not read ({why})"
    return RefusedNetworkError(f"{path} is refused: in its model.onnx, {clause}", remedy=TRUSTED)


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
        parts = [sound_output(output, n) for output, n in self._parts(self._engine.run, batch)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def run_with_features(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Compute the output, float32 [N,...], and the features, float32 [N,D] or None, for N inputs.

        Raises:
            ProgramFileError: as `run`.
        """
        parts = self._parts(self._engine.run_with_features, batch)
        outputs = [sound_output(output, n) for (output, _), n in parts]
        features = [sound_output(found, n) for (_, found), n in parts if found is not None]
        if len(parts) == 1:
            return outputs[0], features[0] if features else None
        return np.concatenate(outputs), np.concatenate(features) if features else None

    def _parts(self, run: Callable[[np.ndarray], _Found], batch: np.ndarray) -> list[tuple[_Found, int]]:
        """Return what is computed for as many inputs at once as fit, and how many these are."""
        each = self._needs_of(batch.shape[1:])
        at_once = max(1, MOST_BYTES // max(1, each.bytes))
        if len(batch) <= at_once:
            return [(run(batch), len(batch))]
        parts = [batch[start : start + at_once] for start in range(0, len(batch), at_once)]
        return [(run(part), len(part)) for part in parts]

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
