"""The parts of a data repository: its folder, git, objects, cache and lock, and its labels at any version."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gatera.core.errors import DataError, GateraError
from gatera.core.files import atomic_write
from gatera.core.lazy import later
from gatera.store.datasets.labels.changes import Change, changes_between
from gatera.store.datasets.labels.sheets import (
    FOLDER,
    MOST_IN_ONE,
    TABLE,
    Sheet,
    part_of,
    restoring,
    split_up,
)
from gatera.store.datasets.work.cache import Cache
from gatera.store.datasets.work.git import Git
from gatera.store.datasets.work.lock import one_at_a_time
from gatera.store.objects import ObjectStore

#: The folder of a repository that git does not look into.
HIDDEN = ".gatera"

#: Where it is noted which commit the files are as.
_FILES_AT = "files-at"

#: Where a move is noted until it is done.
JOURNAL = "moving.json"

#: What reads tables of others. It loads numpy, which takes longer than most commands, so it is imported where such a table is read.
OPEN_TABLE = ("gatera.program.tables.reader", "open_table")
_PART = re.compile(rf"{FOLDER}/([0-9a-f]{{2}})\.csv")
_READ_COMMITTED = ("gatera.store.datasets.labels.edited_file", "read_committed")
_READ_ANY = ("gatera.store.datasets.labels.edited_file", "read_any")


class Version:
    """The labels at a version: of a commit, or as they lie in the folder.

    Args:
        names: the name of the content of each part, by part; the only part of labels in one file is "".
        load: reads a part. It is given another version of the part too, or None: see `Sheet.read`.
    """

    def __init__(self, names: dict[str, str], load: Callable[[str, Sheet | None], Sheet]) -> None:
        self.names, self._load = names, load
        #: Parts that were read and are exactly as `Sheet.to_bytes` writes them.
        self.as_written: set[str] = set()

    @property
    def in_parts(self) -> bool:
        """Whether the labels are in several files."""
        return bool(self.names) and "" not in self.names

    def part_of(self, name: str) -> str:
        """Return which part an item is in."""
        return part_of(name) if self.in_parts else ""

    def sheet(self, part: str, like: Sheet | None = None) -> Sheet:
        """Return one part; an empty one if it is not there. With another version of it, `like`, that is faster."""
        return self._load(part, like) if part in self.names else Sheet()

    def sheets(self) -> Iterator[Sheet]:
        """Yield every part."""
        for part in sorted(self.names):
            yield self._load(part, None)

    def whole(self) -> Sheet:
        """Return all parts together, sorted by item."""
        if not self.in_parts:
            return self.sheet("")
        parts = list(self.sheets())
        extra = tuple(dict.fromkeys(name for part in parts for name in part.extra))
        lines: dict[str, str] = {}
        for part in parts:
            if part.extra != extra:
                part.widen(extra)
            lines |= part.lines
        return Sheet(dict(sorted(lines.items())), extra)


def changes(before: Version, after: Version) -> Iterator[Change]:
    """Yield what differs between two versions, part by part; parts with the same content are not read."""
    if before.in_parts != after.in_parts and before.names and after.names:
        one, other = split_up(before.whole()), split_up(after.whole())
        for part in sorted(one):
            yield from changes_between(one[part], other[part])
        return
    for part in sorted(before.names.keys() | after.names.keys()):
        if before.names.get(part) != after.names.get(part):
            old = before.sheet(part)
            yield from changes_between(old, after.sheet(part, like=old))


class Workspace:
    """A data repository on the disk.

    Args:
        root: its folder, which holds the labels.
        say: is told what was decided, in sentences.
    """

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self.root, self.say = root, say
        self.hidden = root / HIDDEN
        self.git = Git(root)
        self.objects = ObjectStore(_hidden_of_main(root) / "objects")
        self.cache = Cache(self.hidden / "cache.sqlite")
        #: Files that a remote was just found to lack, by their hashes: said already.
        self.lacking: set[str] = set()
        self._said: set[str] = set()

    def say_once(self, text: str) -> None:
        """Say something that several steps may notice."""
        if text not in self._said:
            self._said.add(text)
            self.say(text)

    @property
    def files_at(self) -> str | None:
        """The commit whose files lie in the folder; None where that was not noted yet."""
        return self._noted()[0]

    def _noted(self) -> tuple[str | None, int | None]:
        """Return the commit whose files lie in the folder, and how long git's own log of HEAD was when that was noted."""
        try:
            words = (self.hidden / _FILES_AT).read_text(encoding="ascii", errors="replace").split()
        except FileNotFoundError:
            return None, None
        commit = words[0] if words else ""
        return commit, int(words[1]) if len(words) > 1 and words[1].isdecimal() else None

    def note_files_at(self, commit: str | None) -> None:
        """Note which commit's files lie in the folder: git itself may move the labels, and leaves the files."""
        noted = commit, _length(self._log_of_head())
        if commit is not None and self._noted() != noted:
            with atomic_write(self.hidden / _FILES_AT) as partial:
                partial.write_text(f"{commit} {noted[1]}\n", encoding="ascii", newline="\n")

    def is_as_noted(self) -> bool:
        """Whether git went nowhere since it was noted which commit's files lie in the folder: not even away and back."""
        commit, length = self._noted()
        return commit == self.git.head() and length in (None, _length(self._log_of_head()))

    def steps_since_noted(self) -> list[tuple[str, str]] | None:
        """Return where git went since then, oldest first: the commit, and what was done; None where its log does not say."""
        (noted, length), path = self._noted(), self._log_of_head()
        if length is None or path is None or length > _length(path):
            return None
        with path.open("rb") as file:
            file.seek(length)
            lines = file.read().decode("utf-8", "replace").splitlines()
        if lines and lines[0].split(" ")[0] != noted:  # git forgets old entries in the end, so its log moves
            return None
        found = []
        for line in lines:
            facts, tab, what = line.partition("\t")
            if not tab or len(facts.split(" ")) < 3:
                return None
            found.append((facts.split(" ")[1], what))
        return found

    def _log_of_head(self) -> Path | None:
        own = self.git.own_folder()
        path = None if own is None else own / "logs" / "HEAD"
        return path if path is not None and path.is_file() else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the repository: nobody else changes it during the block."""
        with one_at_a_time(self.hidden / "lock", self.say, self.git.own_folder()) as handle:
            self.git.lock = handle
            try:
                yield
            except GateraError:
                raise
            except (
                OSError
            ) as err:  # what is written is written beside and then renamed, so that the labels are whole
                raise DataError(
                    f"{err.filename or self.root} cannot be read or written ({err.strerror})",
                    remedy="The labels are intact: either as before or as after the change. Run the same command again once that is fixed.",
                ) from err
            finally:
                self.git.lock = None

    def path_of(self, part: str) -> Path:
        """Return the file of a part of the labels."""
        return self.root / FOLDER / f"{part}.csv" if part else self.root / TABLE

    def at(self, commit: str | None) -> Version:
        """Return the labels of a commit; none at all before the first one."""
        if commit is None:
            return Version({}, lambda part, like: Sheet())
        blobs = {
            part: name
            for path, name in self.git.blobs(commit, TABLE, f"{FOLDER}/").items()
            if (part := part_at(path)) is not None
        }
        if "" in blobs:
            blobs = {"": blobs[""]}

        def load(part: str, like: Sheet | None) -> Sheet:
            return self.as_committed(next(self.git.read([blobs[part]])), part, commit, like)

        return Version(blobs, load)

    def as_committed(self, data: bytes, part: str, commit: str | None, like: Sheet | None = None) -> Sheet:
        """Read a part of the labels that git keeps. Git itself may have committed what another program wrote, and unfinished merges.

        Args:
            data: the part.
            part: its name.
            commit: the commit, in whose parent is looked up what another program lost; None where there is none.
            like: another version of the part; see `Sheet.read`.
        """
        found = Sheet.read(data, like)
        if isinstance(found, Sheet):
            return found
        parent = None if commit is None else self.git.ask("rev-parse", "--verify", "--quiet", f"{commit}^")
        base = Sheet() if parent is None else self.at(parent).sheet(part)
        where = f"{FOLDER}/{part}.csv" if part else TABLE
        where = f"{where} at {commit[:8]}" if commit else f"{where} in the conflict"
        sheet, note = later(*_READ_COMMITTED)(data, base, where, self.hidden)
        self.say_once(note)
        return sheet

    def head(self) -> Version:
        """Return the labels as committed last."""
        return self.at(self.git.head())

    def now(self, base: Version | None = None, half: bool = False) -> Version:
        """Return the labels as they lie in the folder.

        Args:
            base: the labels as committed, if they were read already.
            half: whether git may have been stopped while it wrote them, so that some may be gone.

        Raises:
            DataError: if a file of labels is gone: that is not to say that its items are.
        """
        base = self.head() if base is None else base
        paths = self._parts_here()
        there = half or "" in paths or (paths and not base.in_parts)
        for part in () if there else sorted(base.names.keys() - paths.keys()):
            if count := len(base.sheet(part)):
                raise self._gone(self.path_of(part), count)
        texts = {part: self._bytes(path) for part, path in paths.items()}
        length = max((len(name) for name in base.names.values()), default=40)
        names = {part: _blob(text, length) for part, text in texts.items()}

        def load(part: str, like: Sheet | None) -> Sheet:
            found = Sheet.read(texts[part], like)
            if isinstance(found, Sheet):
                if texts[part]:
                    version.as_written.add(part)
                elif len(base.sheet(part)):  # what was written by any program has a header
                    raise _emptied(paths[part])
                return found
            sheet, notes = later(*_READ_ANY)(paths[part], texts[part], base.sheet(part))
            for note in notes:
                self.say_once(f"{note}.")
            return sheet

        version = Version(names, load)
        return version

    @property
    def in_parts(self) -> bool:
        """Whether the labels in the folder are in several files."""
        return bool(self._parts_here().keys() - {""})

    @property
    def table(self) -> str:
        """What git is told to find the labels in the folder: their file, or the folder of their parts."""
        return FOLDER if self.in_parts else TABLE

    def _parts_here(self) -> dict[str, Path]:
        table, folder = self.root / TABLE, self.root / FOLDER
        parts = (
            {path.stem: path for path in folder.glob("*.csv") if part_at(f"{FOLDER}/{path.name}")}
            if folder.is_dir()
            else {}
        )
        if not table.is_file():
            return parts
        # fewer are files of the data set, or of somebody who was stopped while splitting the table up
        if len(parts) == 256 and self._is_leftover(table, parts):
            table.unlink()
            return parts
        return {"": table}

    def _is_leftover(self, table: Path, parts: dict[str, Path]) -> bool:
        """Whether a table in one file is what was split up, by somebody who was stopped before removing it."""
        here = Sheet.read(table.read_bytes())
        split = sum((len(path.read_bytes().splitlines()) - 1 for path in parts.values()), 0)
        if isinstance(here, Sheet) and len(here) == split:
            return True
        raise DataError(
            f"{self.root} has its labels both in {TABLE} and in {FOLDER}/, and they differ",
            remedy=f"Move {TABLE} away: the labels are in {FOLDER}/ since there are many. "
            "Labels from another table are taken with: gatera data label --from TABLE",
        )

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as err:
            raise DataError(f"{path} cannot be read ({err.strerror})") from err

    def _gone(self, path: Path, count: int) -> DataError:
        remedy = f"Restore it as committed: {restoring(path)}"
        if self.git.ask("config", "core.sparseCheckout") == "true":
            remedy = "git leaves it out here (sparse checkout). Bring it: git sparse-checkout disable"
        many = "1 item" if count == 1 else f"{count:,} items"
        return DataError(f"{path} is not there, and has {many} in the last commit", remedy=f"{remedy}.")

    def write(self, sheets: dict[str, Sheet]) -> None:
        """Write parts of the labels; every file is replaced whole.

        Raises:
            DataError: if they cannot be written; the files are as they were.
        """
        for part, sheet in sheets.items():
            path, data = self.path_of(part), sheet.to_bytes()
            try:
                if not path.is_file() or path.read_bytes() != data:
                    with atomic_write(path) as partial:
                        _write_synced(partial, data)
            except OSError as err:
                raise DataError(
                    f"{path} cannot be written ({err.strerror})",
                    remedy="It is unchanged. Free some disk space, or make it writable.",
                ) from err

    def write_whole(self, sheet: Sheet) -> None:
        """Write all labels: in one file, or in parts where there are many, which is said when it begins."""
        in_parts = (self.root / FOLDER / "00.csv").is_file() and not (self.root / TABLE).is_file()
        if not in_parts and len(sheet) <= MOST_IN_ONE:
            self.write({"": sheet})
            return
        self.write(split_up(sheet))
        if not in_parts:
            (self.root / TABLE).unlink(missing_ok=True)
            self.say(
                f"{len(sheet):,} items are more than {MOST_IN_ONE:,}, so the labels are in {FOLDER}/00.csv to ff.csv from now on, by the hash "
                "of the item's name: a commit then writes only the parts that changed."
            )


def _length(path: Path | None) -> int:
    return 0 if path is None else path.stat().st_size


def _hidden_of_main(root: Path) -> Path:
    """Return the folder with the objects: of the main working folder, where `git worktree add` made this one and it was not begun here."""
    top = next((each for each in (root, *root.parents) if (each / ".git").exists()), None)
    if top is not None and (top / ".git").is_file() and not (root / HIDDEN / "objects").is_dir():
        common = Git(root).ask("rev-parse", "--path-format=absolute", "--git-common-dir")
        main = None if common is None or Path(common).name != ".git" else Path(common).parent
        if main is not None and (found := main / root.relative_to(top) / HIDDEN).is_dir():
            return found
    return root / HIDDEN


def _emptied(path: Path) -> DataError:
    said = f"{path} is empty, without even a header: the process that wrote it was cut off"
    return DataError(said, remedy=f"Restore it as committed: {restoring(path)}")


def part_at(path: str) -> str | None:
    """Return which part of the labels a path is, "" for the only one; None for another file."""
    if path == TABLE:
        return ""
    found = _PART.fullmatch(path)
    return None if found is None else found[1]


def _blob(data: bytes, length: int) -> str:
    """Return the name that git gives a file, whose hexadecimal digits are `length` many."""
    make = hashlib.sha1 if length == 40 else hashlib.sha256
    digest = make(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
