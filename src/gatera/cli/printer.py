"""How `gatera train` shows what a run reports: lines for people, or JSON lines for programs, never both."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from gatera.core.errors import GateraError
from gatera.core.files import human_bytes
from gatera.core.progress import console
from gatera.recipes.events import Events
from gatera.recipes.settings import DEFAULTS

#: Settings as errors of the recipes write them ("target=", "valid_pct=0.2").
ARGUMENT = re.compile(rf"\b({'|'.join(DEFAULTS)})=(?=(\S?))")


class Printer(Events):
    """Prints to stdout.

    Args:
        as_json: print events as JSON lines and nothing else.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json, self.show_epochs = as_json, not as_json
        self._console, self.said_how_to_resume = console(), False

    def on_line(self, text: str, style: str | None = None) -> None:
        """Print a line for people."""
        if not self.as_json:
            self._console.print(text, style=style, markup=False, soft_wrap=not self._console.is_terminal)

    def on_warning(self, text: str) -> None:
        """Print a warning, in yellow on a terminal."""
        self.on_line(text, style="yellow")

    def on_event(self, name: str, values: Mapping[str, Any]) -> None:
        """Print an event as a JSON line; of an interruption tell people how to resume."""
        if self.as_json:
            print(json.dumps({"event": name, **values}), flush=True)
        elif name == "interrupted":
            self._interrupted(values)
        self.said_how_to_resume |= name == "interrupted"

    def command(self, command: str) -> None:
        """Print a command to copy: never wrapped."""
        if not self.as_json:
            self._console.print(f"  {command}", style="bold cyan", markup=False, soft_wrap=True)

    def _interrupted(self, v: Mapping[str, Any]) -> None:
        part = f" ({v['phase']})" if v["phase"] else ""
        self.on_line(
            f"\nStopped in epoch {v['epoch']} of {v['epochs']}{part}, after batch {v['step']} of {v['steps']}."
        )
        self.on_line(f"Checkpoint saved to {v['checkpoint']}. To resume, rerun the same command with")
        self.command(f"--resume {shlex.quote(v['checkpoint'])}")

    def result(self, trained: Any) -> None:
        """Show how good a `TrainedProgram` is, and how to try it."""
        for heading, lines in trained.sections().items():
            self.on_line("")
            self.on_line(f"{heading}:", style="bold")
            for line in lines:
                self.on_line(f"  {line}")
        self.on_line("")
        self.on_line(f"Saved {trained.path} ({human_bytes(trained.path.stat().st_size)}).")
        if trained.page is not None:
            self.on_line(f"Saved the report {trained.page}.")
        self.on_line("Try it:")
        self.command(f"gatera predict {shlex.join([str(trained.path), *trained.example])}")


def in_options(error: GateraError) -> GateraError:
    """Return the error in the terms of the command line: --valid-pct, not valid_pct=."""

    def option(found: re.Match[str]) -> str:
        followed = bool(found[2]) and found[2] not in ".,;)"
        return f"--{found[1].replace('_', '-')}{' ' if followed else ''}"

    parts = {
        name: None if getattr(error, name) is None else ARGUMENT.sub(option, getattr(error, name))
        for name in ("expected", "available", "remedy")
    }
    return type(error)(ARGUMENT.sub(option, error.problem), got=error.got, **parts)
