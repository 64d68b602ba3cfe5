"""Models that are asked: each question once, not too fast, again where the network fails."""

from __future__ import annotations

import time

import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.labeling import AskedModel, LabelingFunction, apply


def test_an_answer_is_kept_by_item_and_prompt(tmp_path):
    seen = []

    def ask(prompt, item):
        seen.append((prompt, item))
        return f"{prompt}:{item}"

    first = AskedModel(ask, "toy", tmp_path / "answers")
    assert [first("a", "x"), first("b", "x"), first("a", "y"), first("a", "x")] == [
        "a:x",
        "b:x",
        "a:y",
        "a:x",
    ]
    assert (first.asked, first.from_cache) == (3, 1)
    again = AskedModel(ask, "toy", tmp_path / "answers", offline=True)
    assert again("a", "y") == "a:y" and again.asked == 0
    with pytest.raises(
        DataError,
        match=r"The model toy is asked offline. Expected: an answer .*answers, 3 answers\), or a connection",
    ):
        again("a", "z")
    other = AskedModel(ask, "toy-2", tmp_path / "answers")
    other("a", "x")
    assert other.asked == 1 and other.version != first.version


def test_files_and_photos_are_known_by_their_contents(tmp_path):
    model = AskedModel(lambda prompt, item: "yes", "toy")
    for name, content in (("a.txt", "one"), ("b.txt", "one"), ("c.txt", "two")):
        (tmp_path / name).write_text(content)
        model("?", tmp_path / name)
    assert (model.asked, model.from_cache) == (2, 1)
    model("?", Image.new("L", (2, 2), 1))
    model("?", Image.new("L", (2, 2), 2))
    assert model.asked == 4


def test_a_failed_question_is_sent_again_and_then_given_up():
    tries = []

    def ask(prompt, item):
        tries.append(item)
        if item == "down" or len(tries) < 3:
            raise ConnectionError("unreachable")
        return "yes"

    model = AskedModel(ask, "toy", retries=2, wait=0)
    assert model("?", "up") == "yes" and len(tries) == 3
    with pytest.raises(
        DataError, match=r"The model toy gave no answer \(ConnectionError: unreachable\).*not asked again"
    ):
        model("?", "down")
    assert len(tries) == 6 and model.failed == 1


def test_a_model_that_is_gone_is_not_waited_for_at_every_item():
    sent = []

    def ask(prompt, item):
        sent.append(item)
        raise TimeoutError

    model = AskedModel(ask, "toy", retries=0)
    rule = LabelingFunction(lambda text: model("positive?", text), "rule")
    votes = apply([rule], [str(i) for i in range(20)], classes=["yes", "no"], workers=1, quiet=True)
    assert votes.faults[0].count == 20 and len(sent) == 3


def test_mistakes_in_the_code_are_not_repeated():
    tries = []

    def ask(prompt, item):
        tries.append(1)
        return prompt + 1

    with pytest.raises(TypeError):
        AskedModel(ask, "toy", retries=5)("?", "x")
    assert len(tries) == 1
    with pytest.raises(DataError, match=r"did not answer with text\. Got: 7"):
        AskedModel(lambda prompt, item: 7, "toy")("?", "x")


def test_questions_are_spread_over_time():
    model = AskedModel(lambda prompt, item: "yes", "toy", per_minute=1200)  # one in 50 ms
    start = time.perf_counter()
    for i in range(4):
        model("?", str(i))
    assert time.perf_counter() - start > 0.14


def test_bad_arguments():
    with pytest.raises(ArgumentError, match="ask cannot be called"):
        AskedModel("gpt", "toy")
    with pytest.raises(ArgumentError, match="per_minute must be above 0"):
        AskedModel(print, "toy", per_minute=0)
    with pytest.raises(DataError, match="no contents to know it by"):
        AskedModel(lambda prompt, item: "yes", "toy")("?", object())
