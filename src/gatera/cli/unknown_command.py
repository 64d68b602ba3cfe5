"""Find a command among all of them, and say what an unknown one was probably meant for."""

from __future__ import annotations

import os

from gatera.cli.commands import GROUPS
from gatera.cli.commands.every import COMMANDS, commands_of, first_words
from gatera.cli.options import Command, nearest_word
from gatera.cli.parser import UsageError
from gatera.core.escape import shell_quote


def find_command_to_run(name: str) -> Command:
    """Return the command of that name.

    Raises:
        UsageError: if there is none; a program or folder in its place was probably meant for one.
    """
    if name.endswith(".gatera"):
        raise UsageError(f"unknown command {name!r}. Did you mean {f'gatera predict {shell_quote(name)}'!r}?")
    if os.path.exists(name):  # noqa: PTH110  # answers for words that no file can have
        raise UsageError(f"unknown command {name!r}. Did you mean {f'gatera train {shell_quote(name)}'!r}?")
    return find_command(name)


def find_command(name: str) -> Command:
    """Return the command of that name.

    Raises:
        UsageError: if there is none; it names the nearest.
    """
    if name in COMMANDS:
        return COMMANDS[name]
    group, _, second = name.partition(" ")
    if group in GROUPS:
        near = nearest_word(second, list(commands_of(group)))
        near, see = near and f"{group} {near}", f"gatera {group} --help"
    else:
        near, see = nearest_word(name, [*first_words(), "--version", "--help"]), "gatera --help"
    raise UsageError(f"unknown command {name!r}. " + (f"Did you mean {near!r}?" if near else f'See "{see}".'))
