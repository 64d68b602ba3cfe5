"""The part of a program that gives embeddings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np

from gatera.core.checks import check_count
from gatera.core.threads import MOST_THREADS, usable_processors
from gatera.program.archive import MODEL
from gatera.program.embedding.read import Embedder, no_embeddings
from gatera.program.embedding.search import SimilarItems
from gatera.program.familiar.inputs import each_input
from gatera.program.preprocess import Preprocessing, stack_arrays

#: Inputs computed at once; it changes the embeddings only by the rounding of float32.
BATCH = 16


class Embeds:
    """What `Program` does with embeddings; see there for the attributes."""

    preprocess: Preprocessing
    info: dict[str, Any]
    embedder: Embedder | None
    version: str | None
    _prepare: Callable[[Any], tuple[np.ndarray, Any]]

    @property
    def embedding_width(self) -> int | None:
        """Number of features D of an embedding; None if the program gives none."""
        return None if self.embedder is None else self.embedder.tensor.width

    @property
    def embeds_as(self) -> str:
        """What distinguishes its embeddings from those of other programs: a hash of its network and of how it reads inputs."""
        facts = [self.info["entries"][MODEL]["sha256"], self.preprocess.config]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def embed(self, raw: Any) -> np.ndarray:
        """Return the network's features of one input, before its last layers: similar inputs have similar embeddings.

        Args:
            raw: an input as `predict` takes it.

        Returns:
            float32 [D].

        Raises:
            ArgumentError: if the program was exported without embeddings.
            DataError: if the input cannot be read.
        """
        return next(self._embedded([raw], 1))[0]

    def embed_batch(self, many: Iterable[Any], batch_size: int = BATCH) -> np.ndarray:
        """Return the embeddings of many inputs, in order, float32 [N,D].

        Args:
            many: inputs as `predict` takes them.
            batch_size: the number of inputs computed at once.

        Raises:
            ArgumentError: if the program was exported without embeddings.
            DataError: if an input cannot be read; it names the file.
        """
        check_count("batch_size", batch_size, 1)
        photos = self.preprocess.config[0]["op"] == "read_photo"
        parts = list(self._embedded(each_input(many, photos=photos), batch_size))
        return np.concatenate(parts) if parts else np.zeros((0, self.embedding_width or 0), np.float32)

    def similar_items(self, items: Sequence[Any], names: Sequence[str] | None = None) -> SimilarItems:
        """Return a search among items by similarity.

        Args:
            items: inputs as `predict` takes them.
            names: what they are called; by default the items as text: paths, say.

        Raises:
            ArgumentError: as `embed`, or if there is not one name for each item.
            DataError: as `embed_batch`.

        Example:
            found = program.similar_items(paths).like(program.embed("new.jpg"), 5)
        """
        return SimilarItems(
            self.embed_batch(items),
            [str(each) for each in items] if names is None else names,
            self.embeds_as,
        )

    def _embedded(self, many: Iterable[Any], batch_size: int) -> Iterator[np.ndarray]:
        """Yield embeddings, float32 [n,D] for each batch; inputs are read side by side."""
        if self.embedder is None:
            raise no_embeddings(self.version or self.info["path"])
        with ThreadPoolExecutor(max_workers=min(MOST_THREADS, usable_processors())) as pool:
            for chunk in _chunks(many, batch_size):
                arrays = [array for array, _ in pool.map(self._prepare, chunk)]
                pad = self.preprocess.pad
                if pad is None and len({array.shape for array in arrays}) > 1:
                    yield np.concatenate([self.embedder(array[None]) for array in arrays])
                else:
                    yield self.embedder(stack_arrays(arrays, pad))  # n x [...] -> [n,...]


def _chunks(many: Iterable[Any], size: int) -> Iterator[list[Any]]:
    items = iter(many)
    while chunk := list(islice(items, size)):
        yield chunk
