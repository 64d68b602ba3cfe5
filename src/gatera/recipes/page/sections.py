"""What a report page says beside the figures, with pictures: the same for a training run and for a program."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from gatera.evaluate.findings.confidence import HEADING, certainty_on
from gatera.evaluate.findings.every import Known, every_finding
from gatera.evaluate.html_report import figure_png
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.section import Picture, Section
from gatera.interpret.certainty import plot_certainty
from gatera.program.program import Program
from gatera.recipes.page.copies import closer
from gatera.recipes.page.inside import inside_sections
from gatera.recipes.page.parts import parts_sections

#: What the picture of sureness shows.
SURENESS = (
    "Left: held-out items, grouped by how sure the program was; on the line, it is right as often as it says. Bars are 95 % "
    "intervals. Right: the error if only the most confident answers are given."
)

#: Shows what is done while it is done.
Status = Callable[[str], AbstractContextManager[None]]


def no_status(words: str) -> AbstractContextManager[None]:
    """Show nothing."""
    return nullcontext()


def sections_of(
    program: Program,
    measured: Measurement,
    known: Known | None = None,
    inside: bool = True,
    status: Status = no_status,
) -> list[Section]:
    """Return all findings, how sure the program is as a picture, and pictures of the inside of its network.

    Args:
        program: the program.
        measured: the items that it was measured on, which it had not seen.
        known: what need not be looked for.
        inside: look into the network; it takes the most time.
        status: shows what is done.
    """
    with status("Looking for copies, labels that look wrong, and where it errs most"):
        known = known or Known()
        known = replace(known, certainty=known.certainty or certainty_on(program, measured))
        sections = [
            _drawn(section, known)
            for section in every_finding(program, measured, known, closer(program, measured))
        ]
    if not inside:
        return sections
    with status("Looking into the network"):
        return sections + inside_sections(program, measured) + parts_sections(program, measured)


def _drawn(section: Section, known: Known) -> Section:
    """Return the section about sureness with a picture in place of its table; others as they are."""
    if section.heading != HEADING or known.certainty is None or not len(known.certainty.probability):
        return section
    picture = Picture(HEADING, figure_png(plot_certainty(known.certainty)), SURENESS, wide=True)
    return replace(section, columns=(), rows=(), pictures=[picture])
