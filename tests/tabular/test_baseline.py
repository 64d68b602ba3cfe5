from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.tabular.baseline import TableBaseline, boosted_trees, constant_misses, linear_misses
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.table import TabularPandas


def loaders(df, **changes):
    settings = {"cat_names": "job", "cont_names": ["age", "height"], "y_names": "rich", "bs": 8, "seed": 0}
    return TabularDataLoaders.from_df(df, **{**settings, **changes})


@pytest.mark.slow
def test_trees_learn_the_same_rows(adult_csv):
    cats = ["education", "marital-status", "occupation", "relationship"]
    numbers = ["age", "capital-gain", "capital-loss", "hours-per-week"]
    dls = TabularDataLoaders.from_csv(adult_csv, y_names="salary", cat_names=cats, cont_names=numbers, seed=1)
    baseline = boosted_trees(dls)
    most = np.bincount(dls.valid_ds.targets.numpy()).max() / 200
    assert (baseline.metric, baseline.n, baseline.simplest) == ("accuracy", 200, most)
    assert baseline.value > most
    assert boosted_trees(dls) == baseline


@pytest.mark.slow
def test_trees_predict_numbers(many):
    dls = loaders(many, y_names="income", bs=4)
    baseline = boosted_trees(dls)
    train, valid = (side.inputs.table["income"] for side in (dls.train_ds, dls.valid_ds))
    assert baseline.metric == "mse"
    assert baseline.simplest == pytest.approx(np.square(valid - train.mean()).mean(), rel=1e-5)
    assert baseline.value < baseline.simplest


def test_the_baseline_is_told_in_one_line():
    assert str(TableBaseline("accuracy", 0.84, 0.7625, 6512)) == (
        "gradient-boosted trees: accuracy 0.8400 on 6,512 rows (the most frequent class: 0.7625)"
    )
    assert str(TableBaseline("mse", 1.5, 3.0, 10)) == (
        "gradient-boosted trees: mse 1.5000 on 10 rows (the mean: 3.0000)"
    )


def test_it_needs_a_validation_split_and_one_label(df):
    whole = TabularPandas(df, cat_names="job", cont_names="age", y_names="rich").dataloaders(bs=8)
    two = loaders(df, cont_names="height", y_names=["income", "children"])
    for dls in (whole, two):
        with pytest.raises(DataError) as err:
            boosted_trees(dls)
        assert str(err.value) == (
            f"The baseline needs a validation set and one target: a class or a number. Got: {dls.task!r}."
        )


def straight(n=60, heavy=False):
    """Rows whose number is a sum of what its columns say."""
    draw = np.random.default_rng(0)
    kind, a = draw.choice(["x", "y", "z"], n), draw.normal(size=n).round(3)
    y = 10 + 3 * a + np.where(kind == "x", 5.0, -1.0)
    return pd.DataFrame({"kind": kind, "a": a, "y": y + (np.arange(n) == 3) * 1e6 * heavy})


def sides_of(frame, **changes):
    settings = {"cat_names": "kind", "cont_names": "a", "y_names": "y", "valid_idx": list(range(40, 60))}
    return TabularDataLoaders.from_df(frame, bs=8, **{**settings, **changes})


def test_a_linear_model_finds_a_sum_of_categories_and_numbers():
    frame = straight()
    assert linear_misses(sides_of(frame)).mean() == pytest.approx(0, abs=1e-3)
    frame["y"] = np.where(frame["y"] > 12, "high", "low")
    assert linear_misses(sides_of(frame)).mean() <= 0.1
    frame.loc[:39, "y"] = "low"
    given = CategoryBlock(vocab=["high", "low"])
    assert linear_misses(sides_of(frame, y_block=given)) is None  # one class is nothing to tell apart


def means(misses):
    return {name: float(squares.mean()) for name, squares in misses.items()}


def test_answers_that_know_nothing_are_the_mean_the_median_and_the_newest_value():
    frame = straight()
    y, valid = frame["y"][:40], frame["y"][40:]
    errors = means(constant_misses(sides_of(frame), np.arange(40) // 2))
    newest = "the newest value of the training set"
    assert errors == {
        "the mean": pytest.approx(np.square(valid - y.mean()).mean(), rel=1e-5),
        newest: pytest.approx(np.square(valid - y[38:40].mean()).mean(), rel=1e-5),
    }
    frame = straight(heavy=True)
    errors = means(constant_misses(sides_of(frame)))
    assert list(errors) == ["the mean", "the median"]
    assert errors["the median"] == pytest.approx(np.square(valid - frame["y"][:40].median()).mean(), rel=1e-4)
