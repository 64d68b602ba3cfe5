"""A DataFrame leads to the same decisions as a file with the same cells."""

from __future__ import annotations

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.sources.tables import read_table, with_numbers
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.table import TabularPandas

N = 60
PLACE = np.arange(N)
WORDS = np.where(PLACE % 2, "yes", "no")

#: Columns as a file holds them -> the same in a DataFrame, as pandas or a database gives them.
TABLES = {
    "decimal commas": ({"x": [f"{n / 7:.1f}".replace(".", ",") for n in PLACE]}, {}),
    "thousands": ({"x": [f"${1000 * n + 7:,}" for n in PLACE]}, {}),
    "numbers as text": ({"x": [f"{n / 7:.2f}" for n in PLACE]}, {}),
    "whole numbers with gaps": (
        {"x": ["" if n % 9 == 0 else str(n * 3 % 41) for n in PLACE]},
        {"x": [np.nan if n % 9 == 0 else n * 3 % 41 for n in PLACE]},
    ),
    "few whole numbers with gaps": (
        {"x": ["" if n % 9 == 0 else str(n % 4) for n in PLACE]},
        {"x": pd.array([None if n % 9 == 0 else n % 4 for n in PLACE], dtype="Int64")},
    ),
    "an index": ({"Unnamed: 0": [str(n) for n in PLACE]}, {"Unnamed: 0": PLACE}),
    "identifiers": ({"customer_id": [str(1000 + n * 7) for n in PLACE]}, {"customer_id": 1000 + PLACE * 7}),
    "constant and empty": ({"a": ["5"] * N, "b": [""] * N}, {"a": [5.0] * N, "b": [None] * N}),
    "postcodes": ({"zip": [f"0{n % 3}139" for n in PLACE]}, {}),
    "truth values": (
        {"x": ["" if n % 9 == 0 else str(n % 2 == 0) for n in PLACE]},
        {"x": [None if n % 9 == 0 else bool(n % 2 == 0) for n in PLACE]},
    ),
}
TARGETS = {
    "classes": ([f"{n % 2}.0" for n in PLACE], PLACE % 2.0), "words": (["a" if n % 3 else "b" for n in PLACE], None),
    "prices": ([f"{n}.500,25" for n in PLACE + 1], None), "many": ([str(n * 7) for n in PLACE], PLACE * 7),
}  # fmt: skip


def decided(to: TabularPandas) -> tuple:
    vocab = to.fields.y.vocab
    return (
        to.cat_names,
        to.cont_names,
        {n: list(v) for n, v in to.classes.items()},
        None if vocab is None else list(vocab),
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", TABLES)
def test_a_frame_leads_to_the_decisions_of_the_file(tmp_path, kind, target):
    written, typed = TABLES[kind]
    texts = {"height": [f"{n / 3:.3f}" for n in PLACE], **written, "y": TARGETS[target][0]}
    pd.DataFrame(texts).to_csv(tmp_path / "t.csv", index=False)
    held = {
        "height": PLACE / 3,
        **written,
        **typed,
        "y": texts["y"] if TARGETS[target][1] is None else TARGETS[target][1],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from_file = TabularPandas(read_table(tmp_path / "t.csv"), y_names="y")
        from_frame = TabularPandas(pd.DataFrame(held), y_names="y")
    assert decided(from_frame) == decided(from_file)
    assert np.allclose(from_frame.xs.to_numpy(), from_file.xs.to_numpy(), atol=1e-3)
    assert np.allclose(from_frame.ys.to_numpy(), from_file.ys.to_numpy())


def test_texts_that_are_read_as_numbers_are_named_and_can_be_kept():
    df = pd.DataFrame(
        {
            "x": [f"{n / 7:.2f}" for n in PLACE],
            "zip": [str(90000 + n) for n in PLACE],
            "y": np.where(PLACE % 2, "odd", "even"),
        }
    )
    with pytest.warns(
        UserWarning, match=r"^Columns of text that are all numbers are read as numbers: x, zip\. To keep"
    ):
        to = TabularPandas(df, y_names="y")
    assert to.cont_names == ["x", "zip"] and df["x"].iloc[1] == "0.14"
    with pytest.warns(UserWarning, match="read as numbers: x"):
        to = TabularPandas(df, cat_names="zip", cont_names="x", y_names="y")
    assert to.cat_names == ["zip"] and len(to.classes["zip"]) == N + 1


def test_a_block_for_the_target_decides():
    df = pd.DataFrame({"x": PLACE / 7, "y": [f"{n}.5" for n in PLACE % 30]})
    kept = TabularPandas(df, cont_names="x", y_names="y", y_block=CategoryBlock())
    assert len(kept.fields.y.vocab) == 30
    with pytest.warns(UserWarning, match="read as numbers: y"):
        assert TabularPandas(df, cont_names="x", y_names="y", y_block=RegressionBlock()).y.iloc[1] == 1.5


def test_columns_that_tell_nothing_are_left_out_and_named():
    df = pd.DataFrame({"Unnamed: 0": PLACE, "x": PLACE / 7, "always": 1, "y": WORDS})
    said = r"^Unused columns: Unnamed: 0 \(row numbers\), always \(always the same\)\. To use one"
    with pytest.warns(UserWarning, match=said):
        dls = TabularDataLoaders.from_df(df, y_names="y", bs=8, seed=1)
    assert dls.cont_names == ["x"]
    with pytest.raises(
        DataError, match=r"^No column of the table can be an input\. Got: 'always \(always the same\)'"
    ):
        TabularPandas(df[["always", "y"]], y_names="y")


def test_who_labelled_a_row_is_not_an_input():
    """`gatera.train` left such columns out; loaders learned from them, and functions of one class each give every label away."""
    given = [f"function:says_{word}@a1b2c3d4" for word in WORDS]
    df = pd.DataFrame({"x": PLACE / 7, "label": WORDS, "source": given, "by": "Ann", "annotator": given})
    with pytest.warns(
        UserWarning, match=r"Unused columns: source \(says who labelled the row\), by .*, annotator"
    ):
        to = TabularPandas(df, y_names="label")
    assert to.cat_names == [] and to.cont_names == ["x"]
    assert TabularPandas(df, cat_names=["source"], cont_names=["x"], y_names="label").cat_names == ["source"]
    assert TabularPandas(df[["x", "annotator"]], y_names="annotator").cont_names == ["x"]  # the target


def test_a_frame_without_such_texts_is_the_same_object():
    df = pd.DataFrame({"a": ["x", "1"], "b": ["007", "008"], "c": [1, 2], "d": ["3", "4"], "e": [None, None]})
    assert with_numbers(df) is df


def test_columns_that_mix_numbers_and_texts_are_read_as_the_file_would_be():
    df = pd.DataFrame(
        {
            "x": PLACE / 7,
            "k": [1, "1", 2, "b"] * 15,
            "n": [1.5, "2.5", 3, "x"[:0]] * 15,
            "y": ["0", "1", 0, 1] * 15,
        }
    )
    with pytest.warns(UserWarning) as said:
        to = TabularPandas(df, cat_names="k", cont_names=["x", "n"], y_names="y")
    assert "mix numbers and texts are read as a file with these cells would be: n, y." in str(said[0].message)
    assert to.fields.y.vocab == [0, 1] and to.frame["n"].iloc[:3].tolist() == [1.5, 2.5, 3.0]


def test_decimals_are_numbers_and_lists_are_left_out():
    df = pd.DataFrame(
        {"x": [Decimal(int(n)) / 7 for n in PLACE], "tags": [[1, 2], (1, 2)] * (N // 2), "y": WORDS}
    )
    with pytest.warns(UserWarning, match=r"tags \(lists or records\)"):
        to = TabularPandas(df, y_names="y")
    assert to.cont_names == ["x"]


def test_units_in_a_table_of_texts_are_left_off_and_named():
    df = pd.DataFrame({"w": [f"{n / 7:.2f} kg" for n in PLACE], "y": np.where(PLACE % 2, "odd", "even")})
    with pytest.warns(UserWarning, match=r"are read as numbers: w \(without its unit, 'kg'\)\. To keep"):
        to = TabularPandas(df, y_names="y")
    assert to.cont_names == ["w"]
    reader = to.fields.x.config()[0]["numbers"][0]
    assert (reader["name"], reader["unit"]) == ("w", "kg")


def test_a_number_among_words_of_a_data_frame_is_written_as_in_a_file():
    """41.083 was the category "41.0830"."""
    with pytest.warns(UserWarning, match="mix numbers and texts"):
        read = with_numbers(pd.DataFrame({"x": ["none", 41.083, "a"]}))
    assert read["x"].tolist() == ["none", "41.083", "a"]
