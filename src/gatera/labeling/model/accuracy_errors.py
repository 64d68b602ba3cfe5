"""How sure the estimated accuracies are: the fit again on items drawn anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gatera.core.random import rng
from gatera.labeling.model.generative import Generative, maximise
from gatera.labeling.model.packed import Packed

#: Standard deviation of what functions' accuracies may be where nothing tells them: that of even odds between 0.5 and 1.
UNTOLD = 0.5 / 12**0.5

#: How often items are drawn anew, and rounds of EM after each time.
DRAWS, ROUNDS = 20, 10


def accuracy_errors(
    packed: Packed, model: Generative, items: float, prior: np.ndarray | None, seed: int = 0
) -> np.ndarray:
    """Return the standard error of every function's estimated accuracy, [m], by the bootstrap.

    Args:
        packed: the votes, or a sample of them.
        model: fitted on them.
        items: how many items there are in all.
        prior: the classes' probabilities where they are known.
        seed: of the drawing.
    """
    total = packed.counts.sum()
    found = []
    for draw in range(DRAWS):
        counts = rng(seed, draw, 7).multinomial(int(total), packed.counts / total).astype(np.float64)
        kept = np.flatnonzero(counts)
        again = packed.chosen(kept, counts)
        one = replace(model)
        for _ in range(ROUNDS):
            one = maximise(again, model.form, one.posterior(again), model.weights, prior)
        found.append(one.accuracies)
    drawn = np.std(found, axis=0, ddof=1) * np.sqrt(total / max(items, total))
    return np.hypot(drawn, UNTOLD * _alone(packed))


def _alone(packed: Packed) -> np.ndarray:
    """Return the share of every function's votes that no other function joins, [m]."""
    n_votes = np.array([each[1:].sum() for each in packed.sums(packed.counts[None])])
    alone = np.array([each[1:].sum() for each in packed.sums((packed.counts * packed.alone)[None])])
    return alone / np.maximum(n_votes, 1)
