"""Kappa and alpha of any labels are those of slow and plain computations, whatever the labels are called."""

from __future__ import annotations

from itertools import combinations, permutations
from math import isclose, isnan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gatera.measure.agreement import FEWEST, agreement

LABELS = st.sampled_from(["cat", "dog", "Cat", ""])
PEOPLE = st.lists(st.dictionaries(st.integers(0, 12), LABELS, max_size=13), min_size=2, max_size=4)


def alpha(units):
    """Krippendorff's alpha by counting every pair of labels; None where only one label occurs."""
    every = [label for labels in units for label in labels]
    observed = sum(sum(a != b for a, b in permutations(labels, 2)) / (len(labels) - 1) for labels in units)
    expected = sum(a != b for a, b in permutations(every, 2)) / (len(every) - 1)
    return 1 - observed / expected if expected else None


@given(PEOPLE)
def test_agreement_is_that_of_plain_computations(people):
    """Pairs and kappa are scikit-learn's, alpha that of all pairs of labels; other names of the labels change nothing."""
    kappa_of = pytest.importorskip("sklearn.metrics").cohen_kappa_score
    said = {
        str(who): {item: label for item, label in each.items() if label} for who, each in enumerate(people)
    }
    assume(any(one.keys() & other.keys() for one, other in combinations(said.values(), 2)))
    found = agreement({str(who): each for who, each in enumerate(people)})
    for pair in found.pairs:
        one, other = (said[who] for who in pair.people)
        both = sorted(one.keys() & other.keys())
        labels = [[each[item] for item in both] for each in (one, other)]
        assert (pair.n, pair.alike) == (len(both), sum(map(str.__eq__, *labels)))
        kinds = [len(set(each)) for each in labels]
        if len({*labels[0], *labels[1]}) > 1:
            assert isclose(pair.kappa, kappa_of(*labels), abs_tol=1e-12)
            assert 1 not in kinds or pair.kappa == 0  # which says nothing, so that it has no interval
        low, high = pair.interval
        assert isnan(low) == isnan(high) == (pair.n < FEWEST or 1 in kinds)
        assert isnan(low) or low <= pair.kappa <= high
    units = {
        item: [each[item] for each in said.values() if item in each] for one in said.values() for item in one
    }
    plain = alpha([labels for labels in units.values() if len(labels) > 1])
    assert isnan(found.alpha) if plain is None else isclose(found.alpha, plain, abs_tol=1e-12)
    other_names = {
        who: {item: {"cat": "z", "dog": "a"}.get(each, "m") for item, each in one.items()}
        for who, one in said.items()
    }
    again = agreement(other_names)
    assert [pair.kappa for pair in again.pairs] == pytest.approx(
        [pair.kappa for pair in found.pairs], nan_ok=True
    )
