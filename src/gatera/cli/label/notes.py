"""Notes of labelling, in the words of the command line."""

from __future__ import annotations

from collections.abc import Callable

from gatera.cli.language import for_command
from gatera.cli.output import show_note


def notes_for(command: str) -> Callable[[str], None]:
    """Return what shows a line of the library as a note of a command."""
    return lambda line: show_note(for_command(line, command))
