"""Do several people give the same labels to the same items, more often than by chance?

Sources: Cohen, "A coefficient of agreement for nominal scales" (1960); Krippendorff, "Content Analysis" (2004), chapter 11.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gatera.core.checks import is_missing
from gatera.core.errors import DataError

#: How many samples of the items the interval of kappa is found from, and the seed that draws them.
SAMPLES, SEED = 2_000, 0

#: Fewer items than this give no interval: samples of so few are alike.
FEWEST = 10


@dataclass(frozen=True)
class Pair:
    """How far two people agree.

    Attributes:
        people: the two.
        n: items that both labelled.
        alike: items that both gave the same label.
        kappa: Cohen's kappa, at most 1; NaN where both always gave the same single label.
        interval: its 95 % interval, by sampling items; NaN likewise, for fewer than 10 items, and where one of the two gave one label only:
            kappa is then 0 whatever the other says.
        confusions: (label of the first, label of the second, items) where they differ, most frequent first.
    """

    people: tuple[str, str]
    n: int
    alike: int
    kappa: float
    interval: tuple[float, float]
    confusions: Sequence[tuple[str, str, int]]


@dataclass(frozen=True)
class Agreement:
    """How far people agree.

    Attributes:
        pairs: every two of them that labelled an item in common.
        n: items with at least two labels.
        alpha: Krippendorff's alpha for names, at most 1; NaN where only one label occurs.
        disputed: the items that were labelled differently -> each person's label; those with most different labels first.
    """

    pairs: Sequence[Pair]
    n: int
    alpha: float
    disputed: Mapping[str, Mapping[str, str]]


def agreement(labels: Mapping[str, Mapping[str, str]]) -> Agreement:
    """Compare the labels that people gave.

    Args:
        labels: person -> item -> label. Items that a person did not label are missing there, or have None, "" or NaN.

    Raises:
        DataError: if there are not two people with an item in common.

    Example:
        >>> found = agreement({"Ann": {"1": "cat", "2": "dog", "3": "cat"}, "Ben": {"1": "cat", "2": "dog", "3": "dog"}})
        >>> found.pairs[0].alike, round(found.pairs[0].kappa, 2), found.disputed
        (2, 0.4, {'3': {'Ann': 'cat', 'Ben': 'dog'}})
    """
    labels = {
        who: {item: each for item, each in said.items() if not is_missing(each)}
        for who, said in labels.items()
    }
    pairs = [found for two in combinations(labels, 2) if (found := _pair(two, labels)) is not None]
    if not pairs:
        raise DataError(
            "No two people labelled the same item", got=", ".join(labels) or "nobody", expected="items that at least two labelled"
        )  # fmt: skip
    by_item: dict[str, dict[str, str]] = {}
    for person, given in labels.items():
        for item, label in given.items():
            by_item.setdefault(item, {})[person] = label
    shared = {item: given for item, given in by_item.items() if len(given) > 1}
    differ = {item: given for item, given in shared.items() if len(set(given.values())) > 1}
    most_first = sorted(differ, key=lambda item: (-len(set(differ[item].values())), item))
    return Agreement(
        pairs, len(shared), krippendorff([list(given.values()) for given in shared.values()]),
        {item: differ[item] for item in most_first},
    )  # fmt: skip


def _pair(two: tuple[str, str], labels: Mapping[str, Mapping[str, str]]) -> Pair | None:
    first, second = (labels[person] for person in two)
    joint = Counter((first[item], second[item]) for item in first if item in second)
    if not joint:
        return None
    names = sorted({label for pair in joint for label in pair}, key=str)
    place = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for (one, other), n in joint.items():
        counts[place[one], place[other]] = n
    apart = [(one, other, n) for (one, other), n in joint.items() if one != other]
    n = int(counts.sum())
    low, high = _interval(counts)
    return Pair(
        two, n, int(np.trace(counts)), float(cohen_kappa(counts)), (low, high),
        sorted(apart, key=lambda each: (-each[2], str(each[0]), str(each[1]))),
    )  # fmt: skip


def _interval(counts: np.ndarray) -> tuple[float, float]:
    n = int(counts.sum())
    drawn = np.random.default_rng(SEED).multinomial(n, counts.ravel() / n, SAMPLES)
    kappas = cohen_kappa(drawn.reshape(-1, *counts.shape))
    known = kappas[np.isfinite(kappas)]
    one_label_only = any(np.count_nonzero(counts.sum(axis)) < 2 for axis in (0, 1))
    if n < FEWEST or one_label_only or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def cohen_kappa(counts: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa of tables of counts, float [..., K, K] -> float64 [...]; NaN where chance alone explains all.

    Args:
        counts: how many items the first person gave label i and the second label j.
    """
    total = counts.sum((-2, -1))
    alike = np.trace(counts, axis1=-2, axis2=-1) / total
    by_chance = (counts.sum(-1) * counts.sum(-2)).sum(-1) / total**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(by_chance < 1, (alike - by_chance) / (1 - by_chance), np.nan)


def krippendorff(units: Sequence[Sequence[str]]) -> float:
    """Return Krippendorff's alpha for names; NaN where only one label occurs.

    Args:
        units: the labels of each item, at least two for each.
    """
    total: Counter[str] = Counter()
    apart = 0.0
    for labels in units:
        counts = Counter(labels)
        total.update(counts)
        n = len(labels)
        apart += (n * n - sum(each * each for each in counts.values())) / (n - 1)
    n = sum(total.values())
    expected = (n * n - sum(each * each for each in total.values())) / (n - 1)
    return 1 - apart / expected if expected else float("nan")
