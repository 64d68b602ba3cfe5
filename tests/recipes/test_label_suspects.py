"""Planted label errors in texts and tables are named by `gatera.train` without being asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import gatera
from gatera.evaluate.questions.labels import HALF, HeldOut, label_errors_among
from gatera.recipes.page.training import _named
from gatera.recipes.splitting.end_warnings import report_suspects_by_answers
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner

GOOD, BAD = ("lovely", "moving", "bright", "superb"), ("dull", "awful", "boring", "weak")


def table(n: int = 200) -> tuple[pd.DataFrame, list[int]]:
    """Return rows whose first has no answer, and the numbers (from 1) of those with the wrong one."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"height": draw.normal(size=n), "width": draw.normal(size=n)})
    frame["answer"] = np.where(frame.height + 0.2 * frame.width > 0, "tall", "short")
    flipped = np.flatnonzero(np.abs(frame.height) > 1)[:6]
    frame.loc[flipped, "answer"] = np.where(frame.answer[flipped] == "tall", "short", "tall")
    empty = pd.DataFrame({"height": [0.0], "width": [0.0], "answer": [None]})
    return pd.concat([empty, frame]), (flipped + 2).tolist()


def reviews(n: int = 200) -> tuple[pd.DataFrame, list[int]]:
    draw = np.random.default_rng(1)
    labels = np.where(np.arange(n) % 2 == 0, "good", "bad")
    words = [draw.choice(GOOD if label == "good" else BAD, 6) for label in labels]
    frame = pd.DataFrame({"text": [f"A {' '.join(row)} film" for row in words], "label": labels})
    flipped = np.arange(20, 140, 20)
    frame.loc[flipped, "label"] = "bad"  # all of them are even
    empty = pd.DataFrame({"text": ["A film of which nobody says anything"], "label": [None]})
    return pd.concat([empty, frame]), (flipped + 2).tolist()


def named(warning: str) -> set[int]:
    return {int(part.split(" ")[0]) for part in warning.split("row ")[1:]}


@pytest.mark.whole
@pytest.mark.parametrize(
    ("made", "settings"),
    [(table, {"target": "answer"}), (reviews, {"target": "label", "task": "text", "model": "words"})],
)
def test_planted_errors_are_named_in_one_line_with_their_rows_in_the_file(made, settings, tmp_path, events):
    frame, flipped = made()
    frame.to_csv(tmp_path / "a.csv", index=False)
    gatera.train(
        tmp_path / "a.csv", out=tmp_path / "a.gatera", events=events, split="random", epochs=1,
        report=tmp_path / "report", **settings,
    )  # fmt: skip
    [line] = [text for text in events.warnings if "wrong: row" in text]
    assert "of 200 labels look clearly wrong: row " in line and line.endswith(HALF)
    assert named(line) <= set(flipped)
    [facts] = [values for name, values in events.events if name == "suspects"]
    found = {int(each["item"].removeprefix("row ")) for each in facts["suspects"]}
    assert len(found & set(flipped)) >= 3 and len(found - set(flipped)) <= 1
    page = (tmp_path / "report" / "report.html").read_text()
    assert f"row {min(found & set(flipped))}" in page and "Labels that look wrong" in page
    assert (
        f"Training reported the first {len(found)} of them: those whose other class is more probable by 90 percentage"
        in page
    )


def answered(n: int = 40) -> tuple[object, np.ndarray]:
    frame = pd.DataFrame({"a": np.arange(float(n)), "y": ["x", "y"] * (n // 2)})
    learn = tabular_learner(
        TabularDataLoaders.from_df(frame, cont_names="a", y_names="y", valid_idx=range(n // 2, n), bs=4)
    )
    codes = np.asarray(learn.dls.train_ds.targets)
    return learn, np.log(np.where(np.eye(2)[codes] > 0, 0.99, 0.01))


def test_nothing_is_said_where_many_answers_are_wrong_or_there_is_one_class(events):
    learn, scores = answered()
    places = np.arange(20)
    wrong = scores.copy()
    wrong[:2] = wrong[:2, ::-1]
    [found] = report_suspects_by_answers(learn, [HeldOut("train", places, wrong)], events)
    assert [suspect.place for suspect in found] == [0, 1] and found.n == 20
    assert found.line(how="clearly ").startswith("2 of 20 labels look clearly wrong: row 1 (labelled x, ")
    wrong[:5] = scores[:5, ::-1]
    assert report_suspects_by_answers(learn, [HeldOut("train", places, wrong)], events) == []
    assert report_suspects_by_answers(learn, [HeldOut("train", places[::2], scores[::2])], events) == []
    assert report_suspects_by_answers(learn, [], events) == []


def test_a_page_says_which_of_its_suspects_training_named(events):
    """Training reported 11, and the page had 66 without a word on why."""
    learn, scores = answered()
    scores[:3] = scores[:3, ::-1]
    scores[2] /= 20
    [found] = report_suspects_by_answers(learn, [HeldOut("train", np.arange(20), scores)], events)
    assert len(found) == 3 and _named(replace(found, clear_from=0.7)).startswith(
        "Training reported the first 2 of them: "
    )
    assert _named(replace(found, clear_from=1.0)).startswith("Training reported none of them: ")
    assert _named(found).endswith("those whose other class is more probable by 90 percentage points.")


def test_answers_are_scaled_to_be_as_sure_as_they_are_right():
    learn, scores = answered()
    scores[:3] = scores[:3, ::-1]
    found = label_errors_among(learn, [HeldOut("train", np.arange(20), scores * 5)])
    assert found[0].margin < 0.95  # 3 of 20 are wrong, and every answer said 1.0000
    assert (
        label_errors_among(learn, [HeldOut("train", np.arange(20), scores)], lambda row: row + 7)[0].name
        == "row 8"
    )
