"""`gatera train`: from a folder or a table to a program."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from gatera.cli.output import notes
from gatera.recipes.find_task import run
from gatera.recipes.settings import TrainSettings


def train(options: argparse.Namespace) -> int:
    """Train as the options say.

    Raises:
        GateraError: for whatever is wrong with the data, the options or the disk.
        SystemExit: after Ctrl-C, with status 130.
    """
    given = {field.name: getattr(options, field.name) for field in fields(TrainSettings)}
    given["out"] = given["out"] or program_beside(given["source"])
    with notes():
        run(TrainSettings(**given))
    return 0


def program_beside(source: Path) -> Path:
    """Return the program's file where none is named: in the current folder, named after the source.

    Example:
        >>> print(program_beside(Path("data/adult.csv")))
        adult.gatera
    """
    whole = source.resolve()
    return Path(f"{whole.name if whole.is_dir() else whole.stem}.gatera")
