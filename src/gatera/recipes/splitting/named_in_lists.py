"""Lists of files beside a folder's files that name the sides of a split: `testing_list.txt`, `meta/train.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gatera.core.checks import counted, listed
from gatera.data.folders.labelled import LabelledFiles
from gatera.data.folders.split_folders import side_word
from gatera.program.tables.encoding import read_lines

#: Words that the name of such a list may have besides the side.
_FILLERS = frozenset(("list", "lists", "set", "split", "files", "file", "names", "images", "ids"))

#: Folders in which lists are kept, besides the source itself.
_FOLDERS = ("", "meta", "lists", "splits", "annotations")

#: Lists of files by number, and of the side of each number: 1 trains, 0 is held out.
_NUMBERED = ("images.txt", "train_test_split.txt")

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
    lists |= _by_number(source, files)
    if not lists:
        return None
    what = listed(
        [f"{path.relative_to(source).as_posix()} ({counted(n, 'file')})" for path, n in lists.items()], 4
    )
    return (
        f"Lists that define a split are not read: {what}. What is held out is drawn at random; to hold out the files of a list, move them to a "
        "folder test/ beside a folder train/."
    )


def _by_number(source: Path, files: set[Path]) -> dict[Path, int]:
    """Return the list that gives the side of each file by its number in another list, as CUB-200's do, and how many it holds out."""
    ids, sides = (_pairs(source / name) for name in _NUMBERED)
    known = {name for path in files for name in _names_of(path, source)} if ids and sides else set()
    if ids.keys() != sides.keys() or set(sides.values()) != {"0", "1"} or not known.issuperset(ids.values()):
        return {}
    return {source / _NUMBERED[1]: sum(side == "0" for side in sides.values())}


def _pairs(path: Path) -> dict[str, str]:
    """Return the lines "1 something" of a list; none if there is no such list."""
    if not path.is_file() or path.stat().st_size > _LONGEST_BYTES:
        return {}
    pairs = [line.split(maxsplit=1) for line in _lines(path)]
    return {pair[0]: pair[1] for pair in pairs} if all(len(pair) == 2 for pair in pairs) else {}


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
    words = [line.split()[0].removeprefix("./") for line in _lines(path)]
    many = sum(word in names for word in words)
    return many if 2 * many >= len(words) else 0


def _lines(path: Path) -> list[str]:
    """Return the lines of a list; none where it cannot be read as text."""
    try:
        return read_lines(path)
    except (OSError, ValueError):
        return []
