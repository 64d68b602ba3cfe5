"""What one answer says of one item: right or wrong, how bad, and classes that the program does not know."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gatera.evaluate.items import Example
from gatera.evaluate.outcomes import LabelScores, LabelSetScores
from gatera.program.program import load_program

RED, BLUE = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))


@pytest.fixture
def program(tiny_programs, tmp_path):
    """Red is a cat, blue is a dog."""
    return load_program(tiny_programs.write("photos", tmp_path / "pets.gatera"))


def test_a_right_answer_a_wrong_one_and_a_class_nobody_taught(program):
    scores = LabelScores(program)
    cat = program.predict(RED)
    outcomes = [scores.add(Example(name, RED, name), cat) for name in ("cat", "dog", "fox")]
    assert [(each.truth, each.answer, each.wrong) for each in outcomes] == [
        ("cat", "cat", False), ("dog", "cat", True), ("fox", "cat", True),
    ]  # fmt: skip
    assert outcomes[0].badness == pytest.approx(1 - cat.probability)
    assert outcomes[1].badness == pytest.approx(cat.probability) and outcomes[2].badness == 1
    assert outcomes[1].how == f"probability {cat.probability:.2f}; {1 - cat.probability:.2f} for dog"
    assert scores.unknown == {"fox": 1}
    report = scores.report()
    assert (report.n, report.errors) == (3, 2)
    answers = scores.class_answers()
    np.testing.assert_array_equal(answers.labels, [0, 1, 2])
    np.testing.assert_allclose(answers.probabilities, [cat.probabilities] * 3)


def test_the_same_unknown_class_is_one_class(program):
    scores = LabelScores(program)
    for name in ("fox", "wolf", "fox"):
        scores.add(Example(name, BLUE, name), program.predict(BLUE))
    np.testing.assert_array_equal(scores.class_answers().labels, [2, 3, 2])
    assert scores.unknown == {"fox": 2, "wolf": 1}


def test_several_labels_count_one_by_one(tiny_programs, tmp_path):
    program = load_program(tiny_programs.write("several", tmp_path / "several.gatera"))
    scores, answer = LabelSetScores(program), program.predict(RED)
    given = [label for label, there in zip(program.vocab, answer.index, strict=True) if there]
    right = scores.add(Example("a", RED, given), answer)
    wrong = scores.add(Example("b", RED, [*given, "unicorn"]), answer)
    other = [label for label in program.vocab if label not in given]
    worse = scores.add(Example("c", RED, other), answer)
    assert (right.wrong, wrong.wrong, worse.wrong) == (False, False, True)
    assert worse.how.startswith(f"{len(program.vocab)} wrong of {len(program.vocab)}")
    assert worse.badness > right.badness and scores.unknown == {"unicorn": 1}
