"""What `gatera test` is asked to measure, and several programs side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatera.cli.output import print_line, print_text
from gatera.cli.parser import UsageError
from gatera.cli.terminal.style import paint
from gatera.cli.terminal.text import escaped
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.questions.programs import Comparison, compare_measurements
from gatera.evaluate.questions.sealed import TestSet


def what_to_measure(options: argparse.Namespace) -> tuple[list[str], Path, TestSet | None]:
    """Return the programs, the source of the items, and the sealed test set if it is one, which is checked but not opened yet.

    Raises:
        UsageError: if there is no program or no source, or --csv and --report are asked for several programs.
        DataError: if the sealed test set has changed.
    """
    names = [*options.program, *([options.source] if options.source else [])]
    if options.sealed is None:
        if len(names) < 2:
            raise UsageError(f'missing argument: SOURCE. Got only {names[0]!r}. See "gatera test --help".')
        programs, source = names[:-1], Path(names[-1])
    else:
        programs, source = names, None
    if len(programs) > 1 and (options.csv or options.report):
        raise UsageError(f"--csv and --report are for one program, got {len(programs)}")
    if source is not None:
        return programs, source, None
    test_set = TestSet(options.sealed)
    test_set.check()
    return programs, test_set.source, test_set


def comparisons(programs: Sequence[str], measured: Sequence[Measurement]) -> list[Comparison]:
    """Return the comparison of the first program with each of the others, without the remarks: those stand beside each measurement."""
    names = [Path(program).name for program in programs]
    if len(set(names)) < len(names):
        names = [str(program) for program in programs]
    return [
        replace(compare_measurements(measured[0], other, (names[0], name)), remarks=())
        for other, name in zip(measured[1:], names[1:], strict=True)
    ]


def show_comparisons(found: Sequence[Comparison]) -> None:
    """Print comparisons, a section each."""
    for each in found:
        print_line("")
        print_line(paint(escaped(f"{each.names[0]} and {each.names[1]} on the same items:"), "heading"))
        for line in each.lines():
            print_text(line, "  ")


def as_json(
    programs: Sequence[str], measured: Sequence[Measurement], found: Sequence[Comparison]
) -> dict[str, Any]:
    """Return the results of several programs as plain values."""
    results = [
        {"program": program, "result": each.to_dict()}
        for program, each in zip(programs, measured, strict=True)
    ]
    return {"programs": results, "comparisons": [each.to_dict() for each in found]}
