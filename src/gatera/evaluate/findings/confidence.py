"""How sure a program is of items that it had not seen, and whether it is right to be."""

from __future__ import annotations

import numpy as np

from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import SetAnswers
from gatera.evaluate.section import Section
from gatera.measure.calibration import answers_of, expected_calibration_error
from gatera.measure.reports.certainty import CalibrationReport
from gatera.measure.reports.numbers import NumberReport
from gatera.program.certain.conformal import default_level
from gatera.program.program import Program

#: The heading, for pages of training too.
HEADING = "How sure it is"

#: With fewer items the figures are noise.
FEWEST = 20


def certainty_on(program: Program, measured: Measurement) -> CalibrationReport | None:
    """Return whether a program's probabilities and sets, or intervals, hold on measured items; None where they cannot be judged.

    Args:
        program: what was measured.
        measured: items of one class or one number each, or with any number of labels, of which each is a yes or a no.
    """
    found = measured.class_answers
    if measured.set_answers is not None:
        return _labels_on(measured.set_answers)
    if found is None:
        return _intervals_on(program, measured)
    p, labels = found.probabilities, found.labels
    known = labels < p.shape[1]  # an answer to an item of another class is wrong, and no set holds its label
    if len(p) < FEWEST or not known.any():
        return None
    probability, right = p.max(axis=1).astype(np.float64), found.right
    error = expected_calibration_error(probability, right)
    report = CalibrationReport(len(p), 1.0, error, error, probability=probability, right=right)
    certain = program.certainty
    if certain.labels is None or certain.answers is None:
        return report
    level = default_level(certain.held_out)
    sets = np.stack([certain.in_set(row, level) for row in p])
    novel = novel_items(program, measured)
    answered = (sets.sum(axis=1) == 1) & (probability >= certain.answers.least_probability(level))
    answered &= ~novel
    held = known & sets[np.arange(len(p)), np.where(known, labels, 0)]
    wrong = float((~right[answered]).mean()) if answered.any() else float("nan")
    return CalibrationReport(
        len(p), 1.0, error, error, level, float(held.mean()), float(sets.sum(axis=1).mean()),
        float(answered.mean()), wrong, probability, right, _remarks(program, novel),
    )  # fmt: skip


def _labels_on(answers: SetAnswers) -> CalibrationReport | None:
    """Return whether probabilities of several labels hold, each as an answer of its own; None for too few items."""
    n = len(answers.labels)
    if n < FEWEST:
        return None
    probability, right = answers_of(answers.probabilities.astype(np.float64), answers.labels, "sigmoid")
    error = expected_calibration_error(probability, right)
    return CalibrationReport(n, 1.0, error, error, probability=probability, right=right)


def _intervals_on(program: Program, measured: Measurement) -> CalibrationReport | None:
    """Return whether intervals hold the truth of measured items of one number each; None for others, or too few."""
    certain, n = program.certainty, len(measured.outcomes)
    if not isinstance(measured.report, NumberReport) or certain.numbers is None or n < FEWEST:
        return None
    level = default_level(certain.held_out)
    half = certain.half_width(level)
    if len(half) != 1:
        return None
    inside = [outcome.badness <= half[0] for outcome in measured.outcomes]
    remarks = _remarks(program, novel_items(program, measured))
    return CalibrationReport(
        n, level=level, coverage=float(np.mean(inside)), size=2 * float(half[0]), remarks=remarks
    )


def novel_items(program: Program, measured: Measurement) -> np.ndarray:
    """Whether each measured item looks like nothing that the program was trained on, bool [N]."""
    novelty = program.certainty.novelty
    if novelty is None or measured.features is None:
        return np.zeros(len(measured.outcomes), bool)
    return np.array([novelty.of(each) > novelty.alarm for each in measured.features], bool)


def _remarks(program: Program, novel: np.ndarray) -> list[str]:
    """Return the sentence about items that look unlike anything in the training set; [] where that is not known, or none does."""
    novelty = program.certainty.novelty
    if novelty is None or not novel.any():
        return []
    return [
        f"{100 * novel.mean():.1f} % of them look unlike anything in the training set; about {100 * novelty.usually:.1f} % is expected. With sure= "
        "these are not answered."
    ]


def sureness_section(report: CalibrationReport | None) -> Section | None:
    """Return what is said of how sure a program is; None where nothing is known.

    Args:
        report: that of `certainty_on`.
    """
    if report is None:
        return None
    if not len(report.probability):
        return Section(HEADING, report.lines())
    first = (
        f"Calibration error on these {report.n:,} items: {report.error_after:.3f}, the mean gap between how often the program "
        f"is right and how often it claims to be, over {len(report.reliability())} groups of equal size."
    )
    bins = report.reliability()
    rows = [(f"{100 * each.confidence:.1f} %", f"{100 * each.right:.1f} %", each.n) for each in bins]
    columns = ("probability of the answer", "share that are right", "items")
    return Section(HEADING, [first, *report.lines()[1:]], columns, rows, (0, 1, 2))
