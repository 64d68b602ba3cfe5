"""Train a linear model of words and word pairs on the numbers of a network's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from gatera.core.checks import require
from gatera.core.progress import track
from gatera.core.random import rng
from gatera.data.splits.folds import folds_of_groups
from gatera.models.text.word_scores import Buckets, WordScores

#: A text does not count for a class of which the probability is no more than this.
LEAST_SHARE = 0.005

#: Inverse regularization strength, scikit-learn's C. Chosen here: see LOG.md on 4,000 film reviews.
REGULARIZATION_C = 10.0

#: Buckets for pairs: the most, how many there are for each different pair, and the most weights in a table for all classes.
MOST_BUCKETS, BUCKETS_PER_PAIR, MOST_WEIGHTS = 2**19, 2, 2**22

#: From this many texts on, what occurs in one text only is ignored.
ENOUGH_TO_IGNORE = 100

#: Up to this many texts: the number of folds; with more, the last.
FOLDS = ((300, 10), (10_000, 5), (10**12, 3))

#: Factors that scores are tried with.
FACTORS = tuple(2.0 ** (step / 4) for step in range(-12, 9))

#: Words count only if they lower the loss of answers that do not look at the text by this share. With fewer texts than
#: `ENOUGH_TO_JUDGE` that cannot be told: each held-out text makes its own class rarer in training.
LEAST_GAIN, ENOUGH_TO_JUDGE = 0.01, 100


@dataclass(frozen=True)
class FittedWords:
    """A trained linear model of words.

    Attributes:
        scores: the model, trained on all training texts.
        left_out: logits of each training text by a model that was trained without it, float32 [n,K].
        wrong: how many of these are wrong.
        usual_wrong: how many are wrong if every text gets the most frequent class.
        helps: whether they say more than how frequent the classes are.
    """

    scores: WordScores
    left_out: Tensor
    wrong: int
    usual_wrong: int
    helps: bool


def fit_words(
    arrays: Sequence[np.ndarray],
    labels: np.ndarray,
    n_classes: int,
    words: int,
    pad: int,
    seed: int,
    soft: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> FittedWords:
    """Train logistic regression on binary TF-IDF of words and pairs.

    Args:
        arrays: the tokens of each text, int64 [T].
        labels: its class, int64 [n]; two classes or more occur.
        n_classes: K.
        words: number of tokens in the vocabulary.
        pad: id of the padding token.
        seed: keys the folds.
        soft: the probability of every class for each text, float [n,K], where training learns from that instead of `labels`.
        groups: the number of each text's group, from 0 on, int64 [n]: texts of one are left out together. None for no groups.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    buckets = Buckets(words, n_pair_buckets(arrays, n_classes), pad)
    rows, idf = weighted(count(arrays, buckets))
    used = np.flatnonzero(idf)
    used_rows = rows[:, used]
    left_out = np.empty((len(labels), n_classes))
    folds = fold_numbers(labels, seed, groups)
    for fold in track(np.unique(folds).tolist(), "learning from words"):
        held = folds == fold
        learned = labels[~held] if soft is None else soft[~held]
        left_out[held] = _Linear.fit(used_rows[~held], learned, n_classes).logits(used_rows[held])
    judged = len(labels) >= ENOUGH_TO_JUDGE
    factor, loss = best_factor(left_out, labels) if judged else (1.0, np.nan)
    shares = np.bincount(labels, minlength=n_classes) / len(labels)
    guess = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    whole = _Linear.fit(used_rows, labels if soft is None else soft, n_classes)
    weights = np.zeros((buckets.n, n_classes), np.float32)
    weights[used] = whole.weights * factor
    return FittedWords(
        WordScores(buckets, idf, weights, whole.bias * factor).eval(),
        torch.from_numpy((left_out * factor).astype(np.float32)),
        int((left_out.argmax(1) != labels).sum()),
        int((labels != shares.argmax()).sum()),
        not judged or loss < (1 - LEAST_GAIN) * guess,
    )


def n_pair_buckets(arrays: Sequence[np.ndarray], n_classes: int) -> int:
    """Return how many buckets pairs get: a power of two that suits the number of texts and of classes."""
    most_pairs = BUCKETS_PER_PAIR * sum(len(array) for array in arrays)
    wanted = min(MOST_BUCKETS, MOST_WEIGHTS // (n_classes + 1), max(2, most_pairs))
    return 2 ** max(1, int(np.log2(wanted)))


def count(arrays: Sequence[np.ndarray], buckets: Buckets) -> Any:
    """Return which buckets each text has, a sparse matrix of ones [n,B]."""
    sparse = require("scipy.sparse", "train", "for the words of texts")
    found = [np.unique(buckets.of(torch.from_numpy(array)[None])[0].numpy()) for array in arrays]
    ends = np.cumsum([0, *(len(columns) for columns in found)])
    return sparse.csr_matrix((np.ones(ends[-1]), np.concatenate(found), ends), shape=(len(arrays), buckets.n))


def weighted(rows: Any) -> tuple[Any, np.ndarray]:
    """Return the rows' TF-IDF, each of length 1, and the weight of each bucket, float32 [B]: 0 for those too rare."""
    sparse = require("scipy.sparse", "train", "for the words of texts")
    n, occur = rows.shape[0], np.asarray(rows.sum(0)).ravel()
    fewest = 2 if n >= ENOUGH_TO_IGNORE else 1
    idf = np.where(occur >= fewest, np.log((1 + n) / (1 + occur)) + 1, 0).astype(np.float32)
    found = (rows @ sparse.diags(idf)).tocsr()
    length = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
    return (sparse.diags(1 / np.maximum(length, 1e-6)) @ found).tocsr(), idf


def fold_numbers(labels: np.ndarray, seed: int, groups: np.ndarray | None = None) -> np.ndarray:
    """Return the fold of each text, int64 [n]; every class is spread over the folds, and no group is in two of them.

    Args:
        labels: the class of each text, int64 [n].
        seed: keys what is drawn.
        groups: the number of each text's group, from 0 on; a single group tells nothing.
    """
    n = len(labels)
    folds = min(n, next(folds for most, folds in FOLDS if n <= most))
    if groups is not None and groups.min() < groups.max():
        return folds_of_groups(labels, groups, folds, seed, 3)
    order = rng(seed, 3).permutation(n)
    order = order[np.argsort(labels[order], kind="stable")]
    fold_of = np.empty(n, np.int64)
    fold_of[order] = np.arange(n) % folds
    return fold_of


def best_factor(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return the factor with which logits have the lowest cross entropy, and that loss."""
    said, wanted = torch.from_numpy(logits), torch.from_numpy(labels)
    tried = [(float(torch.nn.functional.cross_entropy(said * factor, wanted)), factor) for factor in FACTORS]
    loss, factor = min(tried)
    return factor, loss


def score(words: WordScores, arrays: Sequence[np.ndarray], pad: int, at_once: int = 64) -> Tensor:
    """Return the logits of texts, float32 [n,K]."""
    texts = [torch.from_numpy(array) for array in arrays]
    with torch.no_grad():
        parts = [
            words(pad_sequence(texts[start : start + at_once], batch_first=True, padding_value=pad))
            for start in range(0, len(texts), at_once)
        ]
    return torch.cat(parts)


@dataclass(frozen=True)
class _Linear:
    """A linear map to logits.

    Attributes:
        weights: float64 [B,K].
        bias: float64 [K].
    """

    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def fit(cls, rows: Any, labels: np.ndarray, n_classes: int) -> _Linear:
        """Train logistic regression; a class without a text is less likely than every other.

        Args:
            rows: sparse [n,B].
            labels: class indices int64 [n], or probabilities float [n,K]: then a text counts for each class by its probability.
            n_classes: K.
        """
        counts = None
        if labels.ndim == 2:
            text, label = np.nonzero(labels > LEAST_SHARE)
            rows, counts, labels = rows[text], labels[text, label], label
        known = np.unique(labels)
        weights, bias = np.zeros((rows.shape[1], n_classes)), np.zeros(n_classes)
        if len(known) > 1:
            linear = require("sklearn.linear_model", "train", "for the words of texts")
            model = linear.LogisticRegression(C=REGULARIZATION_C, max_iter=1000).fit(rows, labels, counts)
            of_class, start = model.coef_.T, model.intercept_
            if len(known) == 2:  # one map, for the second class
                of_class, start = np.hstack([-of_class, of_class]) / 2, np.hstack([-start, start]) / 2
            weights[:, known], bias[known] = of_class, start
        missing = np.setdiff1d(np.arange(n_classes), known)
        bias[missing] = bias[known].min() - 1
        return cls(weights, bias)

    def logits(self, rows: Any) -> np.ndarray:
        """Return logits, float64 [n,K]."""
        return np.asarray(rows @ self.weights) + self.bias
