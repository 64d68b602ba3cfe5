"""`gatera label report`: what the functions that labelled a folder or table are worth."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatera.cli.label.notes import notes_for
from gatera.cli.output import print_json, print_line
from gatera.cli.terminal.style import width
from gatera.cli.terminal.text import cells, escaped, filled
from gatera.labeling.labelled import recall_source
from gatera.labeling.model.label_model import LabelModel
from gatera.labeling.report import FunctionReport, LabelingReport, labeling_report

NAME = "label report"


def report(options: argparse.Namespace) -> int:
    """Print a table of the functions.

    Returns:
        The exit status, 0.

    Raises:
        GateraError: if nothing was labelled there.
    """
    labelled = recall_source(Path(options.data), notes_for(NAME))
    assert isinstance(labelled.model, LabelModel)  # for the type checker
    made = labeling_report(labelled.votes, labelled.model, labelled.gold)
    if options.json:
        facts = {"items": made.items, "covered": made.covered, "remarks": list(made.remarks)}
        print_json({**facts, "functions": [_facts(each) for each in made.functions]})
    else:
        for line in _lines(made):
            print_line(line)
    return 0


def _lines(made: LabelingReport) -> Iterator[str]:
    """Yield the lines of a report; on a terminal without room for the table, a paragraph for each function."""
    text = [escaped(line) for line in str(made).split("\n")]
    room = width(most=200)
    if not sys.stdout.isatty() or max(map(cells, text)) <= room:
        yield from text
        return
    titles, *rows = made.table
    for row in rows:
        yield escaped(row[0])
        facts = ", ".join(f"{title} {cell}" for title, cell in zip(titles[1:], row[1:], strict=True) if cell)
        yield from filled(escaped(facts), room, "  ", "  ")
    for sentence in ("", *made.sentences):
        yield from filled(escaped(sentence), room)


def _facts(each: FunctionReport) -> dict[str, Any]:
    return {
        "name": each.name, "version": each.version, "says": each.says, "coverage": each.coverage, "overlap": each.overlap,
        "conflict": each.conflict, "learned": each.learned, "interval": None if each.interval is None else list(each.interval),
        "weight": each.weight, "right": each.right, "known": each.known, "faults": each.faults,
    }  # fmt: skip
