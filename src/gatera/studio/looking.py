"""A program looks at all items in the background: its answers are guesses, without PyTorch."""

from __future__ import annotations

import numpy as np

from gatera.core.errors import DataError
from gatera.measure.questions.label_errors import suspects, why_no_judge
from gatera.program.program import Program
from gatera.studio.guesses import Guesses, Suspect
from gatera.studio.jobs import Job
from gatera.studio.studio import Studio

#: How many answers come between two looks at how far it is.
EVERY = 16


def look(studio: Studio, program: Program, name: str, job: Job) -> str:
    """Let a program answer every item; returns what became of it.

    Args:
        studio: the studio, which gets the guesses.
        program: a program of one class per item.
        name: NAME@HASH8 of the program.
        job: is told how far it is.
    """
    n = len(studio.place)
    guesses = Guesses(name, [str(label) for label in program.vocab], np.full((n, len(program.vocab)), np.nan))
    studio.guesses = guesses
    features: list[np.ndarray | None] = []
    unread = 0
    for position, answer in enumerate(
        program.predict_stream(map(studio.place.raw, range(n)), on_error="return")
    ):
        if isinstance(answer, DataError) or answer is None:
            unread += 1
            features.append(None)
        else:
            guesses.probabilities[position] = np.asarray(answer.probabilities, np.float64)
            features.append(answer.features)
        if position % EVERY == 0:
            job.step(f"{name} is looking at the items", position + 1, n)
    guesses.features = _unit(features)
    guesses.suspects, why_not = label_suspects(studio, guesses)
    left = f"; {unread:,} could not be read" if unread else ""
    judged = f"{len(guesses.suspects):,} labels look wrong to it; it may have learned from them."
    return f"{name} looked at {n:,} items{left}. {why_not or judged}"


def label_suspects(studio: Studio, guesses: Guesses) -> tuple[list[Suspect], str]:
    """Return the items whose label looks wrong by the guesses, the clearest first, and why the guesses cannot judge labels, or ""."""
    numbers = {label: number for number, label in enumerate(guesses.classes)}
    places, labels = [], []
    for place, name in enumerate(studio.place.names):
        label = studio.known(name).label
        if label in numbers and not np.isnan(guesses.probabilities[place, 0]):
            places.append(place)
            labels.append(numbers[label])
    if len(set(labels)) < 2:
        return [], ""
    rows = guesses.probabilities[places]
    if why := why_no_judge(rows, np.array(labels)):
        return [], why
    found = suspects(rows / rows.sum(axis=1, keepdims=True), np.array(labels))
    names = guesses.classes
    return [
        Suspect(places[each.place], names[labels[each.place]], names[each.looks_like], each.margin)
        for each in found
    ], ""


def _unit(features: list[np.ndarray | None]) -> np.ndarray | None:
    """Return features of length 1 around their mean, float32 [n,D]; None where the program gives none."""
    first = next((each for each in features if each is not None), None)
    if first is None:
        return None
    return unit(np.stack([np.zeros_like(first) if each is None else each for each in features]))


def unit(features: np.ndarray) -> np.ndarray:
    """Return features around their mean, of length 1, float32 [n,D]."""
    centred = features.astype(np.float32) - features.mean(axis=0, dtype=np.float32)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
