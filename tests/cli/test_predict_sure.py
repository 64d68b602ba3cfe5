"""`gatera predict --sure`, and what JSON and CSV say of how sure an answer is."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from gatera.program.certain.arrays import pack
from gatera.program.package import read_package, write_package

FORMAT1 = Path(__file__).parents[1] / "fixtures" / "format1.gatera"


def sure_program(path: Path, least: float = 0.6, n: int = 30, **changes) -> Path:
    """The program of the fixture, whose held-out answers from `least` on were right."""
    package = read_package(FORMAT1)
    right = np.linspace(least, 1, n)
    known = {
        "held_out": n,
        "labels": {"scores": pack(np.linspace(0, 0.3, n)), "right": pack(right), "wrong": pack(right[:0])},
    }
    entries = {name: package.read(name) for name in package.names if name != "program.json"}
    return write_package(path, {**package.program, "certainty": known, **changes}, entries)


@pytest.fixture
def careful(tmp_path: Path) -> Path:
    """A program that has seen no right answer below 0.9999."""
    return sure_program(tmp_path / "careful.gatera", least=0.9999)


def test_where_it_is_sure_the_label_stands_as_ever(gatera, tmp_path, cat):
    program = sure_program(tmp_path / "a.gatera")
    ran = gatera("predict", program, cat, "--sure", 0.95)
    assert (ran.status, ran.err) == (0, "") and ran.out.split()[1] == "cat"


def test_where_it_is_not_sure_the_reason_follows(gatera, careful, cat):
    ran = gatera("predict", careful, cat, "--sure", 0.95)
    assert ran.out.startswith(f"{cat}  (not sure)  cat has a probability of 0.9")
    assert "predictions of 0.9999 or more were right in 95 % of cases" in ran.out
    assert gatera("predict", careful, cat, "--sure", 0.95, "--top", 1).out.split()[1] == "cat"


def test_on_a_terminal_the_table_has_a_column_for_it(gatera, careful, cat):
    ran = gatera("predict", careful, cat, "--sure", 0.95, columns=160)
    assert "why not" in ran.out.splitlines()[0]
    assert "(not sure)" in ran.out and "cat has a probability of 0.9" in ran.out


def test_json_and_csv_carry_the_set_and_the_reason(gatera, careful, cat):
    said = json.loads(gatera("predict", careful, cat, "--sure", 0.95, "--json").out)
    assert (said["label"], said["set"], said["sure"]) == (None, ["cat"], 0.95)
    (row,) = csv.DictReader(io.StringIO(gatera("predict", careful, cat, "--sure", 0.95, "--csv").out))
    assert (row["label"], row["set"], row["reason"]) == ("", "cat", said["reason"])
    (plain,) = csv.DictReader(io.StringIO(gatera("predict", careful, cat, "--csv").out))
    assert (plain["label"], plain["set"]) == ("cat", "cat") and "reason" not in plain


def test_files_are_sorted_into_a_folder_of_their_own(gatera, careful, cat, tmp_path):
    ran = gatera("predict", careful, cat, "--sure", 0.95, "--save", tmp_path / "sorted")
    assert ran.status == 0
    assert [file.parent.name for file in (tmp_path / "sorted").rglob("*.*")] == ["(not sure)"]


def test_numbers_have_an_interval(gatera, tmp_path, cat):
    known = {
        "held_out": 30, "numbers": {"scores": pack(np.linspace(0, 3, 30)), "scale": pack(np.array([2.0, 2.0]))}
    }  # fmt: skip
    numbers = {"task": "regression", "decode": {"activation": "none", "vocab": None}, "certainty": known}
    program = sure_program(tmp_path / "a.gatera", **numbers)
    said = json.loads(gatera("predict", program, cat, "--sure", 0.9, "--json").out)
    assert all(low < value < high for value, (low, high) in zip(said["value"], said["interval"], strict=True))
    (row,) = csv.DictReader(io.StringIO(gatera("predict", program, cat, "--csv").out))
    assert len(row["low"].split(";")) == len(row["high"].split(";")) == 2


def test_more_than_the_data_supports_is_said_in_the_words_of_the_command(gatera, careful, cat):
    ran = gatera("predict", careful, cat, "--sure", 0.999)
    assert ran.status == 1 and ran.err == (
        "Error: --sure needs more held-out items than the program has: at least 999 for 0.999. Got: 30. Expected: at "
        "most --sure 0.9677. Train again with at least 999 items in the validation set, or ask for a lower level.\n"
    )


def test_an_older_program_says_that_it_does_not_know(gatera, program, cat):
    ran = gatera("predict", program, cat, "--sure", 0.9)
    assert ran.status == 1
    assert "the program does not know how sure it is of its answers" in ran.err


@pytest.mark.parametrize("level", ["1.5", "-1", "much"])
def test_a_level_is_a_number_from_0_to_1(gatera, program, cat, level):
    ran = gatera("predict", program, cat, f"--sure={level}")
    assert ran.status == 2 and "must be a number from 0 to 1" in ran.err


def test_info_says_what_a_program_knows_without_its_arrays(gatera, careful):
    assert re.search(
        r"^sure +prediction sets, from 30 held-out items$", gatera("info", careful).out, re.MULTILINE
    )
    said = json.loads(gatera("info", careful, "--json").out)["certainty"]
    assert said["labels"]["scores"] == {"dtype": "float32", "shape": [30]}
    assert "sets of labels" not in gatera("info", FORMAT1).out


def test_a_report_says_it_in_options_and_its_page_in_plain_words(gatera, tmp_path, photo_folder):
    program, page = sure_program(tmp_path / "a.gatera"), tmp_path / "page.html"
    ran = gatera("report", program, "--data", photo_folder, "--out", page, "--no-inside")
    assert ran.status == 0 and "With --sure 0.95, " in ran.out and "sure=" not in ran.out
    words = page.read_text().replace("\u00a0", " ")
    assert "Asked to be 95 % sure, it answers " in words and "sure=" not in words
