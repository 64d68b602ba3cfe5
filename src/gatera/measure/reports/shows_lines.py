"""What has its figures in lines shows them: at a prompt, at the end of a notebook's cell, and printed."""

from __future__ import annotations

from abc import ABC, abstractmethod


class ShowsLines(ABC):
    """Figures in words. A dataclass below needs `repr=False`, or it would show its fields."""

    @abstractmethod
    def lines(self) -> list[str]:
        """Return the figures in words, a line each."""

    def __repr__(self) -> str:
        return "\n".join(self.lines())
