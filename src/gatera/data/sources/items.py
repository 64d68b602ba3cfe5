"""List the files to learn from, always sorted, and find those that cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, SupportsIndex, TypeVar, overload

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import DataError
from gatera.core.files import where_to_look
from gatera.core.progress import track
from gatera.core.threads import thread_pool
from gatera.core.walk import OnLeftOut, files_below
from gatera.program.raw.photo import PHOTO_SUFFIXES, read_photo

T = TypeVar("T")
U = TypeVar("U")

#: File name endings that `get_image_files` takes for photos.
IMAGE_EXTENSIONS = PHOTO_SUFFIXES

_CHECK_FOLDER = "Check the spelling and the folder you started from."

#: How many items `repr(Items)` shows.
SHOWN_ITEMS = 6


class Items(list[T]):
    """A list with the three methods that the book's notebooks use: `.sorted()`, `.map(f)` and `.filter(f)`.

    Example:
        >>> Items([3, 1, 2]).sorted().map(str)
        Items of 3: ['1', '2', '3']
    """

    def sorted(self, key: Callable[[T], Any] | None = None, reverse: bool = False) -> Items[T]:
        """Return a sorted copy."""
        return Items(sorted(self, key=key, reverse=reverse))  # type: ignore[type-var,arg-type]

    def map(self, function: Callable[[T], U]) -> Items[U]:
        """Return what `function` gives for each item, e.g. `failed.map(Path.unlink)`."""
        return Items(function(item) for item in self)

    def filter(self, keep: Callable[[T], bool]) -> Items[T]:
        """Return the items for which `keep` is true."""
        return Items(item for item in self if keep(item))

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Items[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | Items[T]:
        if isinstance(index, slice):
            return Items(super().__getitem__(index))
        return super().__getitem__(index)

    def __repr__(self) -> str:
        shown = ", ".join(repr(item) for item in self[:SHOWN_ITEMS])
        return f"Items of {len(self)}: [{shown}{', …' if len(self) > SHOWN_ITEMS else ''}]"


def is_table(source: object) -> bool:
    """Whether `source` is a pandas DataFrame; costs no import of pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(source, pandas.DataFrame)


def each(items: Any) -> Iterator[Any]:
    """Yield items one by one: the rows of a DataFrame as Series, the elements of anything else."""
    if is_table(items):
        return (row for _, row in items.iterrows())
    return iter(items)


def get_files(
    path: str | Path,
    extensions: str | Iterable[str] | None = None,
    recurse: bool = True,
    folders: str | Sequence[str] | None = None,
    on_left_out: OnLeftOut | None = None,
) -> Items[Path]:
    """List the files of a folder, in the same order on every machine.

    Files and folders whose name starts with a dot are skipped. Links are followed; a link that leads back
    into a folder above itself is not. Broken links are listed, so that opening them gives an error that names them.

    Args:
        path: the folder.
        extensions: only files with these endings, in any case, with or without the dot; None for all.
        recurse: look into subfolders too.
        folders: look only into these folders directly under `path`; "." means the files in it.
        on_left_out: is called with each pipe, circular link and folder that cannot be listed; None to raise for such a folder.

    Returns:
        Paths that start with `path`, sorted by their parts; empty if nothing fits (`DataBlock` says so).

    Raises:
        DataError: if `path` or one of `folders` is missing or no folder, or a folder cannot be listed.
    """
    path, wanted = _existing_folder(Path(path)), _endings(extensions)
    if folders is None:
        return Items(map(Path, files_below(path, wanted, recurse, on_left_out=on_left_out)))
    found: list[str] = []
    for name in sorted({folders} if isinstance(folders, str) else set(folders)):
        start = path if name == "." else _existing_folder(path / name)
        # "." asks for the files in `path` itself; its folders are listed only where they are named.
        found += files_below(start, wanted, recurse and name != ".", on_left_out=on_left_out)
    return Items(sorted(map(Path, found), key=lambda file: file.parts))


def get_image_files(
    path: str | Path,
    recurse: bool = True,
    folders: str | Sequence[str] | None = None,
    on_left_out: OnLeftOut | None = None,
) -> Items[Path]:
    """List the photos of a folder (by file name ending), sorted; see `get_files`."""
    return get_files(path, IMAGE_EXTENSIONS, recurse, folders, on_left_out)


class FileGetter(NamedTuple):
    """`get_files` with its options set in advance, for `DataBlock(get_items=...)`.

    Args:
        suf: subfolder of the source to look in.
        extensions: as in `get_files`.
        recurse: as in `get_files`.
        folders: as in `get_files`.
    """

    suf: str = ""
    extensions: str | Iterable[str] | None = None
    recurse: bool = True
    folders: str | Sequence[str] | None = None

    def __call__(self, source: str | Path) -> Items[Path]:
        """List the files under `source / suf`."""
        return get_files(Path(source) / self.suf, self.extensions, self.recurse, self.folders)


def ImageGetter(
    suf: str = "", recurse: bool = True, folders: str | Sequence[str] | None = None
) -> FileGetter:
    """Return a `FileGetter` for photos."""
    return FileGetter(suf, IMAGE_EXTENSIONS, recurse, folders)


class BadFile(NamedTuple):
    """A file that cannot be used, and why."""

    path: Path
    reason: str

    @property
    def line(self) -> str:
        """The reason, after the file's name where the reason does not hold it."""
        return self.reason if str(self.path) in self.reason else f"{self.path}: {self.reason}"


def look_at_files(paths: Iterable[str | Path], read: Callable[[Path], Any], description: str) -> list[Any]:
    """Read every file and return what was read, or a `BadFile` where that failed.

    Args:
        paths: the files.
        read: reads one; raises DataError if it cannot. It should return little: all of it is kept.
        description: what the progress bar says.
    """

    def looked(path: Path) -> Any:
        try:
            return read(path)
        except DataError as err:
            return BadFile(path, str(err))

    files = [Path(path) for path in paths]
    with thread_pool() as pool:
        return list(track(pool.map(looked, files), description, total=len(files)))


def check_photos(paths: Iterable[str | Path]) -> list[BadFile]:
    """Decode every photo to its last byte and return a record for each that fails, in their order; see `look_at_files`."""
    looks = look_at_files(paths, decode_photo, "Checking photos")
    return [bad for bad in looks if isinstance(bad, BadFile)]


def decode_photo(path: Path) -> Any:
    """Decode a photo to its last byte, as fast as possible: a JPEG at an eighth of its size. Raises PhotoError."""
    return read_photo(path, at_least=(1, 1))


def verify_images(paths: Iterable[str | Path]) -> Items[Path]:
    """Return the photos that cannot be opened, as in `verify_images(fns).map(Path.unlink)`."""
    return Items(bad.path for bad in check_photos(paths))


def _endings(extensions: str | Iterable[str] | None) -> frozenset[str] | None:
    if extensions is None:
        return None
    names = [extensions] if isinstance(extensions, str) else extensions
    return frozenset("." + name.lower().removeprefix(".") for name in names)


def _existing_folder(path: Path) -> Path:
    if path.is_dir():
        return path
    if path.exists():
        raise DataError(f"{path} is a file, not a folder", remedy=f"Pass the folder it is in: {path.parent}.")
    try:
        siblings = sorted(entry.name for entry in path.parent.iterdir() if entry.is_dir())
    except OSError:  # the parent is missing or closed too: there is nothing to suggest
        siblings = []
    raise DataError(
        f"Folder {path} does not exist",
        available=f"{listed(siblings)} in {'the current folder' if path.parent == Path() else path.parent}" if siblings else None,
        remedy=did_you_mean(path.name, siblings, otherwise=where_to_look(path, _CHECK_FOLDER)),
    )  # fmt: skip
