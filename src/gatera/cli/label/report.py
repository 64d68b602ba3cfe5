"""`gatera label report`: what the functions that labelled a folder or table are worth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gatera.cli.label.notes import notes_for
from gatera.cli.output import print_json, print_line
from gatera.cli.terminal.text import escaped
from gatera.labeling.labelled import recall_source
from gatera.labeling.model.label_model import LabelModel
from gatera.labeling.report import FunctionReport, labeling_report

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
        for line in str(made).split("\n"):
            print_line(escaped(line))
    return 0


def _facts(each: FunctionReport) -> dict[str, Any]:
    return {
        "name": each.name, "version": each.version, "says": each.says, "coverage": each.coverage, "overlap": each.overlap,
        "conflict": each.conflict, "learned": each.learned, "interval": None if each.interval is None else list(each.interval),
        "weight": each.weight, "right": each.right, "known": each.known, "faults": each.faults,
    }  # fmt: skip
