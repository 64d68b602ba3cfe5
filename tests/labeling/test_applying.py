"""Asking all functions about all items: what each sees, faults, and what is kept."""

from __future__ import annotations

import threading
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.labeling import ABSTAIN, LabelingFunction, Not, apply, items_in
from gatera.labeling.kept_votes import Kept
from gatera.store.datasets.repository import DataRepository


class Calls:
    """Counts; what such an object holds does not make another version of a function that uses it."""

    def __init__(self):
        self.made = []

    def add(self, call):
        self.made.append(call)


def praises(text):
    return "positive" if "good" in text else ABSTAIN


def complains(text):
    return "negative" if "bad" in text else ABSTAIN


def doubts(text):
    return Not("positive") if "?" in text else None


TEXTS = ["good food", "bad service", "good? bad!", "a menu"]


def test_votes_come_in_the_order_of_items_and_functions():
    many = TEXTS * 40
    votes = apply([praises, complains], many, workers=3)
    assert votes.classes == ("negative", "positive") and votes.functions == ("praises", "complains")
    assert votes.matrix.tolist() == [[1, -1], [-1, 0], [1, 0], [-1, -1]] * 40
    assert votes.covered.tolist() == [True, True, True, False] * 40


def test_all_classes_may_be_named_beforehand():
    votes = apply([praises, doubts], TEXTS, classes=["positive", "neutral", "negative"])
    assert votes.matrix[:, 0].tolist() == [0, -1, 0, -1]
    assert votes.allowed[votes.matrix[2, 1]].tolist() == [False, True, True]
    with pytest.raises(ArgumentError, match="classes must be two or more"):
        apply([praises], TEXTS, classes="positive")


def test_a_fault_is_an_abstention_and_is_counted(capsys):
    def fails(text):
        return "positive" if 1 / (len(text) - len("bad service")) > -9 else None

    votes = apply([fails, complains], TEXTS)
    assert votes.matrix[:, 0].tolist() == [1, -1, 1, 1]
    assert votes.faults[0].count == 1 and votes.faults[1].count == 0
    said = capsys.readouterr().err
    assert "fails failed on 1 of 4 items" in said and "First: row 2: ZeroDivisionError" in said
    with pytest.raises(DataError, match="The labelling function fails failed on row 2: ZeroDivisionError"):
        apply([fails, complains], TEXTS, on_fault="raise")


def test_a_class_that_does_not_exist_is_a_fault():
    def misspells(text):
        return "postive"

    votes = apply([praises, misspells], TEXTS, classes=["negative", "positive"], quiet=True)
    assert votes.faults[1].count == 4 and "Did you mean 'positive'" in votes.faults[1].first


def test_kept_votes_are_not_asked_again(tmp_path, capsys):
    asked = Calls()

    def rule(text):
        asked.add(text)
        return "positive" if "good" in text else ABSTAIN

    first = apply([rule, complains], TEXTS, keep=tmp_path / "votes.sqlite")
    again = apply([rule, complains], [*TEXTS, "good day"], keep=tmp_path / "votes.sqlite")
    assert sorted(asked.made) == sorted([*TEXTS, "good day"])
    assert again.kept == 8 and again.matrix[:4].tolist() == first.matrix.tolist()
    assert "8 of 10 answers were kept" in capsys.readouterr().err


def test_another_version_of_a_function_is_asked_and_the_others_are_not(tmp_path):
    asked = Calls()

    def made(word):
        def rule(text):
            asked.add(word)
            return "positive" if word in text else None

        return LabelingFunction(rule, "rule")

    apply([made("good"), complains], TEXTS, keep=tmp_path / "v", quiet=True)
    votes = apply([made("menu"), complains], TEXTS, keep=tmp_path / "v", quiet=True)
    assert asked.made.count("menu") == 4 and votes.kept == 4
    assert votes.matrix[:, 0].tolist() == [-1, -1, -1, 1]


def test_a_stopped_run_goes_on(tmp_path):
    calls = Calls()

    def stops(text):
        calls.add(text)
        if text == "3" and len(calls.made) < 90:
            raise KeyboardInterrupt
        return "even" if int(text) % 2 == 0 else "odd"

    items = [str(i) for i in range(64)]
    with pytest.raises(KeyboardInterrupt):
        apply([stops], items, keep=tmp_path / "v", workers=1, quiet=True)
    done = len(Kept(tmp_path / "v").votes("stops", LabelingFunction(stops).version))
    assert done >= 3
    calls.made.extend(["x"] * 90)
    assert apply([stops], items, keep=tmp_path / "v", workers=1, quiet=True).kept == done


def test_a_fault_is_asked_again_in_the_next_run(tmp_path):
    network = Calls()

    def asks(text):
        if not network.made:
            raise ConnectionError("no network")
        return "positive" if "good" in text else "negative"

    apply([asks], TEXTS, classes=["positive", "negative"], keep=tmp_path / "v", quiet=True)
    network.add("up")
    assert apply([asks], TEXTS, keep=tmp_path / "v", quiet=True).covered.all()


def test_photos_paths_rows_embeddings_and_predictions(tmp_path):
    for name, level in (("cat_1.png", 250), ("dog_1.png", 5)):
        Image.new("L", (4, 4), level).save(tmp_path / name)

    class Guess:
        info = MappingProxyType({"name": "guess"})

        def predict(self, raw):
            return f"said of {raw.name}"

    def bright(photo):
        return "cat" if photo.mode == "RGB" and photo.getpixel((0, 0))[0] > 100 else "dog"

    def named(path):
        return path.name.split("_")[0]

    def near(embedding):
        return "cat" if embedding[0] > 0 else "dog"

    def guessed(prediction):
        return "cat" if "cat" in prediction else "dog"

    functions = [bright, named, near, LabelingFunction(guessed, program=Guess())]
    votes = apply(functions, items_in(tmp_path), embeddings=[[1.0], [-1.0]], on_fault="raise")
    assert votes.matrix.tolist() == [[0] * 4, [1] * 4] and votes.items == ("cat_1.png", "dog_1.png")

    def old(row):
        return "yes" if int(row["age"]) > 60 else "no"

    assert apply([old], [{"age": "70"}, {"age": 20}], on_fault="raise").matrix.tolist() == [[1], [0]]


@pytest.mark.parametrize(
    ("takes", "item", "says"),
    [
        ("row", "a text", "not a row of a table"), ("path", "a text", "not a file"), ("embedding", "a text", "no embeddings"),
        ("text", {"age": 3}, "row without a column of text"), ("photo", "missing.png", "missing.png"),
    ],
)  # fmt: skip
def test_what_an_item_does_not_have_is_said(takes, item, says):
    rule = LabelingFunction(eval(f"lambda {takes}: 'a'"), "rule")
    with pytest.raises(DataError, match=says):
        apply([rule], [item], classes=["a", "b"], on_fault="raise")


def test_a_single_text_is_not_taken_for_a_list():
    with pytest.raises(ArgumentError, match="items is a single text"):
        apply([praises], "good food")
    with pytest.raises(DataError, match="no items"):
        apply([praises], [])
    with pytest.raises(ArgumentError, match="one vector per item"):
        apply([praises], TEXTS, embeddings=np.zeros((2, 3)))
    with pytest.raises(ArgumentError, match="there are no labelling functions"):
        apply([], TEXTS)


def test_a_file_of_something_else_is_not_taken_for_kept_votes(tmp_path):
    (tmp_path / "v").write_bytes(b"x" * 5000)
    with pytest.raises(DataError, match=r"v cannot be used to keep votes"):
        apply([praises], TEXTS, keep=tmp_path / "v")
    with pytest.raises(DataError, match=r"keep votes \(File exists\)\. Votes are kept beside the items"):
        apply([praises], TEXTS, keep=tmp_path / "v" / "votes")


def test_votes_that_a_full_disk_does_not_take(tmp_path):
    with Kept(tmp_path / "votes.sqlite") as kept:
        (pages,) = kept._base.execute("pragma page_count").fetchone()
        kept._base.execute(f"pragma max_page_count={pages}")
        many = {f"{number}.jpg": "x" * 900 for number in range(20)}
        with pytest.raises(
            DataError, match=r"cannot be written \(database or disk is full\)\. Free some disk space"
        ):
            kept.set_labelled(many)
        assert kept.labelled() == {}
        with pytest.raises(DataError, match="disk is full"):
            kept.add_answer("q", "x" * 9_000)
        kept._base.execute("drop table labelled")
        with pytest.raises(DataError, match=r"cannot be read .* Delete it: votes are computed again"):
            kept.labelled()


def test_a_folder_of_several_kinds_and_a_table_without_text(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    Image.new("L", (4, 4)).save(tmp_path / "b.png")
    with pytest.raises(DataError, match=r"several kinds of files \(1 photos, 1 texts\)"):
        items_in(tmp_path)
    table = tmp_path / "t.csv"
    table.write_text(
        "id,said\n1,a rather long sentence that someone said\n2,another one that is long enough\n"
    )
    lines = []
    assert items_in(table, on_line=lines.append).text == "said" and "'said'" in lines[0]
    with pytest.raises(DataError, match=r"no column 'sad'.*Did you mean 'said'"):
        items_in(table, text="sad")
    with pytest.raises(DataError, match="does not exist"):
        items_in(tmp_path / "none")


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("mask", ["masks/1.png", "images/1_mask.png"])
def test_masks_are_not_labelled(tmp_path, kept, mask):
    """They were photos for functions: of two items one was a picture of class numbers."""
    for name in ("images/1.jpg", mask):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (4, 4)).save(tmp_path / name)
    (tmp_path / "codes.txt").write_text("road\ncar\n")
    if kept:
        data = DataRepository.init(tmp_path, lambda _: None)
        data.add()
    lines: list[str] = []
    assert items_in(tmp_path, on_line=lines.append).names == ["images/1.jpg"]
    assert lines == [f"1 file is a mask of a photo and is not labelled, e.g. {mask}."]


def test_masks_of_another_layout_are_those_that_the_repository_names(tmp_path):
    for name in ("a/1.jpg", "b/1.png"):
        (tmp_path / name).parent.mkdir()
        Image.new("L", (4, 4)).save(tmp_path / name)
    data = DataRepository.init(tmp_path, lambda _: None)
    data.add()
    head, *lines = (tmp_path / "labels.csv").read_text().splitlines()
    named = [f"{line},{'a/1.jpg' if line.startswith('b/') else ''}\n" for line in lines]
    (tmp_path / "labels.csv").write_text("".join([f"{head},mask_of\n", *named]))
    assert items_in(tmp_path, on_line=lambda line: None).names == ["a/1.jpg"]


def test_how_a_table_is_read_is_said(tmp_path):
    lines: list[str] = []
    table = tmp_path / "said.csv"
    table.write_bytes("id,text\n1,скучный фильм\n".encode("cp1251"))
    items_in(table, on_line=lines.append)
    assert lines == [
        "said.csv is not in UTF-8 and is read as cp1252 (to change: save the table as CSV in UTF-8)."
    ]


def test_two_runs_write_labels_in_turn(tmp_path):
    first, second = Kept(tmp_path / "v"), Kept(tmp_path / "v")
    order = Calls()

    def other():
        with second.alone():
            order.add("second")

    with first.alone():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.2)
        order.add("first")
        first.set_labelled({"a.txt": "x"})
    thread.join(10)
    assert order.made == ["first", "second"] and second.labelled() == {"a.txt": "x"}


def test_functions_that_fail_everywhere_are_named_where_no_class_is():
    def wrong(item):
        return "good" if item.words else ABSTAIN

    with pytest.raises(
        DataError,
        match=r"fewer than two classes, and wrong failed on 2 of 2 items, first on row 1: .*'words'",
    ):
        apply([wrong], ["a", "b"], quiet=True)


def test_exits_empty_texts_and_classes_that_look_alike_are_said(capsys):
    def leaves(text):
        raise SystemExit(3)

    def empty(text):
        return ""

    def praises(text):
        return "pos " if "joy" in text else "pos"

    def complains(text):
        return "neg"

    votes = apply([leaves, empty, praises, complains], ["a joy", "dull"])
    assert votes.classes == ("neg", "pos", "pos ") and [each.count for each in votes.faults] == [2, 2, 0, 0]
    said = capsys.readouterr().err
    assert "SystemExit: 3" in said and "an empty text" in said
    assert "The classes 'pos' and 'pos ' differ only in spaces or in upper and lower case" in said
