"""List the files below a folder: the same for training and for programs, in the same order on every machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from gatera.core.errors import DataError
from gatera.core.files import check_regular

#: Is called with a file or folder that is left out, and a sentence that names it and says why.
OnLeftOut: TypeAlias = Callable[[Path, str], None]

#: Folders that systems make among a user's files: thumbnails of network disks, archives' leftovers, deleted and found files.
SYSTEM_FOLDERS = frozenset(
    ("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "__macosx", "$recycle.bin", "recycler",
     "system volume information", "lost+found")
)  # fmt: skip

_DIGITS = re.compile(r"[0-9]+")


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or a folder that only systems make, such as `@eaDir`."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def files_below(
    folder: Path | str,
    endings: Collection[str] | None = None,
    recurse: bool = True,
    above: tuple[tuple[int, int], ...] = (),
    on_left_out: OnLeftOut | None = None,
) -> Iterator[str]:
    """Yield the files of a folder, sorted.

    Files and folders whose name starts with a dot are skipped, and so are those that systems make (`SYSTEM_FOLDERS`), pipes, sockets and devices. Links are followed; a
    link that leads back into a folder above itself is not. Broken links are listed, so that opening them gives an error that
    names them.

    Args:
        folder: where to look.
        endings: only files with these endings, in lower case with the dot; None for all.
        recurse: look into subfolders too.
        above: device and inode of the folders on the way down.
        on_left_out: is called with each pipe, socket, device and circular link, and with each folder inside that cannot be
            listed; None to raise for such a folder.

    Raises:
        DataError: if `folder` cannot be listed.
    """
    try:
        status = Path(folder).stat()
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as err:
        closed = DataError(
            f"Folder {folder} cannot be listed ({err.strerror})",
            remedy="Make it readable, or move it elsewhere.",
        )
        if on_left_out is None or not above:
            raise closed from err
        on_left_out(Path(folder), str(closed))
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        if on_left_out is not None:
            on_left_out(Path(folder), f"{folder} leads back into a folder above it.")
        return
    for entry in entries:
        if is_hidden(entry.name):
            continue
        if _is_folder(entry):
            if recurse:
                yield from files_below(entry.path, endings, recurse, (*above, here), on_left_out)
        elif endings is None or _ending(entry.name) in endings:
            try:
                if entry.is_symlink() or not entry.is_file():
                    # a pipe would block its reader for ever; a broken link is worth naming later
                    check_regular(entry.path)
            except OSError as err:
                if on_left_out is not None:
                    on_left_out(Path(entry.path), f"{entry.path} {str(err.strerror).removeprefix('it ')}.")
            else:
                yield entry.path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # DirEntry.is_dir raises for a link to itself, and Path.is_dir for one to a folder of somebody else; this answers False.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()  # noqa: PTH112


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (ten times as fast as Path(name).suffix)


#: Names of files that are hashes of what is in them: the first digits of such a name are often the name of its folder.
HASH = re.compile(r"[0-9a-f]{16,}")


def without_spread(files: Iterable[tuple[tuple[str, ...], str]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the folders of files without those that only spread hashes: inputs of inputs/1c/1cc0fd...jpg. A folder does so if the
    names of all its files begin with its own: a class "c" may hold a file c0ffee...jpg.

    Args:
        files: the folders on the way to each file, and its name without ending.

    Example:
        >>> name = "1cc0fd" + 10 * "a"
        >>> without_spread([(("inputs", "1c"), name), (("1",), name), (("1",), name[1:])])
        {('inputs', '1c'): ('inputs',), ('1',): ('1',)}
    """
    ends: dict[tuple[str, ...], int] = {}
    for way, stem in files:
        starts = range(len(way)) if HASH.fullmatch(stem) else ()
        end = next((start for start in starts if stem.startswith("".join(way[start:]))), len(way))
        ends[way] = max(end, ends.get(way, 0))
    return {way: way[:end] for way, end in ends.items()}


def natural_key(name: str) -> str:
    """Return what a name is sorted by where people read a list: by folder, and digits in a row by the number that they write.

    Only what is shown has this order: splits and trainings have that of `files_below`.

    Example:
        >>> sorted(["cat/10.jpg", "cat/2.jpg", "cat.jpg", "cat/02b.jpg"], key=natural_key)
        ['cat/2.jpg', 'cat/02b.jpg', 'cat/10.jpg', 'cat.jpg']
    """
    return _DIGITS.sub(_by_length, name.replace("\\", "/").replace("/", "\0"))


def _by_length(found: re.Match[str]) -> str:
    """Put the number of digits before them, as a digit, so that all that is no digit stays before or behind as it was."""
    digits = found[0].lstrip("0")
    length = len(digits)
    return f"{length}{digits}" if length < 9 else f"9{chr(length)}{digits}"
