"""Everybody who labels the same items: those who work in this process, and those in others, whose journals are followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.studio.desk.desk import KINDS, Desk
from gatera.studio.desk.journal import Entry, Following, Journal, check_name, file_of, people_in


class People:
    """The desks of everybody, by their names.

    Args:
        folder: where journals are.
        say: takes lines about what was decided.
        check: is given the desk of each person who begins to work here, and raises where it is of other items.
    """

    def __init__(
        self, folder: Path, say: Callable[[str], None], check: Callable[[Desk], None] = lambda desk: None
    ) -> None:
        self.folder, self._say, self._check = folder, say, check
        self._here: dict[str, tuple[Desk, Journal]] = {}
        self._elsewhere: dict[str, tuple[Desk, Following]] = {}

    def desk(self, by: str) -> Desk:
        """Return the desk of a person who works here.

        Raises:
            DataError: if that person is at work in another process.
            ArgumentError: if that is not a name.
        """
        return self._open(by)[0]

    def _open(self, by: str) -> tuple[Desk, Journal]:
        by = check_name(by)
        if by not in self._here:
            journal = Journal(self.folder, by, self._say)
            desk = Desk(journal.entries)
            try:
                _check_known(journal)
                self._check(desk)
            except BaseException:
                journal.close()
                raise
            self._elsewhere.pop(by, None)
            self._here[by] = desk, journal
            journal.entries = []
        return self._here[by]

    def write(self, by: str, entry: Entry) -> list[str]:
        """Keep what a person decided, and return the items that it changes. It is on the disk when this returns.

        Raises:
            DataError: if it cannot be written.
            ArgumentError: if it undoes what is not there.
        """
        desk, journal = self._open(by)
        desk.check(entry)
        journal.append(entry)
        return desk.take(entry)

    def begin_anew(self, by: str) -> None:
        """Empty a journal that has grown large, where nothing in it waits."""
        desk, journal = self._open(by)
        if not desk.waiting:
            journal.begin_anew()

    def refresh(self) -> bool:
        """Read what others wrote; return whether one of them committed."""
        committed = False
        for name in people_in(self.folder):
            if name in self._here:
                continue
            if name not in self._elsewhere:
                self._elsewhere[name] = Desk(), Following(file_of(self.folder, name))
            desk, following = self._elsewhere[name]
            anew, entries = following.new()
            if anew:
                desk = Desk()
                self._elsewhere[name] = desk, following
            before = desk.commits
            for entry in entries:
                desk.take(entry)
            committed = committed or desk.commits > before
        return committed

    def others(self, by: str) -> Iterator[tuple[str, Desk]]:
        """Yield everybody but one."""
        every: dict[str, tuple[Desk, Any]] = {**self._elsewhere, **self._here}
        for name in sorted(every):
            if name != by:
                yield name, every[name][0]

    def close(self) -> None:
        """Let other processes work in the names of those who worked here."""
        for _, journal in self._here.values():
            journal.close()
        self._here.clear()


def _check_known(journal: Journal) -> None:
    """Raise DataError where a newer version decided something in a journal: a commit of ours would take it for done, and it would be lost."""
    unknown = sorted({entry["what"] for entry in journal.entries} - set(KINDS))
    if unknown:
        raise DataError(
            f"{journal.path} was written by a newer Gatera", got=listed(unknown, 3), expected=listed(KINDS),
            remedy="Finish that work there, or update with: pip install -U gatera",
        )  # fmt: skip
