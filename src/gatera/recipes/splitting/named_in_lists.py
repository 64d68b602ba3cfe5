"""Lists of files beside a folder's files that name the sides of a split: `testing_list.txt`, `meta/train.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gatera.core.checks import counted, listed
from gatera.data.folders.labelled import LabelledFiles
from gatera.data.folders.sides import side_word

#: Words that the name of such a list may have besides the side.
_FILLERS = frozenset(("list", "lists", "set", "split", "files", "file", "names", "images", "ids"))

#: Folders in which lists are kept, besides the source itself.
_FOLDERS = ("", "meta", "lists", "splits", "annotations")

#: Longer files are not lists that anybody wrote down beside some photos.
_LONGEST_BYTES = 50_000_000


def tell_of_lists(found: LabelledFiles, source: Path) -> str | None:
    """Return what to say of lists that name the files of sides, which are not read; None where there are none.

    Args:
        found: the files, not yet split at random.
        source: the folder.
    """
    if not source.is_dir() or set(found.split) & {"valid", "test"}:
        return None
    files = set(map(Path, found.files))
    likely = [path for path in _lists_in(source) if path not in files]
    names = {name for path in files for name in _names_of(path, source)} if likely else set()
    lists = {path: n for path in likely if (n := _named(path, names)) > 1}
    if not lists:
        return None
    what = listed(
        [f"{path.relative_to(source).as_posix()} ({counted(n, 'file')})" for path, n in lists.items()], 4
    )
    return (
        f"Lists of a split are not read: {what}. What is held out is drawn at random; to hold out the files of a list, move them to a "
        "folder test/ beside a folder train/."
    )


def _lists_in(source: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted((source / folder).glob("*.txt")):
            words = path.stem.lower().replace("-", "_").split("_")
            sides = [word for word in words if side_word(word)]
            if (
                len(sides) == 1
                and set(words) - set(sides) <= _FILLERS
                and path.stat().st_size <= _LONGEST_BYTES
            ):
                yield path


def _names_of(path: Path, source: Path) -> Iterator[str]:
    """Yield what a list may call a file: its path below the source, or its name, with and without the ending."""
    below = path.relative_to(source) if path.is_relative_to(source) else path
    yield from (below.as_posix(), below.with_suffix("").as_posix(), path.name, path.stem)
    if len(below.parts) > 2:
        inner = Path(*below.parts[1:])  # images/cat/1.jpg is cat/1.jpg in lists
        yield from (inner.as_posix(), inner.with_suffix("").as_posix())


def _named(path: Path, names: set[str]) -> int:
    """Return how many lines of a list name a file; 0 for what is no list."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return 0
    words = [line.split()[0].removeprefix("./") for line in lines if line.strip()]
    many = sum(word in names for word in words)
    return many if 2 * many >= len(words) else 0
