"""The block for a user and an item: fitted to the training set, encoded a table at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.batch_size import RATINGS
from gatera.data.blocks.vocab import NOT_KNOWN, Vocab
from gatera.data.loading.row_tables import check_has_values, encode_rows, learn_labels, table_of
from gatera.program.raw.cells import cells_of
from gatera.program.raw.row import PairReader


@dataclass(frozen=True, repr=False)
class PairBlock(InputBlock):
    """Who rates what: two codes.

    Args:
        user_name: the column of the users.
        item_name: the column of the items.
        users: known users, in the order of their codes from 1 on; learned from the training set.
        items: known items.
        rated: for each user the codes of the items that they rated; None where that is not kept.
    """

    user_name: str
    item_name: str
    users: Sequence[Any] | None = None
    items: Sequence[Any] | None = None
    rated: Sequence[Sequence[int]] | None = field(default=None, repr=False)
    _read_pair: PairReader | None = field(default=None, repr=False, compare=False)
    storage = "memory"
    batch_rule = RATINGS

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that knows the users and items of the training set.

        Raises:
            DataError: if one of the columns is empty.
        """
        frame = table_of(values)
        for name in (self.user_name, self.item_name):
            check_has_values(frame, name)
        users, items = learn_labels(frame[self.user_name]), learn_labels(frame[self.item_name])
        reader = PairReader([self.user_name, self.item_name], users, items)
        return replace(self, users=users, items=items, _read_pair=reader)

    def knowing(self, pairs: np.ndarray) -> Self:
        """Return a copy that remembers who rated what, so that it is not recommended again.

        Args:
            pairs: codes of users and items, int64 [n,2]; unknown ones, 0, are passed over.
        """
        known = np.unique(pairs[(pairs > 0).all(axis=1)], axis=0)
        ends = np.searchsorted(known[:, 0], np.arange(1, len(self.users or ()) + 2))
        rated = [known[start:end, 1].tolist() for start, end in pairwise(ends.tolist())]
        reader = PairReader([self.user_name, self.item_name], self.users or (), self.items or (), rated)
        return replace(self, rated=rated, _read_pair=reader)

    @property
    def codes(self) -> Any:
        """The users and the items in their order."""
        return self.users, self.items

    @property
    def classes(self) -> dict[str, Vocab]:
        """Users by their column, items by theirs; "#na#", whom training did not know, is the first of each."""
        self._reader  # noqa: B018 - raises if the block has not been fitted
        return {
            self.user_name: Vocab([NOT_KNOWN, *(self.users or ())]),
            self.item_name: Vocab([NOT_KNOWN, *(self.items or ())]),
        }

    def read(self, raw: Any) -> dict[str, Any]:
        """Return user and item by column, from a pair or a row.

        Raises:
            DataError: if a column is missing, or `raw` is neither.
        """
        return cells_of(raw, (self.user_name, self.item_name))

    def encode(self, value: Mapping[str, Any]) -> np.ndarray:
        """Return the codes of user and item, int64 [2]; 0 for unseen ones, with a warning once for each column."""
        return self._reader(value)

    def encode_all(self, raws: Sequence[Any], name: Callable[[int], str]) -> np.ndarray:
        """Return the codes of a whole table, int64 [n,2]; see `encode_rows`."""
        return encode_rows(raws, name, self._reader)

    def decode(self, encoded: Any) -> dict[str, Any]:
        """Return user and item of two codes."""
        return {
            name: labels[int(code)]
            for (name, labels), code in zip(self.classes.items(), encoded, strict=True)
        }

    def columns(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cells that a table shows: user and item as the table has them, "#na#" where unknown."""
        # unseen values are warned of where they are predicted
        return self.decode(self._reader.examine(value)[0])

    def config(self) -> list[dict[str, Any]]:
        """Return the one operation that reads a pair."""
        self._reader  # noqa: B018 - raises if the block has not been fitted
        columns = [self.user_name, self.item_name]
        return [
            {
                "op": "read_pair",
                "columns": columns,
                "users": list(self.users or ()),
                "items": list(self.items or ()),
                "rated": self.rated,
            }
        ]

    @property
    def reader(self) -> PairReader:
        """What reads pairs."""
        return self._reader

    @property
    def _reader(self) -> PairReader:
        if self._read_pair is None:
            raise ArgumentError("This PairBlock has not been fitted", remedy="Call fit(rows) first.")
        return self._read_pair
