"""The report page of a program and labelled items that it had not seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gatera.core.files import check_can_write, check_free_to_write, check_not_an_input
from gatera.evaluate.findings.every import Known
from gatera.evaluate.html_report import write_html_report
from gatera.evaluate.items import Asked
from gatera.evaluate.measure_source import Measurement, find_items, measure
from gatera.evaluate.page import program_facts
from gatera.evaluate.section import Section
from gatera.program.program import Program, load_program
from gatera.recipes.page.copies import NOBODY
from gatera.recipes.page.sections import Status, no_status, sections_of


@dataclass(frozen=True)
class ProgramReport:
    """A program measured on labelled items, with the page about it. Made by `gatera.report`.

    Attributes:
        path: the page.
        measured: the figures.
        sections: what else was found: sentences, tables and pictures.
    """

    path: Path
    measured: Measurement
    sections: tuple[Section, ...]

    def lines(self) -> dict[str, list[str]]:
        """Return what was found in words: heading -> lines."""
        found = {section.heading: list(section.lines) for section in self.sections if section.lines}
        return {"Test set": self.measured.lines(), **found}

    def __repr__(self) -> str:
        lines = [f"Report {self.path}"]
        for heading, section in self.lines().items():
            lines += [f"{heading}:", *(f"  {line}" for line in section)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"report": str(self.path), "result": self.measured.to_dict(), "findings": self.lines()}


def report(
    program: Program | str | Path,
    data: str | Path,
    out: str | Path = "report.html",
    *,
    asked: Asked | None = None,
    inside: bool = True,
    force: bool = False,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
    status: Status = no_status,
) -> ProgramReport:
    """Write one page about a program: its figures on labelled items, its errors, and what it looks at. Needs the extra train.

    The page has the figures with their intervals, everything that is wrong, how sure the program is, where it errs most, labels that look
    wrong, copies of training items (where `data` has a training set), what units respond to and where in photos its answers come from.
    It is one file, loads nothing, and names no folder of this computer.

    Args:
        program: a program, or its file.
        data: a folder or table with labels, as `gatera.train` takes it; the program should not have seen the items.
        out: the page to write.
        asked: what is said about `data`; see `Asked`.
        inside: look into the network, too; it takes the most time.
        force: overwrite an existing page.
        progress: shows how far measuring is: yields what it is given.
        status: shows what is done.

    Raises:
        DataError: if the items are not usable, or the program knows none of their labels.
        OutputExistsError: if the page exists.

    Example:
        print(gatera.report("cats.gatera", "new-photos/", "cats.html"))
    """
    made, write = prepared_report(
        program, data, out, asked=asked, inside=inside, force=force, progress=progress, status=status
    )
    write()
    return made


def prepared_report(
    program: Program | str | Path,
    data: str | Path,
    out: str | Path,
    *,
    asked: Asked | None,
    inside: bool,
    force: bool,
    progress: Callable[[Iterable[Any]], Iterable[Any]],
    status: Status,
) -> tuple[ProgramReport, Callable[[], Path]]:
    """Return what a page will hold, and what writes it: the figures can be printed before, for the disk may be full. See `report`."""
    started, page = time.perf_counter(), Path(out)
    check_free_to_write(page, force)
    check_can_write(page)
    check_not_an_input(page, data, program if isinstance(program, str | Path) else None)
    asked = asked or Asked()
    opened = load_program(program) if isinstance(program, str | Path) else program
    source = Path(data)
    measured = measure(opened, find_items(opened, source, asked), progress=progress)
    known = Known(copies=None if asked.check_leaks else NOBODY)
    sections = sections_of(opened, measured, known, inside=inside, status=status)
    facts = program_facts(opened, measured, source, time.perf_counter() - started, sections)
    made = ProgramReport(page, measured, tuple(sections))
    return made, partial(write_html_report, page, facts, force)
