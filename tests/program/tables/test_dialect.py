"""Which first lines are names of columns."""

from __future__ import annotations

import pytest

from gatera.program.tables.dialect import has_header

ROWS = [["7", "3", "9"], ["8", "3", "9"]]


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (["0", "1", "2"], True),
        (["1", "2", "3"], True),
        (["2019", "2020", "2021"], True),
        (["5", "6", "7"], False),  # small numbers that count up may be data
        (["1", "2", "4"], False),
    ],
)
def test_numbers_that_count_up_from_0_or_1_or_years_are_names(first, names):
    assert has_header(first, ROWS) == names


SPECTRA = [["s1", "0.11", "0.42", "0.20", "0.31", "A"], ["s2", "0.31", "0.12", "0.10", "0.30", "B"]] * 2


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (["sample", "400.5", "402.0", "403.5", "405.0", "class"], True),
        (["sample", "405", "403", "401", "399", "class"], True),  # wavenumbers fall
        (["s0", "400.5", "402.0", "403.5", "405.0", "A"], False),  # a class of the rows below
        (["s0", "0.1", "0.9", "1.1", "1.5", "C"], False),
        (["s0", "400.5", "402.0", "410.5", "420.0", "C"], False),
    ],
)
def test_numbers_of_a_scale_are_names(first, names):
    """They were a row of data: a table of spectra had no column "class"."""
    assert has_header(first, SPECTRA) == names


def test_rows_that_all_rise_are_data():
    rows = [[str(start + step) for step in range(0, 90, 10)] for start in (105, 203, 301)]
    assert not has_header(rows[0], rows[1:])
    assert has_header(
        ["101.5", "140", "150", "155", "170", "171", "180", "199", "250"], [["3"] * 9, ["4"] * 9]
    )
