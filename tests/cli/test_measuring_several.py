"""`gatera test` with several programs and sealed test sets, and `gatera seal`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests import tiny_programs

from gatera.evaluate.questions.programs import check_same_kind
from gatera.program.program import load_program


@pytest.fixture
def program(program: Path, tmp_path: Path) -> Path:
    """A copy: tests on a sealed set are written into its card."""
    return Path(shutil.copy(program, tmp_path / "first.gatera"))


@pytest.fixture
def labelled(photo_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(photo_folder, tmp_path / "june"))


def test_two_programs_are_measured_side_by_side_on_a_sealed_test_set(gatera, program, labelled, tmp_path):
    other = Path(shutil.copy(program, tmp_path / "other.gatera"))
    ran = gatera("seal", labelled)
    assert ran.status == 0 and "Sealed 24 files of june" in ran.out
    ran = gatera("test", program, other, "--sealed", tmp_path / "june.sealed")
    assert ran.status == 0
    assert ran.out.count("Error 0.0 % (0 of 24 wrong)") == 2
    assert "No difference can be claimed (p = 1); both are wrong equally often." in ran.out
    assert "has been opened once" in ran.err
    assert "The card of other.gatera now mentions this test" in ran.err
    assert "opened once: Error 0.0 % (0 of 24 wrong)" in gatera("info", other).out
    ran = gatera("test", program, other, labelled, "--json")
    (compared,) = json.loads(ran.out)["comparisons"]
    assert (compared["n"], compared["differ"], compared["wrong"]) == (
        24,
        False,
        {"both": 0, "first": 0, "second": 0},
    )
    (labelled / "cat" / "cat_1.jpg").unlink()
    ran = gatera("test", program, "--sealed", tmp_path / "june.sealed")
    assert ran.status == 1 and "has changed since it was sealed: 1 missing (cat/cat_1.jpg)" in ran.err


def test_what_cannot_be_measured_is_no_opening(gatera, program, labelled, tmp_path):
    assert gatera("seal", labelled).status == 0
    ran = gatera("test", program, tmp_path / "nosuch.gatera", "--sealed", tmp_path / "june.sealed")
    assert ran.status != 0 and "nosuch.gatera" in ran.err
    assert json.loads((tmp_path / "june.sealed").read_text())["openings"] == []


def test_programs_of_different_kinds_are_not_measured_side_by_side(gatera, program, labelled, tmp_path):
    """A program of classes was worse than one of numbers, by so many points: the one by 1 - p, the other by how far it is off."""
    masks = tiny_programs.write("masks", tmp_path / "masks.gatera")
    gatera("seal", labelled)
    ran = gatera("test", program, masks, "--sealed", tmp_path / "june.sealed")
    assert ran.status == 1 and ran.out == ""
    assert "programs of different kinds cannot be compared" in ran.err
    assert json.loads((tmp_path / "june.sealed").read_text())["openings"] == []


@pytest.mark.parametrize("kind", ["masks", "several"])
def test_programs_that_leave_out_what_others_know_are_not_compared(gatera, labelled, tmp_path, kind):
    """Pixels of classes, and labels, that a program does not know are not measured: the one that knew fewer was better."""
    one = tiny_programs.write(kind, tmp_path / "one.gatera")
    known = list(load_program(one).vocab)
    decode = {"activation": "softmax", "threshold": None, "temperature": 1.0}
    turned, other = (
        tiny_programs.write(kind, tmp_path / f"{vocab[0]}.gatera", decode=decode | {"vocab": vocab})
        for vocab in (known[::-1], ["green", *known[1:]])
    )
    check_same_kind([load_program(one), load_program(turned)])
    gatera("seal", labelled)
    ran = gatera("test", one, other, "--sealed", tmp_path / "june.sealed")
    assert ran.status == 1 and "programs with different classes cannot be compared" in ran.err
    assert f"only one of them knows {', '.join(sorted([known[0], 'green']))}" in ran.err
    assert json.loads((tmp_path / "june.sealed").read_text())["openings"] == []


def test_the_line_of_max_error_names_the_program(gatera, program, labelled):
    (labelled / "cat").rename(labelled / "x")
    (labelled / "dog").rename(labelled / "cat")
    (labelled / "x").rename(labelled / "dog")
    ran = gatera("test", program, program, labelled, "--max-error", "0.5")
    assert ran.status == 1 and f"The error of {program}, 1, is above --max-error 0.5." in ran.err


def test_a_source_is_needed_without_a_seal(gatera, program, labelled):
    ran = gatera("test", program)
    assert ran.status == 2 and "missing argument: SOURCE" in ran.err
    ran = gatera("test", program, program, labelled, "--csv")
    assert ran.status == 2 and "--csv and --report are for one program" in ran.err


def test_measuring_a_sealed_folder_without_its_seal_is_said_not_to_be_recorded(
    gatera, program, labelled, tmp_path, monkeypatch
):
    """The set "has never been opened", and was measured: by `gatera test june`, by a report, by a comparison in the registry."""
    monkeypatch.chdir(tmp_path)
    assert "sealed" not in gatera("test", program, labelled).err
    assert gatera("seal", labelled).status == 0
    (tmp_path / "a.sealed").write_text("something else")
    said = f"{labelled} is a sealed test set, and this is not recorded as an opening: gatera test --sealed june.sealed does that."
    for command in (
        ("test", program, labelled),
        ("report", program, "--data", labelled, "--no-inside", "--out", tmp_path / "page.html"),
        ("models", "diff", program, program, "--on", labelled),
    ):
        ran = gatera(*command)
        assert ran.status == 0 and said in " ".join(ran.err.split()), ran.err
    assert "not recorded" not in gatera("test", program, "--sealed", "june.sealed").err
