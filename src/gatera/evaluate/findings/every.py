"""All findings about a program and its measurement, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass

from gatera.evaluate.findings.confidence import certainty_on, sureness_section
from gatera.evaluate.findings.copies import LookCloser, copies_section
from gatera.evaluate.findings.slices import slices_section
from gatera.evaluate.findings.suspects import suspects_section
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.section import Section
from gatera.measure.reports.certainty import CalibrationReport
from gatera.program.program import Program


@dataclass(frozen=True)
class Known:
    """What is known already and not looked for again; None for what is not.

    Attributes:
        certainty: how sure the program is, of items that it was not fitted on.
        suspects: labels that look wrong.
        copies: items on both sides of the split.
    """

    certainty: CalibrationReport | None = None
    suspects: Section | None = None
    copies: Section | None = None


def every_finding(
    program: Program,
    measured: Measurement,
    known: Known | None = None,
    look_closer: LookCloser | None = None,
) -> list[Section]:
    """Return the sections of a page: how sure it is, where it errs most, labels that look wrong, copies.

    Args:
        program: the program.
        measured: the items that it was measured on, which it had not seen.
        known: what need not be looked for.
        look_closer: finds more copies of photos; see `copies_section`.
    """
    known = known or Known()
    found = [
        sureness_section(known.certainty or certainty_on(program, measured)),
        slices_section(measured),
        known.suspects or suspects_section(program, measured),
        known.copies or copies_section(measured, look_closer),
    ]
    return [section for section in found if section is not None]
