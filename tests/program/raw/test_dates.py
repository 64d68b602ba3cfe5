from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.program.raw.dates import PARTS, date_in, part_of_dates
from gatera.program.tables.known_texts import is_date_text

DATE = datetime.datetime(2024, 2, 29, 12, 30)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-02-29 12:30",
        " 2024-02-29T12:30:00 ",
        "2024-02-29T13:30:00+01:00",
        "2024-02-29 13:30:00 +0100",
        "2024-02-29 12:30:00.000 UTC",
        "2024-02-29 12:30:00 GMT",
        "2024-02-29 12:30:00 Z",
        "2024-02-29 13:30:00 +01",
        "Thu, 29 Feb 2024 12:30:00 GMT",  # e-mail and the web
        "29 Feb 2024 13:30 +0100",
        "Thu Feb 29 12:30:00 2024",  # ctime
        "Thu Feb 29 12:30:00 UTC 2024",  # `date`
        "Thu Feb 29 12:30:00 +0000 2024",  # Twitter
        "Thu Feb 29 2024 13:30:00 GMT+0100 (Central European Standard Time)",  # JavaScript
        "Feb 29, 2024 12:30 PM",
        "Thursday, February 29th, 2024 at 12:30 p.m.",
        "29-FEB-2024 12:30",
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


def test_what_a_tables_own_values_show_to_be_dates():
    read = (
        "2024-02-29",
        "2024-W09",
        "2024-W09-4",
        "29 Feb 2024",
        "Sept. 5, 2024",
        "12-May-2024",
        "Feb  9, 2024 12:05 am",
    )
    assert all(map(is_date_text, read))
    # a day and a month in figures stand either way round, years of two figures in any century, and these are no dates
    other = (
        "29/02/2024",
        "29.02.2024",
        "20240229",
        "29 Feb 24",
        "Feb 2024",
        "29 fév 2024",
        "May 5, 2024 13:00 pm",
        "12 May",
        "-5",
    )
    assert not any(map(is_date_text, other))


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
