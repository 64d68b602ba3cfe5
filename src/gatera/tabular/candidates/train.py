"""Train what answers best for a table: a network, boosted trees, a linear model, or trees with one of the others."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from gatera.core.checks import counted, listed
from gatera.models.trees import TableMixture
from gatera.program.tables.notes import Note
from gatera.tabular.candidates.choose import (
    LINEAR,
    NAMES,
    NETWORK,
    TREES,
    Candidate,
    Kind,
    Trial,
    try_all,
)
from gatera.tabular.candidates.linear import USUAL_PENALTY, fit_linear, is_small_enough
from gatera.tabular.candidates.network import NetworkMaker
from gatera.tabular.encoded import EncodedRows
from gatera.tabular.learner import TabularLearner
from gatera.tabular.trees.fit import MOST_TREE_CLASSES, MOST_TREE_COLUMNS, boosted_module, fit_several

TableModel = Literal["best", "network", "trees", "linear", "both"]

#: With fewer training rows, nothing is held out of them.
FEWEST = 10

#: Shows what goes on while a block lasts.
Status = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class TableTraining:
    """How the model of a table is trained.

    Attributes:
        model: "network", "trees", "linear", "both" for network and trees, or "best": what answers held-out training rows best.
        epochs: of the network; None to find out.
        lr: its peak learning rate.
        bs: its batch size.
        wd: its weight decay; None for the optimizer's own.
        seed: keys folds, network and trees.
        groups: the group of each training row, int64 [n], where rows of one must not be apart; see `EncodedRows`.
        times: when each training row was, int64 [n], where later ones are to be predicted.
    """

    model: TableModel
    epochs: int | None
    lr: float
    bs: int
    wd: float | None
    seed: int
    groups: np.ndarray | None = None
    times: np.ndarray | None = None


def train_table(
    learn: TabularLearner,
    how: TableTraining,
    on_note: Callable[[Note], None],
    resume: Path | None = None,
    *,
    status: Status | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> dict[str, Any]:
    """Train a new learner; afterwards its model is what was chosen.

    Args:
        learn: with one target, a class or a number.
        how: see `TableTraining`.
        on_note: takes each decision.
        resume: the checkpoint of an interrupted run.
        status: shows what goes on, for all that prints no epochs.
        on_trial: takes what held-out training rows said, where any were held out; called when the training is over.

    Returns:
        What was decided, as plain values.
    """
    rows = replace(EncodedRows.of(learn.dls, learn.dls.train_ds), groups=how.groups, times=how.times)
    kinds = _kinds(how, rows, on_note)
    status = status or _unseen
    trial = _try(learn, rows, kinds, how, status)
    best = trial.best if trial else _unmeasured(how.model, kinds)
    if trial is not None:
        _tell(trial, kinds, rows, how, on_note)
    if best.kind != "network" and resume is not None:
        on_note(Note(f"The checkpoint {resume} is not used: the program uses {best}, without a network"))
    if best.kind == "network":
        epochs = how.epochs or (trial and trial.epochs) or 1
        learn.fit_one_cycle(epochs, how.lr, wd=how.wd, resume=resume)
    if best.kind == "linear":
        penalty = (trial and trial.penalty) or USUAL_PENALTY
        with status("Solving for a linear model"):
            learn.model = fit_linear(rows, penalty).to(learn.dls.device)
    if best.trees > 0:
        with status("Training boosted trees"):
            trees = boosted_module(fit_several(rows, how.seed), rows)
        beside = None if best == TREES else learn.model
        learn.model = TableMixture(trees, beside, best.trees, bool(rows.n_classes)).to(learn.dls.device)
    if trial is not None and on_trial is not None:
        on_trial(trial)
    held_out = {} if trial is None else {str(each): error for each, error in trial.errors.items()}
    return {"answers": str(best), "trees_share": best.trees, "held_out_errors": held_out}


def _kinds(how: TableTraining, rows: EncodedRows, on_note: Callable[[Note], None]) -> list[Kind]:
    """Return the kinds of models that may answer, first the one that does where nothing is held out. What is left out is said."""
    n_columns, model = rows.x.shape[1], how.model
    if rows.n_classes and len(np.unique(rows.y)) < max(2, rows.n_classes):
        if model not in ("best", "network"):
            text = f"The training rows have only {counted(len(np.unique(rows.y)), 'class', 'classes')} of {rows.n_classes:,}"
            on_note(Note(f"{text}, and only a network can learn from that: the program uses the network"))
        return ["network"]
    if model == "best" and len(rows.y) < FEWEST:
        text = f"With fewer than {FEWEST} training rows, nothing is held out to compare models on: the program uses the network"
        on_note(Note(text, "model", "both"))
        return ["network"]
    several: dict[TableModel, list[Kind]] = {
        "best": ["network", "linear", "trees"],
        "both": ["network", "trees"],
    }
    kinds = several.get(model) or [cast(Kind, model)]
    if rows.n_classes > MOST_TREE_CLASSES and "trees" in kinds:
        text = f"Boosted trees are not tried: they need a set of trees for each of {rows.n_classes:,} classes"
        on_note(Note(text))
        kinds = [kind for kind in kinds if kind != "trees"] or ["network"]
    if n_columns > MOST_TREE_COLUMNS and model == "best":
        text = f"Boosted trees are not tried: {n_columns:,} columns would take them many minutes"
        on_note(Note(text, "model", "trees"))
        kinds.remove("trees")
    if model == "best" and not is_small_enough(rows):
        kinds.remove("linear")  # such tables have rows enough for the others
    return kinds


def _try(
    learn: TabularLearner, rows: EncodedRows, kinds: list[Kind], how: TableTraining, status: Status
) -> Trial | None:
    """Return what held-out rows say; None where nothing is left to decide, or there are too few rows."""
    decided = kinds == ["trees"] or (kinds == ["network"] and how.epochs is not None)
    if decided or len(rows.y) < FEWEST:
        return None
    untrained = copy.deepcopy(learn.model).cpu()
    maker = NetworkMaker(
        lambda: copy.deepcopy(untrained), learn.dls.block.as_batch, learn.loss_func, how.lr, how.bs,
        learn.options.moms, 0.01 if how.wd is None else how.wd,
    )  # fmt: skip
    what = f"Comparing {listed(NAMES[kind] for kind in kinds)}" if len(kinds) > 1 else "Trying how to train"
    with status(f"{what} on training rows held out in turn"):
        return try_all(rows, kinds, maker, how.seed, how.epochs, mixed=_is_mixed(how.model, kinds))


def _is_mixed(model: TableModel, kinds: list[Kind]) -> bool:
    """Whether trees answer beside the network, as was asked for; not where there are too many classes for trees."""
    return model == "both" and "trees" in kinds


def _unmeasured(model: TableModel, kinds: list[Kind]) -> Candidate:
    """Return what answers where nothing is held out to choose by."""
    if _is_mixed(model, kinds):
        return Candidate("network", 0.5)
    return TREES if kinds[0] == "trees" else Candidate(kinds[0])


def _unseen(_text: str) -> AbstractContextManager[None]:
    return nullcontext()


def _tell(
    trial: Trial, kinds: list[Kind], rows: EncodedRows, how: TableTraining, on_note: Callable[[Note], None]
) -> None:
    """Say what held-out rows said, and what follows."""
    held = (
        f"the newest {trial.n:,} training rows"
        if rows.times is not None
        else f"{trial.n:,} training rows held out in turn"
    )
    held += ", groups kept whole" if rows.groups is not None else ""
    if len(kinds) > 1:
        shown = [each for each in (NETWORK, LINEAR, TREES) if each in trial.errors]
        shown += [] if trial.best in shown else [trial.best]
        said = ", ".join(f"{each} {_figure(trial.errors[each], rows)}" for each in shown)
        measure = "Error" if rows.n_classes else "Root mean squared error"
        others: list[Kind] = ["trees", "linear"] if trial.best == NETWORK else ["network"]
        other = next(kind for kind in others if kind in kinds)
        on_note(Note(f"{measure} on {held}: {said}. The program uses {trial.best}", "model", other))
    if how.epochs is None and trial.best.kind == "network":
        why = "it was still improving on these rows" if trial.falling else "more did not help on these rows"
        on_note(Note(f"The network trains for {trial.epochs} epochs: {why}", "epochs", trial.epochs * 2))


def _figure(error: float, rows: EncodedRows) -> str:
    if not np.isfinite(error):
        return "not a number, because its training diverged"
    return f"{100 * error:.1f} %" if rows.n_classes else f"{float(f'{error:.4g}'):,.7g}"
