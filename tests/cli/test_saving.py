"""`gatera predict --save` and `--csv` with programs of every task."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from gatera.cli.saving.folder import NO_LABEL, _words
from gatera.program.prediction import Prediction

PHOTOS = ("photos", "several", "masks", "points")


@pytest.fixture
def program(tiny_programs, tmp_path):
    """Write a program of a kind."""
    return lambda kind: tiny_programs.write(kind, tmp_path / f"{kind}.gatera")


@pytest.fixture
def folder(tmp_path):
    """Two photos of one name in two folders: red ones, 20 pixels wide and 12 high."""
    for name in ("a", "b"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.new("RGB", (20, 12), (220, 20, 20)).save(tmp_path / "photos" / name / "1.png")
    return tmp_path / "photos"


@pytest.mark.parametrize("kind", PHOTOS)
def test_photos_with_their_answers(gatera, program, folder, tmp_path, kind):
    ran = gatera("predict", program(kind), folder, "--save", tmp_path / "out", "--save-as", "drawn")
    assert ran.status == 0 and f"Saved 2 photos with their answers in {tmp_path / 'out'}." in ran.err
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["1.jpg", "1_2.jpg"]
    with Image.open(tmp_path / "out" / "1.jpg") as file:
        drawn = file.convert("RGB")
    assert drawn.width >= 20 and (drawn.height == 12) == (kind == "points")  # else words stand below it
    if kind == "points":
        assert np.asarray(drawn, int).std(axis=(0, 1)).max() > 5  # dots


def test_masks_hold_the_numbers_of_classes(gatera, program, folder, tmp_path):
    ran = gatera("predict", program("masks"), folder, "--save", tmp_path / "out")
    assert ran.status == 0 and "Saved 2 masks (PNG, class numbers)" in ran.err
    with Image.open(tmp_path / "out" / "1.png") as mask:
        assert mask.size == (20, 12) and mask.mode == "L"
        assert set(np.unique(np.asarray(mask))) <= {0, 1, 2, 255}


def test_a_photo_of_several_labels_is_copied_to_each(gatera, program, folder, tmp_path):
    labels = gatera("predict", program("several"), folder / "a" / "1.png").out.split()[1:]
    gatera("predict", program("several"), folder, "--save", tmp_path / "out", "--save-as", "labels")
    found = {each.name: sorted(file.name for file in each.iterdir()) for each in (tmp_path / "out").iterdir()}
    assert found and set(found) <= {*labels, "cat", "dog", "(none)"}
    assert all(names == ["1.png", "1_2.png"] for names in found.values())
    saved = next((tmp_path / "out").rglob("1.png"))
    assert saved.read_bytes() == (folder / "a" / "1.png").read_bytes()


def test_copies_are_counted_not_photos(gatera, tiny_programs, tmp_path):
    described, entries = tiny_programs.several()
    described["decode"]["threshold"] = 0.3
    program = tmp_path / "both.gatera"
    tiny_programs.write_package(program, described, {"card.md": b"# both", **entries})
    Image.new("RGB", (9, 9), (90, 90, 90)).save(tmp_path / "grey.png")
    ran = gatera("predict", program, tmp_path / "grey.png", "--save", tmp_path / "out")
    assert "Saved 2 copies, in a folder for each label" in ran.err
    assert len(list((tmp_path / "out").rglob("*.png"))) == 2


@pytest.mark.parametrize(("kind", "way"), [("photos", "masks"), ("points", "labels"), ("several", "masks")])
def test_a_way_that_does_not_suit_is_refused(gatera, program, folder, tmp_path, kind, way):
    ran = gatera("predict", program(kind), folder, "--save", tmp_path / "out", "--save-as", way)
    assert ran.status == 1 and f"save_as={way} does not suit" in ran.err.replace("--save-as ", "save_as=")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_table_of_answers(gatera, program, folder, tmp_path, kind):
    ran = gatera("predict", program(kind), folder, "--csv")
    assert ran.status == 0
    one, other = csv.DictReader(ran.out.splitlines())
    assert (one["file"].endswith("a/1.png"), other["file"].endswith("b/1.png")) == (True, True)
    rest = {name: cell for name, cell in one.items() if name != "file"}
    assert rest == {name: cell for name, cell in other.items() if name != "file"}
    probabilities = [float(cell) for name, cell in rest.items() if name.startswith("probability_")]
    if kind == "masks":
        assert (rest["height"], rest["width"]) == ("12", "20")
        assert sum(float(rest[f"share_{name}"]) for name in ("cat", "sky")) == pytest.approx(1)
    elif kind == "points":
        assert all(0 <= float(x) <= 20 for x in rest["points"].replace(";", " ").split())
    elif kind == "several":
        assert rest["labels"] == "red" and len(probabilities) == 2
    else:
        assert rest["label"] == "cat" and sum(probabilities) == pytest.approx(1, abs=1e-4)


def test_a_file_named_for_the_table_is_no_input(gatera, program, folder, tmp_path):
    ran = gatera("predict", program("photos"), folder, "--csv", tmp_path / "answers.csv")
    assert ran.status == 2 and "--csv prints the answers. To write them to a file: --csv > " in ran.err


def test_a_full_disk_is_said_with_the_file_and_leaves_no_half_of_it(
    gatera, program, folder, tmp_path, monkeypatch
):
    def half(self, file, *_, **__):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", half)
    ran = gatera("predict", program("masks"), folder, "--save", tmp_path / "out")
    path = tmp_path / "out" / "1.png"
    assert ran.status == 1 and f"{path} cannot be written (No space left on device)." in ran.err
    assert not path.exists()


def test_the_words_below_a_photo_are_the_answer():
    assert _words(Prediction("cat", 0, np.array([0.75, 0.25]), ["cat", "dog"])) == "cat  0.75"
    both, vocab = np.array([0.75, 0.75]), ["red", "blue"]
    assert _words(Prediction(["red", "blue"], [0, 1], both, vocab, "multilabel")) == "red, blue"
    assert _words(Prediction([], [], both - 0.5, vocab, "multilabel")) == NO_LABEL


@pytest.fixture
def of_a_column(tiny_programs, tmp_path):
    """A program for texts that was trained on a column of a table, and a table."""
    described, _ = tiny_programs.texts()
    first, *others = described["preprocess"]
    table = tmp_path / "new.csv"
    table.write_text("id,review\n1,good film\n2,bad film\n")
    steps = [{**first, "column": "review"}, *others]
    return tiny_programs.write("texts", tmp_path / "reviews.gatera", preprocess=steps), table


def test_rows_of_texts_are_not_saved_as_files(gatera, of_a_column, tmp_path):
    """A traceback: a row is neither a file nor bytes."""
    ran = gatera("predict", *of_a_column, "--save", tmp_path / "out")
    assert ran.status == 1 and not (tmp_path / "out").exists()
    assert "--save is for files, and" in ran.err and "new.csv:1 is a row. Use --csv" in ran.err


def test_csv_has_texts_beside_rows_in_the_column_of_the_texts(gatera, of_a_column):
    """A traceback where the table came first; rows without their cells where the text did."""
    program, table = of_a_column
    for given in ((table, "a good one"), ("a good one", table)):
        ran = gatera("predict", program, *given, "--csv")
        rows = sorted(
            (row["id"], row["review"], row["label"]) for row in csv.DictReader(ran.out.splitlines())
        )
        assert rows == [
            ("", "a good one", "positive"),
            ("1", "good film", "positive"),
            ("2", "bad film", "negative"),
        ]


def test_csv_has_the_columns_of_all_tables(gatera, of_a_column, tmp_path):
    """It had those of the first table; cells of the others were left out, unsaid."""
    program, table = of_a_column
    other = tmp_path / "other.csv"
    other.write_text("review,day\nbad film,Monday\n")
    rows = list(csv.DictReader(gatera("predict", program, table, other, "--csv").out.splitlines()))
    assert list(rows[0])[:3] == ["id", "review", "day"]
    assert [(row["id"], row["day"]) for row in rows] == [("1", ""), ("2", ""), ("", "Monday")]
