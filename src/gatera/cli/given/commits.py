"""`DATA@COMMIT` on the command line, where inputs are given: what lies there is laid out, and read as any other folder or table."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from gatera.core.lazy import later

#: What finds a commit, lays it out, and knows a repository. Reading them takes longer than most predictions.
_COMMIT = ("gatera.evaluate.kept.commit", "commit_of_source")
_ORIGIN = ("gatera.evaluate.kept.origin", "find_origin")
_IS_REPOSITORY = ("gatera.store.datasets.making", "is_repository")


def with_commits(words: Sequence[str], say: Callable[[str], None], of_rows: bool = False) -> list[str]:
    """Return the words of a command, with the folder or table of a commit in the place of each DATA@COMMIT.

    Args:
        words: the inputs as they were given.
        say: is told which commit it is.
        of_rows: whether the program takes rows of tables: a data repository stands for the table of its rows then, too.

    Raises:
        ArgumentError: if there is no such commit.
        DataError: if a file of the commit is not in the object store.
    """
    return [_laid_out(word, say, of_rows) for word in words]


def _laid_out(word: str, say: Callable[[str], None], of_rows: bool) -> str:
    if "@" in word and "\n" not in word and not os.path.lexists(word):
        found = later(*_COMMIT)(Path(word))
        folder = None if found is None or any(map(str.isspace, found[1])) else found[0]  # a text has blanks
    else:
        folder = Path(word) if of_rows and os.path.isdir(word) else None  # noqa: PTH112 - a row as JSON may be too long for a name
    if folder is None or not later(*_IS_REPOSITORY)(folder):
        return word
    origin = later(*_ORIGIN)(Path(word))
    if origin.words:
        say(f"{origin.words}.")
    return str(origin.source)
