"""Give, change and rename labels, and what else is known of items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from gatera.core.checks import check_choice, counted, did_you_mean, listed, missing_column
from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import shell_quote
from gatera.store.datasets.adding import name_of
from gatera.store.datasets.labels.alike import alike_in_case
from gatera.store.datasets.labels.rows import PERSON, Row, later_than, taken_over, unescape
from gatera.store.datasets.labels.script_arguments import check_text
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.work.given_tables import Meant, open_for
from gatera.store.datasets.work.renames import note_rename, renamed
from gatera.store.datasets.work.workspace import Version, Workspace
from gatera.store.who import now

#: What the split of an item can be.
SPLITS = ("train", "valid", "test", "")

#: Columns that can be given.
GIVEN = ("label", "split", "group", "note")

#: When a label was given, as labels.csv and logs write it.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z$")


class Given(NamedTuple):
    """What is said of items. None leaves it as it is; "" removes it.

    Attributes:
        label: the label.
        split: "train", "valid" or "test".
        group: items of one group stay on one side of a split.
        note: anything.
        source: who gives the label: "person", "function:NAME@HASH8", "program:NAME@HASH8".
        by: the name of the person; None for git's user.
        replace: whether a label of a function or program takes the place of another one that a person gave.
    """

    label: str | None = None
    split: str | None = None
    group: str | None = None
    note: str | None = None
    source: str | None = None
    by: str | None = None
    replace: bool = False

    def cells(self) -> dict[str, str]:
        """Return the cells to change, but for who gave the label.

        Raises:
            ArgumentError: if there are none, one is not text, or a side is unknown.
        """
        check_text(
            label=self.label,
            split=self.split,
            group=self.group,
            note=self.note,
            source=self.source,
            by=self.by,
        )
        found = {name: value for name in GIVEN if (value := getattr(self, name)) is not None}
        if not found:
            raise ArgumentError("nothing to change was given", expected="label=, split=, group= or note=")
        if self.split is not None:
            check_choice("split", self.split, SPLITS)
        return found


class _Edit:
    """Rows that change, collected part by part, and written together."""

    def __init__(self, work: Workspace, given: Given) -> None:
        self.work, self.version = work, work.now()
        self.stamp: dict[str, Any] = {
            "source": given.source or "",
            "by": given.by or work.git.user(),
            "at": now(),
        }
        self.replace, self.kept = given.replace, list[Row]()
        self.sheets: dict[str, Sheet] = {}
        self.count = 0

    def sheet(self, part: str) -> Sheet:
        """Return a part, with what has changed so far."""
        return self.sheets.get(part) or self.version.sheet(part)

    def set(self, part: str, sheet: Sheet, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Change cells of items; who gave a label and when is recorded with it."""
        rows = []
        for name, cells in changes.items():
            row = sheet.row(name)
            assert row is not None
            # giving the same label again says that somebody looked: recorded only where the source changes with it
            said = dict(cells)
            stamp = {**self.stamp, "source": said.pop("source", self.stamp["source"])}
            if not self.replace and _of_person(row) and _kind(stamp["source"]) and "label" in said:
                if said.pop("label") != row.label:
                    self.kept.append(row)
                said.pop("note", None)  # says how sure it was
            stamped = "label" in said and (
                said["label"] != row.label or _kind(stamp["source"]) != _kind(row.source)
            )
            new = taken_over(row, row._replace(**said, **(stamp if stamped else {})))
            if new != row:
                rows.append(new)
        if rows:
            sheet.put(rows)
            self.sheets[part] = sheet
            self.count += len(rows)

    def save(self) -> int:
        """Write what has changed; returns how many items did."""
        if self.kept:
            one = len(self.kept) == 1
            self.work.say(
                f"{counted(len(self.kept), 'label')} that people gave {'was' if one else 'were'} kept, e.g. {self.kept[0].file}: "
                f"{self.kept[0].label} (to replace {'it' if one else 'them'}: replace=True)."
            )
        self.work.write(self.sheets)
        return self.count


def _kind(source: str) -> str:
    return "" if source == PERSON else source


def _of_person(row: Row) -> bool:
    """Whether a person gave an item the label that it has."""
    return row.by_person and bool(row.label)


def label(work: Workspace, paths: Sequence[Path], given: Given) -> int:
    """Say something of items. Returns how many changed; the lock must be held.

    Args:
        work: the repository.
        paths: files, or folders for everything in them.
        given: what is said.

    Raises:
        ArgumentError: if a path is not an item and holds none, or nothing is said.
    """
    cells = given.cells()
    if given.label is not None and given.label != given.label.strip():
        work.say(f"The spaces around the label {given.label!r} were dropped.")
        given = given._replace(label=given.label.strip())
        cells = given.cells()
    names = [name_of(work, path) for path in paths]
    edit = _Edit(work, given)
    single, folders = _sorted_out(edit, names)
    for part in edit.version.names if folders else {edit.version.part_of(name) for name in single}:
        sheet = edit.sheet(part)
        chosen = [name for name in single if name in sheet]
        chosen += [
            name for name in sheet.lines if any(not each or name.startswith(f"{each}/") for each in folders)
        ]
        edit.set(part, sheet, dict.fromkeys(chosen, cells))
    if sentence := alike_in_case({given.label or ""}, edit.sheets.values()):
        work.say(sentence)
    return edit.save()


def _sorted_out(edit: _Edit, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which names are items, and which are folders of items.

    Raises:
        ArgumentError: if one is neither.
    """
    asked = list(dict.fromkeys(names))
    per_part: dict[str, list[str]] = {}
    for name in filter(None, asked):
        per_part.setdefault(edit.version.part_of(name), []).append(name)
    items: set[str] = set()
    for part, some in per_part.items():  # each part is read once: reading one takes longer than all else
        items |= edit.sheet(part).lines.keys() & some
    folders = [name for name in asked if name not in items]
    empty = _without_items(edit.version, folders) if folders else []
    if empty:
        raise unknown_item(edit.work, edit.version, empty[0])
    return [name for name in asked if name in items], folders


def _without_items(version: Version, folders: Sequence[str]) -> list[str]:
    """Return which folders hold no items."""
    left = list(folders)
    for sheet in version.sheets():
        left = [
            folder
            for folder in left
            if not any(not folder or name.startswith(f"{folder}/") for name in sheet.lines)
        ]
        if not left:
            break
    return left


def unknown_item(work: Workspace, version: Version, name: str) -> ArgumentError:
    """Return the error for a name that is not an item: the file may be there and not added."""
    if not name or (work.root / name).is_dir():
        return ArgumentError(
            f"{name or work.root} is a folder, not an item",
            remedy='Name a file in it; "gatera data status" counts the items.',
        )
    if (work.root / name).exists():
        return ArgumentError(
            f"{name} is not in the repository yet",
            remedy=f"Add it first: gatera data add {shell_quote(str(name))}",
        )
    folder = name.rpartition("/")[0]
    near = [each for sheet in version.sheets() for each in sheet.lines if each.rpartition("/")[0] == folder][
        :2000
    ]
    return ArgumentError(
        f"there is no item {name!r}",
        remedy=did_you_mean(name, near, '"gatera data status" counts the items.'),
    )


def rename_label(work: Workspace, old: str, new: str, by: str | None = None) -> int:
    """Give every item of one label another, everywhere. Who gave the labels stays. Returns how many there were; the lock must be held.

    Raises:
        ArgumentError: if no item has the label, or the new one is empty or not text.
    """
    check_text(old=old, new=new)
    if not new.strip():
        raise ArgumentError(
            f"the label {old!r} cannot be renamed to nothing",
            remedy='To remove labels of items: gatera data label "" PATH.',
        )
    edit = _Edit(work, Given(by=by))
    labels: set[str] = set()
    for part in edit.version.names:
        sheet = edit.version.sheet(part)
        rows = []
        for row in sheet.rows():
            several = row.label.split(";")
            labels.update(several)
            if old in several:
                rows.append(row._replace(label=renamed(row.label, [(old, new)])))
        if rows:
            sheet.put(rows)
            edit.sheets[part] = sheet
            edit.count += len(rows)
    if not edit.count:
        known = sorted(labels - {""})
        raise ArgumentError(
            f"no item has the label {old!r}", available=listed(known) or None, remedy=did_you_mean(old, known)
        )
    if new in labels:
        work.say(
            f"There already were items with the label {new!r}; only git can still tell them from the renamed ones."
        )
    note_rename(work, old, new, labels)
    return edit.save()


def label_from_table(
    work: Workspace, table: Path, given: Given, reading: Mapping[str, Any] = MappingProxyType({})
) -> int:
    """Take labels (and split, group, note) from a table with a column `file`. Returns how many items changed; the lock must be held.

    A column `source` says of each label what gave it, unless one is given for all: a label that a program suggested stays one. With a
    column `sha256`, as logs of servers have it, a label is for that content: phones call every photo "image.jpg". With a column `at`, a
    label that is older than one that a person gave is not taken, and that is said: a log is read again and again.

    Args:
        work: the repository.
        table: a CSV file or workbook. Its empty cells leave things as they are.
        given: `source` and `by` of what is taken, and whether it replaces labels of people.
        reading: how the table is written, as `open_table` takes it; what is not in it is found.

    Raises:
        DataError: if it has no such columns, names items that are not there or have other contents, or says two things of one.
    """
    opened = open_for(work, table, reading)
    columns = {name.strip().lower(): name for name in opened.names}
    if "file" not in columns:
        raise missing_column("file", opened.names, str(table))
    wanted = [name for name in GIVEN if name in columns]
    if not wanted:
        raise DataError(
            f"{table} has no column of labels",
            available=listed(opened.names),
            expected=f"one of {listed(GIVEN)}",
        )
    if given.source is None and "source" in columns:
        wanted.append("source")
    edit = _Edit(work, given)
    found: dict[str, dict[str, dict[str, str]]] = {}
    items, lines, times = Meant(edit.version, table), dict[str, int](), dict[str, str]()
    for line, cells in opened.numbered_rows():
        name = unescape(cells[columns["file"]]).removeprefix("./")
        name = items.name(name, cells[columns["sha256"]] if "sha256" in columns else "", line)
        said = {each: cells[columns[each]] for each in wanted if cells[columns[each]]}
        if said.get("split", "") not in SPLITS:
            raise DataError(
                f"{table} has an unknown split in line {line}",
                got=said["split"],
                expected=f"one of {listed(SPLITS[:3])}",
            )
        before = found.setdefault(edit.version.part_of(name), {}).setdefault(name, said)
        if before != said:
            raise DataError(
                f"lines {lines[name]} and {line} of {table} contradict each other about {name!r}", got=f"{_short(before)} and {_short(said)}",
                remedy="Keep one of them. If they are two people's answers, put each on a branch and merge these: gatera data merge BRANCH",
            )  # fmt: skip
        lines.setdefault(name, line)
        times[name] = cells[columns["at"]] if "at" in columns else ""
    older: list[str] = []
    for part, changes in found.items():
        sheet = edit.version.sheet(part)
        unknown = [name for name in changes if name not in sheet]
        if unknown:
            raise DataError(
                f"{table} names {unknown[0]!r}, which is not in the repository" + (f", and {len(unknown) - 1} more like it" if unknown[1:] else ""),
                remedy="Add the files first, or write their names as labels.csv has them.",
            )  # fmt: skip
        older += _leave_newer(sheet, changes, times)
        edit.set(part, sheet, changes)
    if older:
        work.say(
            f"Labels of {table} that are older than what people gave since were not taken: {len(older)}, "
            f"e.g. of {older[0]} (to take it: gatera data label LABEL {shell_quote(older[0])})."
        )
    named = {said.get("label", "") for changes in found.values() for said in changes.values()}
    if sentence := alike_in_case(named, edit.sheets.values()):
        work.say(sentence)
    return edit.save()


def _leave_newer(sheet: Sheet, changes: Mapping[str, dict[str, str]], times: Mapping[str, str]) -> list[str]:
    """Take labels out that are older than those that people gave; returns the items. Times that a spreadsheet rewrote are of no age."""
    older = []
    for name, said in changes.items():
        row = sheet.row(name)
        if row is None or not row.by_person or not said.get("label"):
            continue
        if all(_TIME.match(each) for each in (times[name], row.at)) and times[name][:19] < row.at[:19]:
            if (row.label, _kind(row.source)) != (said["label"], _kind(said.get("source", ""))):
                older.append(name)
            for cell in ("label", "source", "note"):
                said.pop(cell, None)
    return older


def _short(said: Mapping[str, str]) -> str:
    return " ".join(repr(each) for each in said.values()) or "nothing"


def put_rows(work: Workspace, rows: Iterable[Row]) -> int:
    """Write rows as they are, new ones too: for code that labels. Returns how many changed; the lock must be held."""
    sheet = work.now().whole()
    changed = []
    for row in rows:
        old = sheet.row(row.file)
        if old != row:
            changed.append(row if old is None else later_than(old, row))
    if changed:
        sheet.put(changed)
        work.write_whole(sheet)
    return len(changed)


def unstamped(rows: Iterator[tuple[Row | None, Row]], by: str, at: str) -> dict[str, Row]:
    """Return rows whose label was edited by hand, with the name and time of who commits them: an editor of tables writes neither.

    Args:
        rows: before and after.
        by: who commits.
        at: when.
    """
    found = {}
    for before, after in rows:
        old = ("", "", "", "") if before is None else (before.label, before.source, before.by, before.at)
        new = (after.label, after.source, after.by, after.at)
        if old[0] != new[0] and old[1:] == new[1:] and after.label:
            changed = after._replace(source="", by=by, at=at)
            found[after.file] = changed if before is None else taken_over(before, changed)
    return found
