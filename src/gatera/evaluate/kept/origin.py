"""What a source of items stands for: a folder or table, a data repository, or `DATA@COMMIT`, a commit of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.errors import DataError, GateraError
from gatera.core.escape import shell_quote
from gatera.evaluate.kept.commit import commit_of_source
from gatera.evaluate.kept.rows import as_table
from gatera.store.datasets.labels.masks import photo_of
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.repository import DataRepository


class Origin(NamedTuple):
    """Where items come from.

    Attributes:
        source: the folder or table to read.
        target: the column of the label, where the items are rows of a table.
        group_by: its column of groups, if it has one.
        facts: what a program records of a data repository: its name, the commit, the labels by source; empty for anything else.
        words: the same in words.
        left_out: how many rows are not in the table, as they have no label.
    """

    source: Path
    facts: dict[str, Any]
    words: str = ""
    target: str | None = None
    group_by: str | None = None
    left_out: int = 0

    @property
    def name(self) -> str:
        """What the items are called: the name of the repository, the folder or the table."""
        return str(self.facts.get("name") or self.source.resolve().name)


def find_origin(source: Path) -> Origin:
    """Return what a source stands for. The files of a commit are laid out in the repository's own cache.

    Raises:
        DataError: if a commit's files are not all in the object store.
        ArgumentError: if there is no such commit.
    """
    if at_commit := commit_of_source(source):
        folder, commit = at_commit
        if not is_repository(folder):
            raise DataError(
                f"{folder} is not a data repository, so it has no commit {commit!r}",
                remedy=f"Make it one: gatera data init {shell_quote(str(folder))}",
            )
        data = DataRepository(folder)
        made = data.commit_of(commit)
        rows = list(data.rows(made))
        facts = _facts(data, made, rows, clean=True, extra=data.columns(made))
        return _origin_of_rows(data, rows, made, facts) or Origin(data.lay_out(made), facts, _words(facts))
    if source.is_dir() and is_repository(source):
        data = DataRepository(source)
        try:
            clean = next(data.diff(), None) is None
        except GateraError:
            clean = False  # reading the labels says what is wrong
        rows = list(data.rows())
        facts = _facts(data, data.head, rows, clean, data.columns())
        return _origin_of_rows(data, rows, None, facts) or Origin(source, facts, _words(facts))
    return Origin(source, {})


def _origin_of_rows(
    data: DataRepository, rows: Sequence[Row], commit: str | None, facts: dict[str, Any]
) -> Origin | None:
    table = as_table(data, rows, commit)
    if table is None:
        return None
    return Origin(table.path, facts, _words(facts), table.target, table.group_by, table.left_out)


def _facts(
    data: DataRepository, commit: str | None, rows: Iterable[Row], clean: bool, extra: Sequence[str]
) -> dict[str, Any]:
    counts = Counter(row.origin for row in rows if row.label or photo_of(row, extra))
    return {
        "name": data.root.name, "commit": commit or "", "committed": "yes" if clean and commit else "with changes that are not committed",
        "labels": dict(counts.most_common(20)),
    }  # fmt: skip


def _words(facts: dict[str, Any]) -> str:
    at = (
        f"data commit {facts['commit'][:12]} of {facts['name']}"
        if facts["commit"]
        else f"{facts['name']} before its first commit"
    )
    return at if facts["committed"] == "yes" else f"{at}, with changes that are not committed"
