"""`Path` with the methods that fastai adds to it; it is a subclass, so the standard library's stays as it is."""

from __future__ import annotations

import mimetypes
import pathlib
from collections.abc import Iterable
from typing import Any, ClassVar

from gatera.compat.helpers import load_pickle, save_pickle
from gatera.compat.lists import L, listify
from gatera.data.download import urls as ours
from gatera.data.download.datasets import untar_data as _untar_data


class Path(type(pathlib.Path())):  # type: ignore[misc]  # PosixPath or WindowsPath
    """A path with `.ls()`. What `/`, `.parent` and `.ls()` return has it too.

    Attributes:
        BASE_PATH: a folder that `repr` leaves away; None for none.
    """

    BASE_PATH: ClassVar[pathlib.Path | None] = None

    def ls(self, n_max: int | None = None, file_type: str | None = None, file_exts: Any = None) -> L:
        """List a folder, sorted.

        Args:
            n_max: no more than so many.
            file_type: only files of this MIME type, e.g. "image" or "text".
            file_exts: only files with this ending, or one of these.
        """
        endings = tuple(listify(file_exts))
        if file_type is not None:
            endings += tuple(
                end for end, kind in mimetypes.types_map.items() if kind.startswith(file_type + "/")
            )
        found = sorted(path for path in self.iterdir() if not endings or path.suffix in endings)
        return L(found[:n_max])

    def readlines(self, hint: int = -1, encoding: str = "utf8") -> L:
        """Return the lines of a text file."""
        with self.open(encoding=encoding) as file:
            return L(file.readlines(hint))

    def mk_write(self, data: str | bytes) -> None:
        """Write a file, and make its folder where it is missing."""
        self.parent.mkdir(exist_ok=True, parents=True)
        self.write_bytes(data) if isinstance(data, bytes) else self.write_text(
            data, encoding="utf8", newline="\n"
        )

    def save(self, obj: Any) -> None:
        """Write an object with pickle."""
        save_pickle(self, obj)

    def load(self) -> Any:
        """Read what `save` wrote. It runs code that the file contains: for your own files only."""
        return load_pickle(self)

    def __repr__(self) -> str:
        base = Path.BASE_PATH
        shown = self.relative_to(base) if base is not None and self.is_relative_to(base) else self
        return f"Path({pathlib.PurePath.__str__(shown)!r})"


def untar_data(url: str, *, force_download: bool = False, base: str | pathlib.Path | None = None) -> Path:
    """Download and unpack a data set once; see `gatera.data.download.datasets.untar_data`.

    Args:
        url: one of `URLs`.
        force_download: as there.
        base: as there.

    Returns:
        Its folder, as a `Path` with `.ls()`.
    """
    return Path(_untar_data(url, force_download=force_download, base=base))


class URLs(ours.URLs):
    """Addresses of data sets; see `gatera.data.download.urls.URLs`."""

    @staticmethod
    def path(name: str) -> Path:
        """Return the folder of a data set, as a `Path` with `.ls()`."""
        return Path(ours.URLs.path(name))


def joined_path_file(path: str | pathlib.Path, file: str | pathlib.Path, ext: str = "") -> Path:
    """Return `path / file` with an ending."""
    return Path(path) / f"{file}{ext}"


def paths_of(items: Iterable[Any]) -> L:
    """Return a list of paths as `Path`s of this module; other items stay as they are."""
    return L([Path(item) if isinstance(item, pathlib.Path) else item for item in items])
