"""Try networks on held-out rows: how well they answer, and how many epochs they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.random import torch_seeded
from gatera.learn.arithmetic import dense_weights, few_threads
from gatera.learn.optimizer import Adam
from gatera.learn.schedule import one_cycle
from gatera.models.target_scale import balance_gradients
from gatera.tabular.candidates.held_out import Folds, ask, held_rows, loss_of, try_in_turn
from gatera.tabular.encoded import EncodedRows

#: Epochs that are tried: each twice as many as before, while the loss on held-out rows falls.
LENGTHS = (4, 8, 16, 32, 64, 128)

#: Rows that the tries may train on, all together: this bounds their time (about 20 s on two cores), on every machine alike.
MOST_ROWS = 2_000_000

#: Parameters of dense layers that an update takes no time for, beside all else; and the rows that a usual network learns from meanwhile.
USUAL_PARAMETERS, ROWS_PER_UPDATE = 200_000, 64


@dataclass(frozen=True)
class NetworkMaker:
    """How networks are tried.

    Attributes:
        make: makes a new network, with random parameters.
        split: splits rows for it.
        loss_func: its loss.
        lr: its peak learning rate.
        bs: rows per batch.
        moms: momentum at the start, the peak and the end.
        wd: weight decay.
    """

    make: Callable[[], nn.Module]
    split: Callable[[Tensor], tuple[Tensor, Tensor]]
    loss_func: nn.Module
    lr: float
    bs: int
    moms: tuple[float, float, float]
    wd: float = 0.01


@dataclass(frozen=True)
class TriedNetworks:
    """What networks said of held-out rows.

    Attributes:
        epochs: the best number of epochs.
        falling: whether the loss still fell there.
        answers: what networks so trained said: probabilities, float64 [n,K], or numbers, float64 [n,1].
    """

    epochs: int
    falling: bool
    answers: np.ndarray


def try_networks(
    rows: EncodedRows, folds: Folds, maker: NetworkMaker, seed: int, epochs: int | None
) -> TriedNetworks:
    """Train networks on parts of the rows, and ask them about the others.

    Args:
        rows: the training rows.
        folds: what is held out in turn.
        maker: how networks are made.
        seed: keys the training.
        epochs: how many epochs they are trained; None to find out.
    """
    wanted = held_rows(rows, folds)
    updates = sum(len(train) // min(maker.bs, len(train)) for train, _ in folds)
    effort = sum(len(train) for train, _ in folds) + _beyond_usual(maker.make()) * ROWS_PER_UPDATE * updates
    budget = MOST_ROWS if epochs is None else np.inf
    best: tuple[float, int, np.ndarray] | None = None
    for length in LENGTHS if epochs is None else (epochs,):
        if best is not None and effort * length > budget:
            break
        budget -= effort * length
        said = try_in_turn(rows, folds, partial(_train_and_ask, maker, seed, length))
        loss = loss_of(wanted, said)
        if best is not None and not loss < best[0]:
            return TriedNetworks(best[1], False, best[2])
        best = loss, length, said
    assert best is not None  # for the type checker: there are lengths
    return TriedNetworks(best[1], epochs is None, best[2])


def _beyond_usual(network: nn.Module) -> float:
    """Return how many usual networks an update of this one costs beyond the first: wide tables have large first layers."""
    return max(0.0, (dense_weights(network) or 0) / USUAL_PARAMETERS - 1)


def _train_and_ask(
    maker: NetworkMaker, seed: int, epochs: int, train: EncodedRows, valid: EncodedRows
) -> np.ndarray:
    """Train a network as `fit_one_cycle` does, and return its answers, float64 [n,K]."""
    with torch_seeded(seed):
        model = maker.make().train()
        balance_gradients(model, maker.loss_func)
        x, y = torch.from_numpy(train.x), torch.from_numpy(train.y)
        y = y if train.n_classes else y.float()[:, None]
        bs = min(maker.bs, len(x))
        steps = len(x) // bs
        optimizer = Adam(model.parameters(), maker.lr, wd=maker.wd)
        schedule = one_cycle([maker.lr], maker.moms)
        with few_threads(model, bs):
            for step in range(steps * epochs):
                if step % steps == 0:
                    order = torch.randperm(len(x))
                some = order[step % steps * bs : (step % steps + 1) * bs]
                schedule.apply(optimizer, step / (steps * epochs))
                maker.loss_func(model(maker.split(x[some])), y[some]).backward()
                optimizer.step()
                optimizer.zero_grad()
        return ask(model, maker.split(torch.from_numpy(valid.x)), bool(train.n_classes))
