"""What a search for leaks found: pairs of items across the split, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: How sides are called in a sentence.
SIDE_NAMES = {"valid": "validation", "test": "test"}

#: From this likeness on, two items are called the same.
SAME = 0.9995


@dataclass(frozen=True)
class Leak:
    """An item that is also in the training set.

    Attributes:
        side: "valid" or "test".
        place: its position on that side.
        name: how people call it: "valid/cat/3.jpg", "row 7".
        train_name: the training item that it is a copy of.
        likeness: how alike the two are; 1 for the same content.
        label: its label, in words.
        train_label: that of the training item.
    """

    side: str
    place: int
    name: str
    train_name: str
    likeness: float
    label: str = ""
    train_label: str = ""

    def __str__(self) -> str:
        words = "is the same as" if self.likeness >= SAME else "is nearly the same as"
        other = (
            f" (labelled {self.label}, there {self.train_label})" if self.label != self.train_label else ""
        )
        return f"{self.name} {words} {self.train_name}{other}"


@dataclass(frozen=True)
class Leaks:
    """Items of the validation and test set that are also in the training set. Made by `leaks`.

    Attributes:
        pairs: each such item with the training item most like it, the most alike first.
        counts: number of items on each side: "train", "valid", "test".
        things: what the items are called: "photos".
        changed: what was done to all of the copies, in words: "cropped or turned"; "" where that is not known.
    """

    pairs: Sequence[Leak]
    counts: Mapping[str, int]
    things: str
    changed: str = ""

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def places(self, side: str) -> np.ndarray:
        """Return the positions of a side's items that are also in the training set, int64."""
        return np.array(sorted({leak.place for leak in self.pairs if leak.side == side}), np.int64)

    def with_more(self, others: Leaks) -> Leaks:
        """Return these and other leaks of the same items together."""
        pairs = sorted([*self.pairs, *others.pairs], key=lambda leak: -leak.likeness)
        return Leaks(pairs, self.counts, self.things)

    def lines(self, most: int = 3, besides: Leaks | None = None) -> list[str]:
        """Return what was found, a line for each side.

        Args:
            most: number of pairs that are named.
            besides: what was told of before.
        """
        lines, changed = [], f", {self.changed}" if self.changed else ""
        for side, name in SIDE_NAMES.items():
            found = [leak for leak in self.pairs if leak.side == side]
            if found:
                examples = "; ".join(str(leak) for leak in found[:most])
                are = "is" if len(found) == 1 else "are"
                more = " more" if besides is not None and len(besides.places(side)) else ""
                lines.append(
                    f"{len(found):,}{more} of {self.counts[side]:,} {self.things} of the {name} set {are} also in the training set{changed}: "
                    f"{examples}{'; ...' if len(found) > most else '.'}"
                )
        return lines

    def __repr__(self) -> str:
        return (
            "\n".join(self.lines())
            or f"No {self.things} of the validation or test set are in the training set."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        rows = [
            {
                "side": leak.side, "item": leak.name, "train": leak.train_name, "likeness": round(leak.likeness, 4),
                "label": leak.label, "train_label": leak.train_label,
            }
            for leak in self.pairs
        ]  # fmt: skip
        return {"counts": dict(self.counts), "pairs": rows}
