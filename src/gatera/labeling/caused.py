"""After training: which labelling function put which wrong label into the training set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.labeling.model.label_model import LabelModel
from gatera.labeling.votes import Votes


@dataclass(frozen=True)
class Caused:
    """The label errors that one function caused and prevented.

    Attributes:
        name: the function.
        items: the items whose label is wrong, and would be right without it, or would not be there, as no other function votes;
            the clearest first: positions int64.
        prevented: how many labels are right, and would be wrong without it.
    """

    name: str
    items: np.ndarray
    prevented: int


def errors_caused(
    votes: Votes, model: LabelModel, predictions: Any = None, gold: Sequence[Any] | None = None
) -> list[Caused]:
    """Return for every function the errors that it caused and prevented.

    An item's true label is taken to be the known one or, where none is known, what a model trained without this item predicts. A
    function caused an error if the label model gives a wrong label, and would give the right one, or none, without that function's vote.

    Args:
        votes: the votes.
        model: the label model fitted on them.
        predictions: probabilities of the classes for every item by models not trained on it, float [n,K]; see `out_of_fold`.
        gold: known labels, one per item, None where a label is not known.

    Raises:
        ArgumentError: if neither predictions nor known labels are given, or they do not fit the votes.
    """
    truth, clearness = _truth(votes, predictions, gold)
    full = model.predict_proba(votes)
    label = full.argmax(axis=1)
    found = []
    for j, without in enumerate(model.without_each(votes)):
        voted = votes.voted[:, j] & (truth >= 0)
        others = (
            votes.voted.sum(axis=1) > 1
        )  # else there would be no label: that of the prior says nothing of the function
        changed = voted & others & (without.argmax(axis=1) != label)
        wrong = voted & (label != truth) & (~others | (without.argmax(axis=1) == truth))
        saved = changed & (label == truth)
        items = np.flatnonzero(wrong)
        found.append(
            Caused(votes.functions[j], items[np.argsort(-clearness[items], kind="stable")], int(saved.sum()))
        )
    return found


def out_of_fold(
    train_and_predict: Callable[[np.ndarray, np.ndarray], Any], n: int, folds: int = 5, seed: int = 0
) -> np.ndarray:
    """Return predictions for all items, each by a model that was not trained on it, float64 [n,K].

    Args:
        train_and_predict: called once per fold with the positions to train on and those to predict, int64 each; returns
            probabilities float [len(predicted),K].
        n: number of items.
        folds: number of parts, at least 2.
        seed: of the division into parts.

    Raises:
        ArgumentError: if the predictions are not one row for each item asked for.
    """
    check_count("folds", folds, 2)
    part = rng(seed, n).permutation(n) % folds
    found: np.ndarray | None = None
    for fold in range(folds):
        held = np.flatnonzero(part == fold)
        rows = np.asarray(train_and_predict(np.flatnonzero(part != fold), held), dtype=np.float64)
        if rows.ndim != 2 or len(rows) != len(held):
            raise ArgumentError(
                "train_and_predict returned something else",
                got=list(rows.shape),
                expected=f"[{len(held)}, K]",
            )
        if found is None:
            found = np.empty((n, rows.shape[1]))
        found[held] = rows
    assert found is not None
    return found


def _truth(votes: Votes, predictions: Any, gold: Sequence[Any] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the class that is taken for true, int64 [n] (-1 where unknown), and how clear that is, float [n]."""
    if predictions is None and gold is None:
        raise ArgumentError(
            "errors need something to be measured by", expected="predictions=, gold=, or both"
        )
    truth, clear = np.full(len(votes), -1, dtype=np.int64), np.zeros(len(votes))
    if predictions is not None:
        rows = np.asarray(predictions, dtype=np.float64)
        if rows.shape != (len(votes), len(votes.classes)):
            raise ArgumentError(
                "predictions do not fit the votes",
                got=list(rows.shape),
                expected=f"[{len(votes)}, {len(votes.classes)}]",
            )
        truth, clear = rows.argmax(axis=1), rows.max(axis=1)
    if gold is not None:
        known = votes.class_numbers(gold)
        truth, clear = np.where(known >= 0, known, truth), np.where(known >= 0, 2.0, clear)
    return truth, clear
