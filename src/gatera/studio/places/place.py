"""What a place of items gives the studio, whatever it is."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.errors import DataError
from gatera.core.files import check_regular
from gatera.core.walk import natural_key
from gatera.labeling.labels.table import NAME
from gatera.store.datasets.labels.rows import PERSON
from gatera.studio.masks.found import MaskFiles

#: The folder beside the items that holds journals, kept features and small pictures.
HIDDEN = Path(".gatera", "studio")

#: So many bytes at the beginning and at the end of a file tell it from another of its size.
END_BYTES = 65_536

#: What a text longer than this is cut to on a page (characters).
LONGEST_TEXT = 20_000


class Known(NamedTuple):
    """The label that an item has where labels are kept.

    Attributes:
        label: the label; "" without one.
        source: who gave it: "" or "person", "function:NAME@HASH8", "program:NAME@HASH8", "folder" for the name of its folder.
        by: the person.
        at: when, UTC, ISO 8601; "" where not known.
        note: anything.
        spans: parts of a text, JSON; "" without.
        points: points on a photo, JSON; "" without.
    """

    label: str = ""
    source: str = ""
    by: str = ""
    at: str = ""
    note: str = ""
    spans: str = ""
    points: str = ""

    @property
    def by_person(self) -> bool:
        """Whether a person gave it."""
        return bool(self.label) and self.source in ("", PERSON)


#: Says what to change in an item's line, given what is known of it now; None to leave it.
Decide = Callable[[str, Known], Mapping[str, str] | None]


class Written(NamedTuple):
    """What writing labels did.

    Attributes:
        changed: how many items.
        where: the file or repository.
        commit: the commit; None where there is none.
        sentence: what happened, for people.
    """

    changed: int
    where: Path
    commit: str | None
    sentence: str


class Place(ABC):
    """Items, and where their labels are kept.

    Attributes:
        root: the folder, or the file of a table.
        kind: "photos", "texts", "recordings" or "rows".
        names: what the items are called [n].
        known: the labels that are kept, by name.
        has_points: whether photos have points.
        masks: the masks of photos; None where they have none.
    """

    root: Path
    kind: str
    names: Sequence[str]
    known: dict[str, Known]
    has_points: bool = False
    masks: MaskFiles | None = None

    @property
    def title(self) -> str:
        """What the page calls it."""
        return self.root.resolve().name or str(self.root)

    @property
    def home(self) -> Path:
        """The folder that holds `HIDDEN`."""
        return self.root

    @property
    def key(self) -> str:
        """What tells it from other places in the same folder; "" for the folder."""
        return ""

    @cached_property
    def as_shown(self) -> Sequence[int]:
        """The positions in the order in which people go through the items: 2.jpg before 10.jpg."""
        keys = [natural_key(name) for name in self.names]
        return sorted(range(len(keys)), key=keys.__getitem__)

    @cached_property
    def places(self) -> dict[str, int]:
        """The position of each item, by its name."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def listing(self) -> str:
        """What tells these items in this order from others. A page knows items by their positions: one that is open since the studio
        was started on others must not decide about these.
        """
        parts = [str(self.home.resolve()), self.key, *self.told_by()]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]

    def __len__(self) -> int:
        return len(self.names)

    def check_there(self) -> None:
        """Raise DataError where the folder was removed or moved: written to now, it would come back with nothing else in it."""
        if not self.home.is_dir():
            raise DataError(
                f"the folder {self.home} no longer exists",
                remedy="Put it back, then press the key again.",
            )

    def path(self, position: int) -> Path:
        """Return the file of an item.

        Raises:
            DataError: if its name leads out of the folder, or it is not a file.
        """
        name = self.names[position]
        path = self.home / name  # which has backslashes and drives on Windows
        if not path.is_relative_to(self.home) or ".." in Path(name).parts or "\0" in name:
            raise DataError(f"{name} leads out of {self.home}", remedy="Correct its line in labels.csv.")
        try:
            check_regular(path)
        except OSError as err:
            raise DataError(f"{name} cannot be read ({err.strerror})") from err
        return path

    def raw(self, position: int) -> Any:
        """Return an item as a program takes it: a path, or a row."""
        return self.path(position)

    def told_by(self) -> Sequence[str]:
        """Return what tells the items in their order from others, without reading files: 100,000 must open quickly."""
        return self.names

    def mark(self, name: str) -> str:
        """Return what tells an item from another that gets its name: of a file its size and a hash of its two ends; "" where it is gone."""
        try:
            with self.path(self.places[name]).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                begin = file.read(END_BYTES)
                file.seek(max(len(begin), size - END_BYTES))
                ends = hashlib.sha256(begin + file.read(END_BYTES))
        except (OSError, DataError):
            return ""
        return f"{size}-{ends.hexdigest()[:12]}"

    def hashes(self) -> dict[str, str]:
        """Return names by the SHA-256 of the files, where that is known."""
        return {}

    def row(self, position: int) -> Mapping[str, str]:
        """Return the cells of a row; none where items are files."""
        return {}

    def tables(self) -> Sequence[Path]:
        """Return the files that labels are kept in."""
        return [self.root / NAME]

    def stamp(self) -> list[tuple[int, int, int] | None]:
        """Return what changes when somebody writes the labels: an editor, another command, git that goes to another branch."""
        found: list[tuple[int, int, int] | None] = []
        for path in self.tables():
            try:
                facts = path.stat()
                found.append((facts.st_ino, facts.st_size, facts.st_mtime_ns))
            except OSError:
                found.append(None)
        return found

    @abstractmethod
    def read_known(self) -> dict[str, Known]:
        """Read the labels that are kept now, by name."""

    @abstractmethod
    def write(self, names: Sequence[str], decide: Decide, message: str) -> Written:
        """Change the lines of items, all in one step; nobody else changes them meanwhile.

        Args:
            names: the items.
            decide: see `Decide`.
            message: of the commit, where there is one.

        Raises:
            DataError: if the labels cannot be read or written. They are as they were.
        """
