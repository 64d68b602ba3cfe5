"""Labels that look wrong, by a program that had not seen the items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.evaluate.findings.confidence import novel_items
from gatera.evaluate.item_pictures import Shown, shown
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Outcome
from gatera.evaluate.section import Section
from gatera.measure.questions.label_errors import (
    HALF,
    Suspect,
    labels_judged,
    suspects,
    suspects_of_sets,
    why_no_judge,
)
from gatera.program.program import Program

HEADING = "Labels that look wrong"

#: Suspects that are shown with a picture, and those that are listed.
MOST_SHOWN, MOST_ROWS = 12, 200

#: Beside suspects among items with several labels: how many of those are errors was measured nowhere.
NOT_ALL = "Not all of them are errors; check them."

#: What is said where each of several labels is as well answered by yes or no for all items.
NO_LABEL = "The program predicts no label clearly better than one answer for all items would, so it cannot judge labels."


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
    sets = measured.set_answers
    if sets is not None and not labels_judged(sets.probabilities, sets.labels):
        return Section(HEADING, [NO_LABEL])
    found, several = suspects_in(measured), sets is not None
    looks = {place: measured.outcomes[place] for place, _ in found} | sets_in(program, measured)
    if not looks:
        return None
    novel = novel_items(program, measured)
    outcomes = [outcome for place, outcome in looks.items() if not novel[place]]
    odd, things = len(looks) - len(outcomes), measured.items.things
    items = [shown(program, each) for each in outcomes[:MOST_SHOWN]]
    table = suspects_table(outcomes, len(measured.outcomes), things, items, several)
    if not odd:
        return table
    odd_ones = (
        f"1 {things[:-1]} {'whose labels look wrong' if several else 'that looks like another class'} looks"
        if odd == 1
        else f"{odd:,} {things} {'whose labels look wrong' if several else 'that look like another class'} look"
    )
    whose = "its label" if odd == 1 and not several else "its labels" if odd == 1 else "their labels"
    unlike = f"{odd_ones} unlike anything in the training set: the program cannot judge {whose}."
    return replace(table, lines=[*table.lines, unlike]) if outcomes else Section(HEADING, [unlike])


def sets_in(program: Program, measured: Measurement) -> dict[int, Outcome]:
    """Return the items of which labels look wrong, where they may have any number: position -> with the labels that it looks like."""
    answers = measured.set_answers
    if answers is None:
        return {}
    found = {}
    for place, wrong, _ in suspects_of_sets(answers.probabilities, answers.labels):
        looks = answers.labels[place].copy()
        looks[list(wrong)] ^= True
        words = ", ".join(str(label) for label, there in zip(program.vocab, looks, strict=True) if there)
        found[place] = replace(measured.outcomes[place], answer=words or "(none)")
    return found


def suspects_table(
    outcomes: Sequence[Outcome], n: int, things: str, items: Sequence[Shown], several: bool = False
) -> Section:
    """Return the section about labels that look wrong.

    Args:
        outcomes: the suspects, the most suspicious first; their answer is what they look like.
        n: number of items looked at.
        things: what they are called.
        items: the first suspects, with pictures or excerpts.
        several: whether items may have any number of labels.
    """
    look = "looks" if len(outcomes) == 1 else "look"
    whose = "its" if len(outcomes) == 1 else "their"
    first = f"{len(outcomes):,} of {n:,} {things} {look} like a class other than {whose} label says; the most suspicious come first."
    if several:
        have, lack = ("has", "lacks") if len(outcomes) == 1 else ("have", "lack")
        first = f"{len(outcomes):,} of {n:,} {things} {have} a label that looks wrong, or {lack} one; the most suspicious come first."
    rows = [(each.example.name, each.truth, each.answer) for each in outcomes[:MOST_ROWS]]
    columns = ("name", "label", "looks like")
    return Section(HEADING, [first], columns, rows, items=items, note=NOT_ALL if several else HALF)
