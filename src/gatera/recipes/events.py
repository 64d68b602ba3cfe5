"""How a long verb speaks: lines for people, or JSON lines for programs, never both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gatera.core.progress import console


class Saying:
    """Prints to stdout.

    Args:
        as_json: print events as JSON lines and nothing else.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._console = console()

    def line(self, text: str, style: str | None = None) -> None:
        """Print a line for people."""
        if not self.as_json:
            self._console.print(text, style=style, markup=False, soft_wrap=not self._console.is_terminal)

    def command(self, command: str) -> None:
        """Print a command to copy: never wrapped."""
        if not self.as_json:
            self._console.print(f"  {command}", style="bold cyan", markup=False, soft_wrap=True)

    def event(self, name: str, values: Mapping[str, Any]) -> None:
        """Print an event as a JSON line."""
        if self.as_json:
            print(json.dumps({"event": name, **values}), flush=True)
