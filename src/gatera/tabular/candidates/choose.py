"""Decide what answers for a table, and how long a network is trained, on held-out training rows.

The validation set takes no part in it, so the error measured there is not the smallest of several.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gatera.core.random import rng
from gatera.tabular.candidates.folds import make_folds
from gatera.tabular.candidates.held_out import error_of, finite_or_worst, held_rows, loss_of, try_in_turn
from gatera.tabular.candidates.linear import try_linear
from gatera.tabular.candidates.network import NetworkMaker, try_networks
from gatera.tabular.encoded import EncodedRows
from gatera.tabular.trees.fit import fit_several, predict_trees

#: Of a larger table, this many rows are tried.
MOST_TRIED = 40_000

#: The kinds of models that are tried.
Kind = Literal["network", "trees", "linear"]

#: What trees may count beside another model, in words.
SHARES = {0.25: "a quarter trees", 0.5: "half of each", 0.75: "three quarters trees"}

NAMES: dict[Kind, str] = {"network": "the network", "trees": "boosted trees", "linear": "a linear model"}


@dataclass(frozen=True)
class Candidate:
    """What may answer for a table.

    Attributes:
        kind: the kind of model.
        trees: what trees count beside it, 0..1; 1 for trees alone.
    """

    kind: Kind
    trees: float = 0.0

    def __str__(self) -> str:
        if self.trees in (0, 1):
            return NAMES[self.kind]
        return f"{NAMES[self.kind]} and boosted trees ({SHARES[self.trees]})"


NETWORK, TREES, LINEAR = Candidate("network"), Candidate("trees", 1.0), Candidate("linear")


@dataclass(frozen=True)
class Trial:
    """What held-out training rows say.

    Attributes:
        best: what answers them best.
        errors: candidate -> error on held-out rows: wrong answers, 0..1, or the root mean squared error.
        epochs: how many epochs a network is trained; 0 if none was tried.
        falling: whether the loss still fell at the last number of epochs that was tried.
        penalty: the penalty of a linear model; None if none was tried.
        places: the positions of the rows that were held out among the training rows, int64 [n].
        answers: what the best said of them: probabilities, float64 [n,K], or numbers, float64 [n,1].
    """

    best: Candidate
    errors: dict[Candidate, float]
    epochs: int
    falling: bool
    penalty: float | None
    places: np.ndarray
    answers: np.ndarray

    @property
    def n(self) -> int:
        """How many rows were held out."""
        return len(self.places)


def try_all(
    rows: EncodedRows,
    kinds: Collection[Kind],
    maker: NetworkMaker,
    seed: int,
    epochs: int | None,
    mixed: bool = False,
) -> Trial:
    """Train models on parts of the training rows, and measure them on the others.

    The candidate with the lowest product of loss and error is the best: a few rows decide about errors, and sure answers that are
    wrong dominate the loss of classes.

    Args:
        rows: the training rows.
        kinds: the kinds of models to try; trees also beside each of the others.
        maker: how networks are made.
        seed: keys the folds and the training.
        epochs: how many epochs a network is trained; None to find out.
        mixed: only choose among trees beside another.
    """
    places = np.arange(len(rows.y))
    if len(rows.y) > MOST_TRIED:
        places = np.sort(rng(seed, 1).choice(len(rows.y), MOST_TRIED, replace=False))
        rows = rows.take(places)
    folds = make_folds(rows, seed)
    wanted = held_rows(rows, folds)
    said: dict[Candidate, np.ndarray] = {}
    network, penalty = None, None
    if "network" in kinds:
        network = try_networks(rows, folds, maker, seed, epochs)
        said[NETWORK] = network.answers
    if "linear" in kinds:
        penalty, said[LINEAR] = try_linear(rows, folds)
    if "trees" in kinds:
        trees = try_in_turn(rows, folds, lambda train, valid: predict_trees(fit_several(train, seed), valid))
        for other, answers in list(said.items()):
            for share in SHARES:
                said[Candidate(other.kind, share)] = share * trees + (1 - share) * answers
        said[TREES] = trees
    errors = {candidate: error_of(wanted, answers) for candidate, answers in said.items()}
    badness = {
        each: finite_or_worst(loss_of(wanted, answers) * max(errors[each], 1 / len(wanted.y)))
        for each, answers in said.items()
    }
    best = min((each for each in said if not mixed or 0 < each.trees < 1), key=lambda each: badness[each])
    held = np.concatenate([valid for _, valid in folds])
    return Trial(
        best, errors, network.epochs if network else 0, network is not None and network.falling, penalty,
        places[held], said[best],
    )  # fmt: skip
