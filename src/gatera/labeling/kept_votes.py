"""Votes and answers of models, kept on disk: a stopped run goes on, and what did not change is not computed again."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from gatera.core.errors import DataError, is_library_error
from gatera.core.files import reason
from gatera.labeling.votes import Said
from gatera.store.database import open_database

#: Where votes are kept, beside the items.
KEPT = Path(".gatera", "votes.sqlite")

#: Form of the file; another number is another form.
FORM = 1

_TABLES = """
create table if not exists votes (function text, version text, item text, vote text, primary key (function, version, item)) without rowid;
create table if not exists answers (question text primary key, answer text) without rowid;
create table if not exists last_run (source text primary key, functions text) without rowid;
create table if not exists labelled (file text primary key, votes text) without rowid;
"""


class Kept:
    """A file of votes, answers and fingerprints (SQLite). It may be used from several threads, and by several processes in turn.

    Args:
        path: the file; None for one in memory, which is forgotten in the end.

    Raises:
        DataError: if the file is something else, or cannot be written.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._lock = threading.Lock()
        try:
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._base = open_database(self.path, timeout=60)
            with self._base as base:
                base.execute("pragma synchronous=normal")
                (form,) = base.execute("pragma user_version").fetchone()
                if form not in (0, FORM):
                    raise DataError(
                        f"{self.path} was written by a later version of Gatera", got=form, expected=str(FORM)
                    )
                base.executescript(_TABLES)
                if form != FORM:  # it is written even where it says nothing new, and a report changes nothing
                    base.execute(f"pragma user_version={FORM}")
        except OSError as err:
            raise DataError(
                f"{self.path} cannot be used to keep votes ({reason(err)})",
                remedy="Votes are kept beside the items: make that folder writable, or label a copy of it.",
            ) from err
        except sqlite3.OperationalError as err:  # what SQLite calls an I/O error may be a full disk
            raise DataError(
                f"{self.path} cannot be used to keep votes ({err})",
                remedy="Free some disk space, or make it writable.",
            ) from err
        except sqlite3.Error as err:
            raise DataError(
                f"{self.path} cannot be used to keep votes ({err})",
                remedy="Choose another file, or delete that one: votes are computed again.",
            ) from err

    def votes(self, function: str, version: str) -> dict[str, Said]:
        """Return what a version of a function said, by the items' keys."""
        rows = self._read("select item, vote from votes where function=? and version=?", (function, version))
        known: dict[str, Said] = {}
        return {item: known.setdefault(text, _said(text)) for item, text in rows}

    def add_votes(self, function: str, version: str, votes: Mapping[str, Said]) -> None:
        """Keep votes, by the items' keys."""
        rows = [(function, version, item, _text(vote)) for item, vote in votes.items()]
        self._write("insert or replace into votes values (?,?,?,?)", rows)

    def answer(self, question: str) -> str | None:
        """Return the kept answer to a question; None if there is none."""
        found = self._read("select answer from answers where question=?", (question,))
        return found[0][0] if found else None

    def add_answer(self, question: str, answer: str) -> None:
        """Keep an answer."""
        self._write("insert or replace into answers values (?,?)", [(question, answer)])

    def count_answers(self) -> int:
        """Return how many answers are kept."""
        return int(self._read("select count(*) from answers", ())[0][0])

    def labelled(self) -> dict[str, str]:
        """Return on which votes the label of each file stands."""
        return dict(self._read("select file, votes from labelled", ()))

    def set_labelled(self, votes: Mapping[str, str]) -> None:
        """Keep on which votes labels stand, instead of what was kept."""
        with self._writing(), self._lock, self._base as base:
            base.execute("delete from labelled")
            base.executemany("insert into labelled values (?,?)", votes.items())

    def last_run(self, source: str) -> list[dict[str, Any]]:
        """Return the functions that were asked last about a source: name, version, takes; none if none were."""
        found = self._read("select functions from last_run where source=?", (source,))
        return json.loads(found[0][0]) if found else []

    def set_last_run(self, source: str, functions: Iterable[Mapping[str, Any]]) -> None:
        """Keep which functions were asked last about a source."""
        self._write("insert or replace into last_run values (?,?)", [(source, json.dumps(list(functions)))])

    def forget_votes(self, function: str, version: str) -> None:
        """Forget what a version of a function said."""
        self._write("delete from votes where function=? and version=?", [(function, version)])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other process write while the block runs; it waits for one that does."""
        try:
            self._base.execute("begin immediate")
        except sqlite3.Error as err:
            raise DataError(
                f"{self.path} is in use ({err})", remedy="Wait until the other run has ended."
            ) from err
        try:
            yield
            with self._writing():
                self._base.commit()
        except BaseException:
            self._base.rollback()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock, suppress(sqlite3.Error):
            self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._base.execute(query, values).fetchall()
        except sqlite3.Error as err:
            raise DataError(
                f"{self.path} cannot be read ({err})", remedy="Delete it: votes are computed again."
            ) from err

    def _write(self, query: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._writing(), self._lock, self._base as base:
            base.executemany(query, rows)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as err:
            raise DataError(
                f"{self.path} cannot be written ({err})",
                remedy="Free some disk space, or choose another file.",
            ) from err


def _text(vote: Said) -> str:
    return json.dumps([vote.negated, *vote.labels])


def _said(text: str) -> Said:
    try:
        negated, *labels = json.loads(text)
    except Exception as err:
        if not is_library_error(err):
            raise
        raise DataError(
            "A kept vote is damaged", got=text, remedy="Delete the file of votes; they are computed again."
        ) from err
    return Said(tuple(labels), negated)
