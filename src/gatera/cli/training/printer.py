"""How `gatera train` shows what a run reports: lines for people, or JSON lines for programs, never both."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from typing import Any

from gatera.cli.language import for_command, keywords_of
from gatera.cli.output import print_json, print_line, write
from gatera.cli.terminal.style import paint, width
from gatera.cli.terminal.text import escaped, filled
from gatera.core.escape import shell_join, shell_quote
from gatera.core.files import human_bytes
from gatera.core.progress import status
from gatera.learn.checkpoints.position import Position
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.job import TrainedProgram
from gatera.recipes.unfinished.work import STAGES

#: The entries of an "interrupted" event that make its `Position`.
POSITION = tuple(field.name for field in fields(Position))


class Printer(Events):
    """Prints to stdout.

    Args:
        as_json: print events as JSON lines and nothing else.
    """

    all_skipped = "--json"

    def __init__(self, as_json: bool) -> None:
        self.as_json, self.show_epochs = as_json, not as_json
        self.said_how_to_resume = False

    def argument(self, name: str, value: object = None) -> str:
        """Return the option of `gatera train` that is the argument `name` in Python, with its value."""
        option = keywords_of("train").get(name, f"--{name.replace('_', '-')}")
        if value is False:
            return option.replace("--", "--no-", 1)
        return option if value is None or value is True else f"{option} {shell_quote(str(value))}"

    def on_line(self, text: str, style: str | None = None) -> None:
        """Print a line for people, wrapped on a terminal; further lines of a longer text are indented already."""
        if self.as_json:
            return
        for line in escaped(text, keep="\n").split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            wrapped = filled(line, width(), indent, f"{indent}  ") if sys.stdout.isatty() else [line]
            for part in wrapped:
                print_line(paint(part, style) if style else part)
        write("")  # a log shows it at once

    def on_warning(self, text: str) -> None:
        """Print a warning, in yellow on a terminal."""
        self.on_line(for_command(text, None), style="warning")

    def on_note(self, decision: Note) -> None:
        """Print a decision about a table, with the option that changes it."""
        self.on_line(decision.for_shell())
        self.on_event("note", decision.values())

    def status(self, text: str) -> AbstractContextManager[None]:
        """Show what is going on, on the last line of a terminal."""
        return nullcontext() if self.as_json else status(escaped(text))

    def on_event(self, name: str, values: Mapping[str, Any]) -> None:
        """Print an event as a JSON line; of an interruption tell people how to resume."""
        if self.as_json:
            print_json({"event": name, **_with_options(values)})
            write("")
        elif name == "interrupted":
            self._interrupted(values)
        self.said_how_to_resume |= name == "interrupted"

    def result(self, trained: TrainedProgram) -> None:
        """Show how good a program is, and how to try it."""
        if self.as_json:
            return
        for heading, lines in trained.sections().items():
            self.on_line("")
            self.on_line(f"{heading}:", style="heading")
            for line in lines:
                # what is said of answers: "With --sure 0.9, ..."
                self.on_line(f"  {for_command(line, 'predict')}")
        self.on_line("")
        self.on_line(f"Saved {trained.path} ({human_bytes(trained.path.stat().st_size)}).")
        if trained.page is not None:
            self.on_line(f"Saved the report {trained.page}.")
        self.on_line("Try it:")
        command = f"gatera predict {shell_join([str(trained.path), *trained.example])}"
        print_line(f"  {paint(escaped(command), 'command')}")  # to copy: never wrapped

    def _interrupted(self, v: Mapping[str, Any]) -> None:
        if v["stage"] == "training":
            self.on_line(f"\nStopped {Position(**{name: v[name] for name in POSITION})}.")
        else:
            self.on_line(f"\nStopped while {STAGES[v['stage']]}. The training is complete.")
        self.on_line(
            f"It is kept in {v['checkpoint']}. To continue, run the same command again; it resumes automatically."
        )


def _with_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event whose remarks on certainty speak of `--sure`, as the text does."""
    certainty = values.get("calibration")
    if not isinstance(certainty, Mapping) or "remarks" not in certainty:
        return dict(values)
    remarks = [for_command(f" {remark}", "predict").lstrip() for remark in certainty["remarks"]]
    return {**values, "calibration": {**certainty, "remarks": remarks}}
