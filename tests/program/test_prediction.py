from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.program.prediction import Prediction


@pytest.fixture
def answer() -> Prediction:
    return Prediction("dog", 1, np.array([0.1, 0.9], np.float32), ["cat", "dog"])


@pytest.fixture
def tags() -> Prediction:
    return Prediction(
        ["cat"], np.array([True, False]), np.array([0.9, 0.1], np.float32), ["cat", "dog"], "multilabel"
    )


def test_it_unpacks_as_the_books_triple(answer):
    label, index, probabilities = answer
    assert (label, index) == ("dog", 1)
    assert f"{probabilities[1].item():.6f}" == "0.900000"
    assert len(answer) == 3 and answer[0] == "dog"


def test_the_probability_is_the_labels(answer):
    assert answer.probability == pytest.approx(0.9)


def test_the_repr_shows_the_triple(answer):
    assert repr(answer) == "Prediction(label='dog', index=1, probabilities=array([0.1, 0.9], dtype=float32))"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_knows_what_the_original_knows(again, tags):
    assert again(tags).to_dict() == tags.to_dict()


def test_a_classification_as_json(answer):
    assert json.loads(json.dumps(answer.to_dict())) == {
        "label": "dog", "index": 1, "probability": 0.9, "probabilities": {"cat": 0.1, "dog": 0.9},
    }  # fmt: skip


def test_labels_that_are_not_text_are_text_in_json():
    answer = Prediction(True, 1, np.array([0.25, 0.75], np.float32), [False, True])
    assert json.loads(json.dumps(answer.to_dict()))["probabilities"] == {"False": 0.25, "True": 0.75}


def test_many_labels_as_json(tags):
    assert json.loads(json.dumps(tags.to_dict())) == {
        "label": ["cat"], "index": [True, False], "probability": [0.9], "probabilities": {"cat": 0.9, "dog": 0.1},
    }  # fmt: skip


def test_a_regression_as_json():
    values = np.array([1.5], np.float32)
    assert Prediction(1.5, values, values, task="regression").to_dict() == {"value": 1.5}


def test_many_labels_have_no_single_probability(tags):
    with pytest.raises(ArgumentError) as err:
        tags.probability
    assert str(err.value) == (
        "a multilabel prediction has no single probability. Read .probabilities, or .to_dict()."
    )


def test_predictions_are_compared_number_by_number(answer, tags):
    assert answer == copy.deepcopy(answer) and answer in [tags, answer]
    assert (answer != copy.copy(answer)) is False
    assert answer != Prediction("dog", 1, np.array([0.2, 0.8], np.float32)) and answer != tags
    assert answer != "dog" and tags == copy.deepcopy(tags)
