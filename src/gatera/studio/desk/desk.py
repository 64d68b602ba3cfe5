"""What a person has decided since the last commit: the journal, read from its beginning to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gatera.core.errors import ArgumentError
from gatera.studio.desk.journal import Entry

#: What an entry can be about; the first ones say something of items, by their names.
ABOUT_ITEMS = ("label", "skip", "flag", "note", "mask", "points")
KINDS = (*ABOUT_ITEMS, "class", "undo", "redo", "commit")


class Decision(NamedTuple):
    """What was last said of an item.

    Attributes:
        n: the number of the entry.
        value: the label ("" takes it away), the note, the name of a mask, or points.
        at: when, UTC.
        seconds: how long it took, all looks together.
        guess: what had guessed the label that was taken, as "NAME@HASH8 (p=0.93)"; "" where the person chose.
        source: "person", or where the label comes from.
        saw: the labels that the person could see on the item.
        mark: what the item was told by; see `Place.mark`.
    """

    n: int
    value: Any
    at: str
    seconds: float = 0.0
    guess: str = ""
    source: str = "person"
    saw: tuple[str, ...] = ()
    mark: str = ""


#: What was said of an item before, for undoing: what it is about, its name, and that.
Before = tuple[str, str, Decision | None]


class Desk:
    """What follows from a journal.

    Attributes:
        said: for each of `ABOUT_ITEMS`, what was last said of an item, by its name.
        classes: labels that were named first here, in order.
        n: the number of the last entry.
        commits: how many commits there were.
        ids: the items that requests changed, by the ids of these.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.said: dict[str, dict[str, Decision]] = {about: {} for about in ABOUT_ITEMS}
        self.classes: list[str] = []
        self.n = self.commits = 0
        self.ids: dict[str, list[str]] = {}
        self._done: list[tuple[Entry, list[Before]]] = []
        self._undone: list[Entry] = []
        for entry in entries:
            self.take(entry)

    @property
    def labels(self) -> dict[str, Decision]:
        """The labels that were given, by item."""
        return self.said["label"]

    @property
    def flags(self) -> set[str]:
        """The items that are flagged."""
        return {name for name, each in self.said["flag"].items() if each.value}

    @property
    def waiting(self) -> int:
        """How many items have something that is not committed."""
        return len(set().union(*(self.said[about] for about in ABOUT_ITEMS if about != "skip")))

    def check(self, entry: Entry) -> None:
        """Raise ArgumentError where an entry undoes what is not there: it must not come into the journal."""
        if entry["what"] == "undo" and not self._done:
            raise ArgumentError("there is nothing to undo since the last commit")
        if entry["what"] == "redo" and not self._undone:
            raise ArgumentError("there is nothing to redo")

    def take(self, entry: Entry) -> list[str]:
        """Take an entry in, and return the items that it changes; see `check`."""
        changed = self._take(entry)
        if isinstance(entry.get("id"), str):
            self.ids[entry["id"]] = changed
        return changed

    def _take(self, entry: Entry) -> list[str]:
        what = entry["what"]
        self.n = max(self.n, entry["n"])
        if what == "undo":
            return self._undo()
        if what == "redo":
            return self._do(self._undone.pop()) if self._undone else []
        if what == "commit":
            self._committed(entry)
            return []
        self._undone.clear()
        return self._do(entry)

    def _do(self, entry: Entry) -> list[str]:
        what, before = entry["what"], list[Before]()
        if what == "class":
            if entry["label"] not in self.classes:
                self.classes.append(entry["label"])
        elif what in ABOUT_ITEMS:
            said = self.said[what]
            for name, value in entry["items"].items():
                old = said.get(name)
                before.append((what, name, old))
                said[name] = _decision(entry, name, value, old)
        self._done.append((entry, before))
        return [name for _, name, _ in before]

    def _undo(self) -> list[str]:
        if not self._done:  # a line was taken out of the journal by hand
            return []
        entry, before = self._done.pop()
        self._undone.append(entry)
        for what, name, old in reversed(before):
            if old is None:
                self.said[what].pop(name, None)
            else:
                self.said[what][name] = old
        return [name for _, name, _ in before]

    def _committed(self, entry: Entry) -> None:
        """Take off what is in the commit: all but the items that are left, unless something was said of them since."""
        left = set(entry.get("left", ()))
        upto: Any = entry.get("upto", entry["n"])
        for about in ABOUT_ITEMS:
            self.said[about] = {
                name: each
                for name, each in self.said[about].items()
                if each.n > upto or name in left or about == "skip"
            }
        self._done.clear()
        self._undone.clear()
        self.commits += 1

    def can_undo(self) -> int:
        """Return how many steps can be undone."""
        return len(self._done)

    def can_redo(self) -> int:
        """Return how many steps can be done again."""
        return len(self._undone)

    def last(self, n: int) -> list[Entry]:
        """Return the last steps that were not undone, the newest first."""
        return [entry for entry, _ in reversed(self._done[-n:])]


def _decision(entry: Entry, name: str, value: Any, old: Decision | None) -> Decision:
    per_item = entry.get("seconds", 0.0) / max(1, len(entry["items"]))
    given = entry.get("source")  # journals of earlier versions have one for all items
    source = given if isinstance(given, str) else _of(entry, "source", name)
    return Decision(
        entry["n"], value, entry.get("at", ""), per_item + (old.seconds if old else 0.0),
        _of(entry, "guess", name), source or "person", tuple(_of(entry, "saw", name) or ()),
        str(_of(entry, "marks", name)),
    )  # fmt: skip


def _of(entry: Entry, key: str, name: str) -> Any:
    found = entry.get(key)
    return found.get(name, "") if isinstance(found, Mapping) else ""
