"""Records what a training run reports."""

from __future__ import annotations

import pytest

from gatera.recipes.events import Events


class Recorded(Events):
    """Keeps lines, warnings and events."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.events: list[tuple[str, dict]] = []

    def on_line(self, text: str) -> None:
        self.lines.append(text)

    def on_warning(self, text: str) -> None:
        self.warnings.append(text)

    def on_event(self, name, values) -> None:
        self.events.append((name, dict(values)))


@pytest.fixture
def events() -> Recorded:
    return Recorded()
