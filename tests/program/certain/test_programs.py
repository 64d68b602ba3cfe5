"""Whole programs that know how sure they are: the tensor "mean" of the tiny model, the mean colour, is their features."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from gatera.core.errors import ArgumentError, ProgramFileError
from gatera.program.certain.arrays import pack
from gatera.program.certain.judged import probability_of_all
from gatera.program.certain.novelty import distances
from gatera.program.package import read_package
from gatera.program.program import load_program

RED, BLUE, GREY, GREEN = ([200, 40, 60], [60, 40, 200], [120, 40, 120], [0, 255, 0])


def photo(colour: list[int]) -> np.ndarray:
    return np.full((8, 8, 3), colour, np.uint8)


def colours(seed: int, n: int) -> np.ndarray:
    red = np.random.default_rng(seed).uniform(0.2, 0.8, n)
    rows = np.stack([red, np.full(n, 0.16), 1 - red], 1)
    return (rows + np.random.default_rng(seed + 1).normal(0, 0.02, (n, 3))).astype(np.float32)


def certainty(n: int = 120, seed: int = 1, **changes: Any) -> dict[str, Any]:
    """Held-out items whose true label had a probability of 0.4 to 1; answers of 0.6 to 1 were all right."""
    reference, held_out = colours(seed, 150), colours(3, n)
    sure = np.sort(np.linspace(0.6, 1, n).astype(np.float32))
    return {
        "held_out": n,
        "labels": {"scores": pack(np.linspace(0, 0.6, n)), "right": pack(sure), "wrong": pack(sure[:0])},
        "features": {
            "tensor": "mean", "reference": pack(reference), "held_out": pack(held_out),
            "scores": pack(np.sort(distances(held_out, reference))),
        },
        **changes,
    }  # fmt: skip


def numbers(n: int = 120) -> dict[str, Any]:
    scores = np.sort(np.linspace(0, 3, n).astype(np.float32))
    return {"held_out": n, "numbers": {"scores": pack(scores), "scale": pack(np.array([0.5, 2.0]))}}


@pytest.fixture
def program(make_program):
    return load_program(make_program(certainty=certainty()))


def test_a_clear_photo_gets_its_label_and_a_set_of_one(program):
    answer = program.predict(photo(RED), sure=0.95)
    assert (answer.label, answer.index, answer.reason, answer.set) == ("cat", 0, None, ["cat"])
    assert 0 <= answer.novelty < 0.99 and not answer.novel
    said = answer.to_dict()
    assert (
        said["set"] == ["cat"] and said["novel"] is False and said["sure"] == 0.95 and said["reason"] is None
    )


def test_where_other_labels_cannot_be_ruled_out_there_is_no_label_and_a_reason(program):
    unsure = program.predict(photo(GREY), sure=0.95)
    assert tuple(unsure)[:2] == (None, None)
    assert unsure.probabilities.sum() == pytest.approx(1)
    assert unsure.reason == "at 0.95 these cannot be ruled out: cat, dog"
    assert unsure.to_dict()["label"] is unsure.to_dict()["probability"] is None
    with pytest.raises(ArgumentError, match=r"the prediction has no label: at 0\.95 these"):
        _ = unsure.probability
    assert program.predict(photo(GREY)).label is not None
    assert sorted(program.predict(photo(GREY)).set) == ["cat", "dog"]


def test_an_input_unlike_the_training_set_gets_no_label(program):
    odd = program.predict(photo(GREEN), sure=0.5)
    assert odd.novel and odd.novelty > 0.99
    assert odd.label is None and odd.reason.startswith(
        "the input looks unlike anything in the training set: more unusual than 99."
    )
    assert program.predict(photo(GREEN)).label == "cat"


def test_answers_that_were_often_wrong_are_not_given(make_program):
    often = certainty()
    half = np.sort(np.linspace(0.6, 1, 60).astype(np.float32))
    # every second answer up to 0.999 was wrong, though its set would have one label
    often["labels"] |= {"right": pack(half), "wrong": pack(np.minimum(half, 0.999))}
    often["labels"]["scores"] = pack(np.full(120, 0.3, np.float32))
    answer = load_program(make_program(certainty=often)).predict(photo([160, 40, 100]), sure=0.95)
    assert answer.set == ["cat"] and answer.label is None
    assert "has a probability of 0.8" in answer.reason
    assert answer.reason.endswith(
        "on the held-out items, no probability was high enough to be right in 95 % of cases"
    )


def test_a_set_always_holds_the_likeliest_label(make_program):
    strict = certainty()
    strict["labels"]["scores"] = pack(np.zeros(120, np.float32))
    answer = load_program(make_program(certainty=strict)).predict(photo(GREY))
    assert answer.set_at(0.5) in (["cat"], ["dog"])
    assert answer.set_at(0.5, exact=True) == []


def test_batches_and_streams_answer_as_one_by_one(program):
    photos = [photo(each) for each in (RED, GREY, GREEN, BLUE)] * 4

    def said(answers):
        return [(answer.label, answer.set, answer.novelty, answer.reason) for answer in answers]

    one_by_one = said(program.predict(each, sure=0.9) for each in photos)
    for answers in (
        program.predict_batch(photos, sure=0.9),
        program.predict_batch(photos, batch_size=3, sure=0.9),
        program.predict_stream(photos, sure=0.9),
    ):
        assert said(answers) == one_by_one


def test_the_engines_give_the_same_features(make_program):
    pytest.importorskip("openvino")
    path = make_program(certainty=certainty())
    found = [
        load_program(path, engine=name).predict(photo(RED)).features for name in ("onnxruntime", "openvino")
    ]
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert found[0] == pytest.approx(np.array(RED) / 255, abs=1e-6)
    assert load_program(path, trusted=True).predict(photo(RED)).features == pytest.approx(found[0])


def test_more_than_the_data_supports_is_refused_before_anything_is_read(program):
    for ask in (program.predict, lambda raw, sure: program.predict_stream([raw], sure=sure)):
        with pytest.raises(ArgumentError, match=r"at least 999 for 0\.999\. Got: 120\."):
            ask("no such photo.jpg", sure=0.999)
    with pytest.raises(ArgumentError, match=r"level needs more held-out items"):
        program.predict(photo(RED)).set_at(0.999)


def test_an_older_program_opens_and_says_that_it_does_not_know(program_file):
    program = load_program(program_file)
    answer = program.predict(photo(RED))
    assert answer.label == "cat" and not answer.novel
    assert set(answer.to_dict()) == {"label", "index", "probability", "probabilities"}
    with pytest.raises(ArgumentError) as err:
        program.predict(photo(RED), sure=0.9)
    assert str(err.value) == (
        "the program does not know how sure it is of its answers. Got: 0.9. A program knows it if it was made with a validation "
        "set and, for labels, at least two of them; train again, or export again from such a learner."
    )
    for read in (lambda: answer.set, lambda: answer.interval, lambda: answer.novelty):
        with pytest.raises(ArgumentError, match="the program does not know"):
            read()
    with pytest.raises(ArgumentError, match="what its training inputs looked like"):
        program.shift([photo(RED)] * 20)


def test_a_mask_has_no_level(make_program):
    path = make_program(
        task="points", decode={"activation": "none", "vocab": None}, certainty={"held_out": 0}
    )
    with pytest.raises(ArgumentError) as err:
        load_program(path).predict(photo(RED), sure=0.9)
    assert (
        str(err.value)
        == "the program does not know how sure it is of masks and points. Got: 0.9. Leave sure= out."
    )


def test_numbers_have_intervals(make_program):
    path = make_program(task="regression", decode={"activation": "none", "vocab": None}, certainty=numbers())
    answer = load_program(path).predict(photo(RED), sure=0.9)
    cutoff = float(np.linspace(0, 3, 120)[int(np.ceil(121 * 0.9)) - 1])
    middle = np.asarray(answer.label)
    assert np.array(answer.interval) == pytest.approx(
        np.stack([middle - cutoff * np.array([0.5, 2]), middle + cutoff * np.array([0.5, 2])], 1), rel=1e-5
    )
    assert answer.to_dict()["interval"] == answer.interval and answer.reason is None
    with pytest.raises(ArgumentError, match=r"of labels\. It answers with numbers: \.interval"):
        _ = answer.set


def test_several_labels_are_sure_where_nothing_else_is_open(make_program):
    n = 100
    scores = np.sort(np.linspace(0, 0.6, n).astype(np.float32))
    known = {"held_out": n, "labels": {"scores": pack(scores), "weights": pack(np.ones(n))}}
    path = make_program(
        task="multilabel",
        decode={"activation": "sigmoid", "vocab": ["cat", "dog"], "threshold": 0.5},
        certainty=known,
    )
    program = load_program(path)
    with pytest.warns(UserWarning, match="older Gatera and judges each label separately"):
        assert program.predict(photo([255, 0, 0]), sure=0.95).label == ["cat"]
    unsure = program.predict(photo([100, 0, 105])).at(0.95)
    assert unsure.label is None and unsure.reason == "at 0.95 it is undecided whether it is cat"
    assert unsure.to_dict()["label"] is None and unsure.to_dict()["index"] is None
    assert unsure.set == ["dog", "cat"]


def test_several_labels_are_sure_where_such_answers_were_wholly_right(make_program):
    """A program that finds every label and adds many false ones gave half of its answers wrongly at sure=0.95."""
    n = 100
    known = {
        "scores": pack(np.linspace(0, 0.4, n)), "weights": pack(np.ones(n)),
        "sets_right": pack(np.full(n, 0.9)), "sets_wrong": pack(np.full(n, 0.3)),
    }  # fmt: skip
    made = make_program(
        task="multilabel",
        decode={"activation": "sigmoid", "vocab": ["cat", "dog"], "threshold": 0.5},
        certainty={"held_out": n, "labels": known},
    )
    program = load_program(made)
    clear, weak = (program.predict(photo(colour)) for colour in ([255, 0, 0], [60, 0, 200]))
    assert weak.set_at(0.95) == weak.label == ["dog"]
    for level in (0.5, 0.8, 0.95):
        assert clear.at(level).label == clear.label == ["cat"]
    p = probability_of_all(weak.probabilities, weak.index)
    assert p == pytest.approx(weak.probabilities[1] * (1 - weak.probabilities[0]))
    said = f"dog has a probability of {p:.4f}; on the held-out items, predictions of 0.9000 or more were right in 95 % of cases"
    assert weak.at(0.95).label is None and weak.at(0.95).reason == said


def test_a_drifted_batch_is_found_from_inputs_or_predictions(program):
    def batch(n: int, green: int) -> list[np.ndarray]:
        rows = np.clip(colours(9, n) * 255, 0, 255).astype(int)
        return [photo([red, middle + green, blue]) for red, middle, blue in rows]

    calm, drifted = program.shift(batch(60, 0)), program.shift(program.predict_batch(batch(60, 60)))
    assert not calm.by["features"].low > 0.55 and calm.by["features"].auc < 0.7
    assert drifted.drifted and drifted.novel > 0.9 and drifted.effect > 0.9
    with pytest.raises(ArgumentError, match="looks must be at least 1"):
        program.shift([], looks=0)


def broken(part: str, **changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(certainty())
    made[part] = {**made[part], **changes}
    return made


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "'certainty' has no number of held-out items"),
        ({"held_out": -1}, "'certainty' has no number of held-out items"),
        (certainty(labels=[]), "'labels' of 'certainty' is not an object"),
        (broken("labels", scores=[1, 2]), "'scores' is not an array"),
        (broken("labels", scores=pack(np.zeros(3))), "'scores' are not one for each held-out item"),
        (broken("labels", scores=pack(np.arange(120)[::-1])), "the values of 'scores' are not in ascending order"),
        (broken("labels", scores=pack(np.full(120, np.nan))), "'scores' has values that are not finite"),
        (broken("labels", scores={**pack(np.zeros(120)), "shape": [10**9]}), "a shape that is not allowed"),
        (broken("labels", scores={**pack(np.zeros(120)), "shape": [7]}), "'scores' claims 7 values and holds 480 bytes"),
        (broken("labels", scores={**pack(np.zeros(120)), "data": "%%"}), "the data of 'scores' is not base64"),
        (broken("labels", right=None, weights=pack(np.zeros(3))), "'weights' are not one for each score"),
        (broken("features", tensor=7), "'features' of 'certainty' do not fit each other"),
        (broken("features", held_out=pack(np.zeros((4, 2)))), "'features' of 'certainty' do not fit each other"),
        (broken("features", reference=pack(np.zeros((0, 3)))), "'features' of 'certainty' do not fit each other"),
        (broken("features", tensor="nothing"), "nothing computes its output nothing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_the_file_is_named(make_program, value, message):
    path = make_program(certainty=value)
    with pytest.raises(ProgramFileError) as err:
        load_program(path)
    assert message in str(err.value) and str(path) in str(err.value)


def test_a_tensor_of_another_shape_is_refused_when_it_comes(make_program):
    path = make_program(certainty=broken("features", tensor="scaled"))
    with pytest.raises(ProgramFileError, match=r"does not give the features that program\.json compares"):
        load_program(path).predict(photo(RED))


def test_the_model_itself_keeps_one_output(make_program):
    path = make_program(certainty=certainty())
    import onnx

    package = read_package(path)
    assert [each.name for each in onnx.load_from_string(package.read("model.onnx")).graph.output] == [
        "output"
    ]
    assert json.dumps(package.program["certainty"]).count("data") == 6


def test_a_batch_of_something_else_is_refused_in_words(program, make_program):
    batch = [photo(colour) for colour in (colours(4, 20) * 255).astype(int)]
    answers = program.predict_batch(batch)
    assert program.shift(program.predict_batch(batch, sure=0.9)).n == 20
    with pytest.raises(ArgumentError, match=r"too small to tell whether it has drifted\. Got: 0"):
        program.shift([])
    with pytest.raises(
        ArgumentError, match=r"20 of these 21 are predictions.*Leave out what could not be read"
    ):
        program.shift([*answers, None])
    other = load_program(make_program("other.gatera", certainty=certainty(seed=8)))
    with pytest.raises(ArgumentError, match=r"the predictions are not of this program.*Pass the inputs"):
        program.shift(other.predict_batch(batch))
    with pytest.raises(ArgumentError, match=r"looks must be a whole number of at least 1\. Got: 1\.5"):
        program.shift(answers, looks=1.5)
