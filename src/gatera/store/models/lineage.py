"""Where a program came from: the program, its data down to the labels, its code, and the weights that it started from, and so on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatera.store.models.registry import ModelRegistry
from gatera.store.models.version import SHORT, ModelVersion

#: Facts of the data that count labels by their source begin so.
LABELS = "labels: "

#: Generations that are drawn.
DEEPEST = 50


@dataclass(frozen=True)
class Ancestor:
    """One thing that a program came from, or the program itself.

    Attributes:
        kind: "program", "data", "labels", "code" or "weights".
        title: its name.
        facts: what is known of it, a few words each.
        parents: what it came from.
    """

    kind: str
    title: str
    facts: Sequence[str] = ()
    parents: Sequence[Ancestor] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the tree as lines of text."""
        return [self.in_words(), *self._branches("")]

    def in_words(self) -> str:
        """Return it on one line."""
        name = self.title if self.kind == "program" else f"{self.kind}: {self.title}"
        return "  ".join([name, *self.facts])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "kind": self.kind, "title": self.title, "facts": list(self.facts), "parents": [each.to_dict() for each in self.parents],
        }  # fmt: skip

    def _branches(self, indent: str) -> Iterator[str]:
        for number, each in enumerate(self.parents, 1):
            last = number == len(self.parents)
            yield f"{indent}{'└── ' if last else '├── '}{each.in_words()}"
            yield from each._branches(indent + ("    " if last else "│   "))


def lineage(registry: ModelRegistry, reference: str) -> Ancestor:
    """Return a version with all that it came from, as far as the registry knows it.

    Raises:
        RegistryError: if the registry has no such version.
    """
    known = {each.sha256: each for model in registry.models() for each in registry.versions(model)}
    return _program(registry.find(reference), known, set())


def _program(version: ModelVersion, known: dict[str, ModelVersion], seen: set[str]) -> Ancestor:
    figures = [f"{name} {value:.4g}" for name, value in version.metrics.items() if name != "items"][:2]
    facts = [
        version.task,
        *figures,
        f"by {version.by}, {version.at[:10]}",
        *([f"“{version.note}”"] if version.note else []),
    ]
    if version.sha256 in seen or len(seen) >= DEEPEST:
        return Ancestor("program", version.name, ["(see above)"])
    seen.add(version.sha256)
    made = version.parents
    parents = [each for each in (_data(made.data), _code(made.code)) if each is not None]
    weights = known.get(made.weights.get("sha256", ""))
    if weights is not None:
        parents.append(_program(weights, known, seen))
    elif made.weights:
        parents.append(_weights(made.weights))
    return Ancestor("program", version.name, facts, parents)


def _data(facts: Any) -> Ancestor | None:
    if not facts:
        return None
    labels = [
        Ancestor("labels", name.removeprefix(LABELS), [f"{count} {'item' if count == '1' else 'items'}"])
        for name, count in facts.items()
        if name.startswith(LABELS)
    ]
    rest = [
        f"{name} {value[:12] if name == 'commit' else value}" for name, value in facts.items()
        if name != "name" and not name.startswith(LABELS) and (name, value) != ("committed", "yes")
    ]  # fmt: skip
    return Ancestor("data", facts.get("name", "(unnamed)"), rest, labels)


def _code(facts: Any) -> Ancestor | None:
    if not facts:
        return None
    said = {name: value[:12] if name == "commit" else value for name, value in facts.items()}
    first = "gatera" if "gatera" in said else next(iter(said))
    return Ancestor("code", f"{first} {said.pop(first)}", [f"{name} {value}" for name, value in said.items()])


def _weights(facts: Any) -> Ancestor:
    name = facts.get("version") or facts.get("source") or "a program"
    sha256 = facts.get("sha256")
    return Ancestor("weights", name, [f"sha256 {sha256[:SHORT]}, not in this registry"] if sha256 else [])
