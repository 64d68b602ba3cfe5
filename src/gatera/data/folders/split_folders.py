"""The sides of a split (training, validation and test set): the names of their folders, and who is held out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from gatera.data.splits.split import SIDES, Splits

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

#: Other words that folders of a side are called by.
_MORE_SIDES = {
    "trn": "train",
    "dev": "valid",
    "eval": "valid",
    "evaluation": "valid",
    "tst": "test",
    "holdout": "test",
}

#: Words beside the side's in the name of its folder that say nothing: "train_set", "Test Images".
_FILLERS = frozenset(("set", "data", "dataset", "images", "image", "imgs", "photos", "pictures", "files", "folder", "split", "seg"))  # fmt: skip


def side_word(word: str) -> str:
    """Return the side that a word names in any case, "" for none.

    Example:
        >>> side_word("Validation"), side_word("TEST1"), side_word("cat")
        ('valid', 'test', '')
    """
    bare = word.lower().rstrip("0123456789")
    return SIDE_OF.get(bare) or _MORE_SIDES.get(bare, "")


def side_and_rest(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the side in the name of a folder, and the words beside it.

    Example:
        >>> side_and_rest("seg_Train"), side_and_rest("asl-test"), side_and_rest("cat")
        (('train', ('seg',)), ('test', ('asl',)), ('', ('cat',)))
    """
    words = [word for word in re.split(r"[\W_]+", name.lower()) if word]
    sides = [word for word in words if side_word(word)]
    if len(sides) != 1:
        return "", tuple(words)
    return side_word(sides[0]), tuple(word for word in words if word != sides[0])


def sides_among(names: Sequence[str]) -> dict[str, str]:
    """Return which of the folders beside each other are sides of a split: name -> side; empty where there is no split.

    A split has a training set and another one. Words beside the side's must say nothing ("train_set") or be the same in all
    ("asl_train", "asl_test"), so that a class called "blood test" is none.

    Example:
        >>> sides_among(["Training", "Test", "notes"])
        {'Training': 'train', 'Test': 'test'}
        >>> sides_among(["cat", "dog", "test"])
        {}
    """
    parsed = {name: side_and_rest(name) for name in names}
    plain = {name: side for name, (side, rest) in parsed.items() if side and set(rest) <= _FILLERS}
    for found in (
        plain,
        *(_alike(parsed, rest) for rest in sorted({rest for side, rest in parsed.values() if side})),
    ):
        if "train" in found.values() and len(set(found.values())) > 1:
            return found
    return {}


def _alike(parsed: dict[str, tuple[str, tuple[str, ...]]], wanted: tuple[str, ...]) -> dict[str, str]:
    return {name: side for name, (side, rest) in parsed.items() if side and rest == wanted}


class Sides:
    """Mixin of records whose items are split.

    Attributes:
        split: "train", "valid" or "test" for each item; "" where it has not been decided.
        at_random: the sides that were drawn at random; with another seed they have other items.
    """

    split: Sequence[str]
    at_random: Sequence[str]

    def indices(self, side: str) -> list[int]:
        """Return the positions of the items on one side."""
        return [index for index, name in enumerate(self.split) if name == side]

    @property
    def counts(self) -> dict[str, int]:
        """The number of items on each side."""
        return {side: len(self.indices(side)) for side in SIDES}

    @property
    def splits(self) -> Splits:
        """The positions of the items on each side, as a `DataBlock` takes them."""
        train, valid, test = (np.array(self.indices(side), np.int64) for side in SIDES)
        return Splits(train, valid, test if len(test) else None)


def with_validation_set(
    split: Sequence[str], splitter: Callable[[Sequence[int]], Splits], side: str = "valid"
) -> list[str]:
    """Return a split with a validation set (or a test set) taken from the items that are on no such side yet.

    Args:
        split: "test" for the items of the test set, anything else for the others.
        splitter: gets the positions of the items to choose from, and returns which of them are held out.
        side: what those become.
    """
    fixed = ("test",) if side == "valid" else ("test", "valid")
    others = [index for index, name in enumerate(split) if name not in fixed]
    chosen = {others[int(index)] for index in splitter(others).valid}
    return [
        side if index in chosen else name if name in fixed else "train" for index, name in enumerate(split)
    ]
