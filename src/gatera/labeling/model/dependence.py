"""Which functions say the same for the same reasons, and how much each should count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatera.labeling.model.generative import LEAST, Generative
from gatera.labeling.model.packed import Packed
from gatera.labeling.model.starting import FEWEST_COMMON

#: Excess agreement below this, or within so many standard errors, is taken for chance.
LEAST_EXCESS, SURE = 0.05, 4.0


class Dependence(NamedTuple):
    """Two functions that agree more than their accuracies explain.

    Attributes:
        first, second: their numbers.
        strength: how much of the agreement that was possible beyond that there is, 0..1; 1 for copies.
    """

    first: int
    second: int
    strength: float


def excess(rate: np.ndarray, expected: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Return how much of the possible agreement beyond the expected one there is, 0..1, [m,m]; 0 where that may be chance."""
    room = np.maximum(1 - expected, 0.02)
    beyond = (rate - expected) / room
    error = np.sqrt(np.clip(expected * (1 - expected), 0.01, None) / np.maximum(common, 1)) / room
    sure = (common >= FEWEST_COMMON) & (beyond > LEAST_EXCESS) & (beyond > SURE * error)
    np.fill_diagonal(sure, False)
    return np.where(sure, np.clip(beyond, 0, 1), 0)


def counting(strengths: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Return how much each function counts, [m]: of c copies each 1/c, where they vote on the same items."""
    together = common / np.maximum(np.diag(common)[:, None], 1)
    return 1 / (1 + (strengths * together).sum(axis=1))


def expected_agreement(packed: Packed, model: Generative) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how often each pair agrees, how often it would if their errors were independent, and on how many items both voted.

    All are [m,m]. A vote for several classes is shared among them.
    """
    k = packed.n_classes
    posterior = model.posterior(packed) * packed.counts  # [K,P]
    shares, says, spoke = [], [], []
    for j, (alphabet, emission) in enumerate(zip(packed.alphabets, model.emissions)):
        share = np.vstack([np.zeros((1, k)), alphabet.allowed / alphabet.allowed.sum(axis=1, keepdims=True)])
        given = emission[1:] / np.maximum(emission[1:].sum(axis=0), LEAST)  # [A-1,K]
        codes = packed.column(j)
        shares.append(share[codes])  # [P,K]
        says.append(share[1:].T @ given)  # [class said, class true]
        spoke.append(codes > 0)
    voted = np.stack(spoke).astype(np.float64)  # [m,P]
    says_of = np.stack(says)  # [m,K,K]
    m = len(voted)
    agree, expected, common = np.zeros((m, m)), np.zeros((m, m)), np.zeros((m, m))
    for c in range(k):
        share = np.stack([each[:, c] for each in shares])
        agree += (share * packed.counts) @ share.T
        both = (voted * posterior[c]) @ voted.T  # items of class c on which both voted
        common += both
        expected += both * (says_of[:, :, c] @ says_of[:, :, c].T)
    n = np.maximum(common, LEAST)
    return agree / n, expected / n, common
