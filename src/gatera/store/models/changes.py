"""What differs between two program files, without running them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ProgramFileError
from gatera.core.files import human_bytes
from gatera.core.progress import note
from gatera.program.description import facts_in, read_description
from gatera.program.package import read_package
from gatera.store.models.parents import figures_of, parents_of
from gatera.store.models.version import ModelVersion


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


def say_unlike(versions: Sequence[ModelVersion], path_of: Callable[[str], Path]) -> None:
    """Say where the last version of a model answers another question than the one before: whoever uses the model gets it next.

    Args:
        versions: those of the model, oldest first.
        path_of: returns where a program file is by its hash; it may be missing.
    """
    if len(versions) < 2:
        return
    before, added = (path_of(each.sha256) for each in versions[-2:])
    if before.is_file() and (unlike := _unlike(before, added)):
        note(f"{versions[-1].name} is unlike {versions[-2].name}: {'; '.join(unlike)}.")


def _unlike(before: Path, after: Path) -> list[str]:
    """Return in words what two programs do not have in common: what they take, their task, their labels."""
    try:
        (old_input, old), (new_input, new) = (
            read_description(read_package(path)) for path in (before, after)
        )
    except ProgramFileError:  # one is damaged, or of a later version of the format: `verify` says so
        return []
    found = []
    if old_input.accepts != new_input.accepts:
        things = [each.accepts.things if each.accepts else "numbers" for each in (new_input, old_input)]
        found.append(f"it takes {things[0]}, not {things[1]}")
    if old.task != new.task:
        found.append(f"its task is {new.task}, not {old.task}")
    had, has = set(old.vocab or ()), set(new.vocab or ())
    if more := has - had:
        found.append(f"labels that are new: {listed(sorted(more), 5)}")
    if gone := had - has:
        found.append(f"labels that are gone: {listed(sorted(gone), 5)}")
    return found
