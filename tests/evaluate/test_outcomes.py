"""What one answer says of one item: right or wrong, how bad, and classes that the program does not know."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.evaluate.item_pictures import excerpt, legend, photos_beside, shown
from gatera.evaluate.items import Example
from gatera.evaluate.outcomes import LabelScores, LabelSetScores, MaskScores, NumberScores, PointScores
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


def test_numbers_are_off_by_their_distance():
    scores = NumberScores(SimpleNamespace(vocab=()))
    answer = SimpleNamespace(probabilities=np.array([[3.0, 5.0]]))
    outcome = scores.add(Example("row 1", {}, ["3", 1]), answer)
    assert (outcome.truth, outcome.answer, outcome.wrong) == ("3, 1", "3, 5", None)
    assert outcome.badness == pytest.approx(8**0.5) and outcome.how == "off by 2.828"
    scores.add(Example("row 2", {}, [3.0, 3.0]), answer)
    report = scores.report()
    assert report.n == 2 and "The mean of these items" in str(report)
    with pytest.raises(DataError, match="row 3 has 1 numbers, and the program answers with 2"):
        scores.add(Example("row 3", {}, 1.0), answer)


def test_pixels_that_nobody_labelled_or_the_program_did_not_see_do_not_count():
    scores = MaskScores(SimpleNamespace(vocab=("road", "car")))
    answer = SimpleNamespace(label=np.array([[0, 0, 1], [1, 255, 0]]))
    outcome = scores.add(Example("a.png", None, lambda: np.array([[0, 1, 1], [-1, 0, 0]])), answer)
    assert outcome.how == "25.0 % of the pixels wrong" and outcome.badness == 0.25 and outcome.wrong is None
    assert (outcome.truth, outcome.answer) == ("road, car", "road, car")
    np.testing.assert_array_equal(scores.tables[0], [[2, 0], [1, 1]])
    nothing = scores.add(Example("b.png", None, np.full((2, 3), -1)), answer)
    assert nothing.badness == 0 and nothing.truth == ""
    assert scores.report().n == 2
    with pytest.raises(DataError, match="a different size from its photo"):
        scores.add(Example("c.png", None, np.zeros((3, 2))), answer)


def test_pixels_of_void_do_not_count_for_a_photo_either():
    scores = MaskScores(SimpleNamespace(vocab=("road", "car", "Void")))
    answer = SimpleNamespace(label=np.array([[0, 0, 1, 1]]))
    outcome = scores.add(Example("a.png", None, np.array([[0, 1, 2, 2]])), answer)
    assert (outcome.badness, outcome.truth) == (0.5, "road, car") and scores.report().error == 0.5


def test_points_are_off_by_pixels():
    scores = PointScores(SimpleNamespace(vocab=()))
    answer = SimpleNamespace(label=np.array([[3.0, 4.0]]))
    outcome = scores.add(Example("a.png", Image.new("RGB", (20, 10)), [0, 0]), answer)
    assert (outcome.truth, outcome.answer, outcome.how) == ("0, 0", "3, 4", "5.0 pixels off")
    assert outcome.badness == 5 and scores.report().n == 1


def picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def fake_program(task: str, vocab: tuple[str, ...] = (), answer=None, op: str = "read_photo"):
    """A program that always answers the same."""
    return SimpleNamespace(
        task=task, vocab=vocab, predict=lambda raw: SimpleNamespace(label=answer),
        preprocess=SimpleNamespace(config=[{"op": op}]),
    )  # fmt: skip


def outcome_of(raw, truth=None) -> SimpleNamespace:
    return SimpleNamespace(example=Example("item", raw, truth))


def test_masks_are_shown_side_by_side():
    photo, labelled = Image.new("RGB", (40, 30), "white"), np.zeros((30, 40), np.int64)
    program = fake_program("segmentation", ("road", "car"), answer=np.ones((30, 40), np.int64))
    both = picture(shown(program, outcome_of(photo, lambda: labelled)).jpeg)
    assert both.size == (84, 30)
    left, right = np.asarray(both, np.float64)[15, 20], np.asarray(both, np.float64)[15, 64]
    (road, _), (car, _) = legend(program)
    for pixel, colour, other in ((left, road, car), (right, car, road)):
        to_it, to_other = (
            np.abs(pixel - [int(c[k : k + 2], 16) for k in (1, 3, 5)]).sum() for c in (colour, other)
        )
        assert to_it < to_other
    assert [name for _, name in legend(program)] == ["road", "car"]


def test_points_outside_of_their_photo_are_named():
    """Data sets write -1 for a point that nobody saw: it would count as a place."""
    scores = PointScores(fake_program("points", answer=[[4, 4]]))
    answer = SimpleNamespace(label=np.array([[4.0, 4.0]]))
    scores.add(Example("in.jpg", RED, [8, 0]), answer)
    assert scores.remark() == ""
    scores.add(Example("beside.jpg", RED, [-1, -1]), answer)
    assert scores.remark().startswith(
        "1 photo has labelled points outside of the picture, which count as they are: beside.jpg (-1, -1)."
    )
    assert scores.report().baseline == pytest.approx(np.hypot(4.5, 0.5))


def test_points_are_dots_in_two_colours():
    photo = Image.new("RGB", (400, 200), "white")
    program = fake_program("points", answer=[[300, 100]])
    found = picture(shown(program, outcome_of(photo, [[100.0, 100.0]])).jpeg)
    scale = found.width / 400
    target, answer = (found.getpixel((int(x * scale), int(100 * scale))) for x in (100, 300))
    assert target != answer and min(target) < 200 and min(answer) < 200
    assert min(found.getpixel((int(200 * scale), int(100 * scale)))) > 240
    assert [words for _, words in legend(program)] == ["labelled", "predicted"]
    assert legend(fake_program("classification")) == []


def test_texts_and_rows_are_shown_by_their_beginning(tmp_path):
    text = fake_program("classification", op="read_text")
    assert shown(text, outcome_of("a  film\nof cats")).excerpt == "a film of cats"
    (tmp_path / "a.txt").write_text("from a file")
    assert excerpt(tmp_path / "a.txt") == "from a file" and excerpt(b"caf\xc3\xa9") == "café"
    assert excerpt({"age": 3, "name": "Tom"}) == "age: 3, name: Tom"
    assert len(excerpt("cat " * 1000)) < 1000


def test_what_cannot_be_read_any_more_is_shown_without_a_picture(tmp_path):
    found = shown(fake_program("classification"), outcome_of(tmp_path / "gone.jpg"))
    assert found.excerpt == "" and not found.jpeg


def test_copies_are_shown_side_by_side():
    both = picture(photos_beside(Image.new("RGB", (40, 30), "red"), Image.new("RGB", (20, 50), "blue")))
    assert both.size == (64, 50)
    assert (
        both.getpixel((20, 15))[0] > 200
        and both.getpixel((54, 25))[2] > 200
        and min(both.getpixel((20, 45))) > 200
    )


def test_items_of_one_class_are_said_to_tell_nothing_of_others(program):
    scores, cat = LabelScores(program), program.predict(RED)
    for name in ("cat", "cat"):
        scores.add(Example(name, RED, name), cat)
    assert scores.remark() == "All of these items are labelled cat: the error says nothing about others."
    scores.add(Example("dog", RED, "dog"), cat)
    assert scores.remark() == ""
