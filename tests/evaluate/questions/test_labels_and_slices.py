from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.evaluate.questions.errors_by_slice import worst
from gatera.evaluate.questions.labels import HALF, label_errors
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner


def learner(block, y):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(160, 2)), columns=["a", "b"])
    frame["y"] = y(frame)
    dls = TabularDataLoaders.from_df(
        frame, cont_names=["a", "b"], y_names="y", y_block=block, valid_pct=0.3, seed=0, bs=16
    )
    return tabular_learner(dls), frame


@pytest.mark.slow
def test_planted_label_errors_of_rows_are_named_with_what_they_look_like():
    def labels(frame):
        y = np.where(frame.a > 0, "up", "down")
        far = np.flatnonzero(np.abs(frame.a) > 0.8)[:6]
        y[far] = np.where(y[far] == "up", "down", "up")
        return y

    learn, frame = learner(CategoryBlock(), labels)
    far = np.flatnonzero(np.abs(frame.a) > 0.8)[:6]
    found = label_errors(learn)
    named = {int(suspect.name.removeprefix("row ")) - 1 for suspect in found[:8]}
    assert len(named & set(far.tolist())) >= 5
    assert f"{len(found)} of 160 labels look wrong: row " in found.line() and found.line().endswith(HALF)
    assert len(found.clear()) <= len(found)
    assert found.to_dict()["suspects"][0]["side"] in ("train", "valid")
    with pytest.raises(DataError, match="no photos"):
        found.show()


def test_a_slice_is_found_by_a_column_and_by_what_is_said_of_items():
    learn, _ = learner(RegressionBlock(), lambda frame: np.where(frame.a > 1, 50.0, 0.0) + frame.b)
    found = worst(learn)
    assert found[0].name.startswith("a ")
    with pytest.raises(DataError, match="no such data set"):
        worst(learn, side=2)
    with pytest.raises(DataError, match="one class per item"):
        label_errors(learn)
