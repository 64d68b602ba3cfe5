"""Which functions say the same for the same reasons, and how much each should count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatera.labeling.model.generative import LEAST, Generative
from gatera.labeling.model.packed import Packed
from gatera.labeling.model.starting import FEWEST_COMMON

#: Excess agreement below this, or within so many standard errors, is taken for chance.
LEAST_EXCESS, SURE = 0.05, 4.0

#: Functions for one class depend on each other if one speaks with the other in more than this share of its items, and alone in less than
#: half of the items in which it should: where a third one is often wrong about the class, all that are right about it speak together more than
#: is expected, and so, somewhat, do all that find most of it.
TOGETHER, ALONE = 0.8, 0.5


class Dependence(NamedTuple):
    """Two functions that agree more than their accuracies explain, or, where both say the same one thing only, that speak together more.

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

    All are [m,m]. A vote for several classes is shared among them. Functions that say the same one thing only always agree: of these it is
    how often they speak together, in the items of the one that speaks less, if silence counts.
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
    rate, expected = agree / n, expected / n
    if model.form == "selective":
        spoken = np.stack([1 - emission[0] for emission in model.emissions])  # [m,K]
        together = (spoken * posterior.sum(axis=1)) @ spoken.T
        own = np.diag(common)
        least = np.maximum(np.minimum(own[:, None], own), LEAST)
        spoke_too, same = common / least, _say_the_same(packed)
        expected = np.where(same, np.minimum(together / least, 1), expected)
        hardly_alone = (spoke_too > TOGETHER) & (1 - spoke_too < ALONE * (1 - expected))
        rate = np.where(same, np.where(hardly_alone, spoke_too, expected), rate)
    return rate, expected, common


def _say_the_same(packed: Packed) -> np.ndarray:
    """Return which pairs say one thing only, and the same, bool [m,m]."""
    one = np.array([len(alphabet) == 2 for alphabet in packed.alphabets])
    things = np.stack([alphabet.allowed.any(axis=0) for alphabet in packed.alphabets])
    return np.asarray(one[:, None] & one & (things[:, None] == things).all(axis=2))
