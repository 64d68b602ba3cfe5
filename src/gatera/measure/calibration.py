"""Whether probabilities are what they claim: calibration error, temperature scaling, answers by how sure they are.

Source: Guo, Pleiss, Sun and Weinberger 2017 (temperature scaling, expected calibration error); Geifman and El-Yaniv 2017 (risk and
coverage).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatera.core.checks import check_at_least, require
from gatera.core.errors import ArgumentError
from gatera.program.decode import sigmoid, softmax

#: Temperatures outside are not calibration.
LOWEST, HIGHEST = 0.05, 20.0

#: Parts of the items: what is fitted on the others is measured on each.
FOLDS = 5

#: With fewer items a temperature is noise.
FEWEST = 50

BINS = 15


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


def reliability(probability: np.ndarray, right: np.ndarray, bins: int = BINS) -> list[Reliability]:
    """Return items in bins of equal size, from the least to the most sure.

    Args:
        probability: of each answer, 0..1, [N].
        right: whether it is right, bool [N].
        bins: how many; fewer if there are fewer items.

    Example:
        >>> reliability(np.array([0.6, 0.9]), np.array([False, True]), 2)
        [Reliability(n=1, confidence=0.6, right=0.0), Reliability(n=1, confidence=0.9, right=1.0)]
    """
    check_at_least("bins", bins, 1)
    # equal ones in no order: that of the items may go by class
    mixed = np.random.default_rng(0).permutation(len(probability))
    order = mixed[np.argsort(np.asarray(probability)[mixed], kind="stable")]
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [Reliability(len(p), float(probability[p].mean()), float(right[p].mean())) for p in parts]


def expected_calibration_error(probability: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """Return how far probabilities are from the share of right answers, on average over bins of equal size; 0..1.

    Args:
        probability: of each answer, 0..1, [N].
        right: whether it is right, bool [N].
        bins: how many.

    Raises:
        ArgumentError: if there are no items, or the two differ in number.

    Example:
        >>> round(expected_calibration_error(np.full(10, 0.8), np.arange(10) < 6, bins=1), 3)
        0.2
    """
    if not len(probability) or len(probability) != len(right):
        raise ArgumentError(
            "a calibration error needs one probability for each answer, and at least one", got=[len(probability), len(right)]
        )  # fmt: skip
    found = reliability(probability, right, bins)
    return sum(each.n * abs(each.confidence - each.right) for each in found) / len(probability)


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


def risk_coverage(probability: np.ndarray, right: np.ndarray) -> RiskCoverage:
    """Return the error among the surest answers, for each number of them.

    Args:
        probability: of each answer, 0..1, [N].
        right: whether it is right, bool [N].

    Example:
        >>> curve = risk_coverage(np.array([0.9, 0.6, 0.8, 0.7]), np.array([True, False, True, True]))
        >>> curve.risk.tolist(), round(curve.area, 4)
        ([0.0, 0.0, 0.0, 0.25], 0.0625)
    """
    order = np.argsort(-probability, kind="stable")
    counts = np.arange(1, len(order) + 1)
    risk = np.cumsum(~right.astype(bool)[order]) / counts
    return RiskCoverage(counts / len(order), risk, float(risk.mean()) if len(order) else 0.0)


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
        MissingExtraError: if scipy is not installed.

    Example:
        >>> logits = np.array([[4.0, 0.0]] * 4)
        >>> round(fit_temperature(logits, np.array([0, 0, 0, 1])), 2)  # 3 of 4 are right: log(3) = 1.1 = 4 / 3.64
        3.64
    """
    optimize = require("scipy.optimize", "train", "to calibrate probabilities")
    found = optimize.minimize_scalar(
        lambda log: log_loss(logits, targets, float(np.exp(log)), activation),
        bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded", options={"xatol": 1e-4},
    )  # fmt: skip
    return float(np.exp(found.x))


def fold_of(n: int, folds: int = FOLDS) -> np.ndarray:
    """Return the fold of each of n items, int64 [n]: equally many each, at random, the same every time."""
    return np.random.default_rng(0).permutation(np.arange(n) % folds)


def cross_fitted(logits: np.ndarray, targets: np.ndarray, activation: str = "softmax") -> np.ndarray:
    """Return probabilities of each item by the temperature that fits the items of the other folds, float64 [N,K]."""
    fold, found = fold_of(len(logits)), np.empty(logits.shape)
    for number in range(FOLDS):
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
