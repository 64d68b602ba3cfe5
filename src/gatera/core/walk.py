"""List the files below a folder: the same for training and for programs, in the same order on every machine."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from gatera.core.errors import DataError


def files_below(
    folder: Path | str,
    endings: Collection[str] | None = None,
    recurse: bool = True,
    above: tuple[tuple[int, int], ...] = (),
) -> Iterator[str]:
    """Yield the files of a folder, sorted.

    Files and folders whose name starts with a dot are skipped, and so are pipes and sockets. Links are followed; a link that
    leads back into a folder above itself is not. Broken links are listed, so that opening them gives an error that names them.

    Args:
        folder: where to look.
        endings: only files with these endings, in lower case with the dot; None for all.
        recurse: look into subfolders too.
        above: device and inode of the folders on the way down.

    Raises:
        DataError: if a folder cannot be listed.
    """
    try:
        status = Path(folder).stat()
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as err:
        raise DataError(
            f"Folder {folder} cannot be listed ({err.strerror})",
            remedy="Make it readable, or move it elsewhere.",
        ) from err
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            if recurse:
                yield from files_below(entry.path, endings, recurse, (*above, here))
        elif (endings is None or _ending(entry.name) in endings) and _may_be_read(entry):
            yield entry.path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    # DirEntry.is_dir raises for a link to itself; Path.is_dir answers False.
    return Path(entry.path).is_dir() if entry.is_symlink() else entry.is_dir()


def _may_be_read(entry: os.DirEntry[str]) -> bool:
    # Pipes and sockets, or links to them, would block a reader for ever; a broken link is worth naming later.
    if entry.is_symlink():  # to itself, perhaps: then `entry.is_file()` would raise
        return os.path.isfile(entry.path) or not os.path.exists(entry.path)  # noqa: PTH110, PTH113
    return entry.is_file()


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (ten times as fast as Path(name).suffix)
