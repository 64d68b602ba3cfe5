"""Where a program errs most: slices of the measured items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gatera.core.checks import number_text
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Report, groups_of
from gatera.evaluate.questions.attributes import (
    attributes_of_photos,
    attributes_of_sets,
    attributes_of_sounds,
    folders_of,
    values_of_cells,
)
from gatera.evaluate.section import Section
from gatera.measure.questions.slices import Slice, worst_slices
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport
from gatera.program.raw.text import read_text

#: Slices that the page names.
MOST = 8

#: The slices that cannot be told from chance are named, too, if their error is this many times that of all items.
NOTABLE = 1.5


def slices_in(measured: Measurement, most: int = MOST) -> list[Slice]:
    """Return the slices of measured items with the largest errors, by what their error is at least."""
    outcomes = measured.outcomes
    counted = all(outcome.wrong is not None for outcome in outcomes)
    misses = [float(bool(outcome.wrong)) if counted else outcome.badness for outcome in outcomes]
    groups = groups_of(measured.report, outcomes)
    return worst_slices(
        misses, attributes_in(measured), most=most, groups=None if groups is None else groups[0]
    )


def attributes_in(measured: Measurement) -> dict[str, list[Any]]:
    """Return what measured items can be cut by: name -> a value for each."""
    examples = [outcome.example for outcome in measured.outcomes]
    found: dict[str, list[Any]] = {}
    classes = [outcome.truth for outcome in measured.outcomes]
    if measured.class_answers is not None:
        found["class"] = list(classes)
    raws, things, report = [example.raw for example in examples], measured.items.things, measured.report
    if isinstance(report, LabelSetReport):
        found |= attributes_of_sets(
            [_several(each.truth) for each in examples], [row.label for row in report.rows]
        )
    elif isinstance(report, MaskReport):  # the classes in a mask, joined
        found |= attributes_of_sets([names.split(", ") for names in classes], list(report.overlaps))
    if things == "photos":
        found |= attributes_of_photos(raws)
    elif things == "recordings":
        found |= attributes_of_sounds(raws)
    elif all(isinstance(raw, Mapping) for raw in raws):
        found |= {name: values_of_cells(name, [raw.get(name) for raw in raws]) for name in raws[0]}
    elif things == "texts" or all(isinstance(raw, str) for raw in raws):
        found["length"] = [len(read_text(raw)) for raw in raws]
    return found | folders_of(raws, classes)


def _several(truth: Any) -> Sequence[Any]:
    return truth if isinstance(truth, list | tuple) else [truth]


def slices_section(measured: Measurement) -> Section | None:
    """Return where the program errs most; None where there is too little to cut."""
    found = slices_in(measured)
    if not found:
        return None
    counted = all(outcome.wrong is not None for outcome in measured.outcomes)
    write = _writer(measured.report)
    wrong = [bool(outcome.wrong) if counted else outcome.badness for outcome in measured.outcomes]
    whole = sum(wrong) / len(wrong)
    clear = [part for part in found if part.clear]
    said = f"off by {write(whole)} on average" if isinstance(measured.report, NumberReport) else write(whole)
    if isinstance(measured.report, MaskReport):
        said += " of a photo, on average"  # the error of all pixels counts large photos more
    first = (
        f"No slice is clearly worse than the whole ({said})."
        if not clear
        else f"{len(clear)} {'slice is' if len(clear) == 1 else 'slices are'} clearly worse than the whole ({said}): {'; '.join(part.name for part in clear)}."
    )
    rows = [
        (part.name, part.n, write(part.error), f"{write(part.interval.low)} to {write(part.interval.high)}", "yes" if part.clear else "")
        for part in found
        if part.clear or part.error >= NOTABLE * whole > 0
    ]  # fmt: skip
    groups = groups_of(measured.report, measured.outcomes)
    over = "" if groups is None else f" They take into account that items of one {groups[1]} are alike."
    note = "Intervals are corrected for the number of slices examined: a slice is clearly worse if even the lower end of its interval is above the whole."
    return Section(
        "Where it errs most", [first], ("slice", "items", "error", "interval", "clearly worse"), rows, (1, 2), note=note + over if rows else ""
    )  # fmt: skip


def _writer(report: Report) -> Callable[[float], str]:
    """Return what writes an error in its unit: a share in percent, how far points are off in pixels, how far numbers are off."""
    if isinstance(report, PointReport):
        return lambda value: f"{number_text(max(value, 0), 3, grouped=True)} pixels"
    if isinstance(report, NumberReport):
        return lambda value: number_text(max(value, 0), 4, grouped=True)
    return lambda value: f"{100 * max(value, 0):.1f} %"
