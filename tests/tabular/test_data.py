from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.core.errors import DataError
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.transforms.normalize import Normalize
from gatera.models.tabular import get_emb_sz
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.procs import Categorify, FillMissing

BOOK = {
    "y_names": "salary",
    "cat_names": ["workclass", "education", "marital-status", "occupation", "relationship", "race"],
    "cont_names": ["age", "fnlwgt", "education-num"],
    "procs": [Categorify, FillMissing, Normalize],
}


def loaders(df, **changes):
    settings = {"cat_names": "job", "cont_names": ["age", "height"], "y_names": "rich", "bs": 8, "seed": 0}
    return TabularDataLoaders.from_df(df, **{**settings, **changes})


def test_the_cell_of_the_book_reads_the_real_table(adult_csv):
    dls = TabularDataLoaders.from_csv(adult_csv, path=adult_csv.parent, seed=42, **BOOK)
    assert dls.vocab == ["<50k", ">=50k"]
    assert "Private" in dls.classes["workclass"]  # without the blank that the file has before it
    assert dls.cat_names == [*BOOK["cat_names"], "education-num_na"]
    assert (dls.train.n, dls.valid.n, dls.bs, dls.c) == (800, 200, 20, 2)
    assert get_emb_sz(dls)[-1] == (3, 3)
    (codes, numbers), y = dls.one_batch()
    assert (codes.shape, numbers.shape, y.shape) == ((20, 7), (20, 3), (20,))


def test_the_split_is_that_of_the_random_splitter(df):
    splits = RandomSplitter(seed=3)(df)
    assert loaders(df, seed=3).valid_ds.inputs.table.index.tolist() == splits.valid.tolist()
    assert loaders(df, seed=3, valid_pct=0.5).valid.n == 20


def test_validation_rows_may_be_given(df):
    dls = loaders(df, valid_idx=[1, 2, 3])
    assert dls.valid_ds.inputs.table.index.tolist() == [1, 2, 3]


def test_a_batch_is_shown_in_words(df):
    shown = loaders(df).show_batch(max_n=3)
    assert list(shown) == ["job", "age_na", "age", "height", "rich"] and len(shown) == 3


def test_other_tables_are_read_with_or_without_labels(df):
    dls = loaders(df)
    with_labels, without = dls.test_dl(df), dls.test_dl(df.drop(columns="rich"))
    assert with_labels.dataset.targets is not None and without.dataset.targets is None
    assert dls.test_dl(df, with_labels=False).dataset.targets is None
    assert np.array_equal(with_labels.dataset.arrays, without.dataset.arrays)
    assert np.array_equal(
        dls.test_dl([df.iloc[0], dict(df.iloc[1])]).dataset.arrays, with_labels.dataset.arrays[:2]
    )
    (x,) = without.one_batch()
    assert x[0].dtype == torch.int64


def test_a_table_without_labels_is_said_to_have_none(df):
    with pytest.raises(DataError) as err:
        loaders(df).test_dl(df.drop(columns="rich"), with_labels=True)
    assert str(err.value) == "The table has no labels. Expected: a column 'rich'."
    df.loc[4, "rich"] = None
    with pytest.raises(DataError) as err:
        loaders(df.dropna(subset="rich")).test_dl(df)
    assert str(err.value) == (
        "Column 'rich' (y_names) is empty in row 4 of the table. Remove such rows: df.dropna(subset=['rich'])."
    )


def test_gaps_and_categories_that_training_did_not_have_are_filled_and_said(df):
    dls = loaders(df)
    other = df.iloc[:3].assign(job="pilot", height=np.nan)
    with pytest.warns(UserWarning) as said:
        arrays = dls.test_dl(other).dataset.arrays
    median = dls.train_ds.inputs.table["height"].median()
    assert [str(one.message) for one in said] == [
        "In the rows: unseen category 'pilot' in column 'job'; treated as unknown (#na#). "
        "It affects 3 cells.",
        f"In the rows: column 'height' is empty, which it never was in training; {median:g} is used. It affects 3 cells.",
    ]
    assert (arrays[:, 0] == 0).all() and np.isfinite(arrays).all()


def complaint(path) -> str:
    with pytest.raises(DataError) as err:
        TabularDataLoaders.from_csv(path, y_names="salary")
    return str(err.value)


def test_files_that_are_no_tables_are_refused(tmp_path):
    assert complaint(tmp_path / "adult.csv") == f"There is no table {tmp_path}/adult.csv. Check its name."
    twice = tmp_path / "twice.csv"
    twice.write_text("age,salary,age\n1,a,2\n2,b,3\n")
    assert complaint(twice) == (
        f"{twice} has more than one column of a name. Got: ['age']. Rename one of each, or remove it."
    )
    missing = tmp_path / "missing.csv"
    missing.write_text("age,salry\n1,a\n2,b\n")
    assert complaint(missing) == (
        "y_names: no column 'salary' in the table. Available: age, salry. Did you mean 'salry'?"
    )


def test_other_delimiters_are_read(tmp_path, df):
    path = tmp_path / "t.csv"
    df.to_csv(path, sep=";", index=False)
    dls = TabularDataLoaders.from_csv(
        path, delimiter=";", y_names="rich", cat_names="job", cont_names="age", bs=8
    )
    assert dls.train.n == 32
