"""Labels that look wrong, by a program that had not seen the items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.evaluate.findings.sureness import novel_items
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Outcome
from gatera.evaluate.section import Section
from gatera.evaluate.shown import Shown, shown
from gatera.measure.questions.label_errors import HALF, Suspect, suspects, why_no_judge
from gatera.program.program import Program

HEADING = "Labels that look wrong"

#: Suspects that are shown with a picture, and those that are listed.
MOST_SHOWN, MOST_ROWS = 12, 200


def suspects_in(measured: Measurement) -> list[tuple[int, Suspect]]:
    """Return the items whose label looks wrong, each with its position among the outcomes, the most suspicious first.

    Only those are named whose other class is at least as probable as it usually is for its own items.
    """
    found = measured.class_answers
    if found is None:
        return []
    places = np.flatnonzero(found.labels < found.probabilities.shape[1])
    try:
        every = suspects(found.probabilities[places], found.labels[places])
    except ArgumentError:  # items of a single class
        return []
    return [(int(places[each.place]), each) for each in every if each.confident]


def suspects_section(program: Program, measured: Measurement) -> Section | None:
    """Return the labels that look wrong, with pictures, or why the program cannot judge labels; None without any."""
    answers = measured.class_answers
    if answers is not None and (why := why_no_judge(answers.probabilities, answers.labels)):
        return Section(
            HEADING,
            [f"The program is not clearly better than the simplest answer, so it cannot judge labels. {why}"],
        )
    found = suspects_in(measured)
    if not found:
        return None
    novel = novel_items(program, measured)
    outcomes = [measured.outcomes[place] for place, _ in found if not novel[place]]
    odd, things = len(found) - len(outcomes), measured.items.things
    items = [shown(program, each) for each in outcomes[:MOST_SHOWN]]
    table = suspects_table(outcomes, len(measured.outcomes), things, items)
    if not odd:
        return table
    odd_ones = (
        f"1 {things[:-1]} that looks like another class looks"
        if odd == 1
        else f"{odd:,} {things} that look like another class look"
    )
    whose = "its label" if odd == 1 else "their labels"
    unlike = f"{odd_ones} like nothing in the training set: the program cannot judge {whose}."
    return replace(table, lines=[*table.lines, unlike]) if outcomes else Section(HEADING, [unlike])


def suspects_table(outcomes: Sequence[Outcome], n: int, things: str, items: Sequence[Shown]) -> Section:
    """Return the section about labels that look wrong.

    Args:
        outcomes: the suspects, the most suspicious first; their answer is what they look like.
        n: number of items looked at.
        things: what they are called.
        items: the first suspects, with pictures or excerpts.
    """
    look = "looks" if len(outcomes) == 1 else "look"
    whose = "its" if len(outcomes) == 1 else "their"
    first = f"{len(outcomes):,} of {n:,} {things} {look} like another class than {whose} label says; the most suspicious come first."
    rows = [(each.example.name, each.truth, each.answer) for each in outcomes[:MOST_ROWS]]
    columns = ("name", "label", "looks like")
    return Section(HEADING, [first], columns, rows, items=items, note=HALF)
