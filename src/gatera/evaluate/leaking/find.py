"""Items of one side of a split that are also on the side "train"; needs no PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatera.evaluate.leaking.contents import COMPARE
from gatera.evaluate.leaking.found import Leak, Leaks
from gatera.measure.duplicates.pairs import Pair


@dataclass(frozen=True)
class Side:
    """The items of one side of a split.

    Attributes:
        contents: what is compared, one for each item: a look, a text, or a row's cells.
        names: how people call them.
        labels: their labels in words; empty where there are none.
    """

    contents: Sequence[Any]
    names: Sequence[str]
    labels: Sequence[str] = ()


def find_leaks(sides: Mapping[str, Side], things: str) -> Leaks:
    """Find the items that are also on the side "train".

    Args:
        sides: "train", and "valid", "test" or both.
        things: what the items are: "photos", "recordings", "texts" or "rows".
    """
    train = sides["train"]
    found: list[Leak] = []
    for name, side in sides.items():
        if name == "train" or not len(side.contents) or not len(train.contents):
            continue
        best: dict[int, Leak] = {}
        for pair in COMPARE[things](side.contents, train.contents):
            best.setdefault(pair.first, leak_of(name, sides, pair))  # the most alike comes first
        found += best.values()
    return Leaks(sorted(found, key=lambda leak: -leak.likeness), counts_of(sides), things)


def leak_of(name: str, sides: Mapping[str, Side], pair: Pair) -> Leak:
    """Return a pair of copies by name: the first is on the side called `name`, the second on "train"."""
    side, train = sides[name], sides["train"]
    labels = (side.labels[pair.first], train.labels[pair.second]) if side.labels else ("", "")
    return Leak(name, pair.first, side.names[pair.first], train.names[pair.second], pair.likeness, *labels)


def counts_of(sides: Mapping[str, Side]) -> dict[str, int]:
    """Return the number of items on each side."""
    return {name: len(side.contents) for name, side in sides.items()}
