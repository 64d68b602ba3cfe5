"""A plain folder: its files, and labels.csv in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gatera.core.checks import counted
from gatera.core.errors import DataError, GateraError
from gatera.core.walk import files_below
from gatera.data.folders.class_folders import place_files
from gatera.labeling.labels.table import NAME, LabelRow, read_labels_file, write_labels_file
from gatera.store.datasets.labels.rows import COLUMNS
from gatera.store.datasets.work.lock import labels_alone
from gatera.studio.places.kinds import of_one_kind
from gatera.studio.places.place import Decide, Known, Place, Written

#: Files of a folder that are looked at to tell its label.
SOME = 50

#: What stands for the source of a label that is the name of the item's folder.
FOLDER = "folder"


class FolderPlace(Place):
    """A folder of files, whose labels are in its labels.csv; without one, in the names of its folders where these tell several classes.

    Args:
        root: the folder.
        kind: see `of_one_kind`.
        say: takes each line about what was decided.

    Raises:
        DataError: if there is nothing to label, or labels.csv cannot be read.
    """

    #: The file of labels.
    table = NAME

    def __init__(self, root: Path, kind: str | None, say: Callable[[str], None]) -> None:
        self.root, self._say = root, say
        start = len(root.as_posix()) + (0 if root.as_posix().endswith("/") else 1)
        found = files_below(root, on_left_out=lambda _, reason: say(reason))
        below = (
            name[start:] if root != Path() else name.removeprefix("./")
            for name in (found if os.sep == "/" else (name.replace(os.sep, "/") for name in found))
        )
        self.kind, self.names, line = of_one_kind(below, kind, root)
        if line:
            say(line)
        self._of_folders: dict[str, str] | None = None
        self.known = self.read_known()

    def read_known(self) -> dict[str, Known]:
        """Read the labels that are kept now, by name."""
        if (self.root / NAME).exists():
            rows = read_labels_file(self.root / NAME, self.names)
            # once there were points, new ones can be placed, even if all were taken away
            self.has_points |= any(
                name == "points" for row in list(rows.values())[:1] for name, _ in row.more
            )
            return {name: _known(row) for name, row in rows.items()}
        labels = self._folder_labels()
        each = {label: Known(label, FOLDER) for label in set(labels.values())}
        return {name: each[label] for name, label in labels.items()}

    def _folder_labels(self) -> dict[str, str]:
        if self._of_folders is None:
            of_folder = _labels_of(self._folders(), self.kind)
            several = len(set(of_folder.values())) > 1
            self._of_folders = {}
            if several:
                for name in self.names:
                    label = of_folder.get(name.rpartition("/")[0])
                    if label is not None:
                        self._of_folders[name] = label
            if several:
                self._say(
                    f"Labels are taken from the names of the folders ({counted(len(set(of_folder.values())), 'label')}), until labels.csv is written."
                )
        return self._of_folders

    def _folders(self) -> dict[str, list[Path]]:
        """Return some files of each folder: all of one have the same label, so that 100,000 need not be looked at."""
        found: dict[str, list[Path]] = {}
        for name in self.names:
            some = found.setdefault(name.rpartition("/")[0], [])
            if len(some) < SOME:
                some.append(Path(name))
        return found

    def write(self, names: Sequence[str], decide: Decide, message: str) -> Written:
        """Change the lines of items, all in one step; nobody else changes them meanwhile."""
        path = self.root / self.table
        try:
            with labels_alone(self.root, self._say):
                first = not path.exists()
                known = self.read_known()
                rows = self._rows(known)
                changed = 0
                for name in names:
                    if not (
                        self.root / name
                    ).exists():  # `gatera train` refuses a line of a file that is gone
                        continue
                    cells = decide(name, known.get(name, Known()))
                    row = rows.get(name, LabelRow(name))
                    if cells is not None and (new := _changed(row, cells)) != row:
                        rows[name] = new
                        changed += 1
                kept = [row for row in rows.values() if row.label or _says_more(row)]
                if changed:
                    write_labels_file(path, kept)
        except OSError as err:
            raise DataError(
                f"{path} cannot be written ({err.strerror})",
                remedy="It is unchanged. Free some disk space, or make it writable.",
            ) from err
        more = ""
        if first and changed and known and self.table == NAME:
            more = f" It also has the {counted(len(known), 'label')} that the folders gave: where there is a labels.csv, gatera train reads nothing else."
        self.known = self.read_known()
        return Written(changed, path, None, f"{path} has {counted(changed, 'changed line')}.{more}")

    def _rows(self, known: dict[str, Known]) -> dict[str, LabelRow]:
        """Return the lines that there are; without a file those of the labels that folders give."""
        if (self.root / NAME).exists():
            return read_labels_file(self.root / NAME, self.names)
        return {name: LabelRow(name, label=each.label) for name, each in known.items()}


def _labels_of(folders: dict[str, list[Path]], things: str) -> dict[str, str]:
    """Return the label of each folder, as `gatera train` reads it off their names; none where that refuses."""
    try:
        labels = place_files(Path(), [path for files in folders.values() for path in files], things).labels
    except GateraError:  # folders that training refuses say nothing certain of classes
        return {}
    return {folder: labels[files[0]] for folder, files in folders.items() if files[0] in labels}


def _known(row: LabelRow) -> Known:
    more = dict(row.more)
    return Known(
        row.label, row.source, row.by, row.at, row.note, more.get("spans", ""), more.get("points", "")
    )


def _changed(row: LabelRow, cells: object) -> LabelRow:
    given = dict(cells)  # type: ignore[call-overload]
    ours = {name: given.pop(name) for name in COLUMNS if name in given}
    old = dict(row.more)  # a column that is new for the line has something in it
    more = tuple({**old, **{name: cell for name, cell in given.items() if cell or name in old}}.items())
    return replace(row, **ours, more=more)


def _says_more(row: LabelRow) -> bool:
    """Whether a line without a label says something else; `gatera train` refuses labels.csv with empty labels otherwise."""
    return any((row.split, row.group, row.note)) or any(cell for name, cell in row.more if name != "seconds")
