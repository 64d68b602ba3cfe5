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
    """

    pairs: Sequence[Leak]
    counts: Mapping[str, int]
    things: str

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def places(self, side: str) -> np.ndarray:
        """Return the positions of a side's items that are also in the training set, int64."""
        return np.array(sorted({leak.place for leak in self.pairs if leak.side == side}), np.int64)

    def lines(self, most: int = 3) -> list[str]:
        """Return what was found, a line for each side; `most` pairs are named."""
        lines = []
        for side, name in SIDE_NAMES.items():
            found = [leak for leak in self.pairs if leak.side == side]
            if found:
                examples = "; ".join(str(leak) for leak in found[:most])
                are = "is" if len(found) == 1 else "are"
                lines.append(
                    f"{len(found):,} of {self.counts[side]:,} {self.things} of the {name} set {are} also in the training set: "
                    f"{examples}{'; ...' if len(found) > most else ''}."
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
