from __future__ import annotations

import json

import numpy as np
import pytest

from gatera.core.errors import ProgramFileError
from gatera.program.decode import Decoder, sigmoid, softmax
from gatera.program.raw.placement import cover, squish

CAT_DOG = ["cat", "dog"]


def decoder(task: str = "classification", activation: str = "softmax", **changes: object) -> Decoder:
    return Decoder(
        **{
            "task": task,
            "activation": activation,
            "vocab": CAT_DOG,
            "threshold": 0.5,
            "temperature": 1.0,
            **changes,
        }
    )


def logits(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_a_classification_takes_the_likeliest_label():
    answer = decoder()(logits(0, np.log(3)))
    assert answer.label == "dog" and answer.index == 1 and isinstance(answer.index, int)
    assert answer.probabilities.dtype == np.float32
    assert answer.probabilities == pytest.approx([0.25, 0.75])


def test_the_temperature_divides_the_logits():
    assert decoder(temperature=2.0)(logits(0, 2 * np.log(3))).probabilities == pytest.approx([0.25, 0.75])


def test_many_labels_are_those_above_the_threshold():
    decode = decoder("multilabel", "sigmoid", threshold=0.6)
    answer = decode(logits(0.2, 1))
    assert answer.label == ["dog"] and answer.index.tolist() == [False, True]
    assert answer.probabilities == pytest.approx([0.549834, 0.7310586])
    assert decode(logits(-9, -9)).label == []


def test_a_regression_gives_its_values():
    decode = decoder("regression", "none", vocab=[])
    assert decode(logits(1.5)).label == 1.5
    assert decode(logits(1.5, 2)).label == [1.5, 2.0]
    assert decode(logits(1.5, 2)).index.tolist() == [1.5, 2.0]


def test_a_model_with_another_number_of_outputs_is_refused():
    with pytest.raises(ProgramFileError) as err:
        decoder()(logits(1, 2, 3))
    assert str(err.value) == "model.onnx gives [3] values for one input, and there are 2 labels."


def test_nan_is_not_an_answer():
    with pytest.raises(ProgramFileError) as err:
        decoder()(logits(np.nan, 1))
    assert str(err.value) == "model.onnx gives NaN or infinite values. Got: [nan, 1.0]."


def test_a_mask_is_of_the_likeliest_classes_in_the_photos_own_pixels():
    scores = np.zeros((2, 2, 3), np.float32)
    scores[0, :, 0] = scores[1, :, 1:] = np.log(3)  # [K,h,w]
    answer = decoder("segmentation")(scores, squish((4, 6), (2, 3)))
    label, index, probabilities = answer
    assert label.tolist() == [[0, 0, 1, 1, 1, 1]] * 4 and label.dtype == np.uint8
    assert index.tolist() == [[0, 1, 1]] * 2
    assert (
        probabilities[1] == pytest.approx(np.array([[0.25, 0.75, 0.75]] * 2))
        and probabilities.dtype == np.float32
    )
    assert decoder("segmentation", temperature=2.0)(scores).probabilities[1, 0, 1] == pytest.approx(0.6339746)
    assert answer.to_dict() == {
        "height": 4, "width": 6, "shares": {"cat": 0.333333, "dog": 0.666667}, "not_seen": 0.0,
    }  # fmt: skip


def test_points_are_in_the_photos_own_pixels():
    answer = decoder("points", "none", vocab=[])(logits(-1, -1, 0.5, 0), cover((40, 60), (8, 8)))
    assert answer.label == [[10.0, 0.0], [40.0, 20.0]]
    assert answer.index.tolist() == answer.probabilities.tolist() == [-1, -1, 0.5, 0]
    assert json.loads(json.dumps(answer.to_dict())) == {"points": [[10.0, 0.0], [40.0, 20.0]]}


def test_a_mask_of_another_size_than_the_input_is_an_error():
    with pytest.raises(ProgramFileError) as err:
        decoder("segmentation")(np.zeros((2, 3, 3), np.float32), squish((4, 6), (2, 3)))
    assert str(err.value) == (
        "model.onnx gives [2, 3, 3] values for one input. Expected: 2 classes on 2 x 3 pixels."
    )


def test_softmax_adds_up_to_one_and_does_not_overflow():
    rows = softmax(np.array([[1.0, 2.0, 3.0], [1e4, 0.0, -1e4]]))
    assert rows.sum(axis=-1) == pytest.approx([1, 1])
    assert rows[0] == pytest.approx([0.09003057, 0.24472847, 0.66524096])
    assert rows[1].tolist() == [1, 0, 0]


def test_sigmoid_is_the_logistic_function():
    x = np.linspace(-20, 20, 41)
    assert sigmoid(x) == pytest.approx(1 / (1 + np.exp(-x)), abs=1e-15)


def test_a_mask_without_height_and_width_is_an_error():
    with pytest.raises(ProgramFileError) as err:
        decoder("segmentation")(logits(1, 2))
    assert str(err.value) == "model.onnx gives [2] values for one input. Expected: [2, height, width]."


def test_a_model_may_give_one_number_without_an_axis():
    assert decoder("regression", "none", vocab=[])(np.float32(1.5)).label == 1.5  # type: ignore[arg-type]


@pytest.mark.parametrize(("task", "activation"), [("classification", "softmax"), ("multilabel", "sigmoid")])
def test_numpys_settings_of_the_program_around_change_nothing(task, activation):
    """Where numpy was to raise, a probability of 0 was said to be no answer of the model."""
    decode = decoder(task, activation, vocab=["a", "b"])
    for values in (logits(900, -900), logits(60, -60)):
        wanted = decode(values).to_dict()
        with np.errstate(all="raise"):
            assert decode(values).to_dict() == wanted
