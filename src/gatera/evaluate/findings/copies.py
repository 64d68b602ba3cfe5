"""Measured items that are also in the training set, or are copies of each other; ids and dates that are on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed
from gatera.core.errors import GateraError
from gatera.core.threads import thread_pool
from gatera.data.sources.looks import look_at_photo, look_at_sound
from gatera.evaluate.findings.groups import plain_cell, shared_groups
from gatera.evaluate.item_pictures import photos_beside
from gatera.evaluate.items import Example, LabelledItems
from gatera.evaluate.leaking.contents import COMPARE
from gatera.evaluate.leaking.find import Side, find_leaks
from gatera.evaluate.leaking.found import Leaks
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import groups_of, in_groups_of
from gatera.evaluate.section import Picture, Section
from gatera.evaluate.splitting.names import dates_in, suggest_for_files
from gatera.measure.duplicates.pairs import Pair
from gatera.measure.intervals import bootstrap_interval
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.numbers import NumberReport
from gatera.program.raw.text import read_text

#: The heading, for pages of training too.
HEADING = "Copies"

#: Pairs that are shown as pictures, and as rows of the table.
MOST_SHOWN, MOST_ROWS = 6, 100

#: How a thing is read to compare it.
READ: dict[str, Callable[[Any], Any]] = {
    "photos": look_at_photo, "recordings": look_at_sound,
    "texts": lambda raw: read_text(raw) if isinstance(raw, Path) else str(raw), "rows": lambda raw: tuple(dict(raw).values()),
}  # fmt: skip

#: Finds more copies of photos than are known among the sides of a split, given the training items that were compared; None where nothing
#: tells which to compare.
LookCloser = Callable[[Mapping[str, Side], Leaks, Sequence[Example]], Leaks | None]

#: What is said where nobody looked closer.
THUMBNAILS = "Rotated photos, and crops of more than an eighth, were not looked for: {}."
NO_FEATURES = "the program keeps no features of its inputs, for which it needs 19 held-out ones and a network that has some"
NOT_HERE = "gatera report does that"


def copies_section(measured: Measurement, look_closer: LookCloser | None = None) -> Section | None:
    """Return which measured items are also in the training set; among themselves, where no training set is there.

    None where there is nothing to say, or the items cannot be compared.

    Args:
        measured: the items.
        look_closer: finds more photos on both sides of the split, where there is time and PyTorch for it.
    """
    items = measured.items
    examples, things = [outcome.example for outcome in measured.outcomes], _things(measured)
    if things not in READ:
        return None
    ours = _read(examples, things)
    if not items.training:
        return _among(measured, ours, things)
    side, training, theirs, damaged = items.side or "test", *_readable(items.training, things)
    if things == "rows":
        names = [name for name in examples[0].raw if name in training[0].raw]
        ours, theirs = _cells(examples, names), _cells(training, names)
    sides = {"train": _side(training, theirs), side: _side(examples, ours)}
    found = find_leaks(sides, things)
    more = None if look_closer is None or things != "photos" else look_closer(sides, found, training)
    found = found if more is None else found.with_more(more)
    shared = shared_groups(items, examples)
    known = set(found.places(side).tolist()) | set(() if shared is None else shared.places.tolist())
    lines = [*found.lines(most=1), *([shared.line] if shared is not None and shared.line else [])]
    lines += [*without(known, measured), *(_on_both_sides(items, examples) if shared is None else [])]
    if things == "photos" and more is None:
        lines.append(THUMBNAILS.format(NOT_HERE if look_closer is None else NO_FEATURES))
    none = f"None of the {len(examples):,} {things} is in the training set ({len(training):,} {things} searched)."
    if damaged:
        lines.append(
            f"{counted(len(damaged), things[:-1])} of the training set cannot be read and {'was' if len(damaged) == 1 else 'were'} not "
            f"compared: {listed(damaged, 3)}."
        )
    raws = {example.name: example.raw for example in (*training, *examples)}
    return leaks_section(
        found, lines if found else [none, *lines], pictures_of_pairs(found, raws.__getitem__)
    )


def copies_among(measured: Measurement) -> str:
    """Return that measured items are copies of others among them, in a sentence; "" where none are, or such items are not compared."""
    examples, things = [outcome.example for outcome in measured.outcomes], _things(measured)
    pairs = COMPARE[things](_read(examples, things), None) if things in READ else []
    return _among_words(measured, pairs, things) if pairs else ""


def _things(measured: Measurement) -> str:
    """Return what messages call the measured items, by which they are compared."""
    texts = measured.items.things == "rows" and isinstance(measured.outcomes[0].example.raw, str)
    return "texts" if texts else measured.items.things


def _among_words(measured: Measurement, pairs: Sequence[Pair], things: str) -> str:
    many = len({place for pair in pairs for place in (pair.first, pair.second)})
    narrow = ", so its interval is too narrow" if getattr(measured.report, "grouped", None) is None else ""
    return f"{many:,} of {len(measured.outcomes):,} {things} are copies of others among them: each counts by itself in the error{narrow}."


def leaks_section(leaks: Leaks, lines: Sequence[str], pictures: Sequence[Picture] = ()) -> Section:
    """Return the section about items on both sides of a split.

    Args:
        leaks: what was found.
        lines: it in words.
        pictures: pairs, side by side.
    """
    rows = [
        (leak.name, leak.train_name, f"{leak.likeness:.3f}", f"{leak.label} / {leak.train_label}" if leak.label != leak.train_label else leak.label)
        for leak in leaks.pairs[:MOST_ROWS]
    ]  # fmt: skip
    return Section(
        HEADING,
        lines,
        (leaks.things, "in the training set", "likeness", "label"),
        rows,
        (2,),
        pictures=pictures,
    )


def without(places: set[int], measured: Measurement) -> list[str]:
    """Return the error without some of the items, in a sentence; [] where there are none, or no others.

    Args:
        places: those that are also in the training set, or of a group that is.
        measured: all of them.
    """
    kept = [outcome for place, outcome in enumerate(measured.outcomes) if place not in places]
    if not places or not kept:
        return []
    if isinstance(measured.report, NumberReport):
        squares = np.square([outcome.badness for outcome in kept])
        numbers = NumberReport(len(kept), float(squares.mean()), bootstrap_interval(squares))
        groups = groups_of(measured.report, kept)
        numbers = numbers if groups is None else numbers.over_groups(squares, *groups)
        return [f"Without them: {numbers.lines()[0]}"]
    if any(outcome.wrong is None for outcome in kept):
        return []
    wrong, n = sum(bool(outcome.wrong) for outcome in kept), len(kept)
    left = in_groups_of(measured.report, kept, ErrorReport(n, wrong, (), ()))
    return [
        f"Without them the error is {percent(wrong / n, n)} ({wrong:,} of {n:,} wrong; {left.interval_words})."
    ]


def _read(examples: Sequence[Example], things: str) -> list[Any]:
    if things in ("texts", "rows") or len(examples) == 1:
        return [READ[things](example.raw) for example in examples]
    with thread_pool() as pool:
        return list(pool.map(READ[things], [example.raw for example in examples]))


def _cells(examples: Sequence[Example], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the cells of rows in some columns, as two tables may not have the same, and may write a number in two ways."""
    return [tuple(plain_cell(each.raw[name]) for name in names) for each in examples]


def _readable(examples: Sequence[Example], things: str) -> tuple[list[Example], list[Any], list[str]]:
    """Return the items that can be read, what is compared of them, and the names of the others."""

    def read(example: Example) -> Any:
        try:
            return _read([example], things)[0]
        except (GateraError, OSError):
            return None

    with thread_pool() as pool:
        found = list(zip(examples, pool.map(read, examples), strict=True))
    good = [(example, content) for example, content in found if content is not None]
    return [e for e, _ in good], [c for _, c in good], [e.name for e, content in found if content is None]


def _side(examples: Sequence[Example], contents: Sequence[Any]) -> Side:
    return Side(contents, [each.name for each in examples], [label_words(each.truth) for each in examples])


def pictures_of_pairs(leaks: Leaks, raw_of: Callable[[str], Any]) -> list[Picture]:
    """Return the first pairs of photos, side by side; [] for other things, and without those that can no longer be read.

    Args:
        leaks: the pairs.
        raw_of: name of an item -> the item.
    """
    if leaks.things != "photos":
        return []
    found = []
    for leak in leaks.pairs[:MOST_SHOWN]:
        try:
            both = photos_beside(raw_of(leak.name), raw_of(leak.train_name))
        except (GateraError, OSError):
            continue
        found.append(
            Picture(f"{leak.name} and {leak.train_name}", both, "Left: measured; right: in the training set.")
        )
    return found


def label_words(truth: Any) -> str:
    """Return an item's label as tables of pairs show it: several joined, of a mask, which is a picture, only that.

    Example:
        >>> label_words("cat"), label_words(["sun", "sea"]), label_words([3.0, 12.5]), label_words(lambda: None)
        ('cat', 'sun, sea', '3, 12.5', 'a mask')
    """
    if callable(truth):
        return "a mask"
    if isinstance(truth, list | tuple):
        return ", ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in truth)
    return str(truth)


def _among(measured: Measurement, contents: Sequence[Any], things: str) -> Section | None:
    """Return copies among the items themselves, which count several times.

    Args:
        measured: the items.
        contents: what is compared of each.
        things: what they are called.
    """
    pairs = COMPARE[things](contents, None)
    if not pairs:
        return None
    examples = [outcome.example for outcome in measured.outcomes]
    # Numbers, points and masks of copies may differ, as those of a mirrored photo do.
    classes = isinstance(measured.report, ErrorReport | LabelSetReport)
    both = [(examples[pair.first], examples[pair.second]) for pair in pairs]
    differ = sum(_classes_of(one) != _classes_of(other) for one, other in both) if classes else 0
    lines = [_among_words(measured, pairs, things)]
    if differ:
        have = "pair of copies has" if differ == 1 else "pairs of copies have"
        sure = "one of which may be wrong" if things == "rows" else "one of which must be wrong"
        lines.append(f"{differ:,} {have} different labels, {sure}.")
    lines.append(
        "Whether they are in the training set is unknown, because DATA has no training set; trained_on= names one."
    )
    rows = [
        (one.name, other.name, label_words(one.truth), label_words(other.truth))
        for one, other in both[:MOST_ROWS]
    ]
    return Section(HEADING, lines, ("one", "other", "label", "label of the other"), rows)


def _classes_of(example: Example) -> Any:
    """Return what tells the labels of two items apart: several have no order."""
    truth = example.truth
    return frozenset(truth) if isinstance(truth, list | tuple) else truth


def _on_both_sides(items: LabelledItems, examples: Sequence[Example]) -> list[str]:
    """Return what names of files say of ids and dates on both sides, in sentences."""
    every = [*items.training, *examples]
    if not all(isinstance(example.raw, Path) for example in every):
        return []
    files, n = [example.raw for example in every], len(items.training)
    lines = []
    for suggestion in suggest_for_files(files, [str(example.truth) for example in every]):
        if suggestion.kind == "groups" and suggestion.strong:
            both = sorted(set(suggestion.values[:n]) & set(suggestion.values[n:]), key=str)
            if both:
                lines.append(
                    f"{suggestion.seen}: {len(both):,} of them are in the training set and here ({listed(both, 3)}), so the error says "
                    "little about new ones."
                )
    dates = dates_in(files)
    if dates is not None and min(dates[n:]) < max(dates[:n]):
        early = sum(day < max(dates[:n]) for day in dates[n:])
        lines.append(
            f"File names have dates, and {early:,} of {len(examples):,} {items.things} are older than the newest of the training set "
            f"({max(dates[:n])}): the error says little about what comes later."
        )
    return lines
