"""`gatera test`: measure a program on labelled items, and print the figures, as JSON, CSV or a report page."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gatera.cli.given.program import load_program, program_path
from gatera.cli.inputs import AS_FOUND
from gatera.cli.language import for_command
from gatera.cli.measuring.seal import say_if_sealed
from gatera.cli.measuring.several import as_json, comparisons, show_comparisons, what_to_measure
from gatera.cli.output import (
    FAILED,
    notes,
    print_json,
    print_line,
    print_text,
    show_decision,
    show_line,
    write,
)
from gatera.cli.saving.write_csv import write_csv
from gatera.cli.terminal.style import paint
from gatera.cli.terminal.text import escaped
from gatera.core.files import check_can_write, check_free_to_write, check_not_an_input
from gatera.core.progress import track
from gatera.evaluate.findings.copies import copies_among, copies_section
from gatera.evaluate.findings.every import every_finding
from gatera.evaluate.html_report import write_html_report
from gatera.evaluate.items import Asked, LabelledItems
from gatera.evaluate.measure_source import Measurement, find_items, measure
from gatera.evaluate.page import program_facts
from gatera.evaluate.questions.card import note_in_card
from gatera.evaluate.questions.programs import check_same_kind
from gatera.program.program import Program
from gatera.program.stream import threads_for

#: How many items that could not be measured are named.
MOST_NAMED = 20


def test(options: argparse.Namespace) -> int:
    """Measure programs on labelled items, side by side if there are several.

    Returns:
        The exit status: 0, or 1 if some items could not be read, or the error is above `--max-error`.

    Raises:
        GateraError: if the program or the items are not usable.
    """
    page = None if options.report is None else Path(options.report)
    if page is not None:
        check_free_to_write(page, options.force)
        check_can_write(page)
    names, source, test_set = what_to_measure(options)
    if page is not None:
        check_not_an_input(page, source, *names)
    with notes("test"):
        programs = [
            load_program(
                name, engine=options.engine, threads=threads_for(1000, None), trusted=options.trusted
            )
            for name in names
        ]
    check_same_kind(programs)
    if test_set is None:
        say_if_sealed(source)
    with notes("test"):
        found_items = [find_items(program, source, asked_of(options, "test")) for program in programs]
    if test_set is not None:  # what cannot be measured does not open it
        test_set.open(*names)
    measured = []
    for name, program, items in zip(names, programs, found_items, strict=True):
        found = _measured(program, items, options)
        measured.append(found)
        if len(names) == 1:
            _show(found, options, page, source)
            if page is not None:  # what was measured is printed first: the disk may be full
                _write_page(page, program, found, source, options)
        elif not options.json:
            print_line("")
            print_line(paint(escaped(f"{name}:"), "heading"))
            _show_lines(found)
            _show_training(found, options)
    if len(names) > 1:
        compared = comparisons(names, measured)
        if options.json:
            print_json({"source": str(source), **as_json(names, measured, compared)})
        else:
            show_comparisons(compared)
    if test_set is not None:
        show_line(test_set.sentence())
        for name, found in zip(names, measured, strict=True):
            show_line(note_in_card(program_path(name), test_set, found.report.card_remarks))
    several = names if len(names) > 1 else [""]
    return max(_status(name, found, options) for name, found in zip(several, measured, strict=True))


def _measured(program: Program, items: LabelledItems, options: argparse.Namespace) -> Measurement:
    with notes("test"):
        if not (options.json or options.csv):
            print_text(items.how)
        tracked = partial(track, description="Measuring", total=len(items.examples))
        found = measure(program, items, options.batch_size, tracked)
        said = (found.items.remark, copies_among(found))
        return replace(found, items=replace(found.items, remark=" ".join(filter(None, said))))


def _status(name: str, measured: Measurement, options: argparse.Namespace) -> int:
    too_bad = options.max_error is not None and headline(measured) > options.max_error
    if too_bad:
        of = f" of {escaped(name)}," if name else ""
        figure = f"{headline(measured):.4g}{',' if name else ''}"
        show_line(f"The error{of} {figure} is above --max-error {options.max_error:g}.")
    return FAILED if measured.failed or too_bad else 0


def headline(measured: Measurement) -> float:
    """Return the one number that `--max-error` limits: a share of wrong items or pixels, the RMSE, or a distance."""
    report: Any = measured.report
    return float(
        next(getattr(report, name) for name in ("error", "rmse", "distance") if hasattr(report, name))
    )


def asked_of(options: argparse.Namespace, command: str) -> Asked:
    """Return what the user says about the labelled items; decisions are printed."""
    reading = {name: getattr(options, name) for name in AS_FOUND if getattr(options, name) != AS_FOUND[name]}
    return Asked(
        options.target, options.label_from, options.side, reading, lambda note: show_decision(note, command),
        trained_on=None if options.trained_on is None else Path(options.trained_on),
    )  # fmt: skip


def _show(measured: Measurement, options: argparse.Namespace, page: Path | None, source: Path) -> None:
    if options.json:
        facts: dict[str, Any] = {
            "program": options.program[0],
            "source": str(source),
            "items": measured.items.how,
        }
        if options.trained_on is not None:
            facts["trained_on"] = {"source": options.trained_on, "lines": _in_training(measured)}
        print_json({**facts, "result": measured.to_dict(), "report": None if page is None else str(page)})
        return
    if options.csv:
        name_unmeasured(measured)
        rows = ((o.example.name, o.truth, o.answer, "" if o.wrong is None else int(o.wrong), f"{o.badness:.6g}") for o in measured.outcomes)  # fmt: skip
        write_csv(sys.stdout, ("name", "label", "answer", "wrong", "badness"), rows)
        return
    print_line("")
    print_line(paint("Test set:", "heading"))
    _show_lines(measured)
    _show_training(measured, options)


def _write_page(
    page: Path, program: Program, found: Measurement, source: Path, options: argparse.Namespace
) -> None:
    write("")
    sections = every_finding(program, found)
    write_html_report(page, program_facts(program, found, source, found.seconds, sections), options.force)
    if not (options.json or options.csv):
        print_line("")
        print_line(f"Saved the report {escaped(page)}.")


def _show_lines(measured: Measurement) -> None:
    name_unmeasured(measured)
    for line in measured.lines():
        print_text(for_command(line, "test"), "  ")


def _show_training(measured: Measurement, options: argparse.Namespace) -> None:
    """Print which of the items are also in the training set, or of a group of it."""
    if options.trained_on is None:
        return
    print_line("")
    print_line(paint(escaped(f"Compared with {options.trained_on}, which it was trained on:"), "heading"))
    for line in _in_training(measured):
        print_text(line, "  ")


def _in_training(measured: Measurement) -> list[str]:
    section = copies_section(measured)
    return ["Items of this kind are not compared."] if section is None else list(section.lines)


def name_unmeasured(measured: Measurement) -> None:
    """Name the items that could not be measured, and why."""
    skipped = [bad.reason for bad in measured.items.skipped] + [bad.line for bad in measured.failed]
    for reason in skipped[:MOST_NAMED]:
        show_line(f"Not measured: {reason}")
    if len(skipped) > MOST_NAMED:
        show_line(f"and {len(skipped) - MOST_NAMED} more were not measured.")
