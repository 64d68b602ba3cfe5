"""Find the files that a table names: also without folder or ending, in another case or notation of accents, or by the path of another computer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from gatera.core.checks import did_you_mean_file, listed
from gatera.core.errors import DataError
from gatera.core.escape import composed


class NamedFiles:
    """Files by the ways in which a table may name them; sorted out when the first name is looked for.

    Args:
        folder: where the table is.
        files: the files below it.
    """

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self.folder, self.files = folder, files

    @cached_property
    def _by_path(self) -> dict[str, Path]:
        return {path.relative_to(self.folder).as_posix(): path for path in self.files}

    @cached_property
    def _by_part(self) -> list[dict[str, list[Path]]]:
        """The further down, the less a name says; a name is looked for in each until it is found.

        Those with folders come first: "cat/1.jpg" is cat/1.JPG rather than dog/1.jpg.
        """
        parts: list[dict[str, list[Path]]] = [defaultdict(list) for _ in range(6)]
        for name, path in self._by_path.items():
            pure = PurePosixPath(name)
            whole, stem = str(pure.with_suffix("")), pure.stem
            for known, key in zip(
                parts,
                (whole, _folded(name), pure.name, stem, _folded(pure.name), _folded(stem)),
                strict=True,
            ):
                known[key].append(path)
        return parts

    @property
    def names(self) -> list[str]:
        """The files' names without their folders."""
        return [path.name for path in self._by_path.values()]

    def find(self, name: str) -> list[Path]:
        """Return the files that a name in the table may stand for; more than one where it does not say which."""
        written = _plain(name)
        parts = written.split("/")  # those of a folder above, or of another machine, may come first
        without = ("/".join(parts[level:]) for level in range(1, len(parts) - 1))
        for exact in (name, written, *without):  # blanks and "\\" may be part of it
            if exact in self._by_path:
                return [self._by_path[exact]]
        last = PurePosixPath(written).name
        below = _folded(written) if "/" in written else ""  # no file is called so
        for known, key in zip(
            self._by_part, (written, below, last, last, _folded(last), _folded(last)), strict=True
        ):
            if found := known.get(key):
                return found
        there = self.folder / name  # not one of the files looked for, e.g. a photo among texts
        return [there] if name and _is_file(there) else []

    def locate(self, table: Path, names: Sequence[str]) -> dict[str, Path]:
        """Return the file of each name.

        Args:
            table: the table, for messages.
            names: as it writes them.

        Raises:
            DataError: if a name fits several files, or none.
        """
        found = {name: self.find(name) for name in dict.fromkeys(names)}
        missing = [name for name, paths in found.items() if not paths]
        if missing:
            raise DataError(
                f"{table} lists files that are not in {self.folder}: {listed(missing, 3)}",
                remedy=did_you_mean_file(missing[0], self.names, "Correct the table, or add the files."),
            )
        for name, paths in found.items():
            if len(paths) > 1:
                raise DataError(
                    f"{table} lists {name!r}, and {len(paths)} files are called so",
                    available=listed([path.relative_to(self.folder).as_posix() for path in paths], 4),
                    remedy="Write its name with its folder and its ending.",
                )
        return {name: paths[0] for name, paths in found.items()}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text too long for a name, a NUL in it
        return False


def _folded(name: str) -> str:
    """Return a name in lower case; accents are parts of their letters, which on a Mac they are not."""
    return composed(name).lower()


def _plain(name: str) -> str:
    """Return a name with "/" between its parts and without a beginning that says nothing.

    Example:
        >>> _plain("photos\\\\1.jpg"), _plain("./1.jpg")
        ('photos/1.jpg', '1.jpg')
    """
    return name.strip().replace("\\", "/").removeprefix("./")
