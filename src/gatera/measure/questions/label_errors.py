"""Which labels look wrong, by predictions that did not see them.

Source: Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.check_given import class_numbers, finite_numbers
from gatera.measure.intervals import wilson_interval

#: The share of suspects that are errors, over ten public data sets. Source: Northcutt, Athalye and Mueller 2021,
#: "Pervasive Label Errors in Test Sets", arXiv 2103.14749, table 2.
USUALLY_ERRORS = 0.51

#: What such suspects are worth.
HALF = f"About half of such suspects are real errors ({100 * USUALLY_ERRORS:.0f} % over ten public data sets, arXiv 2103.14749), so check them."

#: The confidence of an interval of one standard error to either side: with eight labels nothing wider lies below anything.
ONE_ERROR = 0.68

#: Probabilities add up to 1 within this, for half-precision ones.
MOST_OFF = 0.01


class Suspect(NamedTuple):
    """An item whose label looks wrong.

    Attributes:
        place: its position.
        label: the class that it is labelled.
        looks_like: the class that it looks like.
        margin: how much more probable that class is, 0..1; the larger, the more suspicious.
        confident: whether that class is at least as probable as it usually is for its own items.
    """

    place: int
    label: int
    looks_like: int
    margin: float
    confident: bool


def suspects(probabilities: Any, labels: Any) -> list[Suspect]:
    """Return the items whose label looks wrong, the most suspicious first.

    An item is a suspect if another class is more probable than its own; confidently so, if that is at least as probable as it
    usually is for the items of that class.

    Args:
        probabilities: of each class, [N,K], by models that did not learn from the item itself.
        labels: class indices, int [N].

    Raises:
        ArgumentError: if the two do not fit, one is not a probability or a class index, or there is a single class.

    Example:
        >>> suspects([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]], [0, 0, 1, 1])[0].place
        3
    """
    p = _probabilities(probabilities)
    given = class_numbers("the label", labels, p.shape[1])
    if len(given) != len(p):
        raise ArgumentError(
            "label errors need the probabilities and the label of each item",
            got=f"{len(p):,} items and {len(given):,} labels",
        )
    present = np.unique(given)
    if len(present) < 2:
        raise ArgumentError("label errors need items of two classes", got=f"{len(present)} class")
    usual = np.full(p.shape[1], np.inf)
    usual[present] = [p[given == k, k].mean() for k in present]
    rows = np.arange(len(given))
    others = p.copy()
    others[rows, given] = -1.0
    best = others.argmax(axis=1)
    margins, sure = others[rows, best] - p[rows, given], others[rows, best] >= usual[best]
    found = [
        Suspect(i, int(given[i]), int(best[i]), float(margins[i]), bool(sure[i]))
        for i in np.flatnonzero(margins > 0).tolist()
    ]
    return sorted(found, key=lambda suspect: -suspect.margin)


class SetSuspect(NamedTuple):
    """An item of which labels look wrong, where it may have any number.

    Attributes:
        place: its position.
        labels: those that look wrong: it has them and does not look so, or the other way round.
        margin: the largest of how much more probable that is, 0..1.
    """

    place: int
    labels: tuple[int, ...]
    margin: float


def labels_judged(probabilities: np.ndarray, labels: np.ndarray) -> list[int]:
    """Return the labels that answers can judge: some items have them, others do not, and answers are better than one for all.

    Args:
        probabilities: of each label, [N,K].
        labels: whether items have it, bool [N,K].
    """
    columns = [np.stack([1 - p, p], axis=1) for p in np.asarray(probabilities, np.float64).T]
    given = labels.T.astype(np.int64)
    return [
        k
        for k, (has, p) in enumerate(zip(given, columns, strict=True))
        if has.min() < has.max() and not why_no_judge(p, has)
    ]


def suspects_of_sets(probabilities: np.ndarray, labels: np.ndarray) -> list[SetSuspect]:
    """Return the items of which a label looks confidently wrong, the most suspicious first: each label is judged by itself, as a class.

    Those of `labels_judged` are; see there.

    Args:
        probabilities: of each label, [N,K], by models that did not learn from the item itself.
        labels: whether items have it, bool [N,K].

    Example:
        >>> likely, has = np.repeat([0.9, 0.1, 0.95], [9, 9, 1]), np.repeat([True, False], [9, 10])
        >>> [(each.place, each.labels) for each in suspects_of_sets(likely[:, None], has[:, None])]
        [(18, (0,))]
    """
    found: dict[int, list[tuple[float, int]]] = {}
    for label in labels_judged(probabilities, labels):
        p = np.asarray(probabilities[:, label], np.float64)
        for each in suspects(np.stack([1 - p, p], axis=1), labels[:, label].astype(np.int64)):
            if each.confident:
                found.setdefault(each.place, []).append((each.margin, label))
    items = [
        SetSuspect(place, tuple(label for _, label in several), max(several)[0])
        for place, several in found.items()
    ]
    return sorted(items, key=lambda item: -item.margin)


def why_no_judge(probabilities: np.ndarray, labels: np.ndarray) -> str:
    """Return why answers cannot judge labels, as a sentence; "" if they can: they are better than one label for all, by a standard error.

    Suspects of answers that are mostly wrong are the mistakes of the model, not of the labels.

    Args:
        probabilities: of each class, [N,K], N at least 1.
        labels: class indices, int [N]; K or more for classes that nothing is known of.

    Example:
        >>> why_no_judge(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([0, 1]))
        '2 of 2 predictions differ from the labels, and one label for all would in 1: too many to say which labels are wrong.'
    """
    n = len(labels)
    wrong, simplest = int((probabilities.argmax(axis=1) != labels).sum()), n - int(np.bincount(labels).max())
    if not wrong or wilson_interval(wrong, n, ONE_ERROR).high < simplest / n:
        return ""
    return (
        f"{wrong:,} of {n:,} predictions differ from the labels, and one label for all would in {simplest:,}: too many to say which "
        "labels are wrong."
    )


def _probabilities(values: Any) -> np.ndarray:
    """Return probabilities, float64 [N,K]."""
    p = finite_numbers("a probability", values)
    if p.ndim != 2 or not len(p):
        raise ArgumentError(
            "label errors need the probability of each class for each item", got=f"shape {list(p.shape)}"
        )
    wrong = np.flatnonzero((p < 0).any(axis=1) | (np.abs(p.sum(axis=1) - 1) > MOST_OFF))
    if len(wrong):
        raise ArgumentError(
            f"the probabilities of item {wrong[0]} must be 0 or more, and add up to 1",
            got=str(p[wrong[0]]), remedy="Apply a softmax to scores first.",
        )  # fmt: skip
    return p
