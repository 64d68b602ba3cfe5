from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.model_selection
from public_pieces import public

from gatera.data.splits.by_position import RandomSplitter, Splits
from gatera.testing import ContractError, check_splitter

SPLITTERS = public(lambda piece: isinstance(piece, type) and piece.__name__.endswith("Splitter"))

#: 24 photos of 8 animals: train/cat/0.jpg ...
PATHS = [Path("train" if n % 3 else "valid") / ("cat" if n % 2 else "dog") / f"{n}.jpg" for n in range(24)]
TABLE = pd.DataFrame(
    {"file": PATHS, "is_valid": [n % 5 == 0 for n in range(24)], "animal": [n % 8 for n in range(24)]}
)

#: What each is made with, and the items that it splits.
MADE = {
    "ColSplitter": [({}, TABLE), ({"col": "animal", "on": [1, 2]}, TABLE)],
    "EndSplitter": [({}, PATHS), ({"valid_last": False}, PATHS)],
    "FuncSplitter": [({"func": lambda path: path.name < "15"}, PATHS)],
    "GrandparentSplitter": [({}, PATHS)],
    "GroupSplitter": [({"group": "animal"}, TABLE), ({"group": "animal", "seed": 3}, TABLE)],
    "IndexSplitter": [({"valid_idx": [3, 1]}, PATHS)],
    "MaskSplitter": [({"mask": TABLE.is_valid}, PATHS)],
    "RandomSplitter": [({}, PATHS), ({"seed": 42}, PATHS), ({}, TABLE)],
    "RandomSubsetSplitter": [
        ({"train_sz": 0.5, "valid_sz": 0.2}, PATHS),
        ({"train_sz": 0.5, "valid_sz": 0.2, "seed": 1}, PATHS),
    ],
    "TimeSplitter": [({"time": "animal"}, TABLE)],
    "TrainTestSplitter": [({}, PATHS), ({"random_state": 3, "stratify": True}, PATHS)],
}


@pytest.mark.parametrize("name", sorted(SPLITTERS))
def test_built_in_splitters_keep_the_contract(name, tmp_path):
    listed = tmp_path / "valid.txt"
    listed.write_text("3.jpg\n7.jpg\n")
    for arguments, items in MADE[name] if name != "FileSplitter" else [({"fname": listed}, PATHS)]:
        check_splitter(SPLITTERS[name](**arguments), items)


# -- broken ones -----------------------------------------------------------------------------------------------------


def no_return(items):
    Splits([0], [1])


def raises(items):
    raise KeyError("is_valid")


def same_items(items):
    return [0, 1, 2], [2, 3]


def out_of_range(items):
    return list(range(20)), [20, 21, 22, 23, 24]


def nothing_to_validate(items):
    return list(range(24)), []


def sorts_items(items):
    items.sort(key=str)
    return list(range(4, 24)), [0, 1, 2, 3]


class Counts:
    n = 0

    def __call__(self, items):
        self.n += 1
        return list(range(4, 24)), [0, 1, 2, 3][: self.n]


def seeds_numpy(items):
    np.random.seed(42)
    order = np.random.permutation(len(items))
    return order[4:], order[:4]


def seeds_everything(items):
    random.seed(1)
    return seeds_numpy(items)


def draws_for_nothing(items):
    np.random.rand()
    return list(range(4, 24)), [0, 1, 2, 3]


BROKEN = {
    no_return: (
        "no_return breaks a rule of splitters: training and validation sets are not empty, contain valid positions, "
        "and do not overlap. Seen: no_return did not return index lists. Put every item into one set at most, and "
        "use positions from 0 to len(items) - 1."
    ),
    raises: (
        "raises breaks a rule of splitters: it accepts the items and returns positions. Seen: splitter(items) "
        "raised KeyError: 'is_valid'. Return Splits(train, valid), or two lists of positions."
    ),
    same_items: (
        "same_items breaks a rule of splitters: training and validation sets are not empty, contain valid positions, "
        "and do not overlap. Seen: same_items uses items more than once, at positions 2. Put every item into one set "
        "at most, and use positions from 0 to len(items) - 1."
    ),
    out_of_range: (
        "out_of_range breaks a rule of splitters: training and validation sets are not empty, contain valid "
        "positions, and do not overlap. Seen: out_of_range refers to items that do not exist, at positions 24. Put "
        "every item into one set at most, and use positions from 0 to len(items) - 1."
    ),
    nothing_to_validate: (
        "nothing_to_validate breaks a rule of splitters: training and validation sets are not empty, contain valid "
        "positions, and do not overlap. Seen: nothing_to_validate leaves the validation set empty (the training "
        "set has 24). Put every item into one set at most, and use positions from 0 to len(items) - 1."
    ),
    sorts_items: (
        "sorts_items breaks a rule of splitters: the items do not change. Seen: items changed. Work on a "
        "copy, e.g. sorted(items) in place of items.sort()."
    ),
    Counts: (
        "Counts breaks a rule of splitters: the same items and global seed give the same split. Seen: valid begins "
        "with [0], and the second time with [0, 1]. Use a generator with a fixed seed; do not iterate over a set, "
        "whose order changes from run to run."
    ),
    seeds_numpy: (
        "seeds_numpy breaks a rule of splitters: a splitter with its own seed does not use the global generators. "
        "Seen: the state of numpy.random was changed. Use a private generator: np.random.default_rng(seed), "
        "random.Random(seed) or torch.Generator()."
    ),
    seeds_everything: (
        "seeds_everything breaks a rule of splitters: a splitter with its own seed does not use the global "
        "generators. Seen: the state of random and numpy.random was changed. Use a private generator: "
        "np.random.default_rng(seed), random.Random(seed) or torch.Generator()."
    ),
    draws_for_nothing: (
        "draws_for_nothing breaks a rule of splitters: a splitter with its own seed does not use the global "
        "generators. Seen: the state of numpy.random was changed. Use a private generator: "
        "np.random.default_rng(seed), random.Random(seed) or torch.Generator()."
    ),
}


def run_broken(splitter) -> None:
    check_splitter(splitter() if isinstance(splitter, type) else splitter, list(PATHS))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda splitter: splitter.__name__)
def test_broken_splitters_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken]


def test_a_check_leaves_the_global_generators_as_they_were():
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    check_splitter(RandomSplitter(), PATHS)
    assert np.random.rand() == expected


assert sklearn.model_selection  # imported here, as it takes seconds that belong to no test
