"""Every command, for what shows them all: help, completions, the pages and their tests."""

from __future__ import annotations

from gatera.cli.commands import GROUPS, HOMES, commands_of_first
from gatera.cli.options import Command

#: Every command by name, in the order in which help lists them. A name of two words is one of a group.
COMMANDS = {command.name: command for first in HOMES for command in commands_of_first(first).values()}


def commands_of(group: str) -> dict[str, Command]:
    """Return the commands of a group by their second word."""
    return {name.partition(" ")[2]: command for name, command in commands_of_first(group).items()}


def first_words() -> dict[str, str]:
    """Return what may stand after `gatera`, commands and groups, each with its summary."""
    firsts = dict.fromkeys(name.partition(" ")[0] for name in COMMANDS)
    return {first: GROUPS[first] if first in GROUPS else COMMANDS[first].summary for first in firsts}
