"""`gatera train`, from a folder of photos to a program, on tiny photos."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from gatera.cli.main import main
from gatera.program.program import load_program

pytestmark = pytest.mark.slow


def gatera(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return end.value.code or 0


QUICK = ("--size", 32, "--freeze-epochs", 1, "--device", "cpu")

#: What the learner says on stderr of what it decides by itself.
NOTES = (
    "The head starts from a least-squares solution",
    "Skipping the unfrozen part:",
    "Training ",
)


@pytest.fixture(scope="module")
def trained(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A program, and what was printed on the way to stdout and stderr, with one bad file among the photos."""
    folder = tmp_path_factory.mktemp("train")
    photos = folder / "my photos"
    for path in photo_folder.rglob("*.jpg"):
        (photos / path.parent.name).mkdir(parents=True, exist_ok=True)
        (photos / path.parent.name / path.name).write_bytes(path.read_bytes())
    (photos / "cat" / "broken.jpg").write_bytes(b"")
    run = subprocess.run(
        [
            sys.executable, "-m", "gatera", "train", photos, "--out", folder / "cats.gatera", "--report", folder / "report",
            "--size", "32", "--freeze-epochs", "10", "--device", "cpu",
        ],
        capture_output=True, text=True, check=True, env=os.environ | {"GATERA_HOME": str(folder / "home")},
    )  # fmt: skip
    assert all(line.startswith(NOTES) for line in run.stderr.splitlines())
    return folder / "cats.gatera", run.stdout, run.stderr


def test_the_program_tells_the_classes_apart(trained, photo_folder):
    program = load_program(trained[0])
    assert program.predict(photo_folder / "dog/dog_3.jpg").label == "dog"
    assert program.predict(photo_folder / "cat/cat_3.jpg").label == "cat"


def test_it_says_what_it_found_how_good_it_is_and_what_to_type_next(trained):
    path, text, _ = trained
    assert "24 photos of 2 classes (a folder per class): cat 12, dog 12" in text
    assert "Skipped files:" in text
    assert "broken.jpg" in text
    assert "95 % interval" in text
    assert "Always predicting" in text
    assert f"Saved {path} (" in text
    assert f"gatera predict {path} '" in text  # the folder's name has a space
    assert "\x1b" not in text


def test_the_unfrozen_part_is_skipped_where_the_head_suffices_and_a_line_says_so(trained):
    _, text, notes = trained
    assert re.findall(r"^Skipping the unfrozen part: .*", notes, re.M) == [
        "Skipping the unfrozen part: the head alone gets only 0.0 % of the training items wrong, less than 3.0 %."
    ]
    assert (
        len(re.findall(r"^\d+ +\d+\.\d+ ", text, re.M)) == 10
    )  # the rows of the frozen epochs, and no other


def test_a_batch_size_chosen_for_the_folder_is_said_once_with_the_option_for_another(trained):
    _, text, notes = trained
    assert "\nBatch size 8: an epoch of 19 items has 2 updates; pass --batch-size to change it.\n" in text
    assert (text + notes).count("Batch size") == 1


def test_the_report_stands_beside_its_pictures(trained):
    folder = trained[0].parent / "report"
    assert f"Saved the report {folder / 'report.html'}." in trained[1]
    assert sorted(path.name for path in folder.iterdir()) == [
        "batch.png", "confusion.png", "loss.png", "report.html", "results.png", "worst.png",
    ]  # fmt: skip
    page = (folder / "report.html").read_text()
    assert "broken.jpg" in page and len(page) < 3_000_000
    for heading in ("Copies", "Inside the network", "Where it looks", "The program&#x27;s card"):
        assert f"<h2>{heading}</h2>" in page
    assert page.count('alt="Units of') == 3  # an early, a middle and a late layer


def test_nothing_but_the_program_is_left(trained):
    names = {path.name for path in trained[0].parent.iterdir()}
    assert names == {"cats.gatera", "report", "my photos", "home"}


@pytest.mark.whole
def test_training_can_go_on_from_a_program(trained, photo_folder, tmp_path, capsys):
    assert (
        gatera(
            "train", photo_folder, "--out", tmp_path / "b.gatera", "--weights", trained[0], "--slim", *QUICK
        )
        == 0
    )
    assert f"starting from {trained[0]} (body and head)." in capsys.readouterr().out


@pytest.mark.whole
def test_items_held_out_of_a_folder_that_has_grown_may_have_been_trained_on(
    trained, photo_folder, tmp_path, capsys
):
    """The last program is trained further on more photos: what is held out now, it mostly learned before, unsaid."""
    photos, program = tmp_path / "my photos", tmp_path / "b.gatera"
    shutil.copytree(trained[0].parent / "my photos", photos)
    start = ("train", photos, "--weights", trained[0], *QUICK, "--epochs", 1)
    assert gatera(*start, "--out", tmp_path / "a.gatera") == 0
    assert "Training started from" not in capsys.readouterr().out  # the same items are held out
    first = next(photos.rglob("*_3.jpg"))
    Image.open(first).rotate(90).save(first.with_name("z.jpg"))
    assert gatera(*start, "--out", program) == 0
    said = f"Training started from {trained[0]}, which was trained on items of my photos too"
    assert said in " ".join(capsys.readouterr().out.split())
    assert said in " ".join(load_program(program).card.split())


def test_json_is_json_and_nothing_else(photo_folder, tmp_path, capsys):
    assert gatera("train", photo_folder, "--out", tmp_path / "a.gatera", "--json", "--epochs", 1, *QUICK) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["photos", "epoch", "epoch", "result"]
    assert [(event["phase"], event["epoch"]) for event in events[1:3]] == [("frozen", 0), ("unfrozen", 0)]
    assert events[0]["train"] == 19
    assert events[-1]["valid"]["n"] == 5
    assert events[-1]["program"] == str(tmp_path / "a.gatera")


def test_an_existing_program_is_kept_and_nothing_is_trained(photo_folder, tmp_path, capsys):
    (tmp_path / "a.gatera").write_text("mine")
    assert gatera("train", photo_folder, "--out", tmp_path / "a.gatera", *QUICK) == 1
    assert (tmp_path / "a.gatera").read_text() == "mine"
    assert capsys.readouterr() == (
        "", f"Error: {tmp_path / 'a.gatera'} already exists and was not overwritten. Choose another name, or pass "
        "--force.\n",
    )  # fmt: skip


def test_an_earlier_report_is_kept_and_nothing_is_trained(photo_folder, tmp_path, capsys):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "worst.png").write_text("mine")
    options = ("--out", tmp_path / "a.gatera", "--report", tmp_path / "report")
    assert gatera("train", photo_folder, *options, *QUICK) == 1
    assert (tmp_path / "report" / "worst.png").read_text() == "mine"
    assert capsys.readouterr() == (
        "", f"Error: {tmp_path / 'report' / 'worst.png'} already exists and was not overwritten. Choose another name, or "
        "pass --force.\n",
    )  # fmt: skip


@pytest.mark.parametrize("option", ["--out", "--report"])
def test_a_folder_that_cannot_be_written_to_is_said_before_any_training(
    photo_folder, tmp_path, capsys, option
):
    (tmp_path / "file").touch()
    options = {"--out": tmp_path / "new" / "folder" / "a.gatera"} | {option: tmp_path / "file" / "a.gatera"}
    assert gatera("train", photo_folder, *(word for pair in options.items() for word in pair), *QUICK) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"cannot create files in {tmp_path / 'file'} (Not a directory)" in captured.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.whole
def test_epochs_are_printed_when_they_end(photo_folder, tmp_path):
    run = subprocess.Popen(
        [sys.executable, "-m", "gatera", "train", photo_folder, "--out", tmp_path / "new" / "a.gatera", "--json"]
        + [str(word) for word in QUICK] + ["--epochs", "1000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = [json.loads(run.stdout.readline()) for _ in range(3)]
    run.send_signal(signal.SIGINT)
    rest, errors = run.communicate(timeout=120)
    assert [line["event"] for line in lines] == ["photos", "epoch", "epoch"]
    assert run.returncode == 130 and all(line.startswith(NOTES) for line in errors.splitlines())
    assert json.loads(rest.splitlines()[-1])["checkpoint"] == str(
        tmp_path / "new" / "a-unfinished" / "training.safetensors"
    )


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--arch", "resnet43", "Did you mean 'resnet34'?"),
        ("--device", "cuda:77", "device is not usable on this machine"),
        ("--weights", "nothing.pth", "nothing.pth"),
        ("--label-from", "cat", "--label-from has no group"),
    ],
)
def test_a_wrong_option_is_said_before_any_training(photo_folder, tmp_path, capsys, option, value, message):
    assert gatera("train", photo_folder, "--out", tmp_path / "a.gatera", *QUICK, option, value) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert "train_loss" not in captured.out


@pytest.mark.whole
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_stop_keeps_what_is_trained_and_says_how_to_go_on(long_run, tmp_path, number, status):
    run = subprocess.Popen(long_run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    for line in run.stdout:
        lines.append(line)
        if line.startswith("0 "):  # the first epoch's row
            time.sleep(0.2)
            run.send_signal(number)
            break
    rest, errors = run.communicate(timeout=120)
    assert run.returncode == status and all(line.startswith(NOTES) for line in errors.splitlines())
    checkpoint = tmp_path / "a-unfinished" / "training.safetensors"
    assert checkpoint.is_file()
    assert (
        f"It is kept in {checkpoint}. To continue, run the same command again; it resumes automatically."
        in rest
    )
