"""How sure a program is of items that it had not seen, and whether it is right to be."""

from __future__ import annotations

import numpy as np

from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.section import Section
from gatera.measure.calibration import expected_calibration_error
from gatera.measure.reports.certainty import CalibrationReport
from gatera.program.certain.conformal import default_level
from gatera.program.program import Program

#: The heading, for pages of training too.
HEADING = "How sure it is"

#: With fewer items the figures are noise.
FEWEST = 20


def certainty_on(program: Program, measured: Measurement) -> CalibrationReport | None:
    """Return whether a program's probabilities and sets hold on measured items; None where they cannot be judged.

    Args:
        program: what was measured.
        measured: items of one class each.
    """
    found = measured.class_answers
    if found is None:
        return None
    known = found.labels < found.probabilities.shape[1]
    p, labels = found.probabilities[known], found.labels[known]
    if len(p) < FEWEST:
        return None
    probability, right = p.max(axis=1).astype(np.float64), p.argmax(axis=1) == labels
    error = expected_calibration_error(probability, right)
    report = CalibrationReport(len(p), 1.0, error, error, probability=probability, right=right)
    certain = program.certainty
    if certain.labels is None or certain.answers is None:
        return report
    level = default_level(certain.held_out)
    sets = np.stack([certain.in_set(row, level) for row in p])
    answered = (sets.sum(axis=1) == 1) & (probability >= certain.answers.least_probability(level))
    wrong = float((~right[answered]).mean()) if answered.any() else float("nan")
    return CalibrationReport(
        len(p), 1.0, error, error, level, float(sets[np.arange(len(p)), labels].mean()), float(sets.sum(axis=1).mean()),
        float(answered.mean()), wrong, probability, right,
    )  # fmt: skip


def sureness_section(report: CalibrationReport | None) -> Section | None:
    """Return what is said of how sure a program is; None where nothing is known.

    Args:
        report: that of `certainty_on`.
    """
    if report is None:
        return None
    first = (
        f"Calibration error on these {report.n:,} items: {report.error_after:.3f}, the mean distance between how often the program "
        "is right and how often it claims to be."
    )
    bins = report.reliability()
    rows = [(f"{100 * each.confidence:.1f} %", f"{100 * each.right:.1f} %", each.n) for each in bins]
    columns = ("probability of the answer", "share that is right", "items")
    return Section(HEADING, [first, *report.lines()[1:]], columns, rows, (0, 1, 2))
