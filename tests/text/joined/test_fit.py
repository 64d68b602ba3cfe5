from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.text.joined import fit
from gatera.text.joined.fit import best_factor, fit_words, fold_numbers, n_pair_buckets, score

WORDS, PAD = 40, 0


def texts(n: int, n_classes: int = 2, told: bool = True) -> tuple[list[np.ndarray], np.ndarray]:
    """Texts of random words; in each, one word tells its class."""
    draw = np.random.default_rng(0)
    labels = np.arange(n) % n_classes
    arrays = [draw.integers(10, WORDS, 12) for _ in range(n)]
    if told:
        for array, label in zip(arrays, labels, strict=True):
            array[5] = 1 + label
    return arrays, labels


@pytest.mark.parametrize("n_classes", [2, 3])
def test_words_that_tell_the_class_are_found_and_the_module_says_what_scikit_learn_does(n_classes):
    arrays, labels = texts(120, n_classes)
    found = fit_words(arrays, labels, n_classes, WORDS, PAD, seed=0)
    assert found.helps and found.wrong <= 6
    assert found.left_out.shape == (120, n_classes)
    said = score(found.scores, arrays, PAD)
    assert (said.argmax(1).numpy() == labels).all()
    rows, idf = fit.weighted(fit.count(arrays, found.scores.buckets))
    used = np.flatnonzero(idf)
    whole = fit._Linear.fit(rows[:, used], labels, n_classes)
    exact = whole.logits(rows[:, used])
    slope = float((exact * said.numpy()).sum() / (exact**2).sum())
    np.testing.assert_allclose(said, exact * slope, atol=0.01 * np.abs(exact * slope).max())


def test_words_that_tell_nothing_do_not_help():
    arrays, labels = texts(200, told=False)
    found = fit_words(arrays, labels, 2, WORDS, PAD, seed=0)
    assert not found.helps and found.usual_wrong == 100


def test_few_texts_are_not_judged():
    arrays, labels = texts(20, told=False)
    assert fit_words(arrays, labels, 2, WORDS, PAD, seed=0).helps


def test_a_class_of_one_text_and_one_without_any():
    arrays, labels = texts(30)
    labels[7] = 2
    found = fit_words(arrays, labels, 4, WORDS, PAD, seed=0)
    assert found.left_out.isfinite().all()
    assert (score(found.scores, arrays, PAD).argmax(1).numpy() == labels).mean() > 0.9
    assert found.left_out[7].argmax() != 2  # nothing knew of it


def test_the_same_seed_gives_the_same_words():
    arrays, labels = texts(60)
    one, other = (fit_words(arrays, labels, 2, WORDS, PAD, seed=3) for _ in range(2))
    assert torch.equal(one.scores.table, other.scores.table) and torch.equal(one.left_out, other.left_out)


def test_every_class_is_spread_over_the_folds():
    labels = np.array([0] * 20 + [1] * 10)
    folds = fold_numbers(labels, 0)
    assert sorted(np.bincount(folds)) == [3] * 10
    assert all(sum(folds[labels == 1] == fold) == 1 for fold in range(10))
    assert len(set(fold_numbers(np.array([0, 1, 1]), 0))) == 3


def test_texts_of_one_group_are_left_out_together():
    draw = np.random.default_rng(1)
    groups = np.repeat(np.arange(15), 8)
    labels = draw.permutation(np.arange(15) % 2)[groups]
    arrays = [
        np.append(draw.integers(20, WORDS, 6), 1 + group) for group in groups
    ]  # a word tells the writer
    alone = fit_words(arrays, labels, 2, WORDS, PAD, seed=0)
    assert alone.helps and alone.wrong < 12
    found = fit_words(arrays, labels, 2, WORDS, PAD, seed=0, groups=groups)
    assert not found.helps and found.wrong > 40
    folds = fold_numbers(labels, 0, groups)
    assert len(set(folds)) == 10 and all(len(set(folds[groups == group])) == 1 for group in range(15))
    assert (
        fold_numbers(labels, 0, np.zeros(120, np.int64)) == fold_numbers(labels, 0)
    ).all()  # tells nothing


def test_buckets_are_a_power_of_two_and_bounded():
    arrays = [np.zeros(1000, np.int64)] * 3000
    assert n_pair_buckets(arrays, 2) == 2**19
    assert n_pair_buckets(arrays, 100) == 2**15
    assert n_pair_buckets([np.zeros(8, np.int64)], 2) == 16


def test_sure_scores_that_are_wrong_are_held_back():
    logits = np.array([[4.0, 0.0], [4.0, 0.0], [0.0, 4.0], [0.0, 4.0]])
    factor, loss = best_factor(logits, np.array([0, 0, 1, 0]))
    assert factor < 1 and loss < 0.6
    assert best_factor(logits, np.array([0, 0, 1, 1]))[0] == 4


@pytest.mark.parametrize(
    ("pairs", "classes", "buckets"),
    [(0, 2, 2), (3, 2, 4), (1_000, 2, 1024), (10**6, 7, 2**19), (10**6, 8, 2**18), (10**6, 1_000, 2**12)],
)
def test_buckets_of_pairs_suit_the_texts_and_the_classes(pairs, classes, buckets):
    assert n_pair_buckets([range(pairs)], classes) == buckets
