from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.program.raw.dates import PARTS, date_in, part_of_dates

DATE = datetime.datetime(2024, 2, 29, 12, 30)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-02-29 12:30",
        " 2024-02-29T12:30:00 ",
        "2024-02-29T13:30:00+01:00",
        "2024-02-29 13:30:00 +0100",
        "2024-02-29 12:30:00.000 UTC",
        pd.Timestamp(DATE),
        np.datetime64(DATE),
        DATE,
    ],
)
def test_a_date_is_read_in_any_form(cell):
    assert date_in(cell, "sold") == DATE


@pytest.mark.parametrize("cell", ["", None, float("nan"), pd.NaT, np.datetime64("NaT", "s"), "NA"])
def test_empty_cells(cell):
    assert date_in(cell, "sold") is None
    assert np.isnan(part_of_dates([cell], "sold", "Year")).all()


@pytest.mark.parametrize("cell", ["yesterday", 20240229, "2024-13-01", ["2024-01-01"]])
def test_something_else_is_an_error(cell):
    with pytest.raises(DataError, match="Column 'sold' holds something that is not a date"):
        date_in(cell, "sold")


def test_the_parts():
    found = {part: float(part_of_dates(["2024-02-29 12:30"], "sold", part)[0]) for part in PARTS}
    assert found == {
        "Year": 2024, "Month": 2, "Week": 9, "Day": 29, "Dayofweek": 3, "Dayofyear": 60, "Hour": 12,
        "Elapsed": 19782 + 12.5 / 24,
    }  # fmt: skip
