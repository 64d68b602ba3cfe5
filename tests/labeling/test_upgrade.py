"""Labels that an earlier version gave: where it combined votes in another way they are decided again, and what a person edited stays."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from gatera.labeling import ABSTAIN, LabelingFunction
from gatera.labeling import save_labels as saving
from gatera.labeling.labelled import label_source
from gatera.labeling.labels.table import EDITED, LabelRow, mark_of, still_stands
from gatera.labeling.model.label_model import COMBINING, LabelModel
from gatera.labeling.save_labels import save_labels

ROW = LabelRow("1", label="cat", source="function:f@1", note="p=0.900")


def keywords(texts):
    words = {"pos": "great", "neg": "awful"}
    return [
        LabelingFunction(
            lambda text, word=word, label=label: label if word in text else ABSTAIN, f"says_{label}"
        )
        for label, word in words.items()
    ]


@pytest.fixture
def table(tmp_path):
    draw = np.random.default_rng(0)
    lines = []
    for number in range(400):
        positive = draw.random() < 0.8
        great, awful = (
            draw.random() < (0.6 if positive else 0.05),
            draw.random() < (0.05 if positive else 0.5),
        )
        lines.append(f"item {number}{' great' * great}{' awful' * awful}")
    path = tmp_path / "t.csv"
    path.write_text("text\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def labels(table):
    quiet = {"on_line": lambda text: None}
    path, change = save_labels(label_source(keywords(table), table, **quiet), table, **quiet)
    with path.open(newline="", encoding="utf-8") as file:
        return [row["label"] for row in csv.DictReader(file)], change


def test_labels_of_an_earlier_way_are_decided_again(table, monkeypatch):
    right_way = LabelModel.predict_proba
    with monkeypatch.context() as earlier:
        earlier.setattr(LabelModel, "predict_proba", lambda model, votes: right_way(model, votes)[:, ::-1])
        earlier.setattr(saving, "COMBINING", COMBINING - 1)
        wrong, _ = labels(table)
    right, change = labels(table)
    turned_round = {"pos": "neg", "neg": "pos", "": ""}
    assert right == [turned_round[each] for each in wrong]
    assert change.changed == sum(each != "" for each in wrong)
    assert labels(table)[1].changed == 0


def test_labels_of_the_same_way_stay():
    assert still_stands(mark_of("v", ROW, COMBINING), "v", ROW, COMBINING)
    assert not still_stands(mark_of("v", ROW, COMBINING), "v", ROW, COMBINING + 1)
    for earlier in ("v", mark_of("v", ROW, 1).rpartition(" ")[0]):  # as versions of November 2026 wrote them
        assert not still_stands(earlier, "v", ROW, COMBINING)


def test_what_a_person_edited_stays_in_every_later_version():
    given = mark_of("v", ROW, COMBINING)
    edited = LabelRow("1", label="dog", source=ROW.source, note=ROW.note)
    assert still_stands(given, "v", edited, COMBINING + 1)
    after = mark_of("v", edited, COMBINING, given)
    assert after.endswith(EDITED)
    assert still_stands(after, "v", edited, COMBINING + 1)
    assert mark_of("v", edited, COMBINING + 1, after) == after
    assert not still_stands(after, "w", edited, COMBINING)


def one_sided(seed, n, first):
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) >= first).astype(int)
    votes = np.full((n, 2), -1)
    for j in (0, 1):
        votes[draw.random(n) < np.where(truth == j, 0.5, 0.05), j] = j
    return votes


def of_both(seed, n, k, accuracies, coverage, first):
    draw = np.random.default_rng(seed)
    truth = np.where(draw.random(n) < first, 0, draw.integers(0, k, n))
    right = draw.random((n, len(accuracies))) < np.array(accuracies)
    said = np.where(right, truth[:, None], (truth[:, None] + draw.integers(1, k, right.shape)) % k)
    return np.where(draw.random(right.shape) < coverage, said, -1)


@pytest.mark.parametrize(
    ("votes", "counts", "sure"),
    [
        (of_both(0, 600, 2, [0.9, 0.8, 0.7, 0.6], 0.6, 0.0), [304, 296], 0.8412),
        (of_both(1, 600, 3, [0.9, 0.7, 0.6, 0.5, 0.8], 0.4, 0.5), [409, 89, 102], 0.7892),
        (one_sided(2, 600, 0.85), [534, 66], 0.7302),
    ],
)
def test_these_are_the_answers_of_way_4(votes, counts, sure):
    """Where this fails as votes are combined better now: raise `COMBINING`, so that earlier labels are decided again, and write the new answers here."""
    found = LabelModel().fit(votes).predict_proba(votes)
    assert COMBINING == 4
    assert np.bincount(found.argmax(axis=1)).tolist() == counts
    assert found.max(axis=1).mean() == pytest.approx(sure, abs=0.002)
