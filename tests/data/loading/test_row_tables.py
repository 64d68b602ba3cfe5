from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.data.loading.dataset import Rows
from gatera.data.loading.row_tables import cells, check_filled, table_of


def test_plain_numbers_stay_an_array_and_others_become_a_list():
    assert isinstance(cells(pd.Series([1, 2])), np.ndarray)
    assert isinstance(cells(pd.Series([1.0, np.nan])), np.ndarray)
    assert cells(pd.Series(["a", None], dtype="string")) == ["a", pd.NA]
    assert cells(pd.Series([True, False])) == [True, False]
    assert cells(pd.Series([1, None], dtype="Int64")) == [1, pd.NA]


def test_rows_become_a_table_however_they_come():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert table_of(Rows(frame)) is frame
    made = table_of([frame.iloc[0], {"a": 2, "b": "y"}])
    assert made.to_dict("list") == frame.to_dict("list")


def test_of_many_empty_labels_the_first_are_named():
    frame = pd.DataFrame({"y": [None] * 7})
    with pytest.raises(DataError) as err:
        check_filled(frame, ["y"])
    assert str(err.value) == (
        "Column 'y' (y_names) is empty in row 0, row 1, row 2, row 3, row 4 and 2 more of the table. Remove such rows: "
        "df.dropna(subset=['y'])."
    )
