from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.splits.by_position import RandomSplitter
from gatera.tabular.procs import Categorify, FillMissing
from gatera.tabular.table import TabularPandas


def table(df, **changes) -> TabularPandas:
    settings = {"cat_names": ["job"], "cont_names": ["age", "height"], "y_names": "rich"}
    splits = RandomSplitter(seed=0)(df) if len(df) else None
    return TabularPandas(df, splits=splits, **{**settings, **changes})


def test_the_callers_table_is_never_changed(df):
    before = df.copy()
    to = table(df)
    to.train.xs, to.valid.items, to.show(), to.dataloaders(bs=8), to.new(df.drop(columns="rich")).xs
    pd.testing.assert_frame_equal(df, before)
    df["age"] = 0
    assert not (to.frame["age"] == 0).any()


def test_rows_are_in_the_order_of_the_splits(df):
    to, splits = table(df), RandomSplitter(seed=0)(df)
    assert to.train.frame.index.tolist() == splits.train.tolist()
    assert to.valid.frame.index.tolist() == splits.valid.tolist()
    assert (len(to), len(to.train), len(to.valid)) == (40, 32, 8)


def test_inputs_and_labels_are_tables_of_numbers(df):
    to = table(df)
    assert list(to.xs) == ["job", "age_na", "age", "height"] == [*to.cat_names, *to.cont_names]
    assert list(to.cats) == ["job", "age_na"] and list(to.conts) == ["age", "height"]
    assert to.train.xs.index.tolist() == to.train.y.index.tolist()
    assert [to.fields.y.vocab[code] for code in to.train.y] == to.train.frame["rich"].tolist()
    job = [to.classes["job"][code] for code in to.valid.xs["job"]]
    assert job == to.valid.frame["job"].tolist()
    assert abs(to.train.conts.to_numpy().mean()) < 1e-6


def test_items_hold_the_encoded_columns_and_the_others_as_they_were(df):
    to = table(df)
    items = to.train.items
    assert items["children"].tolist() == to.train.frame["children"].tolist()
    assert set(items["rich"]) == {0, 1} and items["age"].notna().all()
    assert items["age_na"].isin([1, 2]).all()


def test_nothing_is_learned_from_the_validation_rows(df):
    splits = RandomSplitter(seed=0)(df)
    extreme = df.copy()
    extreme.loc[splits.valid, "height"] = 1e9
    extreme.loc[splits.valid, "job"] = "pilot"
    with pytest.warns(UserWarning, match="It affects 8 cells"):
        to = table(extreme)
        to.valid.xs
    assert list(to.classes["job"]) == ["#na#", "cook", "guard", "nurse"]
    assert to.block.numbers == table(df).block.numbers
    assert (to.valid.xs["job"] == 0).all()


def test_a_table_is_shown_in_words(df):
    shown = table(df).train.show(3)
    assert list(shown) == ["job", "age_na", "age", "height", "rich"]
    assert len(shown) == 3 and set(shown["rich"]) <= {"yes", "no"}


def test_without_splits_all_rows_are_for_training(df):
    to = TabularPandas(df, cat_names="job", cont_names="age")
    assert (len(to.train), len(to.valid), to.dataset.targets) == (40, 0, None)
    with pytest.raises(DataError) as err:
        to.y
    assert str(err.value) == "These rows have no labels. Expected: a table with a label."
    with pytest.raises(ArgumentError) as err:
        to.dataloaders(bs=8)
    assert str(err.value) == "the table has no label to learn. Name its column: y_names=."


def test_columns_are_sorted_by_themselves_where_no_names_are_given(df):
    to = table(df, cat_names=None, cont_names=None)
    assert (to.cont_names, to.cat_names) == (["age", "height", "income"], ["job", "children", "age_na"])
    assert table(df, cont_names=None, cat_names=["job"]).cont_names == ["age", "children", "height", "income"]


@pytest.mark.parametrize(
    ("y_names", "y_block", "kind", "n_out"),
    [
        ("rich", None, CategoryBlock, 2), ("income", None, RegressionBlock, 1), ("children", RegressionBlock, RegressionBlock, 1),
        ("children", CategoryBlock, CategoryBlock, 4), ("children", CategoryBlock(), CategoryBlock, 4),
        (["income", "children"], None, RegressionBlock, 2),
    ],
)  # fmt: skip
def test_the_label_block_is_guessed_unless_given(df, y_names, y_block, kind, n_out):
    to = table(df, y_names=y_names, y_block=y_block)
    assert (type(to.fields.y), to.dataloaders(bs=8).c) == (kind, n_out)
    assert to.ys.shape == (40, 1 if kind is CategoryBlock else n_out)


def test_few_whole_numbers_are_classes_as_for_the_command_and_this_is_said(df):
    with pytest.warns(
        UserWarning, match=r"^Column 'children' has 4 different whole numbers, which are classes\. To predict"
    ):
        to = table(df, y_names="children")
    assert (type(to.fields.y), to.dataloaders(bs=8).vocab) == (CategoryBlock, [0, 1, 2, 3])
    gaps = df.assign(children=df.children.where(df.children < 2))[df.children < 2]
    with pytest.warns(UserWarning, match="2 different whole numbers"):
        assert table(gaps, y_names="children").dataloaders(bs=8).vocab == [0, 1]


def test_whole_numbers_that_hardly_occur_twice_are_numbers(df):
    assert (
        type(table(df.iloc[:15].assign(children=range(15)), y_names="children").fields.y) is RegressionBlock
    )


def test_truth_values_are_classes(df):
    to = table(df.assign(rich=df.rich == "yes"))
    assert to.dataloaders(bs=8).vocab == [False, True]


def test_several_columns_of_zeros_and_ones_may_be_labels(df):
    flags = df.assign(old=(df.age > 50).astype(int), tall=(df.height > 170).astype(int))
    block = MultiCategoryBlock(encoded=True, vocab=["old", "tall"])
    to = table(flags, cont_names=["height"], y_names=["old", "tall"], y_block=block)
    assert to.ys.to_numpy().tolist() == flags.loc[to.frame.index, ["old", "tall"]].to_numpy().tolist()
    assert to.dataloaders(bs=8).task == "multilabel"


def test_other_rows_are_read_like_these(df):
    to = table(df)
    other = to.new(df.iloc[:5].drop(columns="rich"))
    assert np.array_equal(other.xs.to_numpy(), to.xs.loc[range(5)].to_numpy())
    with pytest.raises(DataError) as err:
        to.new(df.drop(columns="job"))
    assert str(err.value) == (
        "The table it was learned from: no column 'job' in the table. Available: age, children, "
        "height, rich, income."
    )


def test_it_says_what_it_is(df):
    assert repr(table(df)) == "TabularPandas of 40 rows: 2 categories, 2 numbers"


def complaint(error, df, **changes) -> str:
    with pytest.raises(error) as err:
        table(df, **changes)
    return str(err.value)


def test_a_missing_column_offers_the_nearest_name(df):
    for role in ("cat_names", "cont_names", "y_names"):
        assert complaint(DataError, df, **{role: ["hieght"]}) == (
            f"{role}: no column 'hieght' in the table. Available: job, age, children, height, rich, "
            "income. Did you mean 'height'?"
        )


def test_a_column_has_one_role(df):
    assert complaint(ArgumentError, df, cat_names=["job", "rich"]) == (
        "Column 'rich' is in y_names and cat_names. The target cannot be an input: remove it from the inputs."
    )
    assert complaint(ArgumentError, df, cat_names=["job", "age"]) == (
        "Column 'age' is in cat_names and cont_names. Name it in one of them."
    )
    assert complaint(ArgumentError, df, cont_names=["age", "age"]) == (
        "Column 'age' is in cont_names twice. Name it in one of them."
    )


def test_columns_without_a_role_must_be_numbers(df):
    assert complaint(DataError, df, cat_names=[], cont_names=None) == (
        "Columns without a role hold no numbers. Got: ['job']. Name them in cat_names, or name the number columns in "
        "cont_names."
    )


def test_a_missing_label_names_its_row(df):
    df.loc[[3, 17], "rich"] = None
    message = complaint(DataError, df)
    assert message in (
        "Column 'rich' (y_names) is empty in row 3, row 17 of the table. Remove such rows: df.dropna(subset=['rich']).",
        "Column 'rich' (y_names) is empty in row 17, row 3 of the table. Remove such rows: df.dropna(subset=['rich']).",
    )


def test_a_single_label_is_refused(df):
    assert complaint(DataError, df.assign(rich="no")) == (
        "Column 'rich' (y_names) has a single value in the training set; a model needs at least two classes. Got: 'no'. "
        "Check the split, and whether this is the right column."
    )


def test_a_label_of_the_validation_split_only_is_refused(df):
    df.loc[RandomSplitter(seed=0)(df).valid[0], "rich"] = "maybe"
    to = table(df)
    with pytest.raises(
        DataError, match=r"^CategoryBlock got an unknown label for item 4 \(row 4\)\. Got: 'maybe'"
    ):
        to.dataloaders(bs=8)


def test_tables_that_are_none_are_refused(df):
    assert complaint(DataError, df.iloc[:0]) == "The table has no rows."
    assert complaint(DataError, df.set_axis([*"abcde", "a"], axis=1)) == (
        "The table has more than one column of a name. Got: ['a']. Rename one of each: pandas cannot tell them apart."
    )
    assert complaint(DataError, df.set_axis([0, 1, "c", "d", "e", "f"], axis=1)) == (
        "The table has columns whose name is not text. Got: [0, 1]. Name them: df.columns = df.columns.map(str)."
    )
    with pytest.raises(ArgumentError) as err:
        TabularPandas("adult.csv", y_names="salary")
    assert str(err.value) == "The table is not a pandas DataFrame. Got: 'str'. For a file use from_csv."
    with pytest.raises(ArgumentError, match=r"Got: 'polars.DataFrame'. Pass df.to_pandas\(\)."):
        TabularPandas(pytest.importorskip("polars").DataFrame({"a": [1]}), y_names="a")


@pytest.mark.parametrize("dtype", ["string", "category", "object"])
def test_text_may_be_held_in_any_way(df, dtype):
    to = table(df.astype({"job": dtype, "rich": dtype}))
    pd.testing.assert_frame_equal(to.xs, table(df).xs)
    assert to.y.tolist() == table(df).y.tolist()


@pytest.mark.parametrize("dtype", ["Float64", "float32"])
def test_numbers_may_be_held_in_any_way(df, dtype):
    to = table(df.assign(age=df.age.round()).astype({"age": dtype}))
    pd.testing.assert_frame_equal(to.xs, table(df).xs)


@pytest.mark.slow
def test_a_forest_can_be_trained_on_it(df):
    from sklearn.tree import DecisionTreeClassifier

    to = table(df, procs=[Categorify, FillMissing])
    tree = DecisionTreeClassifier(random_state=0).fit(to.train.xs, to.train.y)
    assert (tree.predict(to.train.xs) == to.train.y).all()


def test_loaders_give_codes_and_numbers_of_the_right_rows(df):
    dls = table(df).dataloaders(bs=8, seed=0, device="cpu")
    batch = dls.one_batch()
    (codes, numbers), labels = batch
    rows = dls.train_ds.inputs.table.iloc[batch.index.numpy()]
    assert [dls.classes["job"][code] for code in codes[:, 0]] == rows["job"].tolist()
    assert [dls.vocab[label] for label in labels] == rows["rich"].tolist()
    assert (numbers.dtype, numbers.shape) == (torch.float32, (8, 2))
    assert (dls.cat_names, dls.cont_names, dls.y_names) == (["job", "age_na"], ["age", "height"], ["rich"])


def test_a_batch_size_that_is_not_given_is_chosen_and_said(df, capsys):
    assert table(df).dataloaders(bs=None).bs == 8
    line = "Batch size 8: an epoch of 32 items has 4 updates; pass bs= to change it.\n"
    assert capsys.readouterr().err == line
    table(df).dataloaders(bs=5)
    assert capsys.readouterr().err == ""
