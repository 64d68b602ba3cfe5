from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.numbers import NumberReport
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.job import Job
from gatera.recipes.ratings import rating_job
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.changed_copies import ChangedCopies
from gatera.recipes.tables import _evaluate
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner

REPORT = ErrorReport.from_predictions(
    [0, 1, 1, 1], [0, 0, 1, 1], ["cat", "dog"], most_frequent_class([0, 0, 1], [0, 0, 1, 1])
)


def test_baselines_follow_the_report():
    alone, beside = Evaluation(REPORT), Evaluation(REPORT, {"gradient-boosted trees": 0.5})
    assert beside.lines() == [*alone.lines(), "Gradient-boosted trees would give 50.0 %."]
    poor = ErrorReport(100, 30, (), ())
    worse, alike = Evaluation(poor, {"a linear model": 0.1, "trees": 0.2}).lines()[-2:]
    assert worse == "A linear model would give 10.0 %. The model is clearly worse."
    assert (
        alike == "Trees would give 20.0 %."
    )  # below the interval of the model's error: but theirs is not sure, either
    few = Evaluation(ErrorReport(40, 2, (), ()), {"a linear model": 0.0}).lines()[-1]
    assert few == "A linear model would give 0.0 %."
    assert alone.to_dict() == REPORT.to_dict()
    assert beside.to_dict() == REPORT.to_dict() | {"baselines": {"gradient-boosted trees": 0.5}}


def test_the_interval_of_items_in_groups_is_over_groups():
    wrong = np.repeat([1.0, 0.0, 0.0, 1.0], 25)  # 100 items, and no more is known than of 4
    alone = Evaluation(ErrorReport(100, 50, (), ()), misses=wrong)
    found = alone.over_groups(np.repeat([0, 1, 2, 3], 25).tolist(), "patient")
    low, high = found.report.interval
    assert low < 0.16 and high > 0.84
    assert found.lines() == [
        f"Error 50.0 % (50 of 100 wrong); 95 % interval {100 * low:.1f} % to {100 * high:.1f} % over 4 groups (patient).",
        "No misclassified items.",
        "Items of one patient are not independent; as if they were, the interval would be 40.4 % to 59.6 %.",
    ]
    told = found.to_dict()
    assert told["interval95"] == [low, high] and told["over_groups"]["groups"] == 4
    assert [round(end, 3) for end in told["over_groups"]["interval95_over_items"]] == [0.404, 0.596]
    assert alone.over_groups(list(range(100)), "patient") is alone
    one = alone.over_groups(["a"] * 100, "patient")
    assert "1 group (patient) is too few for an interval" in one.lines()[0]
    assert one.to_dict()["interval95"] is None


def test_the_error_without_leaks_is_over_groups_too():
    wrong, groups = np.zeros(40), np.repeat([0, 1, 2, 3], 10).tolist()
    found = Evaluation(ErrorReport(40, 0, (), ()), misses=wrong).over_groups(groups, "patient")
    left = found.without(np.arange(10), "rows")
    assert left.remarks[-1] == (
        "Without the 10 rows that are also in the training set: error 0.0 % (0 of 30 wrong); 95 % interval 0.0 % to 56.1 % over 3 "
        "groups (patient)."
    )
    assert left.unleaked["interval95"][1] > 0.5


def test_numbers_without_leaks_that_stand_alone_are_not_in_groups():
    report = NumberReport.from_predictions([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 6.0])
    numbers = Evaluation(report, misses=np.array([0.0, 0.0, 0.0, 4.0])).over_groups(
        ["a", "a", "b", "c"], "id"
    )
    assert (
        "3 groups are too few for an interval" in numbers.lines()[0]
        and numbers.to_dict()["over_groups"]["groups"] == 3
    )
    left = numbers.without(np.array([0]), "rows").remarks[-1]
    assert left.endswith("MSE 1.333 (RMSE 1.15) on 3 items; 3 items are too few for an interval.")


def test_how_a_run_was_split_and_what_was_changed_of_it_is_one_text():
    moved = "2 photos moved to the training set"
    looked: Any = [ChangedCopies(None, split=moved), ChangedCopies(None)]  # type: ignore[arg-type]
    unused: Any = None
    assert Job(unused, unused, unused, "", "at random", [], looked=looked).split == f"at random; {moved}"


def test_simpler_predictions_of_numbers_are_compared_row_by_row(tmp_path, events):
    """By the model's interval alone, one of two predictions that are equally good was clearly worse in one of ten tables."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.normal(size=120), "y": draw.normal(size=120)})
    learn = tabular_learner(
        TabularDataLoaders.from_df(frame, cont_names="a", y_names="y", valid_idx=range(80, 120), bs=8)
    )
    report = _evaluate(learn, "valid", False, 0, np.arange(80)).report
    assert len(report.baselines) == 4 and set(report.chances) == set(report.baselines)
    (tmp_path / "r.csv").write_text(
        "user,item,rating\n" + "".join(f"{n % 7},{n % 5},{n % 4 + 1}\n" for n in range(60))
    )
    ratings = (
        rating_job(TrainSettings(tmp_path / "r.csv", tmp_path / "a.gatera", bs=8), events)
        .evaluate("valid")
        .report
    )
    assert set(ratings.chances) == set(ratings.baselines) == {"user and item means", "the overall mean"}
