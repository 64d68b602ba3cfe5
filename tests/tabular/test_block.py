from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.dataset import Rows
from gatera.program.preprocess import Preprocessing
from gatera.tabular.block import RowBlock
from gatera.testing import check_block


@pytest.fixture
def block(df) -> RowBlock:
    return RowBlock(["job"], ["age", "height"]).fit(Rows(df))


def test_fitting_leaves_the_block_as_it_was(df):
    recipe = RowBlock(["job"], ["age"])
    recipe.fit(Rows(df))
    assert recipe.categories is None


def test_the_classes_have_the_unknown_first_and_flags_last(block):
    assert {name: list(labels) for name, labels in block.classes.items()} == {
        "job": ["#na#", "cook", "guard", "nurse"], "age_na": ["#na#", False, True],
    }  # fmt: skip


def test_a_whole_table_is_encoded_like_its_rows_and_like_a_program_does(block, df):
    whole = block.encode_all(Rows(df), str)
    program = Preprocessing(block.config())
    assert whole.shape == (len(df), 4)
    for position in range(len(df)):
        row = df.iloc[position]
        assert np.array_equal(whole[position], block.encode(block.read(row)))
        assert np.array_equal(whole[position], program(dict(row)))


def test_a_batch_is_codes_and_numbers(block, df):
    codes, numbers = block.as_batch(torch.from_numpy(block.encode_all(Rows(df), str)))
    assert (codes.dtype, codes.shape, numbers.dtype, numbers.shape) == (
        torch.int64, (len(df), 2), torch.float32, (len(df), 2),
    )  # fmt: skip
    assert abs(numbers.mean()) < 1e-6 and abs(numbers.std(0, correction=0).mean() - 1) < 1e-5


def test_it_keeps_the_contract_of_blocks(df):
    rows = df[["job", "age"]].to_dict("records")
    check_block(RowBlock(["job"], ["age"]), rows, [{**row, "more": 1} for row in rows])


def test_decoding_gives_back_what_was_known(block):
    row = {"job": "nurse", "age": float("nan"), "height": 170.0}
    back = block.decode(block.encode(row))
    assert (back["job"], np.isnan(back["age"])) == ("nurse", True)
    assert back["height"] == pytest.approx(170, abs=1e-3)


def test_a_row_is_shown_as_a_model_sees_it(block, df):
    shown = block.columns({"job": "nurse", "age": None, "height": "180"})
    assert shown == {"job": "nurse", "age_na": True, "age": df.age.median(), "height": 180.0}


def test_a_bad_cell_names_its_row(block, df):
    bad = df.astype({"height": object})
    bad.loc[11, "height"] = "tall"
    bad.loc[5, "job"] = "pilot"  # also to be said, but not of every row until the bad one is found
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError) as err:
            block.encode_all(Rows(bad), lambda position: f"row {position}")
    assert str(err.value) == (
        "Column 'height' holds something that is not a number for row 11. Got: 'tall'. Expected: a number, or an empty "
        "cell."
    )


def test_a_missing_column_is_named(block, df):
    with pytest.raises(DataError) as err:
        block.encode_all(Rows(df.rename(columns={"height": "hieght"})), str)
    assert str(err.value) == (
        "model inputs: no column 'height' in the table. Available: job, "
        "age, children, hieght, rich, income. Did you mean 'hieght'?"
    )


@pytest.mark.parametrize("use", ["classes", "read_columns"])
def test_a_block_that_has_not_learned_says_so(use):
    with pytest.raises(ArgumentError) as err:
        getattr(RowBlock(["job"], []), use)
    assert str(err.value) == "This RowBlock has not been fitted. Call fit(rows) first."
