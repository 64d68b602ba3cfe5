"""A data repository: its items, and one commit for each session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gatera.core.checks import counted
from gatera.core.errors import DataError
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import FOLDER, TABLE
from gatera.store.datasets.repository import DataRepository
from gatera.studio.places.kinds import of_one_kind
from gatera.studio.places.place import Decide, Known, Place, Written


class RepositoryPlace(Place):
    """A data repository.

    Args:
        root: its folder.
        kind: see `of_one_kind`.
        say: takes each line about what was decided.

    Raises:
        DataError: if there is nothing to label, or the labels cannot be read.
    """

    def __init__(self, root: Path, kind: str | None, say: Callable[[str], None]) -> None:
        self.root, self._say = root, say
        self._data = DataRepository(root, say)
        self.known = self.read_known()
        if not self.known:
            say("The repository has no items yet; add them first: gatera data add .")
        elif not self.hashes():
            raise DataError(
                f"the items of {root} are rows of a table",
                expected="photos, texts (.txt) or recordings",
                remedy="Change labels in the table and add it again (gatera data add TABLE --rows), or by gatera data label LABEL ROW.",
            )
        self.kind, self.names, line = of_one_kind(self.known, kind, root)
        if line:
            say(line)

    def read_known(self) -> dict[str, Known]:
        """Read the labels that are kept now, by name."""
        return {row.file: _known(row) for row in self._data.rows()}

    def tables(self) -> Sequence[Path]:
        """Return the files that labels are kept in: one, or one for each part."""
        return [self.root / TABLE, *sorted((self.root / FOLDER).glob("*.csv"))]

    def hashes(self) -> dict[str, str]:
        """Return names by the SHA-256 of the files."""
        return {row.sha256: row.file for row in self._data.rows() if row.sha256}

    def write(self, names: Sequence[str], decide: Decide, message: str) -> Written:
        """Change the lines of items, all in one step; nobody else changes them meanwhile."""

        def of_row(row: Row) -> Mapping[str, str] | None:
            return decide(row.file, _known(row))

        done = self._data.label_each(names, of_row, message)
        self.known = self.read_known()
        if done.waiting:
            sentence = (
                f"{counted(done.changed, 'label')} written. There were changes that are not committed, so these are not committed "
                "either; run gatera data commit."
            )
        elif done.commit is None:
            sentence = "Nothing to commit: the labels are unchanged."
        else:
            sentence = f"Committed {done.commit[:8]}: {done.sentence}."
        return Written(done.changed, self.root, done.commit, sentence)


def _known(row: Row) -> Known:
    return Known(row.label, row.source, row.by, row.at, row.note)
