"""`gatera label next`: the items to label by hand next."""

from __future__ import annotations

import argparse
from pathlib import Path

from gatera.cli.label.notes import notes_for
from gatera.cli.output import print_json, print_line
from gatera.cli.terminal.text import escaped
from gatera.labeling.labelled import recall_source
from gatera.labeling.model.label_model import LabelModel
from gatera.labeling.queue import next_to_label

NAME = "label next"


def next_items(options: argparse.Namespace) -> int:
    """Print the items whose true label would teach most, best first.

    Returns:
        The exit status, 0.

    Raises:
        GateraError: if nothing was labelled there.
    """
    labelled = recall_source(Path(options.data), notes_for(NAME))
    assert isinstance(labelled.model, LabelModel)  # for the type checker
    queue = next_to_label(labelled.votes, labelled.model, options.number, labelled.gold)
    for each in queue:
        if options.json:
            by_class = {str(name): float(p) for name, p in zip(labelled.votes.classes, each.probabilities)}
            print_json(
                {"file": each.name, "score": round(each.score, 4), "why": each.why, "probabilities": by_class}
            )
        else:
            print_line(escaped(each.name), escaped(each.why))
    if not queue and not options.json:
        print_line("Every item has a label by a person.")
    return 0
