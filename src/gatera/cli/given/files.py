"""The files that words on the command line stand for: files, folders, quoted patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from gatera.core.errors import DataError
from gatera.core.walk import files_below, natural_key
from gatera.program.raw.formats.unread import unread_files, unread_sentence
from gatera.program.raw.photo import PHOTO_SUFFIXES
from gatera.program.tables.notes import Note


def find_photos(
    inputs: Iterable[str],
    suffixes: Collection[str] = PHOTO_SUFFIXES,
    things: str = "photos",
    on_note: Callable[[Note], None] | None = None,
) -> list[Path]:
    """Return the photos (or other files) that files, folders and patterns stand for.

    Folders are searched to the bottom; see `files_below`. Their files come in the order in which people read lists, 2.jpg before
    10.jpg, and so do those of patterns, which are for shells that do not expand them. Other names are taken as they are: reading them
    will show whether they exist.

    Args:
        inputs: files, folders, patterns.
        suffixes: the endings of the files that are wanted from folders.
        things: what messages call them.
        on_note: is called with what is left out of folders: files that are not read, pipes, folders that cannot be listed.

    Raises:
        DataError: if a folder holds none, or nothing matches a pattern.
    """
    found: list[Path] = []
    for given in inputs:
        if not given:  # an unset variable of the shell; as a path it would be the current folder
            raise DataError("the name of an input is empty", expected="a file, a folder or a quoted pattern")
        if glob.has_magic(given) and not os.path.lexists(given):
            pattern = _with_plain_folders(given)
            matches = sorted(sorted(glob.glob(pattern, recursive=True)), key=natural_key)  # noqa: PTH207  # Path.glob takes no absolute patterns
            if not matches:
                raise DataError(f"no file matches {given}")
            found += [path for match in matches for path in _files_at(match, suffixes, things, on_note)]
        else:
            found += _files_at(given, suffixes, things, on_note)
    return found


def _with_plain_folders(pattern: str) -> str:
    """Return a pattern in which the folders that exist are names, also "[2024] photos"; what follows them stays a pattern."""
    parts = Path(pattern).parts
    known = next(n for n in range(len(parts), -1, -1) if not n or Path(*parts[:n]).is_dir())
    return str(Path(glob.escape(str(Path(*parts[:known]))), *parts[known:])) if known else pattern


def _files_at(
    given: str, suffixes: Collection[str], things: str, on_note: Callable[[Note], None] | None
) -> list[Path]:
    # Unlike Path.is_dir, this answers for names that no file can have, too.
    if not os.path.isdir(given):  # noqa: PTH112
        return [Path(given)]
    left_out: list[str] = []
    everything = [
        Path(name) for name in files_below(given, on_left_out=lambda path, reason: left_out.append(reason))
    ]
    found = [path for path in everything if path.suffix.lower() in suffixes]
    left_out += [unread_sentence(Path(given), *each) for each in unread_files(everything, suffixes)]
    for reason in left_out if on_note else ():
        on_note(Note(reason.removesuffix(".")))  # type: ignore[misc]  # asked for above
    if not found:
        raise DataError(
            f"{given} holds no {things}", expected=f"files ending in {', '.join(sorted(suffixes))}"
        )
    return sorted(found, key=lambda path: natural_key(path.as_posix()))
