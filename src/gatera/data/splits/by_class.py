"""Hold out a share of every class, also where some classes have a single item."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence

import numpy as np

from gatera.core.checks import check_fraction, listed
from gatera.core.random import rng
from gatera.data.splits.split import Splits


def split_by_class(labels: Sequence[Hashable], valid_pct: float, seed: int) -> Splits:
    """Return a split that holds out a share of every class; a class of one item stays in the training set.

    Args:
        labels: the class of each item.
        valid_pct: the share, 0..1 exclusive. Where it is not a whole number of items, the largest remainders are rounded up, so
            that the total is right.
        seed: of the random choice.

    Example:
        >>> split = split_by_class(["cat"] * 10 + ["dog"] * 5 + ["newt"], 0.2, seed=0)
        >>> sorted(np.array(["cat"] * 10 + ["dog"] * 5 + ["newt"])[split.valid].tolist())
        ['cat', 'cat', 'dog']
    """
    check_fraction("valid_pct", valid_pct, open_low=True, open_high=True)
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    codes = np.array([numbers[label] for label in labels], np.int64)
    order = rng(seed, len(codes)).permutation(len(codes))
    counts = np.bincount(codes, minlength=len(numbers))
    held = _held_out(counts, valid_pct)
    by_class = order[np.argsort(codes[order], kind="stable")]
    # the rank of each item within its class
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    valid = np.zeros(len(codes), bool)
    valid[by_class] = rank < np.repeat(held, counts)
    return Splits(
        order[~valid[order]], order[valid[order]], made_by=f"split_by_class({valid_pct}, seed={seed})"
    )


def not_measured(
    labels: Iterable[Hashable], measured: Iterable[Hashable], name: str, known: Collection[Hashable] = ()
) -> str | None:
    """Return which classes a set has no items of, in a sentence: its error tells nothing of them; None if it has all.

    Args:
        labels: the classes that are learned.
        measured: those of the items of the set.
        name: how it is called.
        known: classes of which it was said.

    Example:
        >>> not_measured(["cat", "dog", "newt"], ["cat", "dog"], "test set")
        "The class 'newt' is in the training set and not in the test set, whose error says nothing about it"
    """
    missing = sorted({*labels} - {*measured, *known}, key=str)
    if not missing:
        return None
    one = len(missing) == 1
    which = f"class {missing[0]!r} is" if one else f"{len(missing):,} classes ({listed(missing, 5)}) are"
    return f"The {which} in the training set and not in the {name}, whose error says nothing about {'it' if one else 'them'}"


def _held_out(counts: np.ndarray, share: float) -> np.ndarray:
    """Return how many items of each class are held out: at most all but one."""
    wanted = np.minimum(counts * share, counts - 1)
    held = np.floor(wanted).astype(np.int64)
    total = max(1, int(counts.sum() * share))
    for number in np.argsort(-(wanted - held), kind="stable"):
        if held.sum() >= total:
            break
        if held[number] < counts[number] - 1:
            held[number] += 1
    return held
