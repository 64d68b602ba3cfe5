"""`gatera label apply`: label the items of a folder or table by functions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from gatera.cli.label.notes import notes_for
from gatera.cli.output import print_json, print_line, print_text
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted
from gatera.core.escape import shell_quote
from gatera.core.progress import status
from gatera.labeling.labelled import Labelled, label_source, load_functions
from gatera.labeling.save_labels import save_labels

NAME = "label apply"


def apply_functions(options: argparse.Namespace) -> int:
    """Label a folder or table.

    Returns:
        The exit status, 0.

    Raises:
        GateraError: if the functions or the items are not usable.
    """
    functions, source = load_functions(Path(options.functions)), Path(options.data)
    labelled = label_source(
        functions, source, text=options.text, majority=options.majority, on_fault=options.on_fault, workers=options.workers,
        again=options.again, on_line=notes_for(NAME),
    )  # fmt: skip
    with status("Writing labels"):
        path, change = save_labels(labelled, source, options.at_least, notes_for(NAME))
    if tied := _tied(labelled, options.at_least):
        notes_for(NAME)(
            f"For {counted(len(tied), 'item')}, classes are equally probable, and the first one is written, e.g. {tied[0]} "
            "(to leave such items without a label: --at-least 0.51)."
        )
    if turned := _turned(labelled, options.at_least):
        n = "1 item gets" if len(turned) == 1 else f"{len(turned):,} items get"
        notes_for(NAME)(
            f"{n} a label that no function gave, e.g. {turned[0]}: the other votes make it the likelier one. With few items that may be "
            "wrong (to count votes: --majority)."
        )
    counts = _counts(labelled)
    if options.json:
        facts: dict[str, Any] = {
            "labels": str(path),
            "items": len(labelled.items),
            "classes": counts,
            **vars(change),
        }
        print_json(
            {**facts, "functions": [{"name": each.name, "version": each.version} for each in functions]}
        )
        return 0
    covered = int(labelled.votes.covered.sum())
    by_class = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    print_text(
        f"{counted(len(functions), 'function')} voted on {covered:,} of {counted(len(labelled.items), 'item')}: {by_class}."
    )
    print_text(f"Labels in {path}: {change}.")
    print_line(escaped(f"To see how good each function is: gatera label report {shell_quote(options.data)}"))
    return 0


def _counts(labelled: Labelled) -> dict[str, int]:
    best = labelled.probabilities.argmax(axis=1)[labelled.votes.covered]
    return {str(name): int((best == k).sum()) for k, name in enumerate(labelled.votes.classes)}


def _written(labelled: Labelled) -> np.ndarray:
    """Return which items may get a label of functions, bool [n]: those with a vote, whose label no person gave."""
    return np.asarray(labelled.votes.covered & np.array([known is None for known in labelled.gold]))


def _tied(labelled: Labelled, least: float) -> list[str]:
    """Return the items that get a label which is no more probable than another one."""
    best = np.sort(labelled.probabilities, axis=1)
    equal = _written(labelled) & (best[:, -1] - best[:, -2] < 1e-9) & (best[:, -1] >= least)
    return [labelled.items.names[i] for i in np.flatnonzero(equal).tolist()]


def _turned(labelled: Labelled, least: float) -> list[str]:
    """Return the items that get a label for which no function voted: how frequent the classes are outweighed the votes."""
    votes, best = labelled.votes, labelled.probabilities.argmax(axis=1)
    ways = np.vstack([votes.allowed, np.zeros_like(votes.allowed[:1])])  # -1, an abstention, allows nothing
    said = ways[votes.matrix, best[:, None]].any(axis=1)
    turned = _written(labelled) & ~said & (labelled.probabilities.max(axis=1) >= least)
    return [labelled.items.names[i] for i in np.flatnonzero(turned).tolist()]
