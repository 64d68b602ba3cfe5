"""What a model says of held-out rows, and how wrong it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.tabular.encoded import EncodedRows

#: Pairs of row numbers: to train on, and to hold out.
Folds = Sequence[tuple[np.ndarray, np.ndarray]]


def held_rows(rows: EncodedRows, folds: Folds) -> EncodedRows:
    """Return the rows that are held out, fold by fold."""
    return rows.take(np.concatenate([valid for _, valid in folds]))


def ask(model: nn.Module, batch: tuple[Tensor, Tensor], classes: bool) -> np.ndarray:
    """Return a model's probabilities, float64 [n,K], or its numbers, float64 [n,1]."""
    with torch.no_grad():
        outputs = model.eval()(batch).double()
    return (F.softmax(outputs, dim=1) if classes else outputs).numpy()


def loss_of(rows: EncodedRows, answers: np.ndarray) -> float:
    """Return the mean cross-entropy, or the mean squared error; infinite where it is not a number."""
    if rows.n_classes:
        right = answers[np.arange(len(rows.y)), rows.y]
        loss = float(-np.log(np.maximum(right, 1e-6)).mean())
    else:
        loss = float(np.square(answers[:, 0] - rows.y).mean())
    return finite_or_worst(loss)


def finite_or_worst(loss: float) -> float:
    """Return a loss that can be compared: infinite where training diverged and it is NaN."""
    return loss if np.isfinite(loss) else float("inf")


def error_of(rows: EncodedRows, answers: np.ndarray) -> float:
    """Return the share of wrong answers, 0..1, or the root mean squared error."""
    if rows.n_classes:
        return float((answers.argmax(1) != rows.y).mean())
    return float(np.sqrt(np.square(answers[:, 0] - rows.y).mean()))


def try_in_turn(
    rows: EncodedRows, folds: Folds, train_and_ask: Callable[[EncodedRows, EncodedRows], np.ndarray]
) -> np.ndarray:
    """Return what models say of the rows that are held out, each trained on the others, float64 [n,K]."""
    return np.concatenate([train_and_ask(rows.take(train), rows.take(valid)) for train, valid in folds])
