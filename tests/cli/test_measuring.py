"""`gatera test`, and what `gatera predict` does with standard input, addresses, CSV and folders."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from gatera.cli.test import name_unmeasured
from gatera.data.sources.items import BadFile


@pytest.fixture
def labelled(photo_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(photo_folder, tmp_path / "new"))


def test_the_page_of_a_version_is_called_as_the_version(gatera, program, labelled, tmp_path, monkeypatch):
    """It was called as the file in the registry, a hash, and so was the program in the command that measures again."""
    monkeypatch.setenv("GATERA_REGISTRY", str(tmp_path / "registry"))
    assert gatera("models", "add", program, "cats").status == 0
    page = tmp_path / "page.html"
    gatera("test", "cats@v1", labelled, "--report", page)
    text = page.read_text("utf-8")
    assert "<title>cats@v1</title>" in text and "gatera test cats@v1 " in text


def test_the_figures_of_training_are_printed(gatera, program, labelled):
    ran = gatera("test", program, labelled)
    assert ran.status == 0
    assert "24 photos in new (a folder per class)" in ran.out
    assert "Error 0.0 % (0 of 24 wrong); 95 % interval 0.0 % to 13.8 %." in ran.out
    assert "Time per item:" in ran.out


def test_photos_that_are_there_twice_are_said_to_make_the_interval_too_narrow(gatera, program, labelled):
    """The interval of 12 photos twice was that of 24, and nothing said so."""
    said = json.loads(gatera("test", program, labelled, "--json").out)["result"]
    assert "remarks" not in said
    for number in range(3):
        shutil.copy(labelled / "cat" / f"cat_{number}.jpg", labelled / "cat" / f"cat_{number} (1).jpg")
    ran = gatera("test", program, labelled)
    line = "6 of 27 photos are copies of others among them: each counts by itself in the error, so its interval is too narrow."
    assert line in " ".join(ran.out.split())
    assert json.loads(gatera("test", program, labelled, "--json").out)["result"]["remarks"] == [line]


def test_unknown_classes_are_said_and_count_as_wrong(gatera, program, labelled):
    shutil.copytree(labelled / "cat", labelled / "lion")
    ran = gatera("test", program, labelled, "--json")
    result = json.loads(ran.out)["result"]
    assert result["unknown_labels"] == {"lion": 12} and result["errors"] == 12
    assert result["most_confused"][0] == {"actual": "lion", "predicted": "cat", "n": 12}


def test_copies_and_groups_of_what_was_trained_on_are_named(gatera, make_program, labelled, tmp_path):
    for name in ("cat/cat_1.jpg", "dog/dog_2.jpg"):
        (tmp_path / "old" / name).parent.mkdir(parents=True)
        shutil.copy(labelled / name, tmp_path / "old" / name)
    program = make_program(training={"settings": {"group_by": r"_(\d+)\."}})
    ran = gatera("test", program, labelled, "--trained-on", tmp_path / "old")
    assert ran.status == 0
    assert "old, which it was trained on:\n" in ran.out
    said = " ".join(ran.out.split())
    assert "2 of 24 photos of the test set are also in the training set: " in said
    assert (
        "cat/cat_1.jpg is the same as old/cat/cat_1.jpg" in said
        or "dog/dog_2.jpg is the same as old/dog" in said
    )
    assert "2 of 12 groups are in the training set, too: 1, 2; 4 of 24 items." in said
    assert "Without them the error is 0.0 % (0 of 20 wrong;" in said
    told = json.loads(gatera("test", program, labelled, "--trained-on", tmp_path / "old", "--json").out)
    assert told["trained_on"]["source"].endswith("old") and len(told["trained_on"]["lines"]) == 4
    missing = gatera("test", program, labelled, "--trained-on", tmp_path / "nosuch")
    assert missing.status == 1 and "nosuch does not exist" in missing.err


def test_a_table_says_of_each_item_whether_it_was_answered_wrong(gatera, program, labelled):
    shutil.copy(labelled / "dog" / "dog_1.jpg", labelled / "cat" / "a_dog.jpg")
    rows = list(csv.DictReader(io.StringIO(gatera("test", program, labelled, "--csv").out)))
    assert len(rows) == 25 and {row["wrong"] for row in rows} == {"0", "1"}
    assert all((row["label"] != row["answer"]) == (row["wrong"] == "1") for row in rows)


def test_labels_of_which_the_program_knows_none_are_refused(gatera, program, labelled):
    """ "Cat" for "cat" was measured as 100 % wrong, with exit status 0."""
    for label in ("cat", "dog"):
        (labelled / label).rename(labelled / label.upper())
    ran = gatera("test", program, labelled)
    assert ran.status == 1 and ran.out.count("%") == 0
    said = "Error: the program knows none of the labels. Got: 'CAT, DOG'. Available: cat, dog. Rename them, or name the column of the labels: --target."
    assert ran.err.splitlines()[-1] == said


def test_a_right_answer_has_one_probability_and_a_wrong_one_that_of_the_label_too(
    gatera, program, labelled, tmp_path
):
    shutil.copy(labelled / "dog" / "dog_1.jpg", labelled / "cat" / "a_dog.jpg")
    page = tmp_path / "page.html"
    gatera("test", program, labelled, "--report", page)
    text = page.read_text()
    assert len(re.findall(r"probability [01]\.\d\d; [01]\.\d\d for cat", text)) >= 1
    assert "of the label" not in text


def test_unreadable_items_are_named_and_the_status_is_1(gatera, program, labelled):
    (labelled / "cat" / "broken.jpg").write_bytes(b"no photo")
    ran = gatera("test", program, labelled)
    assert ran.status == 1 and "broken.jpg is not an image" in ran.err and "(0 of 24 wrong)" in ran.out


def test_rows_that_cannot_be_measured_are_named_once(capsys):
    failed = [("row 3", "A text is empty."), ("cat/1.jpg", "photos/cat/1.jpg is empty (0 bytes).")]
    skipped = [BadFile(Path("t.csv"), "Line 4 of t.csv has no value in y.")]
    bad = [BadFile(Path(name), reason) for name, reason in failed]
    name_unmeasured(SimpleNamespace(items=SimpleNamespace(skipped=skipped), failed=bad))
    assert capsys.readouterr().err.splitlines() == [
        "Not measured: Line 4 of t.csv has no value in y.",
        "Not measured: row 3: A text is empty.",
        "Not measured: photos/cat/1.jpg is empty (0 bytes).",
    ]


def test_max_error_decides_the_status(gatera, program, labelled):
    shutil.copytree(labelled / "cat", labelled / "lion")
    assert gatera("test", program, labelled, "--max-error", "0.5").status == 0
    ran = gatera("test", program, labelled, "--max-error", "0.1")
    assert ran.status == 1 and "above --max-error 0.1" in ran.err


def test_the_page_has_the_same_figures_names_and_no_path(gatera, program, labelled, tmp_path):
    shutil.copytree(labelled / "cat", labelled / "lion")
    page = tmp_path / "page.html"
    ran = gatera("test", program, labelled, "--report", page)
    text = page.read_text().replace("\xa0", " ")  # between a number and its unit
    assert len(text) < 2_000_000 and str(tmp_path) not in text
    for line in ran.out.split("Test set:")[1].splitlines():
        assert "Saved" in line or line.strip() in text
    assert all(f"lion/cat_{n}.jpg" in text for n in range(12)) and "Every wrong item (12)" in text
    assert gatera("test", program, labelled, "--report", page).status == 1  # never overwritten


@pytest.mark.slow
def test_measuring_and_its_page_need_no_torch(program, labelled, tmp_path):
    code = "import sys; sys.modules['torch'] = None; from gatera.cli.main import main; main(sys.argv[1:])"
    ran = subprocess.run(
        [sys.executable, "-c", code, "test", program, labelled, "--report", tmp_path / "page.html"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "How sure it is" in (tmp_path / "page.html").read_text()


class Stdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_a_photo_from_standard_input(gatera, program, cat, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stdin(cat.read_bytes()))
    ran = gatera("predict", program, "-", "--json")
    assert json.loads(ran.out)["label"] == "cat" and json.loads(ran.out)["file"] == "-"


@pytest.mark.parametrize(
    ("flag", "end", "encoding"),
    [
        ("--names", "\n", "utf-8"),
        ("-0", "\0", "utf-8"),
        ("--names", "\r\n", "utf-16"),
        ("--names", "\n", "utf-8-sig"),
    ],
)
def test_names_from_standard_input(gatera, program, cat, dog, monkeypatch, flag, end, encoding):
    monkeypatch.setattr(sys, "stdin", Stdin(f"{cat}{end}{dog}{end}".encode(encoding)))
    ran = gatera("predict", program, flag, "--csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["label"] for row in rows] == ["cat", "dog"]
    assert rows[0]["file"] == str(cat) and 0.5 < float(rows[0]["probability_cat"]) <= 1


def test_names_are_answered_as_they_arrive(program, cat, dog):
    """Standard input was read to its end before the first answer, so that names of `tail -f` had none."""
    command = [sys.executable, "-m", "gatera", "predict", str(program), "--names", "--csv"]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        command, env=buffered, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        too_long = threading.Timer(60, running.kill)
        too_long.start()
        answers = []
        for photo in (cat, dog, "gone.jpg", cat):
            running.stdin.write(f"{photo}\n")
            running.stdin.flush()
            if photo != "gone.jpg":
                answers += [running.stdout.readline() for _ in range(1 if answers else 2)]
        assert running.poll() is None
        running.stdin.close()
        assert running.wait() == 1
        too_long.cancel()
    assert [row["label"] for row in csv.DictReader(answers)] == ["cat", "dog", "cat"]


def test_csv_quotes_what_needs_it(gatera, program, cat, tmp_path):
    odd = tmp_path / 'a, "b".jpg'
    shutil.copy(cat, odd)
    assert next(csv.DictReader(io.StringIO(gatera("predict", program, odd, "--csv").out)))["file"] == str(odd)


def test_files_are_sorted_into_folders_and_nothing_is_lost(gatera, program, labelled, tmp_path):
    twin = labelled / "dog" / "cat_0.jpg"
    shutil.copy(labelled / "cat" / "cat_0.jpg", twin)
    out = tmp_path / "sorted"
    assert gatera("predict", program, labelled, "--save", out).status == 0
    assert len(list((out / "cat").iterdir())) == 13 and (out / "cat" / "cat_0_2.jpg").exists()
    assert len(list(labelled.rglob("*.jpg"))) == 25
    again = gatera("predict", program, labelled, "--save", out)
    assert again.status == 1 and "nothing in it was changed" in again.err


def test_photos_are_drawn(gatera, program, cat, tmp_path):
    assert gatera("predict", program, cat, "--save", tmp_path / "d", "--save-as", "drawn").status == 0
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["cat_0.jpg"]
    ran = gatera("predict", program, cat, "--save", tmp_path / "m", "--save-as", "masks")
    assert ran.status == 1 and "does not suit this program" in ran.err


def test_addresses_are_fetched_or_refused_in_words(gatera, program, cat):
    ran = gatera("predict", program, "s3://bucket/cat.jpg", cat)
    assert ran.status == 1 and "s3 is not supported" in ran.err and "cat_0.jpg" in ran.out
    refused = gatera("predict", program, "http://127.0.0.1:9/cat.jpg").err
    assert "cannot be fetched (Connection refused)" in " ".join(refused.split())


def test_the_network_is_taken_out_once(gatera, program, tmp_path):
    out = tmp_path / "cats.onnx"
    assert gatera("info", program, "--onnx", out).status == 0 and out.stat().st_size > 100
    ran = gatera("info", program, "--onnx", out)
    assert ran.status == 1 and "was not overwritten" in ran.err and "--force" in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [("epoch = 1", "unknown setting 'epoch'. Did you mean 'epochs'?"), ('epochs = "x"', "epochs must be a whole number >= 1"),
     ("slim = 3", "slim must be true or false"), ("= 1", "is not TOML"),
     ("bs = 8\nbatch-size = 64", "sets the same setting twice, as 'bs' and as 'batch-size'")],
)  # fmt: skip
def test_mistakes_in_a_file_of_settings_name_file_and_key(gatera, labelled, tmp_path, line, said):
    file = tmp_path / "run.toml"
    file.write_text(line)
    ran = gatera("train", labelled, "--config", file)
    assert ran.status == 1 and said in ran.err and str(file) in ran.err


def test_the_command_line_wins_over_the_file_and_the_file_over_the_program(make_program, tmp_path):
    from gatera.cli.commands.training import TRAIN
    from gatera.cli.parser import parse
    from gatera.cli.training.settings_from_files import apply_chosen

    old = make_program(training={"settings": {"epochs": 2, "seed": 5, "size": 32, "out": "/etc/passwd"}})
    (tmp_path / "run.toml").write_text("epochs = 3\nbs = 4\n")
    options = parse(
        TRAIN, ["photos", "--like", str(old), "--config", str(tmp_path / "run.toml"), "--batch-size", "8"]
    )
    apply_chosen(options, TRAIN.options)
    assert (options.epochs, options.bs, options.seed, options.size, options.out) == (3, 8, 5, 32, None)


def test_columns_with_commas_stay_whole_from_a_program_and_from_a_file(make_program, tmp_path):
    from gatera.cli.commands.training import TRAIN
    from gatera.cli.parser import parse
    from gatera.cli.training.settings_from_files import apply_chosen

    old = make_program(training={"settings": {"drop": ["size, cm", "a"], "numbers": ['7" disc']}})
    (tmp_path / "run.toml").write_text('classes = ["kind, colour"]\n')
    options = parse(TRAIN, ["t.csv", "--like", str(old), "--config", str(tmp_path / "run.toml")])
    apply_chosen(options, TRAIN.options)
    assert options.drop == ["size, cm", "a"] and options.numbers == ['7" disc']
    assert options.classes == ["kind, colour"]


def test_the_figures_are_printed_though_the_page_cannot_be_written(
    gatera, program, labelled, tmp_path, monkeypatch
):
    def full(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("gatera.cli.test.write_html_report", full)
    ran = gatera("test", program, labelled, "--report", tmp_path / "page.html")
    assert ran.status == 1 and "page.html cannot be written (No space left on device)" in ran.err
    assert "Error 0.0 % (0 of 24 wrong)" in ran.out and "Saved the report" not in ran.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[train]\nepochs = 3", "has the heading [train]. Expected: lines such as epochs = 3, without headings."),
        ('source = "photos"', "cannot say 'source'. Give it on the command line: SOURCE."),
        ('like = "a.gatera"', "cannot say 'like'. Give it on the command line: --like."),
        ("zzzz = 1", "freeze-epochs"),
    ],
)  # fmt: skip
def test_what_a_file_of_settings_cannot_say(gatera, labelled, tmp_path, text, said):
    file = tmp_path / "run.toml"
    file.write_text(text)
    ran = gatera("train", labelled, "--config", file)
    assert ran.status == 1 and said in ran.err


def test_figures_are_broken_between_words(gatera, program, labelled):
    lines = gatera("test", program, labelled, columns=40).out.splitlines()
    assert max(map(len, lines)) <= 40 and "  Error 0.0 % (0 of 24 wrong); 95 %" in lines


@pytest.mark.slow
def test_settings_of_a_program_of_other_data_are_said_to_be_its_own(gatera, labelled, make_program):
    old = make_program(training={"settings": {"target": "salary"}})
    ran = gatera("train", labelled, "--like", old)
    assert ran.status == 1 and "Omit --target." in ran.err
    assert f"Some settings come from {old}" in ran.err
