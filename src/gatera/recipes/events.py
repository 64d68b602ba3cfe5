"""What a training run reports while it works."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from gatera.core.progress import note, status
from gatera.program.tables.notes import Note


class Events:
    """Receives what a training run reports. These methods do nothing: override those that you want.

    Attributes:
        show_epochs: whether the learner prints its table of epochs.
        all_skipped: where the reader of the lines finds all files that were skipped.
    """

    show_epochs = False
    all_skipped = ".skipped of the result"

    def argument(self, name: str, value: object = None) -> str:
        """Return how the reader of the lines writes an argument of `gatera.train`: "bs=" for `bs` in Python, or "bs=64" with a value."""
        return f"{name}={'' if value is None else repr(value)}"

    def on_line(self, text: str) -> None:
        """Take a line for people, e.g. how many photos were found."""

    def on_warning(self, text: str) -> None:
        """Take a line that people should not miss, e.g. that files were skipped. It may have several lines."""

    def on_note(self, decision: Note) -> None:
        """Take a decision about a table. By default it is a line, and an event called "note"."""
        self.on_line(str(decision))
        self.on_event("note", decision.values())

    def status(self, text: str) -> AbstractContextManager[None]:
        """Show what is going on, e.g. "Writing cats.gatera", while a block runs."""
        return nullcontext()

    def on_event(self, name: str, values: Mapping[str, Any]) -> None:
        """Take plain values for programs.

        Args:
            name: what was found ("photos", "recordings", "texts", "table", "ratings"; "note" for a decision about a
                table), then "epoch" for each, and "result" or "interrupted".
            values: strings, numbers, lists and dicts of them.
        """


class Notes(Events):
    """Prints lines and warnings: below the cell in a notebook, on stderr elsewhere."""

    show_epochs = True

    def on_line(self, text: str) -> None:
        """Print the line."""
        note(text)

    def on_warning(self, text: str) -> None:
        """Print the warning."""
        note(text)

    def status(self, text: str) -> AbstractContextManager[None]:
        """Show it on the last line of a terminal."""
        return status(text)
