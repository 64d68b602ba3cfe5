"""Which tensor of a program's model is its embedding: the object `embedding` of program.json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gatera.core.errors import ArgumentError, ProgramFileError
from gatera.program.engines import Engine

#: The name of the tensor in the programs that `learn.export` writes.
EMBEDDING = "item_embedding"

#: More features than any network here has.
MOST_FEATURES = 1_000_000


class Tensor(NamedTuple):
    """The tensor that is the embedding: its name in model.onnx, and its number of features D."""

    name: str
    width: int


def embedding_of(program: dict[str, Any], path: object) -> Tensor | None:
    """Return what program.json says of the embedding; None where the program gives none.

    Raises:
        ProgramFileError: if it is not what docs/program-format.md says.
    """
    value = program.get("embedding")
    if value is None:
        return None
    name, width = (value.get("tensor"), value.get("width")) if isinstance(value, dict) else (None, None)
    if not isinstance(name, str) or not name or type(width) is not int or not 0 < width <= MOST_FEATURES:
        raise ProgramFileError(
            f"program.json of {path} has no valid 'embedding'",
            got=value,
            expected="the name of a tensor and its width",
        )
    return Tensor(name, width)


class Embedder:
    """Computes embeddings with an engine of its own, which is made with the first one.

    Args:
        tensor: which tensor it is.
        make: makes the engine, which gives that tensor beside the output.
        path: the program file, for messages.
    """

    def __init__(self, tensor: Tensor, make: Callable[[], Engine], path: object) -> None:
        self.tensor, self._make, self._path = tensor, make, path
        self._engine: Engine | None = None

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Return the embeddings, float32 [N,D], of a batch as the model takes it, [N,...].

        Raises:
            ProgramFileError: if the model gives something else.
        """
        if self._engine is None:
            self._engine = self._make()
        found = self._engine.run_with_features(batch)[1]
        if found is None or found.shape != (len(batch), self.tensor.width):
            raise ProgramFileError(
                f"the model of {self._path} gives embeddings of another shape", got=None if found is None else list(found.shape),
                expected=f"[{len(batch)}, {self.tensor.width}]",
            )  # fmt: skip
        return np.asarray(found, np.float32)


def no_embeddings(path: object) -> ArgumentError:
    """Return the error of a program that gives none."""
    return ArgumentError(
        f"the program {path} gives no embeddings",
        remedy="Export it with them: learn.export(..., embeddings=True), or gatera train --embeddings.",
    )
