"""Decide what answers for a table, network, trees or both, and how long the network is trained, on held-out training rows.

The validation set takes no part in it, so the error measured there is not the smallest of several.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.random import rng, torch_seeded
from gatera.learn.optimizer import Adam
from gatera.learn.schedule import one_cycle
from gatera.models.target_scale import balance_gradients
from gatera.tabular.trees.fit import EncodedRows, fit_several, predict_trees
from gatera.tabular.trees.folds import make_folds

#: Epochs that are tried: each twice as many as before, while the loss on held-out rows falls.
LENGTHS = (4, 8, 16, 32, 64, 128)

#: Rows that the tries may train on, all together: this bounds their time (about 20 s on two cores), on every machine alike.
MOST_ROWS = 2_000_000

#: Parameters of dense layers that an update takes no time for, beside all else; and the rows that a usual network learns from meanwhile.
USUAL_PARAMETERS, ROWS_PER_UPDATE = 200_000, 64

#: Of a larger table, this many rows are tried.
MOST_TRIED = 40_000

#: What trees may count beside the network.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Trial:
    """What held-out training rows say.

    Attributes:
        epochs: how many epochs the network is trained.
        share: what the trees count, 0..1: 0 is the network alone, 1 the trees alone.
        errors: share -> error on held-out rows: wrong answers, 0..1, or the root mean squared error.
        falling: whether the loss still fell at the last number of epochs that was tried.
        n: how many rows were held out.
        places: their positions among the training rows, int64 [n].
        answers: what the share said of them: probabilities, float64 [n,K], or numbers, float64 [n,1].
    """

    epochs: int
    share: float
    errors: dict[float, float]
    falling: bool
    n: int
    places: np.ndarray
    answers: np.ndarray


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


def try_both(
    rows: EncodedRows,
    maker: NetworkMaker,
    seed: int,
    epochs: int | None,
    trees: bool = True,
    mixed: bool = False,
) -> Trial:
    """Train network and trees on parts of the training rows, and measure both on the others.

    The share with the lowest product of loss and error is the best: a few rows decide about errors, and sure answers that are
    wrong dominate the loss of classes.

    Args:
        rows: the training rows.
        maker: how networks are made.
        seed: keys the folds and the training.
        epochs: how many epochs the network is trained; None to find out.
        trees: whether trees are tried.
        mixed: only choose among shares of both.
    """
    tried = np.arange(len(rows.y))
    if len(rows.y) > MOST_TRIED:
        tried = np.sort(rng(seed, 1).choice(len(rows.y), MOST_TRIED, replace=False))
        rows = rows.take(tried)
    folds = make_folds(rows, seed)
    held = np.concatenate([valid for _, valid in folds])
    wanted, found = rows.take(held), {}
    n_epochs, falling, found[0.0] = _try_networks(rows, folds, maker, seed, epochs)
    if trees:
        found[1.0] = np.concatenate(
            [predict_trees(fit_several(rows.take(train), seed), rows.take(valid)) for train, valid in folds]
        )
    if len(found) == 2:
        for share in SHARES[1:-1]:
            found[share] = share * found[1.0] + (1 - share) * found[0.0]
    errors = {share: _error(wanted, predictions) for share, predictions in found.items()}
    badness = {
        share: _comparable(_loss(wanted, said) * max(errors[share], 1 / len(held)))
        for share, said in found.items()
    }
    share = min(SHARES[1:-1] if mixed else found, key=lambda share: badness[share])
    return Trial(n_epochs, share, errors, falling, len(held), tried[held], found[share])


def _loss(rows: EncodedRows, predictions: np.ndarray) -> float:
    if not rows.n_classes:
        return float(np.square(predictions[:, 0] - rows.y).mean())
    right = predictions[np.arange(len(rows.y)), rows.y]
    return float(-np.log(np.maximum(right, 1e-6)).mean())


def _comparable(loss: float) -> float:
    """Return a loss that can be compared: infinite where the training diverged and it is NaN."""
    return loss if np.isfinite(loss) else float("inf")


def _error(rows: EncodedRows, predictions: np.ndarray) -> float:
    if rows.n_classes:
        return float((predictions.argmax(1) != rows.y).mean())
    return float(np.sqrt(np.square(predictions[:, 0] - rows.y).mean()))


def _try_networks(
    rows: EncodedRows,
    folds: list[tuple[np.ndarray, np.ndarray]],
    maker: NetworkMaker,
    seed: int,
    epochs: int | None,
) -> tuple[int, bool, np.ndarray]:
    """Return the best number of epochs, whether the loss still fell there, and what such networks say of held-out rows."""
    wanted = rows.take(np.concatenate([valid for _, valid in folds]))
    beyond = _beyond_usual(maker.make())
    updates = sum(len(train) // min(maker.bs, len(train)) for train, _ in folds)
    effort = sum(len(train) for train, _ in folds) + beyond * ROWS_PER_UPDATE * updates
    budget = MOST_ROWS if epochs is None else np.inf
    best: tuple[float, int, np.ndarray] | None = None
    for length in LENGTHS if epochs is None else (epochs,):
        if best is not None and effort * length > budget:
            break
        budget -= effort * length
        said = np.concatenate(
            [_train_and_ask(rows, train, valid, maker, seed, length) for train, valid in folds]
        )
        loss = _comparable(_loss(wanted, said))
        if best is not None and not loss < best[0]:
            return best[1], False, best[2]
        best = loss, length, said
    assert best is not None  # for the type checker: there are lengths
    return best[1], epochs is None, best[2]


def _beyond_usual(network: nn.Module) -> float:
    """Return how many usual networks an update of this one costs beyond the first: wide tables have large first layers."""
    dense = sum(part.weight.numel() for part in network.modules() if isinstance(part, nn.Linear))
    return max(0.0, dense / USUAL_PARAMETERS - 1)


def _train_and_ask(
    rows: EncodedRows, train: np.ndarray, valid: np.ndarray, maker: NetworkMaker, seed: int, epochs: int
) -> np.ndarray:
    """Train a network as `fit_one_cycle` does, and return its answers, float64 [n,K]."""
    with torch_seeded(seed):
        model = maker.make().train()
        balance_gradients(model, maker.loss_func)
        x, y = torch.from_numpy(rows.x[train]), torch.from_numpy(rows.y[train])
        y = y if rows.n_classes else y.float()[:, None]
        bs = min(maker.bs, len(train))
        steps = len(train) // bs
        optimizer = Adam(model.parameters(), maker.lr, wd=maker.wd)
        schedule = one_cycle([maker.lr], maker.moms)
        for step in range(steps * epochs):
            if step % steps == 0:
                order = torch.randperm(len(train))
            some = order[step % steps * bs : (step % steps + 1) * bs]
            schedule.apply(optimizer, step / (steps * epochs))
            maker.loss_func(model(maker.split(x[some])), y[some]).backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            outputs = model(maker.split(torch.from_numpy(rows.x[valid]))).double()
    return (F.softmax(outputs, dim=1) if rows.n_classes else outputs).numpy()
