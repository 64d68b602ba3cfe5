"""Open the repository that a command is about, and say what it decides in the command's words."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gatera.cli.language import for_command
from gatera.cli.output import show_line
from gatera.core.files import check_can_write, check_free_to_write
from gatera.store.datasets.repository import DataRepository
from gatera.store.datasets.work.given_tables import READING

#: The module that writes pages. It reads photos with numpy, and is imported only where a page is asked for.
PAGES = "gatera.cli.data.page"


def say_for(command: str) -> Callable[[str], None]:
    """Return what prints a decision in the words of a command, on stderr."""

    def say(text: str) -> None:
        words = text.replace("label_from_folders=False", "--no-folder-labels")
        show_line(for_command(words, f"data {command}"))

    return say


def opened(options: argparse.Namespace, command: str) -> DataRepository:
    """Return the repository of `--repository`."""
    gc.disable()  # a short process, whose many rows hold no circles: looking for some takes a third of its time
    return DataRepository(options.repository, say_for(command))


def full(options: argparse.Namespace, paths: Sequence[str]) -> list[Path]:
    """Return paths as the user wrote them: from the current folder, or from `--repository` where that is given."""
    return [(Path(options.repository) / path).absolute() for path in paths]


def reading(options: argparse.Namespace) -> dict[str, Any]:
    """Return how a table is written, as far as the user says it: what `open_table` takes."""
    return {name: getattr(options, name) for name in READING if name in options.given}


def check_page(options: argparse.Namespace) -> Path | None:
    """Return the page to write; None if none is asked for.

    Raises:
        GateraError: if it cannot be written.
    """
    if options.html is None:
        return None
    page = Path(options.html)
    check_free_to_write(page, options.force)
    check_can_write(page)
    return page
