"""Models that are asked: each question once, not too fast, again where the network fails."""

from __future__ import annotations

import hashlib
import json
import time

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.labeling import AskedModel, LabelingFunction, apply
from gatera.labeling.asking import content_key

PAUSE = 11.0  # seconds: longer than a model that gave no answer is left alone


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


def test_a_model_that_is_back_is_asked_again(monkeypatch):
    """ "Run again when the model can be reached": in the same notebook nothing was sent any more, until it was started again."""
    down = [True]

    def ask(prompt, item):
        if down:
            raise ConnectionError("unreachable")
        return "yes"

    model = AskedModel(ask, "toy", retries=0)
    rule = LabelingFunction(lambda text: model("positive?", text), "rule")
    items = [str(i) for i in range(20)]
    assert apply([rule], items, classes=["yes", "no"], workers=1, quiet=True).faults[0].count == 20
    down.clear()
    later = time.monotonic() + PAUSE
    monkeypatch.setattr(time, "monotonic", lambda: later)
    votes = apply([rule], items, classes=["yes", "no"], workers=1, quiet=True)
    assert votes.faults[0].count == 0 and votes.voted.all()


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


def test_what_is_in_rows_and_lists_is_known_by_its_contents(tmp_path):
    """`str` shows of a photo its address, which the next photo may have, and of a long array only the ends: items got answers of others."""

    def long(middle):
        values = np.zeros(3000)
        values[1500] = middle
        return values

    rows = AskedModel(lambda prompt, row: str(row["photo"].getpixel((0, 0))[0]), "toy-1")
    assert [rows("How red?", {"photo": Image.new("RGB", (8, 8), (i, 0, 0))}) for i in range(6)] == list(
        "012345"
    )
    lists = AskedModel(lambda prompt, pair: f"{pair[1][1500]:.0f}", "toy-1")
    assert [lists("Which?", ("a", long(i))) for i in range(3)] == list("012")
    nested = [{"of": {"it": [long(i)]}} for i in range(3)]
    assert len({content_key(each) for each in nested}) == 3
    assert content_key({"photo": long(1)}) == content_key({"photo": long(1)})
    assert content_key(np.zeros((2, 3))) != content_key(np.zeros((3, 2)))
    assert content_key(np.array(["a", 1], dtype=object)) == content_key(np.array(["a", 1], dtype=object))
    with_palette = [Image.new("P", (2, 2)) for _ in range(2)]
    with_palette[1].putpalette([255, 0, 0] * 256)
    assert content_key(with_palette[0]) != content_key(with_palette[1])
    with pytest.raises(DataError, match="no contents to know it by"):
        content_key({"thing": object()})

    def high(row):
        return "high" if row["v"][1500] > 1 else "low"

    given = [{"v": long(i)} for i in range(4)]
    first = apply([high], given, keep=tmp_path / "votes.sqlite", quiet=True)
    again = apply([high], given[::-1], keep=tmp_path / "votes.sqlite", quiet=True)
    assert again.kept == 4 and again.matrix.tolist() == first.matrix.tolist()[::-1]


def test_keys_of_plain_items_stay():
    """What was kept before is found again."""
    cells = json.dumps({"a": "1", "b": "x", "c": "[1, 'y']"}, sort_keys=True).encode()
    assert content_key({"b": "x", "a": 1, "c": [1, "y"]}) == hashlib.sha256(cells).hexdigest()
    assert content_key(("a", 2.5, None)) == hashlib.sha256(b"('a', 2.5, None)").hexdigest()
    vector = np.arange(3, dtype=np.float32)
    told = repr((vector.size, "", vector.dtype)).encode() + vector.tobytes()
    assert content_key(vector) == hashlib.sha256(told).hexdigest()
