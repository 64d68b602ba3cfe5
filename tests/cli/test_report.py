"""`gatera report`: one page about a program, by command and in Python; what was planted in the data is found without being told."""

from __future__ import annotations

import errno
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

import gatera


@pytest.fixture
def sides(photo_folder: Path, tmp_path: Path) -> Path:
    """A folder with `train` and `valid`, with names that have an id and a date in them."""
    folder = tmp_path / "photos"
    for label in ("cat", "dog"):
        for number in range(12):
            side = "train" if number < 6 else "valid"
            target = folder / side / label / f"{label}_{number}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo_folder / label / f"{label}_{number}.jpg", target)
    return folder


def words_of(page: Path) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.read_text()).split())


def test_the_page_has_the_sentences_that_are_printed(gatera, program, sides, tmp_path):
    page = tmp_path / "page.html"
    ran = gatera("report", program, "--data", sides, "--out", page)
    assert ran.status == 0
    assert "Error 0.0 % (0 of 12 wrong)" in ran.out and ran.out.endswith(f"Saved the report {page}.\n")
    assert "None of the 12 photos is in the training set (12 photos searched)." in ran.out
    words = words_of(page)
    for line in ran.out.splitlines():
        assert line.startswith("Saved") or line.strip(" :") in words
    assert str(tmp_path) not in page.read_text() and len(page.read_bytes()) < 3_000_000
    assert "of the validation set were misclassified" in words
    again = gatera("report", program, "--data", sides, "--out", page)
    assert again.status == 1 and "--force" in again.err


def test_copies_across_the_split_are_shown_and_the_error_is_given_without_them(
    gatera, program, sides, tmp_path
):
    with Image.open(sides / "train" / "cat" / "cat_0.jpg") as photo:
        photo.save(sides / "valid" / "dog" / "again.png")  # a copy, and labelled wrongly
    page = tmp_path / "page.html"
    ran = gatera("report", program, "--data", sides, "--out", page)
    pair = "valid/dog/again.png is the same as train/cat/cat_0.jpg (labelled dog, there cat)"
    assert f"1 of 13 photos of the validation set is also in the training set: {pair}." in ran.out
    assert "Without them the error is 0.0 % (0 of 12 wrong; 95 % interval 0.0 % to 24.2 %)." in ran.out
    assert 'alt="valid/dog/again.png and train/cat/cat_0.jpg"' in page.read_text()
    assert "1 of 13 photos looks like a class other than its label says" in ran.out
    assert "valid/dog/again.png dog cat" in words_of(page)
    missed = "Rotated photos, and crops of more than an eighth, were not looked for: "
    assert f"{missed}the program keeps no features of its inputs" in ran.out
    (sides / "train" / "dog" / "damaged.jpg").write_bytes(b"no photo")
    gatera("test", program, sides, "--report", page, "--force")
    assert f"{missed}gatera report does that." in words_of(page)
    damaged = "1 photo of the training set cannot be read and was not compared: train/dog/damaged.jpg."
    assert damaged in words_of(page)
    ran = gatera(
        "report", program, "--data", sides, "--out", page, "--force", "--no-inside", "--no-check-leaks"
    )
    assert "Copies were not looked for, as requested." in ran.out and "training set" not in ran.out


def test_ids_and_dates_on_both_sides_are_named(gatera, program, sides, tmp_path):
    for number, photo in enumerate(sorted(sides.rglob("*.jpg"))):
        photo.rename(photo.with_name(f"patient{number % 5}_2024-01-{number + 1:02}.jpg"))
    ran = gatera("report", program, "--data", sides, "--out", tmp_path / "page.html", "--no-inside")
    assert "File names repeat 5 ids (" in ran.out
    assert "5 of them are in the training set and here (patient0, patient1, patient2" in ran.out
    for number, photo in enumerate(sorted(sides.rglob("*.jpg"))):
        side = int("train" in photo.parts)
        photo.rename(photo.with_name(f"{number}_2024-0{1 + side}-01.jpg"))
    ran = gatera("report", program, "--data", sides, "--out", tmp_path / "other.html", "--no-inside")
    assert "12 of 12 photos are older than the newest of the training set (2024-02-01)" in ran.out


def test_copies_among_the_items_are_named_where_there_is_no_training_set(
    gatera, program, photo_folder, tmp_path
):
    new = Path(shutil.copytree(photo_folder, tmp_path / "new"))
    shutil.copy(new / "cat" / "cat_0.jpg", new / "dog" / "again.jpg")
    ran = gatera("report", program, "--data", new, "--out", tmp_path / "page.html")
    assert (
        "2 of 25 photos are copies of others among them: each counts by itself in the error, so its interval is too narrow."
        in ran.out
    )
    assert "1 pair of copies has different labels, one of which must be wrong." in ran.out


def test_copies_of_masks_and_numbers_have_no_wrong_labels(gatera, tiny_programs, photo_folder, tmp_path):
    program = tiny_programs.write("masks", tmp_path / "m.gatera")
    for part in ("images", "masks"):
        (tmp_path / "new" / part).mkdir(parents=True)
    for number in (0, 1, 0):
        name = f"{len(list((tmp_path / 'new' / 'images').iterdir()))}"
        photo = photo_folder / "cat" / f"cat_{number}.jpg"
        shutil.copy(photo, tmp_path / "new" / "images" / f"{name}.jpg")
        with Image.open(photo) as opened:
            Image.new("L", opened.size, number).save(tmp_path / "new" / "masks" / f"{name}.png")
    (tmp_path / "new" / "codes.txt").write_text("cat\nsky\n")
    ran = gatera(
        "report", program, "--data", tmp_path / "new", "--out", tmp_path / "page.html", "--no-inside"
    )
    assert "2 of 3 photos are copies of others among them" in ran.out
    assert "different labels" not in ran.out  # the same mask, from two files
    page = (tmp_path / "page.html").read_text()
    assert "a mask" in page and "partial" not in page and str(tmp_path) not in page


def test_a_network_that_cannot_be_built_again_is_said_and_not_asked_for_it_is_not(
    gatera, program, sides, tmp_path
):
    ran = gatera("report", program, "--data", sides, "--out", tmp_path / "a.html", "--json")
    found = json.loads(ran.out)
    assert found["result"]["errors"] == 0 and found["report"] == str(tmp_path / "a.html")
    assert re.fullmatch(r"The network is not shown: .*\.", found["findings"]["Inside the network"][0])
    gatera("report", program, "--data", sides, "--out", tmp_path / "b.html", "--no-inside")
    assert "The network is not shown" not in words_of(tmp_path / "b.html")


def test_data_is_needed(gatera, program):
    ran = gatera("report", program)
    assert ran.status == 2
    assert ran.err == 'Error: missing option: --data SOURCE. See "gatera report --help".\n'


def test_in_python_the_report_prints_what_was_found(program, sides, tmp_path):
    made = gatera.report(program, sides, tmp_path / "page.html", inside=False)
    assert made.path.is_file() and made.measured.report.errors == 0
    assert repr(made).splitlines()[:2] == [f"Report {tmp_path / 'page.html'}", "Test set:"]
    assert "Copies" in made.lines()


def test_a_table_is_cut_by_its_columns(gatera, make_program, tmp_path):
    page = tmp_path / "page.html"
    rows = "".join(f"{n % 7},{'ab'[n % 2]},{'yes' if n % 2 else 'no'}\n" for n in range(60))
    (tmp_path / "rows.csv").write_text("age,kind,answer\n" + rows)
    pytest.importorskip("sklearn")
    trained = gatera(
        "train",
        tmp_path / "rows.csv",
        "--target",
        "answer",
        "--out",
        tmp_path / "r.gatera",
        "--model",
        "trees",
    )
    assert trained.status == 0
    ran = gatera(
        "report", tmp_path / "r.gatera", "--data", tmp_path / "rows.csv", "--target", "answer", "--out", page
    )
    assert ran.status == 0 and "Error 0.0 % (0 of 60 wrong)" in ran.out
    assert "Where it errs most" in ran.out


def test_what_was_measured_is_printed_though_the_page_cannot_be_written(
    gatera, program, sides, tmp_path, monkeypatch
):
    def full(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("gatera.recipes.page.program.write_html_report", full)
    ran = gatera("report", program, "--data", sides, "--out", tmp_path / "page.html", "--no-inside")
    assert ran.status == 1 and "page.html cannot be written (No space left on device)" in ran.err
    assert "Error 0.0 % (0 of 12 wrong)" in ran.out and "Saved the report" not in ran.out


def test_what_is_said_where_these_may_be_the_items_that_were_trained_on(
    gatera, make_program, sides, tmp_path
):
    known, page = make_program(training={"source": "photos"}), tmp_path / "page.html"
    said = "The program was trained on a source called photos: if these are the same items, the error on new ones may be much larger."
    flat = shutil.copytree(sides / "valid", tmp_path / "flat" / "photos")
    ran = gatera("report", known, "--data", flat, "--out", page, "--no-inside")
    assert ran.status == 0 and said in ran.out and said in words_of(page)  # the page is what others see
    ran = gatera("test", known, flat)
    assert said in ran.out
    ran = gatera("test", known, flat, "--json")
    assert said in ran.out
    ran = gatera("test", known, sides)  # whose held-out items are measured
    assert ran.status == 0 and said not in ran.out + ran.err
    ran = gatera("test", known, sides, "--side", "all")
    assert said in ran.out
