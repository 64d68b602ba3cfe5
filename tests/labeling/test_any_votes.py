"""Label model and majority vote over any votes: probabilities, and what neither order nor copies of functions may change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gatera.labeling import LabelModel, MajorityLabeler
from gatera.labeling.model.copies import FEWEST_LEFT
from gatera.labeling.model.starting import FEWEST_COMMON


@st.composite
def votes(draw, fewest=1):
    """Return votes [n,m] of good, useless, always wrong, rare and constant functions, and the number of classes."""
    k, n, m = draw(st.integers(2, 4)), draw(st.integers(fewest, 40)), draw(st.integers(1, 5))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    truth, columns = random.integers(0, k, n), []
    for _ in range(m):
        right = random.random(n) < draw(st.sampled_from([0.0, 1 / k, 0.7, 1.0]))
        said = np.where(right, truth, random.integers(0, k, n))
        said = np.full(n, draw(st.integers(0, k - 1))) if draw(st.integers(0, 5)) == 0 else said
        columns.append(np.where(random.random(n) < draw(st.sampled_from([0.0, 0.3, 0.9])), -1, said))
    matrix = np.stack(columns, axis=1)
    assume((matrix >= 0).any())
    return matrix, k


LABELERS = pytest.mark.parametrize("labeler", [LabelModel, MajorityLabeler])


@LABELERS
def test_a_labeler_tells_what_it_is(labeler):
    name = labeler.__name__
    assert repr(labeler()) == f"<{name}, not fitted>"
    assert repr(labeler().fit([[0, 1]])).startswith(f"<{name} of ")


def probabilities(labeler, matrix, k):
    return labeler().fit(matrix, k).predict_proba(matrix)


@LABELERS
@given(votes())
def test_probabilities_are_probabilities(labeler, given_votes):
    """They are finite, sum to 1, and an item without a vote gets no label; items without votes change nothing for the others."""
    matrix, k = given_votes
    model = labeler().fit(matrix, k)
    found = model.predict_proba(matrix)
    assert found.shape == (len(matrix), k) and (found >= 0).all() and np.allclose(found.sum(axis=1), 1)
    assert ((model.predict(matrix) == -1) == ~(matrix >= 0).any(axis=1)).all()
    silent = np.vstack([matrix, np.full((3, matrix.shape[1]), -1)])
    assert np.allclose(probabilities(labeler, silent, k)[: len(matrix)], found)


@LABELERS
@settings(max_examples=20)
@given(votes(), st.randoms(use_true_random=False))
def test_order_changes_nothing(labeler, given_votes, random):
    """Items, functions and classes in another order give the same probabilities in that order."""
    (matrix, k), (n, m) = given_votes, given_votes[0].shape
    found = probabilities(labeler, matrix, k)
    items, functions, classes = (np.array(random.sample(range(size), size)) for size in (n, m, k))
    assert np.allclose(probabilities(labeler, matrix[items], k), found[items], atol=1e-3)
    assert np.allclose(probabilities(labeler, matrix[:, functions], k), found, atol=1e-3)
    renamed = np.where(matrix >= 0, classes[matrix], -1)
    assert np.allclose(probabilities(labeler, renamed, k)[:, classes], found, atol=1e-3)


@settings(max_examples=30)
@given(votes(FEWEST_COMMON), st.integers(0, 4), st.integers(1, 3))
def test_a_function_given_again_counts_once(given_votes, which, times):
    """Copies of a function leave every probability as it was, where there are votes enough to tell a copy."""
    matrix, k = given_votes
    column = matrix[:, which % matrix.shape[1]]
    assume((column >= 0).sum() >= FEWEST_COMMON)
    assume(len({each.tobytes() for each in matrix.T}) >= max(FEWEST_LEFT, matrix.shape[1]))
    more = np.column_stack([matrix, *[column] * times])
    assert np.allclose(probabilities(LabelModel, more, k), probabilities(LabelModel, matrix, k), atol=1e-3)
