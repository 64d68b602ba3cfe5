from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.tabular.frames import add_datepart, cont_cat_split


def test_columns_are_sorted_by_what_they_hold():
    df = pd.DataFrame(
        {"weight": [0.5] * 30, "id": range(30), "floor": [1, 2, 3] * 10, "town": ["a", "b", "c"] * 10,
         "paid": [True, False, True] * 10, "price": range(30)}
    )  # fmt: skip
    assert cont_cat_split(df, dep_var="price") == (["weight", "id"], ["floor", "town", "paid"])
    assert cont_cat_split(df, max_card=1, dep_var=["price", "id"]) == (["weight", "floor"], ["town", "paid"])


def test_an_unknown_label_column_is_refused():
    with pytest.raises(DataError) as err:
        cont_cat_split(pd.DataFrame({"price": [1]}), dep_var="pirce")
    assert str(err.value) == (
        "dep_var: no column 'pirce' in the table. Available: price. Did you mean 'price'?"
    )


def test_a_date_is_taken_apart_and_the_table_stays_as_it_was():
    df = pd.DataFrame({"saledate": ["2019-12-31", "2020-02-29", None], "price": [1, 2, 3]})
    before = df.copy()
    made = add_datepart(df, "saledate")
    pd.testing.assert_frame_equal(df, before)
    assert list(made)[:3] == ["price", "saleYear", "saleMonth"] and "saledate" not in made
    assert made["saleWeek"].tolist()[:2] == [1, 9] and np.isnan(made["saleWeek"][2])
    assert made["saleDayofyear"].tolist()[:2] == [365, 60]
    assert made["saleDayofweek"].tolist()[:2] == [1, 5]
    assert made["saleIs_year_end"].tolist() == [True, False, False]
    assert made["saleElapsed"].tolist()[:2] == [1577750400, 1582934400] and np.isnan(made["saleElapsed"][2])


def test_hours_minutes_and_seconds_are_taken_where_they_are_asked_for():
    df = pd.DataFrame({"when": pd.to_datetime(["2020-01-01 12:34:56"]).tz_localize("Asia/Tokyo")})
    made = add_datepart(df, "when", prefix="", drop=False, time=True)
    assert made[["Hour", "Minute", "Second"]].iloc[0].tolist() == [12, 34, 56]
    assert made["Elapsed"][0] == df["when"][0].timestamp()
    assert "when" in made


def test_what_is_no_date_is_refused():
    with pytest.raises(DataError) as err:
        add_datepart(pd.DataFrame({"day": [3, 4]}), "day")
    assert str(err.value) == (
        "Column 'day' holds numbers, not dates. Got: 3. Turn them into dates first: "
        "pandas.to_datetime(df[...], unit='s')."
    )
    with pytest.raises(DataError) as err:
        add_datepart(pd.DataFrame({"day": ["2020-01-01", "later"]}), "day")
    message = str(err.value).replace(", at position 1", "")  # pandas 2 says that, too
    assert message == (
        'Column \'day\' holds something that is not a date (time data "later" doesn\'t match format "%Y-%m-%d"). '
        "Convert it to dates first: pandas.to_datetime(df[...], format=...)."
    )
    with pytest.raises(DataError, match=r"^field_name: no column 'date' in the table"):
        add_datepart(pd.DataFrame({"day": ["soon"]}), "date")
