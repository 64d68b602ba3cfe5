from __future__ import annotations

import csv

from gatera.samples import sample_path

SAMPLE = sample_path("adult_tiny")
LINES = (SAMPLE / "adult.csv").read_text().splitlines()
ROWS = list(csv.DictReader(LINES, skipinitialspace=True))


def test_the_sample_holds_1000_different_rows() -> None:
    assert len(ROWS) == 1000
    assert len(set(LINES)) == 1001
    assert all(None not in row and None not in row.values() for row in ROWS)


def test_a_quarter_earns_more_and_some_cells_are_empty() -> None:
    assert sum(row["salary"] == ">=50k" for row in ROWS) == 244
    assert {row["salary"] for row in ROWS} == {"<50k", ">=50k"}
    assert sorted({name for row in ROWS for name, cell in row.items() if not cell}) == [
        "education-num",
        "occupation",
    ]


def test_it_is_small() -> None:
    assert (SAMPLE / "adult.csv").stat().st_size < 150_000


def test_licence_source_and_changes_are_named_beside_the_rows() -> None:
    text = " ".join((SAMPLE / "LICENSE.md").read_text().split())
    for needed in ("B. Becker, R. Kohavi", "UCI Machine Learning Repository", "CC BY 4.0", "What was changed", "1,000 of the 32,561",
                   "https://creativecommons.org/licenses/by/4.0/"):  # fmt: skip
        assert needed in text
