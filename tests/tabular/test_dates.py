from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.program.program import load_program
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner
from gatera.tabular.roles import ColumnChoices, find_roles


def sales(n: int = 120) -> pd.DataFrame:
    days = pd.date_range("2023-01-01", periods=n)
    return pd.DataFrame(
        {
            "sold": days.strftime("%Y-%m-%d"),
            "size": np.arange(n) % 7 + 0.5,
            "price": days.day_of_week * 10.0 + 100.5,
        }
    )


def test_a_column_of_dates_is_an_input():
    roles = find_roles(sales(), ["price"])
    assert (roles.dates, roles.numbers, roles.skipped) == (["sold"], ["size"], {})
    assert str(roles.notes[-1]).endswith("year, month, day of the week and so on (to change: drop='sold').")


def test_a_program_takes_the_date_as_the_table_has_it(tmp_path):
    df = sales()
    dls = TabularDataLoaders.from_df(
        df, tmp_path, cont_names=["sold", "size"], cat_names=[], y_names="price", seed=0
    )
    parts = ["soldMonth", "soldWeek", "soldDay", "soldDayofweek", "soldDayofyear", "soldElapsed"]
    assert dls.cont_names == ["size", *parts]  # the year and the hour never vary
    learn = tabular_learner(dls, path=tmp_path)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(1, 1e-2)
    program = load_program(learn.export(tmp_path / "a.gatera"))
    row = df.iloc[5]
    said = learn.predict(row)
    assert abs(program.predict(dict(row)).label - said.label) < 1e-2
    assert (
        abs(program.predict({"sold": pd.Timestamp(row.sold), "size": row["size"]}).label - said.label) < 1e-2
    )
    assert said.row.show().shape[0] == 1


@pytest.mark.parametrize("written", ["2024-03-{:02}T00:00:00+05:30", "2024-03-{:02}T18:30:00.000Z", None])
def test_a_program_trained_on_times_with_a_zone_tells_what_it_reads_of_others(tmp_path, written):
    df = sales()
    df["sold"] = (
        pd.to_datetime(df["sold"]).dt.tz_localize("Asia/Kolkata")
        if written is None
        else [written.format(1 + n % 28) for n in range(len(df))]
    )
    df.loc[3, "sold"] = None
    dls = TabularDataLoaders.from_df(df, tmp_path, cont_names=["sold"], cat_names=[], y_names="price", seed=0)
    learn = tabular_learner(dls, path=tmp_path)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(1, 1e-2)
    program = load_program(learn.export(tmp_path / "a.gatera"))
    numbers = program.preprocess.config[0]["numbers"]
    assert all(number["zoned"] for number in numbers) and len(numbers) > 3
    notes = program.preprocess.reader.notes
    assert notes([{"sold": df["sold"][5]}, {"sold": None}]) == [[], []]
    said = "Column 'sold' had time zones in training; '2024-03-05' is read as UTC."
    assert notes([{"sold": "2024-03-05"}]) == [[said]]


def test_dates_are_inputs_where_nobody_says_which_columns_are(tmp_path):
    df = sales()
    df.to_csv(tmp_path / "sales.csv", index=False)
    for dls in (
        TabularDataLoaders.from_df(df[["sold", "price"]], y_names="price", seed=0),
        TabularDataLoaders.from_csv(tmp_path / "sales.csv", y_names="price", seed=0),
    ):
        assert "soldDayofweek" in dls.cont_names


def test_gaps_in_dates_are_filled(tmp_path):
    df = sales()
    df.loc[3, "sold"] = None
    dls = TabularDataLoaders.from_df(df, tmp_path, cont_names=["sold"], cat_names=[], y_names="price", seed=0)
    assert np.isfinite(np.asarray(dls.train_ds.arrays)).all() and dls.cat_names == []


@pytest.mark.parametrize(
    "dates", [["01/03/2024", "02/03/2024"], ["1.3.2024", None], ["2024/03/01 12:30", "2024/03/02"]]
)
def test_dates_in_another_order_are_text_and_that_is_said(dates):
    df = pd.DataFrame({"sold": dates * 30, "size": [1.5, 2.5] * 30, "price": [1.0, 2.0] * 30})
    notes = [str(note) for note in find_roles(df, ["price"]).notes if "dates" in note.text]
    assert notes == [
        f"sold has dates such as {dates[0]}, which are text here; written as 2024-02-29 they are read as dates "
        "(to change: drop='sold')."
    ]
    assert not find_roles(df, ["price"], choices=ColumnChoices(drop=["sold"])).notes


def test_numbers_with_points_and_other_texts_are_not_called_dates():
    df = pd.DataFrame({"version": ["1.2", "1.3"] * 30, "score": ["3/4", "1/2/x"] * 30, "y": [1.0, 2.0] * 30})
    assert not [note for note in find_roles(df, ["y"]).notes if "dates" in note.text]
