from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from gatera.core.errors import ProgramFileError
from gatera.program.decode import Decoder
from gatera.program.description import package_info, read_description
from gatera.program.package import read_package

CARD = "# Cats and dogs\n\nMade for the tests.\n"
LEAST_ENTRIES = {"model.onnx": {"size": 5, "sha256": hashlib.sha256(b"model").hexdigest()}}
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


def test_every_label_may_have_its_own_threshold(make_program):
    path = make_program(
        task="multilabel", decode={"activation": "sigmoid", "vocab": ["cat", "dog"], "threshold": [0.5, 0.75]}
    )
    decode = read_description(read_package(path))[1]
    assert decode(logits(1, 1)).label == ["cat"]
    assert decode(logits(1, 2)).label == ["cat", "dog"]


def test_a_described_program_is_read(program_file):
    prepare, decode = read_description(read_package(program_file))
    assert prepare.config[0]["at_least"] == [8, 8]
    assert decode == decoder()


def test_a_regression_needs_no_labels(make_program):
    path = make_program(task="regression", decode={"activation": "none", "vocab": None})
    assert read_description(read_package(path))[1] == decoder("regression", "none", vocab=[])


def test_points_need_no_labels(make_program):
    path = make_program(task="points", decode={"activation": "none", "vocab": None})
    assert read_description(read_package(path))[1] == decoder("points", "none", vocab=[])


def test_the_info_is_the_description_and_the_file(program_file):
    info = package_info(read_package(program_file))
    assert info["path"] == str(program_file) and info["size"] == program_file.stat().st_size
    assert len(info["sha256"]) == 64
    assert info["task"] == "classification" and info["entries"]["card.md"]["size"] == len(CARD)


def softmaxed(**changes: object) -> dict[str, object]:
    return {"activation": "softmax", "vocab": CAT_DOG, **changes}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"preprocess": None}, "{} has no valid 'preprocess'. Expected: a JSON list."),
        ({"decode": [1]}, "{} has no valid 'decode'. Got: [1]. Expected: a JSON dict."),
        ({"task": "guessing"},
         "{} has an unknown task. Got: 'guessing'. Expected: classification, multilabel, regression, "
         "segmentation, points. "
         "A newer Gatera may know it: pip install -U gatera."),
        ({"decode": softmaxed(activation="relu")},
         "{} has an unknown activation. Got: 'relu'. Expected: softmax, sigmoid, none. "
         "A newer Gatera may know it: pip install -U gatera."),
        ({"decode": softmaxed(activation=["softmax"])},
         "{} has an unknown activation. Got: ['softmax']. Expected: softmax, sigmoid, none. "
         "A newer Gatera may know it: pip install -U gatera."),
        ({"decode": softmaxed(vocab=[])}, "{} has no list of labels. Got: []."),
        ({"task": "segmentation", "decode": softmaxed(vocab=[])}, "{} has no list of labels. Got: []."),
        ({"task": "segmentation", "decode": softmaxed(vocab=list(range(256)))},
         "{} has too many classes. Got: 256. Expected: at most 255."),
        ({"decode": softmaxed(vocab="cat")}, "{} has no list of labels. Got: 'cat'."),
        ({"decode": softmaxed(threshold="high")}, "the threshold in {} is not a number. Got: 'high'."),
        ({"decode": softmaxed(threshold=[0.5])},
         "invalid thresholds in {}. Got: [0.5]. Expected: 2 numbers, one per label."),
        ({"decode": softmaxed(threshold=[0.5, True])},
         "invalid thresholds in {}. Got: [0.5, True]. Expected: 2 numbers, one per label."),
        ({"decode": softmaxed(temperature=True)}, "the temperature in {} is not a number. Got: True."),
        ({"decode": softmaxed(temperature=0)}, "the temperature in {} is not a number above 0. Got: 0.0."),
    ],
)  # fmt: skip
def test_messages(changes, text, make_program):
    path = make_program(**changes)
    with pytest.raises(ProgramFileError) as err:
        read_description(read_package(path))
    assert str(err.value) == text.format(f"program.json of {path}")


def test_a_temperature_that_is_no_number(pack, program_file):
    text = (
        read_package(program_file).read("program.json").replace(b'"temperature": 1.0', b'"temperature": NaN')
    )
    described = json.loads(text)
    path = pack(**{**described, "entries": LEAST_ENTRIES})
    with pytest.raises(ProgramFileError) as err:
        read_description(read_package(path))
    assert str(err.value) == f"program.json of {path} is not JSON (the number NaN is not finite)."
