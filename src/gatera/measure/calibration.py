"""Whether probabilities are what they claim: calibration error, temperature scaling, answers by how sure they are.

Source: Guo, Pleiss, Sun and Weinberger 2017 (temperature scaling, expected calibration error); Geifman and El-Yaniv 2017 (risk and
coverage).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gatera.core.checks import check_count, require
from gatera.core.errors import ArgumentError
from gatera.program.decode import sigmoid, softmax

#: Temperatures outside are not calibration.
LOWEST, HIGHEST = 0.05, 20.0

#: Parts of the items: what is fitted on the others is measured on each.
FOLDS = 5

#: With fewer items a temperature is noise.
FEWEST = 50

BINS = 15

#: Probabilities of float32 may lie so far outside 0..1.
ROUNDING = 1e-6


class Reliability(NamedTuple):
    """Items that the model was about equally sure of.

    Attributes:
        n: how many.
        confidence: the mean probability of their answers, 0..1.
        right: the share of the answers that are right, 0..1.
    """

    n: int
    confidence: float
    right: float


def reliability(probability: ArrayLike, right: ArrayLike, bins: int = BINS) -> list[Reliability]:
    """Return items in bins of equal size, from the least to the most sure.

    Of items with equal probabilities each counts as right by their share of right ones, so that their order does not matter.

    Args:
        probability: of each answer, 0..1, [N].
        right: whether it is right, bool [N].
        bins: how many; fewer if there are fewer items.

    Raises:
        ArgumentError: if the two differ in number, or a probability is not in 0..1.

    Example:
        >>> reliability(np.array([0.6, 0.9]), np.array([False, True]), 2)
        [Reliability(n=1, confidence=0.6, right=0.0), Reliability(n=1, confidence=0.9, right=1.0)]
    """
    check_count("bins", bins, 1)
    ordered, shares = _ordered(probability, right)
    parts = [part for part in np.array_split(np.arange(len(ordered)), bins) if len(part)]
    return [Reliability(len(p), float(ordered[p].mean()), float(shares[p].mean())) for p in parts]


def _ordered(probability: ArrayLike, right: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, float64 [N], ascending, and for each the share of right answers among those of equal probability."""
    probabilities, known = np.asarray(probability, np.float64), np.asarray(right).astype(bool)
    if probabilities.ndim != 1 or probabilities.shape != known.shape:
        raise ArgumentError(
            "each answer needs one probability, and whether it is right", got=[probabilities.shape, known.shape],
            expected="two lists of the same length",
        )  # fmt: skip
    wrong = np.flatnonzero(~((probabilities >= -ROUNDING) & (probabilities <= 1 + ROUNDING)))
    if len(wrong):
        raise ArgumentError(
            f"the probability of answer {wrong[0]} is not in 0..1", got=float(probabilities[wrong[0]]),
            remedy="Logits become probabilities by a softmax; NaN comes from training that diverged.",
        )  # fmt: skip
    values, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    shares = np.bincount(place, weights=known, minlength=len(values)) / np.maximum(counts, 1)
    return np.repeat(values, counts), np.repeat(shares, counts)


def expected_calibration_error(probability: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """Return how far probabilities are from the share of right answers, on average over bins of equal size; 0..1.

    Args:
        probability: of each answer, 0..1, [N].
        right: whether it is right, bool [N].
        bins: how many.

    Raises:
        ArgumentError: if there are no items, the two differ in number, or a probability is not in 0..1.

    Example:
        >>> round(expected_calibration_error(np.full(10, 0.8), np.arange(10) < 6, bins=1), 3)
        0.2
    """
    counts = [np.size(probability), np.size(right)]
    if not counts[0] or counts[0] != counts[1]:
        raise ArgumentError(
            "a calibration error needs one probability for each answer, and at least one", got=counts
        )
    found = reliability(probability, right, bins)
    return sum(each.n * abs(each.confidence - each.right) for each in found) / counts[0]


class RiskCoverage(NamedTuple):
    """What happens if only the surest answers are given.

    Attributes:
        coverage: the share of items that get an answer, 0..1, ascending, [N].
        risk: the share of wrong ones among these answers, 0..1, [N].
        area: the area under the curve, 0..1; the lower the better.
    """

    coverage: np.ndarray
    risk: np.ndarray
    area: float


def risk_coverage(probability: ArrayLike, right: ArrayLike) -> RiskCoverage:
    """Return the error among the surest answers, for each number of them; equal probabilities as in `reliability`.

    Args:
        probability: of each answer, 0..1, [N].
        right: whether it is right, bool [N].

    Raises:
        ArgumentError: as `reliability`.

    Example:
        >>> curve = risk_coverage(np.array([0.9, 0.6, 0.8, 0.7]), np.array([True, False, True, True]))
        >>> curve.risk.tolist(), round(curve.area, 4)
        ([0.0, 0.0, 0.0, 0.25], 0.0625)
    """
    shares = _ordered(probability, right)[1][::-1]
    counts = np.arange(1, len(shares) + 1)
    risk = np.cumsum(1 - shares) / counts
    return RiskCoverage(counts / max(1, len(shares)), risk, float(risk.mean()) if len(shares) else 0.0)


def scaled(logits: np.ndarray, temperature: float, activation: str) -> np.ndarray:
    """Return probabilities of logits [N,K] that are divided by a temperature; `activation` is "softmax" or "sigmoid"."""
    divided = logits.astype(np.float64) / temperature
    return softmax(divided) if activation == "softmax" else sigmoid(divided)


def log_loss(logits: np.ndarray, targets: np.ndarray, temperature: float, activation: str) -> float:
    """Return the mean negative log-likelihood of targets: classes int [N], or for "sigmoid" whether labels apply, [N,K]."""
    divided = logits.astype(np.float64) / temperature
    if activation == "softmax":
        largest = divided.max(1, keepdims=True)
        total = np.log(np.exp(divided - largest).sum(1)) + largest[:, 0]
        return float((total - divided[np.arange(len(targets)), targets]).mean())
    return float((np.logaddexp(0, divided) - divided * targets).mean())


def fit_temperature(logits: np.ndarray, targets: np.ndarray, activation: str = "softmax") -> float:
    """Return the temperature by which logits are to be divided so that the targets are likeliest.

    Args:
        logits: float [N,K].
        targets: classes, int [N]; for "sigmoid" whether each label applies, [N,K].
        activation: "softmax" or "sigmoid".

    Raises:
        ArgumentError: if there are no items, their numbers differ, or a logit is not finite.
        MissingExtraError: if scipy is not installed.

    Example:
        >>> logits = np.array([[4.0, 0.0]] * 4)
        >>> round(fit_temperature(logits, np.array([0, 0, 0, 1])), 2)  # 3 of 4 are right: log(3) = 1.1 = 4 / 3.64
        3.64
    """
    _check_logits(logits, targets)
    optimize = require("scipy.optimize", "train", "to calibrate probabilities")
    found = optimize.minimize_scalar(
        lambda log: log_loss(logits, targets, float(np.exp(log)), activation),
        bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded", options={"xatol": 1e-4},
    )  # fmt: skip
    return float(np.exp(found.x))


def _check_logits(logits: np.ndarray, targets: np.ndarray) -> None:
    if logits.ndim != 2 or not logits.size or len(logits) != len(targets):
        raise ArgumentError(
            "a temperature needs logits and the target of each item, and at least one", got=[logits.shape, targets.shape],
            expected="logits [N,K] and N targets",
        )  # fmt: skip
    wrong = np.flatnonzero(~np.isfinite(logits).all(1))
    if len(wrong):
        raise ArgumentError(
            f"the logits of {len(wrong):,} of {len(logits):,} items are not finite, so no temperature fits them",
            got=logits[wrong[0]].tolist(), remedy="The model has diverged: train it again with a lower learning rate.",
        )  # fmt: skip


def at_lowest(temperature: float, right: np.ndarray) -> bool:
    """Whether nothing limits how far probabilities would be sharpened: every answer is right, or the lowest temperature was found."""
    return temperature < 1 and (bool(np.all(right)) or temperature < LOWEST * 1.01)


def at_highest(temperature: float) -> bool:
    """Whether the highest temperature was found: the logits say almost nothing about the targets."""
    return temperature > HIGHEST * 0.99


def seem_probabilities(outputs: np.ndarray) -> bool:
    """Whether outputs [N,K] that a loss takes for logits are probabilities: each item's are in 0..1 and add up to 1.

    Example:
        >>> seem_probabilities(np.array([[0.25, 0.75], [0.5, 0.5]])), seem_probabilities(np.array([[-1.0, 2.0], [0.5, 0.5]]))
        (True, False)
    """
    inside = (outputs >= 0).all() and (outputs <= 1).all()
    return bool(
        len(outputs) and outputs.shape[1] > 1 and inside and np.allclose(outputs.sum(1), 1, atol=1e-4)
    )


def fold_of(n: int, folds: int = FOLDS, groups: np.ndarray | None = None) -> np.ndarray:
    """Return the fold of each of n items, int64 [n]: equally many each, at random, the same every time.

    Args:
        n: how many items.
        folds: how many folds.
        groups: the number of each item's group, int64 [n], where items of one are alike: whole groups are in a fold. Of a single
            group items are, as there are no others.
    """
    n_groups = 0 if groups is None else int(groups.max(initial=-1)) + 1
    alone = groups is None or n_groups < 2
    fold = np.random.default_rng(0).permutation(np.arange(n if alone else n_groups) % folds)
    return fold if groups is None or alone else fold[groups]


def cross_fitted(
    logits: np.ndarray, targets: np.ndarray, activation: str = "softmax", groups: np.ndarray | None = None
) -> np.ndarray:
    """Return probabilities of each item by the temperature that fits the items of the other folds, float64 [N,K]; see `fold_of`."""
    if len(logits) < 2:
        raise ArgumentError("cross-fitting needs at least 2 items", got=len(logits))
    fold, found = fold_of(len(logits), groups=groups), np.empty(logits.shape)
    for number in np.unique(fold):
        held = fold == number
        found[held] = scaled(
            logits[held], fit_temperature(logits[~held], targets[~held], activation), activation
        )
    return found


def answers_of(
    probabilities: np.ndarray, targets: np.ndarray, activation: str = "softmax"
) -> tuple[np.ndarray, np.ndarray]:
    """Return (probability, whether right) of each answer: one for each item, or for "sigmoid" one for each item and label.

    Args:
        probabilities: float [N,K].
        targets: classes, int [N], or whether each label applies, [N,K].
        activation: "softmax" or "sigmoid".
    """
    if activation == "softmax":
        return probabilities.max(1), probabilities.argmax(1) == targets
    flat = probabilities.ravel()
    return np.maximum(flat, 1 - flat), (flat > 0.5) == targets.ravel().astype(bool)
