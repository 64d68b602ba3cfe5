from __future__ import annotations

import numpy as np
from sklearn import metrics as skm

from gatera.measure.reports.confusion import confusion_matrix, most_confused

DRAW = np.random.default_rng(0)
TARGETS, PREDICTED = DRAW.integers(0, 5, 300), DRAW.integers(0, 5, 300)


def test_confusion_matrix_equals_scikit_learns() -> None:
    matrix = confusion_matrix(TARGETS, PREDICTED, 5)
    assert matrix.dtype == np.int64
    np.testing.assert_array_equal(matrix, skm.confusion_matrix(TARGETS, PREDICTED))


def test_classes_that_never_occur_have_rows_and_columns_too() -> None:
    assert confusion_matrix(np.array([0]), np.array([0]), 3).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_mistakes_are_listed_by_count_and_then_by_name() -> None:
    matrix = np.array([[9, 2, 0], [5, 9, 2], [2, 0, 9]])
    assert most_confused(matrix, ["b", "a", "c"]) == [
        ("a", "b", 5), ("a", "c", 2), ("b", "a", 2), ("c", "b", 2),
    ]  # fmt: skip
    assert most_confused(matrix, ["b", "a", "c"], min_val=3) == [("a", "b", 5)]
    assert matrix[0, 0] == 9  # what was given is left as it was


def test_a_faultless_matrix_has_no_mistakes() -> None:
    assert most_confused(np.eye(3, dtype=int), [False, True, None]) == []
