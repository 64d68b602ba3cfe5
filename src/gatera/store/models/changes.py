"""What differs between two program files, without running them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.files import human_bytes
from gatera.program.description import facts_in, read_description
from gatera.program.package import read_package
from gatera.store.models.parents import figures_of, parents_of


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    Attributes:
        what: its name, e.g. "labels" or "data commit".
        before, after: in words; empty where there is none.
    """

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before or '(none)'} -> {self.after or '(none)'}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"what": self.what, "before": self.before, "after": self.after}


def facts_of(path: Path) -> dict[str, str]:
    """Return what a program file says of itself, in words by name.

    Raises:
        ProgramFileError: if it is not a sound program.
    """
    package = read_package(path)
    preprocessing, decoder = read_description(package)
    parents = parents_of(package)
    facts = {
        "task": decoder.task,
        "labels": listed(decoder.vocab or (), 40),
        "architecture": str(facts_in(package.program, "model").get("architecture", "")),
        "input": ", then ".join(preprocessing.words),
        "size": human_bytes(package.size_bytes),
    }
    facts |= {name: f"{value:.4g}" for name, value in figures_of(package).items()}
    for kind, values in (("data", parents.data), ("code", parents.code), ("weights", parents.weights)):
        facts |= {
            f"{kind} {name}": value[:12] if name == "sha256" else value for name, value in values.items()
        }
    settings = facts_in(package.program, "training", "settings")
    return facts | {f"setting {name}": str(value) for name, value in settings.items()}


def changes(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    """Return what differs between two programs, in the order of the facts.

    Example:
        >>> [str(each) for each in changes({"task": "a", "error": "0.1"}, {"task": "a", "error": "0.05"})]
        ['error: 0.1 -> 0.05']
    """
    names = [*before, *(name for name in after if name not in before)]
    pairs = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    return [Change(*each) for each in pairs if each[1] != each[2]]
