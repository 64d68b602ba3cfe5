from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest

from gatera.measure.losses.standard import STANDARD_LOSSES, default_loss
from gatera.program.decode import ACTIVATIONS, Decoder
from gatera.program.tasks import TASKS, Activation, Task, task_kind

#: Scores of one input for each task.
SCORES = {
    "classification": np.array([0.0, 2.0], np.float32),
    "multilabel": np.array([3.0, 2.0], np.float32),
    "regression": np.array([1.5], np.float32),
    "segmentation": np.zeros((2, 3, 4), np.float32),
    "points": np.array([0.0, 0.5], np.float32),
}

LINES = {
    "classification": [("dog", "0.8808")],
    "multilabel": [("cat", "0.9526"), ("dog", "0.8808")],
    "regression": [("", "1.5")],
    "segmentation": [("cat", "1.0000")],
    "points": [("", "0.5, 0.8")],
}


def answer(task: str):
    activation = default_loss(task).activation_name
    return Decoder(task, activation, ["cat", "dog"], 0.5, 1.0)(SCORES[task])  # type: ignore[arg-type]


def test_the_types_name_the_tables():
    assert get_args(Task) == tuple(TASKS) == tuple(SCORES) == tuple(LINES)
    assert set(get_args(Activation)) == set(ACTIVATIONS)


@pytest.mark.parametrize("task", TASKS)
def test_every_answer_is_json_and_lines(task):
    found, kind = answer(task), TASKS[task]
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict() != {}
    assert kind.lines(found, found.vocab, None) == LINES[task]
    assert bool(found.vocab) is kind.needs_vocab


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_default_loss(task):
    assert TASKS[task].loss in STANDARD_LOSSES
    fixed = TASKS[task].activation
    assert fixed is None or fixed == default_loss(task).activation_name


@pytest.mark.parametrize("task", TASKS)
def test_every_card_sentence_can_be_filled(task):
    sentence = TASKS[task].card_sentence.format(n=2, labels="`cat`, `dog`")
    assert sentence.endswith(".") and ("`cat`, `dog`" in sentence) is TASKS[task].needs_vocab


def test_only_known_tasks_have_a_row():
    assert task_kind("points") is TASKS["points"]
    assert task_kind("guessing") is task_kind(None) is None
