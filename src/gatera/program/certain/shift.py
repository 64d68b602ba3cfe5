"""Whether a batch of inputs has drifted from the held-out items: an effect size with its interval.

The effect is the area under the ROC curve (AUC) of telling the batch's items from held-out ones: 0.5 where they cannot be told
apart, 1 where always. It does not depend on how large the batch is; only its interval does. A p-value would fall below any
threshold once a batch is large enough, for differences of no importance.

Four ways of telling are tried: a linear classifier of the features, cross-fitted; how odd items look; whether more of them are odd
than usual (a new class among the others); how sure the answers are. For rows a fifth: cells that are empty, and never were in training.

Source: Lopez-Paz and Oquab 2017 (classifier two-sample tests); DeLong, DeLong and Clarke-Pearson 1988 (variance of an AUC).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.program.certain.copies import first_of_copies
from gatera.program.certain.novelty import Novelty

#: A batch needs as many items as there are parts for cross-fitting, twice; fewer say nothing.
FEWEST = 10

#: Of the ways of telling a batch from the held-out items, two have two sides: odder or less odd, surer or less sure. Empty cells of rows
#: are one more.
WAYS = 6

#: Held-out items above this novelty count as odd.
ODD = 0.95

#: Parts of the data for cross-fitting.
FOLDS = 5

#: Differences up to this AUC are of no importance, however certain they are; of odd items 4 % more than usual.
SMALL_EFFECT, SMALL_SHARE = 0.55, 0.52

#: Probabilities, and features beside the largest of them, that differ by no more are equal.
ROUNDING = 1e-6

#: Share of false alarms over all looks together.
FALSE_ALARMS = 0.01

#: The smallest probability that the quantile of the normal distribution is known of.
SMALLEST = 1e-300

#: Of the share of odd items: how often the range of its bound is halved, and values of the usual share that are tried.
HALVINGS, GRID = 12, 120

#: How much of the identity is added to the covariance: few items would otherwise find directions of no meaning.
SHRINKAGE = 0.5


class Effect(NamedTuple):
    """How well a batch can be told from the held-out items in one way: the AUC and its interval, 0..1."""

    auc: float
    low: float
    high: float


class Shift(NamedTuple):
    """Whether a batch has drifted, and how far. Printed, it says so in words.

    Attributes:
        drifted: whether the interval of the effect of some way lies above `SMALL_EFFECT`; of the share of odd items, above `SMALL_SHARE`.
        effect: the AUC of telling the batch's items from held-out ones, by the way that tells them best.
        interval: its interval, (low, high); corrected for the number of looks and ways.
        by: the effect of each way: "features", "novelty", "odd items", "sureness", and for rows "empty cells".
        n: number of items in the batch.
        n_held_out: number of held-out items that they are compared with.
        novel: share of the batch that looks unlike anything in the training set, 0..1.
        looks: how many batches are looked at in all.
        copies: how many of the items are copies of others in the batch; they are not counted.
        usually: the share that is novel of a batch from the same source: 0.01, or more where there are few held-out items.
    """

    drifted: bool
    effect: float
    interval: tuple[float, float]
    by: Mapping[str, Effect]
    n: int
    n_held_out: int
    novel: float
    looks: int
    copies: int = 0
    usually: float = 0.01

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        low, high = self.interval
        verdict = "The batch has drifted" if self.drifted else "No drift was detected"
        copies = f", of which {self.copies:,} are copies of others and not counted," if self.copies else ""
        ways = ", ".join(
            f"{name} {each.auc:.2f} ({each.low:.2f} to {each.high:.2f})" for name, each in self.by.items()
        )
        return [
            f"{verdict}: its items can be told apart from held-out ones with an AUC of {self.effect:.2f} ({low:.2f} to {high:.2f}); "
            "0.5 means not at all, 1 always.",
            f"By {ways}; {self.n:,} items{copies} against {self.n_held_out:,} held-out ones.",
            f"{100 * self.novel:.1f} % of the batch looks unlike anything in the training set; about {100 * self.usually:.1f} % is expected.",
            f"False alarms: at most {100 * FALSE_ALARMS:.0f} % over {self.looks:,} batches from the same source. A rule that always raises "
            "an alarm would find every drift too, and be wrong on all of these.",
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "drifted": self.drifted, "effect": round(self.effect, 4), "interval": [round(end, 4) for end in self.interval],
            "by": {name: [round(value, 4) for value in each] for name, each in self.by.items()},
            "n": self.n, "n_held_out": self.n_held_out, "copies": self.copies, "novel": round(self.novel, 4),
            "novel_usually": round(self.usually, 4),
            "looks": self.looks,
            "always_alarming": {"drifted": True, "false_alarms": 1.0},
        }  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(self.lines())


def judge_batch(
    features: np.ndarray,
    novelty: Novelty,
    sureness: np.ndarray | None,
    known: np.ndarray | None,
    looks: int,
    gaps: np.ndarray | None,
) -> Shift:
    """Judge whether a batch has drifted from the held-out items.

    Args:
        features: of the batch, float32 [n,D].
        novelty: of the held-out items.
        sureness: how sure each answer is, 0..1 [n]; None where that is not known.
        known: the same of the held-out items, [m].
        looks: how many batches are looked at in all.
        gaps: whether each item has an empty cell where training had none, bool [n]; None where that is not known.

    Raises:
        ArgumentError: if the batch is too small, or a feature is not a finite number.
    """
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise ArgumentError(
            "features that are not finite numbers cannot be compared", got=f"item {finite.argmin()} of {len(features):,}",
            remedy="Leave the item out, and look at what it was made from.",
        )  # fmt: skip
    n, counted = len(features), first_of_copies(features, novelty.held_out)
    if len(counted) < FEWEST:
        raise ArgumentError(
            "the batch is too small to tell whether it has drifted",
            got=f"{n:,}, of which {n - len(counted):,} are copies of others" if len(counted) < n else n, expected=f"at least {FEWEST} items",
        )  # fmt: skip
    features = features[counted]
    sureness = None if sureness is None else sureness[counted]
    odd = novelty.distances(features)
    z = critical(looks, WAYS + (gaps is not None))
    by = {"features": effect_of(*told_by_features(features, novelty.held_out), z)}
    by["novelty"] = _either_side(odd, novelty.scores, z, float(novelty.room))
    line = float(np.quantile(novelty.scores, ODD) + novelty.room)
    by["odd items"] = effect_of_share(
        int((odd > line).sum()), len(odd), int((novelty.scores > line).sum()), len(novelty.scores), z
    )
    if sureness is not None and known is not None:
        by["sureness"] = _either_side(sureness, known, z, ROUNDING)
    if gaps is not None:
        by["empty cells"] = effect_of_share(int(gaps[counted].sum()), len(odd), 0, len(novelty.held_out), z)
    small = {"odd items": SMALL_SHARE, "empty cells": SMALL_SHARE}
    above = {name: each.low - small.get(name, SMALL_EFFECT) for name, each in by.items()}
    best = by[max(above, key=lambda name: above[name])]
    novel = (
        np.searchsorted(novelty.scores, odd - novelty.room, "left") / (len(novelty.scores) + 1)
        > novelty.alarm
    )
    return Shift(
        max(above.values()) > 0, best.auc, (best.low, best.high), by, n, len(novelty.held_out), float(novel.mean()), looks,
        n - len(counted), novelty.usually,
    )  # fmt: skip


def _either_side(batch: np.ndarray, held_out: np.ndarray, z: float, room: float) -> Effect:
    found = effect_of(*auc_parts(batch, held_out, room), z)
    return found if found.auc >= 0.5 else Effect(1 - found.auc, 1 - found.high, 1 - found.low)


def auc_parts(batch: np.ndarray, held_out: np.ndarray, room: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return for each score the share of the other side that it is above (batch) or below (held-out); ties count half.

    The mean of either is the AUC.

    Args:
        batch: scores [n].
        held_out: scores [m].
        room: those that differ by no more are equal: rounding, which is another for each engine and size of a batch.

    Example:
        >>> auc_parts(np.array([2.0, 4.0]), np.array([1.0, 3.0]))
        (array([0.5, 1. ]), array([1. , 0.5]))
    """
    ordered, others = np.sort(held_out), np.sort(batch)
    return _beyond(ordered, batch, room), 1 - _beyond(others, held_out, room)


def _beyond(ordered: np.ndarray, scores: np.ndarray, room: float) -> np.ndarray:
    """Return for each score the share of some that it is above; ties, within some room, count half."""
    low, high = (scores - room, scores + room) if room else (scores, scores)
    counts = np.searchsorted(ordered, low, "left") + np.searchsorted(ordered, high, "right")
    return counts / (2 * len(ordered))


def effect_of(above: np.ndarray, below: np.ndarray, z: float) -> Effect:
    """Return an AUC with its interval.

    Args:
        above: of each item in the batch, as `auc_parts` gives it.
        below: of each held-out item.
        z: how many standard errors the interval reaches on either side.
    """
    n, m, auc = len(above), len(below), float(above.mean())
    variance = above.var(ddof=1) / n + below.var(ddof=1) / m
    # a sample without any overlap has no variance, and is still only a sample
    least = (auc * (1 - auc) + 1 / (4 * min(n, m))) / (3 * min(n, m))
    half = z * float(np.sqrt(max(variance, least)))
    return Effect(auc, max(0.0, auc - half), min(1.0, auc + half))


def effect_of_share(n_beyond: int, n: int, held_beyond: int, held: int, z: float) -> Effect:
    """Return how many more of a batch lie beyond a line than of the held-out items, as an AUC with its interval.

    The line is one of the held-out values, so that the share of new items beyond it is known up to a Beta distribution, whatever
    the values are like. The lower end is exact for that, also for few items; an interval from the spread of the batch's own share
    is much wider where that share is large.

    Args:
        n_beyond: number of the batch's items beyond the line.
        n: number of items in the batch.
        held_beyond: number of held-out items beyond it, fewer than `held`.
        held: number of held-out items.
        z: how many standard errors the interval reaches on either side.

    Example:
        >>> effect_of_share(37, 128, 7, 140, 4.15).low.__round__(2)
        0.53
    """
    chance = 0.5 * math.erfc(z / math.sqrt(2))
    usual, likely = _beta(held_beyond + 1, held - held_beyond)
    excess = n_beyond / n - held_beyond / held
    low = _least_excess(n_beyond, n, usual, likely, chance, excess)
    high = -_least_excess(n - n_beyond, n, (1 - usual)[::-1], likely[::-1], chance, -excess)
    return Effect(0.5 + excess / 2, max(0.0, 0.5 + low / 2), min(1.0, 0.5 + high / 2))


def _least_excess(
    count: int, n: int, usual: np.ndarray, likely: np.ndarray, chance: float, seen: float
) -> float:
    """Return how much more than usual the share is at least, where `count` of n were seen.

    Args:
        count: of the batch.
        n: number of items in the batch.
        usual: shares of the held-out items, ascending.
        likely: how likely each is.
        chance: how often the share may be less.
        seen: how much more than usual it is as seen.
    """
    low, high = -1.0, seen
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if likely @ binomial_tail(count, n, np.clip(usual + middle, 0.0, 1.0)) <= chance:
            low = middle
        else:
            high = middle
    most = int(np.searchsorted(likely.cumsum(), 1 - chance).clip(max=len(usual) - 1))
    # no share is less than nothing, which none of n does not tell
    return min(seen, max(low, -float(usual[most])))


def _beta(a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values of a Beta distribution and their probabilities, float64 [GRID] each, tails and all."""
    low, high = 0.0, 1.0
    for _ in range(2):  # first where it is, then finely there
        x = low + (np.arange(GRID) + 0.5) / GRID * (high - low)
        log = (a - 1) * np.log(x) + (b - 1) * np.log1p(-x)
        there = x[log > log.max() - 40]
        step = (high - low) / GRID
        density = np.exp(log - log.max())
        low, high = max(0.0, float(there[0]) - step), min(1.0, float(there[-1]) + step)
    return x, density / density.sum()


def binomial_tail(count: int, n: int, share: np.ndarray) -> np.ndarray:
    """Return the probability of `count` or more of n, for each share, float64.

    Example:
        >>> binomial_tail(3, 4, np.array([0.25, 0.5])).round(3).tolist()
        [0.051, 0.312]
    """
    if count <= 0:
        return np.ones(len(share))
    most = min(
        n, count + int(12 * math.sqrt(n))
    )  # beyond, nothing is added that matters to a small probability
    k = np.arange(count, most + 1)
    ways = np.array(
        [math.lgamma(n + 1) - math.lgamma(each + 1) - math.lgamma(n - each + 1) for each in k.tolist()]
    )
    safe = np.clip(share, 1e-12, 1 - 1e-12)[:, None]
    return np.minimum(1.0, np.exp(ways + k * np.log(safe) + (n - k) * np.log1p(-safe)).sum(axis=1))


def told_by_features(batch: np.ndarray, held_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of the AUC of a linear classifier, fitted on other items than those that it is measured on.

    Args:
        batch: features, float32 [n,D].
        held_out: float32 [m,D].
    """
    rng = np.random.default_rng(0)
    parts_of = [rng.permutation(np.arange(len(side)) % FOLDS) for side in (batch, held_out)]
    above, below = np.empty(len(batch)), np.empty(len(held_out))
    for fold in range(FOLDS):
        measured = [part == fold for part in parts_of]
        direction = _direction(batch[~measured[0]], held_out[~measured[1]])
        ours, theirs = batch[measured[0]] @ direction, held_out[measured[1]] @ direction
        found = auc_parts(ours, theirs, ROUNDING * float(np.abs(theirs).max(initial=0)))
        above[measured[0]], below[measured[1]] = found
    return above, below


def _direction(batch: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Return the direction in which two sets differ most, beside how they vary: Fisher's, with a shrunken covariance."""
    centred = np.concatenate([batch - batch.mean(0), held_out - held_out.mean(0)]).astype(np.float64)
    covariance = centred.T @ centred / max(1, len(centred) - 2)
    size = float(np.trace(covariance)) / len(covariance)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * max(size, 1e-12) * np.eye(len(covariance))
    return np.linalg.solve(shrunk, batch.mean(0) - held_out.mean(0))


def critical(looks: int, ways: int) -> float:
    """Return how many standard errors an interval reaches so that false alarms stay rare over all looks and ways.

    Example:
        >>> round(critical(1, 1), 2), round(critical(100, 3), 2)
        (2.33, 3.99)
    """
    # with fractions and decimals it takes as long to load as all of this room
    from statistics import NormalDist

    return -NormalDist().inv_cdf(max(FALSE_ALARMS / (looks * ways), SMALLEST))
