"""The contract of splitters."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from gatera.core.errors import DataError
from gatera.data.splits.by_position import Splits, as_splits
from gatera.testing.contract import Contract, Rule, piece_name, problem_of, same
from gatera.testing.generators import globally_seeded, moved, states

RUNS = Rule(
    "it accepts the items and returns positions", "Return Splits(train, valid), or two lists of positions."
)
SIDES = Rule(
    "training and validation sets are not empty, contain valid positions, and do not overlap",
    "Put every item into one set at most, and use positions from 0 to len(items) - 1.",
)
UNCHANGED = Rule("the items do not change", "Work on a copy, e.g. sorted(items) in place of items.sort().")
STEADY = Rule(
    "the same items and global seed give the same split",
    "Use a generator with a fixed seed; do not iterate over a set, whose order changes from run to run.",
)
PRIVATE = Rule(
    "a splitter with its own seed does not use the global generators",
    "Use a private generator: np.random.default_rng(seed), random.Random(seed) or torch.Generator().",
)

#: Global seeds for running a splitter. Several, because two may give equal splits by chance; and uncommon ones.
SEEDS = (20011, 20021, 20023, 20029, 20047, 20051)


def check_splitter(splitter: Callable[[Any], Any], items: Any) -> None:
    """Check a splitter against its contract.

    It accepts the items and returns `Splits` or two lists of positions, in range, without overlap, neither empty; it does not
    change the items; it splits the same items the same way; and if it has its own seed, it does not use the global generators.

    Args:
        splitter: items -> splits.
        items: items that it can split: a list or a DataFrame with about 10 items.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and the remedy.

    Example:
        >>> from gatera.data.splits.by_position import RandomSplitter
        >>> check_splitter(RandomSplitter(0.25, seed=42), list("abcdefgh"))
    """
    contract = Contract(piece_name(splitter), "splitters")
    before = copy.deepcopy(items)
    first, touched = _split(contract, splitter, items, SEEDS[0])
    contract.require(same(before, items), UNCHANGED, "items changed")
    again, _ = _split(contract, splitter, items, SEEDS[0])
    _require_equal(contract, first, again)
    others = [_split(contract, splitter, items, seed)[0] for seed in SEEDS[1:]]
    if all(_difference(first, other) is None for other in others):  # it does not depend on the global seed
        contract.require(not touched, PRIVATE, f"the state of {' and '.join(touched)} was changed")


def _split(
    contract: Contract, splitter: Callable[[Any], Any], items: Any, seed: int
) -> tuple[Splits, list[str]]:
    """Return the splits under a global seed, and the names of the generators that were used."""
    with globally_seeded(seed):
        before = states()
        with contract.running(RUNS, "splitter(items)"):
            result = splitter(items)
        touched = moved(before)
    try:
        return as_splits(result, len(items), contract.piece), touched
    except DataError as err:
        raise contract.broken(SIDES, problem_of(err)) from err


def _difference(a: Splits, b: Splits) -> str | None:
    """Return the name of the first set in which two splits differ, None if they are equal."""
    return next(
        (side for side in ("train", "valid", "test") if not same(getattr(a, side), getattr(b, side))), None
    )


def _require_equal(contract: Contract, first: Splits, again: Splits) -> None:
    side = _difference(first, again)
    if side is not None:
        one, two = (getattr(splits, side) for splits in (first, again))
        shown = ["None" if found is None else str(found.tolist()[:5]) for found in (one, two)]
        raise contract.broken(STEADY, f"{side} begins with {shown[0]}, and the second time with {shown[1]}")
