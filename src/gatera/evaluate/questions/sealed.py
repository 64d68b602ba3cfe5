"""A locked test set: opened only deliberately, every opening counted and dated, refused once its files have changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.core.escape import composed
from gatera.core.files import atomic_write, check_free_to_write, reason
from gatera.core.locks import lock_after_others
from gatera.data.folders.labels_csv import TABLE
from gatera.data.sources.items import get_files
from gatera.program.tables.packed import is_table_name

#: The format of the file, the older one without a hash of the openings, and how the file ends.
FORMAT, WITHOUT_RECORD, SUFFIX = 2, 1, ".sealed"

#: Files that systems leave in any folder that was looked at; names that start with a dot are not part of it either.
JUNK = frozenset(["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"])


def seal_folder(folder: str | Path, out: str | Path | None = None, force: bool = False) -> TestSet:
    """Seal a folder of labelled items: write the hash of every file, labels.csv among them, and of its place.

    Args:
        folder: the test set. It is not changed. Files that systems leave (.DS_Store, Thumbs.db, desktop.ini) are not part of it.
        out: the file to write, in the folder that holds `folder`; by default named after it, with the ending .sealed.
        force: overwrite an existing file, and with it the record of openings.

    Raises:
        DataError: if the folder is missing or empty, or `out` is somewhere else.
        OutputExistsError: if the file exists.
    """
    folder = Path(os.path.realpath(folder))  # resolve() stops at links that lead to themselves
    path = folder.with_name(f"{folder.name}{SUFFIX}") if out is None else Path(os.path.realpath(out))
    if path.parent != folder.parent:
        raise DataError(
            "a seal must be beside its folder, so that both move together",
            got=str(path),
            expected=f"a file in {folder.parent}",
        )
    hashes = _hashes(folder)
    if not hashes:
        raise DataError(f"{folder} holds no files to seal")
    check_free_to_write(path, force)
    content = {
        "format": FORMAT,
        "folder": folder.name,
        "sealed": _now(),
        "files": hashes,
        "digest": _digest(hashes),
        "openings": [],
    }
    _write(path, content)
    return TestSet(path)


class TestSet:
    """A sealed test set. Looking at this object opens nothing; `open` does, and is counted.

    Args:
        seal: the file that `gatera seal` or `seal_folder` wrote.

    Raises:
        DataError: if the file is missing, or is not a seal.

    Example:
        test_set = seal_folder("photos-of-june/")
        measured = measure_source(program, test_set.open("cats.gatera"))
        print(test_set)
    """

    __test__ = False  # pytest collects classes of this name

    def __init__(self, seal: str | Path) -> None:
        self.path = Path(seal)
        content = _read(self.path)
        self.folder = self.path.resolve().parent / content["folder"]

    @property
    def openings(self) -> list[Mapping[str, Any]]:
        """Every opening so far: when, and for which programs."""
        return list(_read(self.path)["openings"])

    @property
    def count(self) -> int:
        """The number of its files."""
        return len(_read(self.path)["files"])

    @property
    def source(self) -> Path:
        """What programs are measured on: the folder, or the table that is its only file."""
        names = list(_read(self.path)["files"])
        only = self.folder / names[0]
        return (
            only
            if len(names) == 1 and only.is_file() and is_table_name(only) and only.name != TABLE
            else self.folder
        )

    @property
    def digest(self) -> str:
        """The hash over all its files, which names this seal; 64 hexadecimal digits."""
        return str(_read(self.path)["digest"])

    def check(self) -> None:
        """Raise DataError if a file was changed, added or removed since the folder was sealed."""
        sealed = _same_form(_read(self.path)["files"])
        found = _hashes(self.folder) if self.folder.is_dir() else {}
        changes = {
            "changed": [name for name in sealed if name in found and found[name] != sealed[name]],
            "missing": [name for name in sealed if name not in found],
            "new": [name for name in found if name not in sealed],
        }
        if any(changes.values()):
            words = "; ".join(
                f"{len(names):,} {how} ({listed(names, 3)})" for how, names in changes.items() if names
            )
            raise DataError(
                f"the test set {self.folder} has changed since it was sealed: {words}",
                remedy="Restore its files. A new seal (gatera seal --force) makes it another test set, with no record of earlier openings.",
            )

    def open(self, *programs: str | Path) -> Path:
        """Check the test set, record that it is opened, and return its folder.

        Args:
            *programs: the files of the programs to measure; their hashes are recorded.

        Raises:
            DataError: if the test set has changed since it was sealed.
        """
        self.check()
        named = [
            {"name": Path(program).name, "sha256": _hash(Path(program)) if Path(program).is_file() else None}
            for program in programs
        ]
        # of two runs at once, both openings are kept
        with _alone(self.folder, min(_read(self.path)["files"])):
            content = _read(self.path)
            content["openings"].append({"opened": _now(), "programs": named})
            _write(self.path, content)
        return self.folder

    def sentence(self) -> str:
        """Return how often it has been opened, for cards and reports."""
        openings = self.openings
        if not openings:
            return f"The sealed test set {self.folder.name} has never been opened."
        times = "once" if len(openings) == 1 else f"{len(openings):,} times"
        dates = listed([str(opening["opened"])[:10] for opening in openings], 5)
        warning = (
            "" if len(openings) == 1 else " The more often it is opened, the less it says about new items."
        )
        return f"The sealed test set {self.folder.name} has been opened {times} ({dates}).{warning}"

    def __repr__(self) -> str:
        return self.sentence()


def seal_of(source: str | Path) -> Path | None:
    """Return the seal that stands beside a folder, or beside the folder of a table; None where it is not sealed."""
    place = Path(os.path.realpath(source))
    folder = place.parent if place.is_file() else place
    for path in sorted(folder.parent.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
        try:
            if _read(path)["folder"] == folder.name:
                return path
        except DataError:
            continue  # another file, or a damaged one: it is refused where it is named
    return None


def _hashes(folder: Path) -> dict[str, str]:
    # a folder in it that cannot be listed is an error: nobody could tell whether it changes
    kept = [path for path in get_files(folder) if path.name.lower() not in JUNK]
    return _same_form({path.relative_to(folder).as_posix(): _hash(path) for path in kept})


def _same_form(hashes: Mapping[str, str]) -> dict[str, str]:
    """Return hashes by name, accents in one form: another system writes the same name in another (NFC, NFD)."""
    one_form = {composed(name): value for name, value in hashes.items()}
    return one_form if len(one_form) == len(hashes) else dict(hashes)


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Hold a lock of a folder for the block, on Windows of a file in it, as folders have none there; others wait."""
    handle = os.open(folder / name if os.name == "nt" else folder, os.O_RDONLY)
    try:
        lock_after_others(handle)
        yield
    finally:
        os.close(handle)


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise DataError(
            f"{path} cannot be read ({reason(err)}), so changes to it could not be detected",
            remedy="Make it readable, or move it elsewhere.",
        ) from err


def _record(content: Mapping[str, Any]) -> str:
    """Return the hash of what is sealed and of every opening, so that an opening cannot be edited away by hand."""
    return hashlib.sha256(
        json.dumps([content["digest"], content["sealed"], content["openings"]]).encode()
    ).hexdigest()


def _digest(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    newer = False
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if newer := type(content["format"]) is int and content["format"] > FORMAT:
            raise ValueError
        if content["format"] not in (FORMAT, WITHOUT_RECORD) or content["digest"] != _digest(
            content["files"]
        ):
            raise ValueError
        if content["format"] == FORMAT and content["record"] != _record(content):
            raise ValueError
        if not isinstance(content["openings"], list) or Path(content["folder"]).name != content["folder"]:
            raise ValueError
    except OSError as err:
        raise DataError(
            f"{path} cannot be read ({reason(err)})", remedy="Make it with gatera seal FOLDER."
        ) from err
    except (ValueError, KeyError, TypeError) as err:
        if newer:
            raise DataError(
                f"{path} was written by a newer Gatera", got=content["format"],
                expected=f"format 1 to {FORMAT}", remedy="Update with: pip install -U gatera",
            ) from err  # fmt: skip
        raise DataError(
            f"{path} is not a seal, or was changed", expected="a file that gatera seal wrote"
        ) from err
    return dict(content)


def _write(path: Path, content: dict[str, Any]) -> None:
    content |= {"format": FORMAT, "record": _record(content)}
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(content, indent=1), encoding="utf-8", newline="\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
