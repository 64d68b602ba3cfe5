"""Where EM begins: how far two functions agree beyond chance, and what that says of each."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np

from gatera.core.random import rng
from gatera.labeling.model.packed import Packed

#: Pairs of functions with fewer items in common say nothing of each other.
FEWEST_COMMON = 10

#: Rounds of the refinement, candidates that are refined, and threes of functions that are tried.
ROUNDS, REFINED, MOST_THREES = 20, 5, 600

#: An agreement is explained if it is off by no more than this, or by so many standard errors.
CLOSE, SURE = 0.06, 3.0

#: A skill that is clearly better or worse than chance.
CLEAR = 0.1

#: A function of whose votes this share is the same says one thing.
ONE_THING = 0.98


def agreement(packed: Packed) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each pair of functions agrees beyond chance, and on how many items both voted, [m,m] each.

    Agreement of 1 is always, 0 as of throws of a die, and below 0 less than that.
    """
    m, k = len(packed.alphabets), packed.n_classes
    marks = []
    for j, alphabet in enumerate(packed.alphabets):
        # A vote for several classes is shared among them.
        shares = np.vstack([np.zeros((1, k)), alphabet.allowed / alphabet.allowed.sum(axis=1, keepdims=True)])
        marks.append(shares[packed.column(j)])
    agree, common = np.zeros((m, m)), np.zeros((m, m))
    spoke = np.stack([mark.any(axis=1) for mark in marks]).astype(np.float64)  # [m,P]
    common = (spoke * packed.counts) @ spoke.T
    for c in range(k):
        share = np.stack([mark[:, c] for mark in marks])
        agree += (share * packed.counts) @ share.T
    rate = agree / np.maximum(common, 1)
    one = says_one_thing(packed)
    usable = (common >= FEWEST_COMMON) & ~one[:, None] & ~one
    return np.where(usable, (k * rate - 1) / (k - 1), np.nan), common


def skills(agreed: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Return how much better than chance each function is, -1..1, [m], from agreements alone; NaN where nothing is known.

    If errors are independent, the agreement of two functions is the product of their skills. Three functions determine their skills,
    and with these those of all others; the three are taken whose products suit the most pairs. So functions that agree for reasons of
    their own do not count for more than the others.
    """
    known = ~np.isnan(agreed)
    np.fill_diagonal(known, False)
    error = 1 / np.sqrt(np.maximum(common, 1))
    near = np.maximum(CLOSE, SURE * error)
    values = np.where(known, agreed, 0)
    candidates = _from_three(values, known)
    if not len(candidates):
        return np.full(len(agreed), np.nan)
    misfit = [
        _misfit(values, known, near, part)
        for part in np.array_split(candidates, max(1, len(candidates) // 50))
    ]
    order = np.argsort(np.concatenate(misfit), kind="stable")[:REFINED]
    refined = np.stack([_refined(values, known, near, common, skill) for skill in candidates[order]])
    best = refined[_misfit(values, known, near, refined).argmin()]
    # Most functions are better than chance: a few that are very wrong must not outweigh many that are a little right.
    if float((np.clip(best / CLEAR, -1, 1) * common.sum(axis=1)).sum()) < 0:
        best = -best
    return np.where(known.any(axis=1), np.clip(best, -0.97, 0.97), np.nan)


def _from_three(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the skills [C,m] that follow from three functions, for many threes."""
    m = len(values)
    threes = np.array(list(combinations(range(m), 3)), dtype=np.int64).reshape(-1, 3)
    if len(threes) > MOST_THREES:
        threes = threes[rng(2, m).choice(len(threes), MOST_THREES, replace=False)]
    i, j, k = threes.T
    product = values[i, j] * values[i, k] * values[j, k]
    usable = known[i, j] & known[i, k] & known[j, k] & (product > 1e-6)
    threes, product = threes[usable], np.sqrt(product[usable])
    if not len(threes):
        return np.empty((0, m))
    i, j, k = threes.T
    own = np.stack([product / values[j, k], product / values[i, k], product / values[i, j]], axis=1)  # [C,3]
    ratios = np.where(known[threes], values[threes] / own[:, :, None], np.nan)  # [C,3,m]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        skill = np.nan_to_num(np.nanmedian(ratios, axis=1))
    np.put_along_axis(skill, threes, own, axis=1)
    return np.clip(skill, -1, 1)


def _misfit(values: np.ndarray, known: np.ndarray, near: np.ndarray, skill: np.ndarray) -> np.ndarray:
    """Return for each vector of skills [C,m] how many pairs it does not explain, [C]."""
    difference = np.abs(values - skill[:, :, None] * skill[:, None, :]) / near
    return np.where(known, np.minimum(difference, 1) ** 2, 0).sum(axis=(1, 2))


def _refined(
    values: np.ndarray, known: np.ndarray, near: np.ndarray, common: np.ndarray, skill: np.ndarray
) -> np.ndarray:
    """Fit skills to the pairs that they explain, by least squares."""
    for _ in range(ROUNDS):
        before = skill.copy()
        suits = known & (np.abs(values - np.outer(skill, skill)) < near)
        for i in range(len(skill)):
            weight = common[i] * suits[i]
            scale = float((weight * skill**2).sum())
            if scale > 1e-9:
                skill[i] = np.clip(float((weight * values[i] * skill).sum()) / scale, -1, 1)
        if np.abs(skill - before).max() < 1e-3:
            break
    return skill


def shares_of_votes(packed: Packed) -> np.ndarray:
    """Return each class's share of the votes of every pattern, [K,P]; a vote for several classes is shared among them."""
    total = np.zeros((packed.n_classes, len(packed)))
    for j, alphabet in enumerate(packed.alphabets):
        shares = alphabet.allowed / alphabet.allowed.sum(axis=1, keepdims=True)
        total += np.vstack([np.zeros((1, packed.n_classes)), shares])[packed.column(j)].T
    return np.asarray(total / np.maximum(total.sum(axis=0), 1e-9))


def says_one_thing(packed: Packed) -> np.ndarray:
    """Return which functions say the same whenever they say something, bool [m]: their agreements say nothing of them."""
    alone = []
    for j, alphabet in enumerate(packed.alphabets):
        counts = np.bincount(packed.column(j), packed.counts, len(alphabet))[1:]
        alone.append(len(counts) < 2 or counts.max() >= ONE_THING * counts.sum())
    return np.array(alone)
