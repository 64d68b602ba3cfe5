"""Train what answers best for a table: the network, boosted trees, or both."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gatera.models.trees import TableMixture
from gatera.program.tables.notes import Note
from gatera.tabular.learner import TabularLearner
from gatera.tabular.trees.choose import NetworkMaker, Trial, try_both
from gatera.tabular.trees.fit import (
    MOST_TREE_CLASSES,
    MOST_TREE_COLUMNS,
    EncodedRows,
    boosted_module,
    fit_several,
)

TableModel = Literal["best", "network", "trees", "both"]

#: With fewer training rows, nothing is held out of them.
FEWEST = 10

#: The parts of a share of the trees, in words.
PARTS = {0.25: "a quarter trees", 0.5: "half of each", 0.75: "three quarters trees"}


#: Shows what goes on while a block lasts.
Status = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class TableTraining:
    """How the model of a table is trained.

    Attributes:
        model: "network", "trees", "both", or "best": the one that answers held-out training rows best.
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
    model = how.model
    if rows.n_classes and len(np.unique(rows.y)) < max(2, rows.n_classes):
        model = "network"  # trees know only the classes of the training set
    if rows.n_classes > MOST_TREE_CLASSES and model != "network":
        model = "network"
        on_note(
            Note(
                f"Boosted trees are left out: they need a set of trees for each of {rows.n_classes:,} classes"
            )
        )
    if rows.x.shape[1] > MOST_TREE_COLUMNS and model == "best":
        model = "network"
        text = f"Boosted trees are not tried: {rows.x.shape[1]:,} columns would take them many minutes. The program holds the network"
        on_note(Note(text, "model", "trees"))
    if model == "best" and len(rows.y) < FEWEST:
        model = "network"
        text = f"With fewer than {FEWEST} training rows nothing is held out to compare with boosted trees: the program holds the network"
        on_note(Note(text, "model", "both"))
    status = status or _unseen
    trial = _try(learn, rows, model, how, status)
    share = {"network": 0.0, "trees": 1.0}.get(model, trial.share if trial else 0.5)
    if trial is not None:
        _tell(trial, share, model, rows, how, on_note)
    if share == 1 and resume is not None:
        on_note(
            Note(f"The checkpoint {resume} is not used: the program holds the trees alone, which have none")
        )
    if share < 1:
        epochs = how.epochs or (trial.epochs if trial else 1)
        learn.fit_one_cycle(epochs, how.lr, wd=how.wd, resume=resume)
    if share > 0:
        with status("Training boosted trees"):
            trees = boosted_module(fit_several(rows, how.seed), rows)
        network = learn.model if share < 1 else None
        learn.model = TableMixture(trees, network, share, bool(rows.n_classes)).to(learn.dls.device)
    if trial is not None and on_trial is not None:
        on_trial(trial)
    held_out = {} if trial is None else {str(part): error for part, error in trial.errors.items()}
    return {"trees_share": share, "held_out_errors": held_out}


def _try(
    learn: TabularLearner, rows: EncodedRows, model: TableModel, how: TableTraining, status: Status
) -> Trial | None:
    """Return what held-out rows say; None where nothing is left to decide, or there are too few rows."""
    if model == "trees" or (model == "network" and how.epochs is not None) or len(rows.y) < FEWEST:
        return None
    untrained = copy.deepcopy(learn.model).cpu()
    maker = NetworkMaker(
        lambda: copy.deepcopy(untrained), learn.dls.block.as_batch, learn.loss_func, how.lr, how.bs,
        learn.options.moms, 0.01 if how.wd is None else how.wd,
    )  # fmt: skip
    what = "how long to train" if model == "network" else "network and boosted trees"
    with status(f"Trying {what} on training rows held out in turn"):
        return try_both(rows, maker, how.seed, how.epochs, trees=model != "network", mixed=model == "both")


def _unseen(_text: str) -> AbstractContextManager[None]:
    return nullcontext()


def _tell(
    trial: Trial,
    share: float,
    model: TableModel,
    rows: EncodedRows,
    how: TableTraining,
    on_note: Callable[[Note], None],
) -> None:
    """Say what held-out rows said, and what follows."""
    held = (
        f"the newest {trial.n:,} training rows"
        if rows.times is not None
        else f"{trial.n:,} training rows held out in turn"
    )
    held += ", each group whole" if rows.groups is not None else ""
    if model == "best":
        names = {0.0: "of the network", 1.0: "of boosted trees"}
        names.setdefault(share, f"of both ({PARTS.get(share)})")
        said = ", ".join(f"{names[part]} {_figure(trial.errors[part], rows)}" for part in names)
        measure = "error" if rows.n_classes else "root mean squared error"
        holds = {0.0: "the network", 1.0: "the trees"}.get(share, "both")
        on_note(
            Note(
                f"The {measure} on {held}: {said}. The program holds {holds}",
                "model",
                "network" if share else "trees",
            )
        )
    if how.epochs is None and share < 1:
        why = "it still improved on them" if trial.falling else "more did not help on them"
        on_note(Note(f"The network trains {trial.epochs} epochs: {why}", "epochs", trial.epochs * 2))


def _figure(error: float, rows: EncodedRows) -> str:
    if not np.isfinite(error):
        return "not a number, as its training diverged"
    return f"{100 * error:.1f} %" if rows.n_classes else f"{float(f'{error:.4g}'):,.7g}"
