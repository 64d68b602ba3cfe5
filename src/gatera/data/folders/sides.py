"""The sides of a split (training, validation and test set): the names of their folders, and who is held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gatera.data.splits.split import Splits

TRAIN_NAMES, VALID_NAMES, TEST_NAMES = (
    ("train", "training"),
    ("valid", "val", "validation"),
    ("test", "testing"),
)

#: Name of a folder, or value of a column "split" -> side.
SIDE_OF = {
    name: side
    for side, names in (("train", TRAIN_NAMES), ("valid", VALID_NAMES), ("test", TEST_NAMES))
    for name in names
}


class Sides:
    """Mixin of records whose items are split.

    Attributes:
        split: "train", "valid" or "test" for each item; "" where it has not been decided.
    """

    split: Sequence[str]

    def indices(self, side: str) -> list[int]:
        """Return the positions of the items on one side."""
        return [index for index, name in enumerate(self.split) if name == side]

    @property
    def counts(self) -> dict[str, int]:
        """The number of items on each side."""
        return {side: len(self.indices(side)) for side in ("train", "valid", "test")}

    @property
    def splits(self) -> Splits:
        """The positions of the items on each side, as a `DataBlock` takes them."""
        train, valid, test = (np.array(self.indices(side), np.int64) for side in ("train", "valid", "test"))
        return Splits(train, valid, test if len(test) else None)


def with_validation_set(split: Sequence[str], splitter: Callable[[Sequence[int]], Splits]) -> list[str]:
    """Return a split with a validation set taken from all items but those of the test set.

    Args:
        split: "test" for the items of the test set, anything else for the others.
        splitter: gets the positions of those others, and returns which of them are held out.
    """
    others = [index for index, side in enumerate(split) if side != "test"]
    valid = {others[int(index)] for index in splitter(others).valid}
    return [
        "valid" if index in valid else "test" if side == "test" else "train"
        for index, side in enumerate(split)
    ]
