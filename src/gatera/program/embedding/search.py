"""Search for similar items by their embeddings: the cosine of the angle between them, with numpy alone."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import atomic_write

#: Rows compared with all others at a time, so that a search for copies needs little memory.
BLOCK = 1024

#: Above this cosine two items are nearly the same.
COPY = 0.98


class Similar(NamedTuple):
    """An item that was found.

    Attributes:
        name: what it is called.
        similarity: -1..1; 1 for the same embedding.
        place: its place among the items, from 0.
    """

    name: str
    similarity: float
    place: int


class Pair(NamedTuple):
    """Two items that are alike."""

    first: str
    second: str
    similarity: float


class SimilarItems:
    """Items with their embeddings, and the search among them. `Program.similar_items` makes one.

    Args:
        embeddings: float [N,D], finite.
        names: what the items are called.
        made_by: `Program.embeds_as` of the program that made the embeddings; "" where that is not known.

    Raises:
        ArgumentError: if they do not fit each other.

    Example:
        >>> items = SimilarItems(np.array([[1, 0], [0, 1], [1, 1]], np.float32), ["a", "b", "c"])
        >>> [(each.name, round(each.similarity, 2)) for each in items.like(np.array([2.0, 0.0]), 2)]
        [('a', 1.0), ('c', 0.71)]
    """

    def __init__(self, embeddings: np.ndarray, names: Sequence[str], made_by: str = "") -> None:
        embeddings = np.asarray(embeddings, np.float32)
        if embeddings.ndim != 2 or len(embeddings) != len(names) or not np.isfinite(embeddings).all():
            raise ArgumentError(
                "embeddings and names do not fit each other", got=f"{list(embeddings.shape)} and {len(names)} names",
                expected="finite numbers [N, D], and N names",
            )  # fmt: skip
        self.embeddings, self.names, self.made_by = embeddings, list(names), made_by
        self._directions = _unit(embeddings)

    def __len__(self) -> int:
        return len(self.names)

    def like(self, embedding: np.ndarray, n: int = 10) -> list[Similar]:
        """Return the items most like an embedding, the most similar first.

        Args:
            embedding: float [D], as `Program.embed` gives it.
            n: how many items.

        Raises:
            ArgumentError: if it has another number of features, or is not finite.
        """
        check_count("n", n, 1)
        row = np.asarray(embedding, np.float32)
        if row.shape != self.embeddings.shape[1:] or not np.isfinite(row).all():
            raise ArgumentError(
                "the embedding does not fit the items", got=list(row.shape), expected=f"finite numbers [{self.embeddings.shape[1]}]",
                remedy="It must come from the same program.",
            )  # fmt: skip
        similarity = self._directions @ _unit(row[None])[0]
        order = np.argsort(-similarity, kind="stable")[:n]
        return [Similar(self.names[i], float(similarity[i]), int(i)) for i in order]

    def pairs(self, above: float = COPY) -> list[Pair]:
        """Return the pairs of items that are more alike than `above`, the most similar first: copies, or nearly.

        Args:
            above: the cosine, -1..1.
        """
        found = []
        for start in range(0, len(self), BLOCK):
            alike = self._directions[start : start + BLOCK] @ self._directions[start:].T
            for row, column in zip(*np.nonzero(np.triu(alike, 1) > above), strict=True):
                found.append(
                    Pair(self.names[start + row], self.names[start + column], float(alike[row, column]))
                )
        return sorted(found, key=lambda pair: -pair.similarity)

    def save(self, path: str | Path) -> Path:
        """Write embeddings and names as one file, which `load` reads."""
        with atomic_write(path) as partial, partial.open("wb") as file:
            np.savez(
                file,
                embeddings=self.embeddings,
                names=np.array(self.names, dtype=np.str_),
                made_by=np.array(self.made_by),
            )
        return Path(path)

    @classmethod
    def load(cls, path: str | Path, program: str = "") -> SimilarItems:
        """Read what `save` wrote; nothing in it is executed or unpickled.

        Args:
            path: the file.
            program: `embeds_as` of the program that embeds what is looked for. Embeddings of another program mean something else, and are
                refused; files of before do not name theirs.

        Raises:
            DataError: if it is missing or damaged, or another program made the embeddings.
        """
        try:
            with np.load(path, allow_pickle=False) as content:
                made_by = str(content["made_by"]) if "made_by" in content else ""
                found = cls(content["embeddings"], [str(name) for name in content["names"]], made_by)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as err:
            raise DataError(f"{path} does not hold items with embeddings ({err})") from err
        if program and made_by and program != made_by:
            raise DataError(
                f"another program made the embeddings in {path}, and those of two programs cannot be compared",
                remedy="Make them again with this program: program.similar_items(items).save(path)",
            )
        return found


def _unit(rows: np.ndarray) -> np.ndarray:
    """Return rows of length 1, float32 [N,D]; rows of zeros stay so, and are like nothing."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
