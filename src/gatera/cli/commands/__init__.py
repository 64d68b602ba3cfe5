"""Every command of `gatera`, as data. Nothing here imports what a command needs to run.

In: the first word after `gatera`. Out: its commands, each with its options. The modules are imported by name, and only the
one that is asked for: a program should answer at once. `every.py` has them all. Read first: `training.py`.
"""

from __future__ import annotations

from gatera.cli.options import Command
from gatera.core.lazy import later

#: Where the commands are described, by their first word, in the order in which help lists them: modules with `COMMANDS`.
HOMES = {
    "train": "gatera.cli.commands.training",
    "predict": "gatera.cli.commands.predicting",
    "serve": "gatera.cli.commands.serving",
    "test": "gatera.cli.commands.measuring",
    "report": "gatera.cli.commands.measuring",
    "explain": "gatera.cli.commands.inside",
    "export": "gatera.cli.commands.exporting",
    "mcp": "gatera.cli.commands.assistants",
    "seal": "gatera.cli.commands.measuring",
    "data": "gatera.cli.data.commands",
    "label": "gatera.cli.commands.labelling",
    "models": "gatera.cli.commands.models",
    "studio": "gatera.cli.commands.studio",
    "info": "gatera.cli.commands.about",
    "completion": "gatera.cli.commands.about",
    "help": "gatera.cli.commands.about",
}

#: What each group of commands is for, by its name: the first word of theirs.
GROUPS: dict[str, str] = {
    "data": "Keep a data set under version control: who labelled what, when, and what changed.",
    "label": "Label items with functions instead of by hand.",
    "models": "Keep versions of programs: tag, compare, send and fetch them, and see what each was made from.",
}


def commands_of_first(first: str) -> dict[str, Command]:
    """Return the commands with this first word by their full names; none if there is no such word."""
    if first not in HOMES:
        return {}
    commands = later(HOMES[first], "COMMANDS")
    return {command.name: command for command in commands if command.name.split()[0] == first}
