"""What a page says of how sure a program is, on items that it had not seen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gatera.evaluate.findings.confidence import certainty_on, sureness_section
from gatera.evaluate.findings.suspects import NO_LABEL, suspects_in, suspects_section
from gatera.evaluate.html_report import _figures
from gatera.evaluate.items import Example, LabelledItems
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import ClassAnswers, Outcome, SetAnswers
from gatera.evaluate.section import Section
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.numbers import NumberReport
from gatera.program.certain.certainty import Certainty
from gatera.program.certain.conformal import Answers, Scores
from gatera.program.certain.novelty import Novelty

DRAW = np.random.default_rng(0)
SEEN = DRAW.normal(size=(60, 4)).astype(np.float32)
NOVELTY = Novelty(SEEN[:30], SEEN[30:], np.sort(DRAW.uniform(1.0, 2.0, 30)).astype(np.float32))


def measured(report, features, **more):
    outcomes = [
        Outcome(Example(f"row {place}", {}, "x"), "x", "x", None, 1.0 if place < 30 else 3.0, "")
        for place in range(40)
    ]
    return Measurement(report, outcomes, LabelledItems([], "rows", ""), features=features, **more)


def test_items_that_look_like_nothing_are_not_answered():
    """The page said that 52 % are answered and 42 % of those wrong, where the program answers hardly any."""
    sure = np.full(40, 0.99, np.float32)
    answers = ClassAnswers(np.stack([sure, 1 - sure], 1), np.repeat([0, 1], [20, 20]))
    certainty = Certainty(
        40, Scores(np.full(40, 0.02, np.float32), 40), answers=Answers(np.full(40, 0.5, np.float32), np.zeros(0, np.float32)),
        novelty=NOVELTY,
    )  # fmt: skip
    features = np.repeat(SEEN[:1], 40, axis=0)
    features[20:] += 100
    found = certainty_on(
        SimpleNamespace(certainty=certainty),
        measured(ErrorReport(40, 20, (), ()), features, class_answers=answers),
    )
    assert (found.answered, found.answered_wrong) == (0.5, 0.0)
    assert found.lines()[-1] == (
        "50.0 % of them look unlike anything in the training set; about 3.2 % is expected. With sure= these are not answered."
    )
    shown = Section("How sure it is", found.lines()).html() + "".join(_figures({"Test set": found.lines()}))
    table = sureness_section(found)
    assert table.columns == ("probability of the answer", "share that are right", "items")
    assert [row[:2] for row in table.rows] == [("99.0 %", "50.0 %")] * len(table.rows) != []
    assert sum(row[2] for row in table.rows) == 40
    assert "sure=" not in shown and shown.count("Asked to be sure, it does not answer these") == 2
    assert shown.count("Asked to be 95\xa0% sure, it answers 50.0\xa0% of them") == 2


def test_intervals_of_numbers_are_checked_on_new_items_too():
    certainty = Certainty(40, numbers=Scores(np.full(40, 2.0, np.float32), 40), novelty=NOVELTY)
    found = certainty_on(
        SimpleNamespace(certainty=certainty),
        measured(NumberReport(40, 3.0, (1.0, 4.0)), np.repeat(SEEN[:1], 40, axis=0)),
    )
    assert (found.coverage, found.size) == (pytest.approx(0.75), pytest.approx(4.0))
    assert sureness_section(found).lines == [
        "Intervals at 95 % contain the true value of 75.0 % of them; 4 wide."
    ]


def test_labels_of_items_that_look_like_nothing_are_not_judged():
    likely = np.tile([0.97, 0.03], (40, 1)).astype(np.float32)
    likely[20:] = likely[20:, ::-1]
    answers = ClassAnswers(likely, np.repeat([0, 1], [20, 20]))
    answers.labels[:4] = 1
    found = measured(ErrorReport(40, 4, (), ()), np.repeat(SEEN[:1], 40, axis=0), class_answers=answers)
    found.features[:4] += 100
    assert [place for place, _ in suspects_in(found)] == [0, 1, 2, 3]
    said = suspects_section(SimpleNamespace(certainty=Certainty(40, novelty=NOVELTY)), found).lines
    assert said == [
        "4 rows that look like another class look unlike anything in the training set: the program cannot judge their labels."
    ]


@pytest.mark.parametrize("weak", [False, True])
def test_of_several_labels_each_is_judged_by_itself(weak):
    """The last item lacks red, which it shows clearly; of blue nothing is known better than "never"."""
    has = np.zeros((40, 2), bool)
    has[:20, 0], has[:4, 1] = True, True
    likely = np.where(has, 0.9, 0.1).astype(np.float32)
    likely[39, 0], likely[:, 1] = 0.95, 0.4
    if weak:
        likely[:, 0] = 0.6
    found = measured(ErrorReport(40, 1, (), ()), np.zeros((40, 2)), set_answers=SetAnswers(likely, has))
    program = SimpleNamespace(
        certainty=Certainty(40),
        vocab=("red", "blue"),
        task="multilabel",
        preprocess=SimpleNamespace(config=[{"op": "read_row"}]),
    )
    section = suspects_section(program, found)
    if weak:
        assert section.lines == [NO_LABEL]
        return
    assert section.lines == [
        "1 of 40 rows has a label that looks wrong, or lacks one; the most suspicious come first."
    ]
    assert section.rows == [(found.outcomes[39].example.name, found.outcomes[39].truth, "red")]


def test_items_of_a_class_that_the_program_does_not_know_are_answered_wrong():
    answers = ClassAnswers(np.tile([0.99, 0.01], (40, 1)).astype(np.float32), np.repeat([0, 2], [30, 10]))
    certainty = Certainty(
        40, Scores(np.full(40, 0.02, np.float32), 40), answers=Answers(np.full(40, 0.5, np.float32), np.zeros(0, np.float32))
    )  # fmt: skip
    found = certainty_on(
        SimpleNamespace(certainty=certainty),
        measured(ErrorReport(40, 10, (), ()), None, class_answers=answers),
    )
    assert (found.n, found.coverage, found.answered, found.answered_wrong) == (40, 0.75, 1.0, 0.25)
    assert found.error_after == pytest.approx(0.24, abs=1e-6)


def test_of_several_labels_each_decision_counts_as_an_answer():
    likely = np.full((40, 2), 0.8, np.float32)
    has = np.ones((40, 2), bool)
    has[:24, 0] = False
    found = measured(ErrorReport(40, 24, (), ()), np.zeros((40, 2)), set_answers=SetAnswers(likely, has))
    said = certainty_on(SimpleNamespace(certainty=Certainty(40)), found)
    assert (said.n, len(said.probability)) == (40, 80) and said.error_after == pytest.approx(0.8 - 56 / 80)
