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
