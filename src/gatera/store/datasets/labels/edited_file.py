"""Labels that went through a spreadsheet or another program: read rightly, or a clear message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.core.escape import composed
from gatera.program.tables.reader import open_table
from gatera.store.datasets.labels.conflict_sides import holds_marks, sides_of
from gatera.store.datasets.labels.rows import COLUMNS, Row, line_of, unescape
from gatera.store.datasets.labels.sheets import TABLE, Problem, Sheet, restoring

_HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?", re.ASCII)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"

#: What spreadsheets show of dates that they made up, and what they take for one: "1-2" and "3/4", "MARCH1" and "sept-2".
_DATE = re.compile(rf"(?i)\d{{1,2}}-({_MONTHS})|({_MONTHS})-\d\d")
_LIKE_A_DATE = re.compile(rf"(?i)\d{{1,2}}[-/.]\d{{1,2}}|({_MONTHS})[a-z]{{0,6}}[- .]?\d{{1,2}}", re.ASCII)

#: Blanks that stand around a cell, which a table is read without.
_BLANKS = " \t"
_AT_AN_END = re.compile(r'(?:^|,)"?[ \t]|[ \t]"?(?:,|$)')
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read_edited(path: Path, base: Sheet) -> tuple[Sheet, list[str]]:
    """Read a file of labels that is not as we write it: reordered, quoted, with semicolons, a BOM, CRLF, or columns missing.

    Args:
        path: the file.
        base: the labels as they were committed last; what a spreadsheet lost is taken from there.

    Returns:
        The labels, and what was decided, in sentences.

    Raises:
        DataError: if it cannot be read as a table, lacks names or labels, or gives an item two different rows.
    """
    strip = not _has_blanks(base)
    table = open_table(path, header=0, strip=strip)  # no row below it is one of units
    if "file" not in _columns(path, table.names):  # but rows may be above it
        table = open_table(path, strip=strip)
    columns = _columns(path, table.names)
    _check_columns(path, columns, base)
    in_base = {_plain(name): name for name in base.extra}
    others = {unescape(name): name for name in table.names if name not in columns.values()}
    called = {in_base.get(_plain(name), name): read for name, read in others.items()}
    extra = list(called)
    kept = [name for name in base.extra if name not in extra]
    repairs: Counter[str] = Counter()
    found: dict[str, tuple[int, Row]] = {}
    names = _Names(base)
    for line, cells in table.numbered_rows():
        row = _row(cells, columns, called, names)
        if not row.file:
            if any(cells.values()):
                raise DataError(f"{path} has a row without a file in line {line}", got=list(cells.values()))
            continue
        row = _repaired(row, base.row(row.file), columns, repairs)
        earlier, _ = found.setdefault(row.file, (line, row))
        if found[row.file][1] != row:
            raise DataError(
                f"{path} has two different rows for {row.file}, in lines {earlier} and {line}",
                remedy="Delete one of them.",
            )
    if names.without_zeros:
        old, new = names.without_zeros[0]
        repairs[f"the name of the item lost zeros ({old} became {new}); it is as committed"] += len(
            names.without_zeros
        )
    sheet = _sheet(found, extra, kept, base)
    return sheet, [
        *(note.text for note in table.notes if note.option in ("encoding", "sheet")),
        *_notes(path, table.names, columns, kept),
        *(
            f"{path.name}, {count:,} {'row' if count == 1 else 'rows'}: {what}"
            for what, count in repairs.items()
        ),
    ]


def _plain(name: str) -> str:
    """Return the name of a column as it is read from a table: without blanks around it, its accents composed."""
    return composed(name).strip()


class _Names:
    """Finds the name that an item has in the repository by one that another system wrote."""

    def __init__(self, base: Sheet) -> None:
        self.base, self._composed = base, dict[str, str]()
        self._numbers: dict[str, str] | None = None
        #: Names as committed and as they stand in the file, of items whose names are numbers that lost zeros.
        self.without_zeros: list[tuple[str, str]] = []

    def find(self, cell: str) -> str:
        if (name := unescape(cell)) in self.base:
            return name
        cell = cell.strip(_BLANKS)
        if (name := unescape(cell)) in self.base:
            return name
        if not name.isascii():  # macOS writes accents as characters of their own
            if not self._composed:
                self._composed = {composed(each): each for each in self.base.lines}
            return self._composed.get(composed(name), name)
        if name.isdigit():
            if self._numbers is None:
                self._numbers = _told_by_number(self.base)
            if (old := self._numbers.get(name)) is not None:
                self.without_zeros.append((old, name))
                return old
        slashes = cell.replace("\\", "/")
        return slashes if slashes in self.base else name


def _told_by_number(base: Sheet) -> dict[str, str]:
    """Return number without zeros -> item, of items whose names are numbers with zeros before them; without those that are alike."""
    found: dict[str, list[str]] = {}
    for name in base.lines:
        if name.startswith("0") and name.isascii() and name.isdigit():
            found.setdefault(str(int(name)), []).append(name)
    return {number: names[0] for number, names in found.items() if len(names) == 1}


def _columns(path: Path, names: list[str]) -> dict[str, str]:
    """Return our columns that the file has -> what it calls them."""
    by_lower: dict[str, str] = {}
    for name in names:
        plain = name.strip().lower()
        if plain in COLUMNS and plain in by_lower:
            raise DataError(f"{path} has two columns {plain!r}", got=names, remedy="Delete one of them.")
        by_lower.setdefault(plain, name)
    return {name: by_lower[name] for name in COLUMNS if name in by_lower}


def _check_columns(path: Path, columns: Mapping[str, str], base: Sheet) -> None:
    if "file" not in columns:
        raise DataError(
            f"{path} has no column 'file'", expected=listed(COLUMNS),
            remedy=f"Put it back, or restore the file as committed: {restoring(path)}",
        )  # fmt: skip
    if "label" not in columns and any(row.label for row in base.rows()):
        raise DataError(
            f"{path} has no column 'label', and to take it for deleted would remove every label",
            remedy=f"Put it back, or restore the file as committed: {restoring(path)}",
        )


def _row(
    cells: Mapping[str, str], columns: Mapping[str, str], called: Mapping[str, str], names: _Names
) -> Row:
    name = names.find(cells[columns["file"]])
    before = names.base.row(name)
    had = {} if before is None else {**before._asdict(), **dict(zip(names.base.extra, before.more))}

    def meant(column: str, cell: str) -> str:
        read = unescape(cell)
        return read if read == had.get(column) else unescape(cell.strip(_BLANKS))

    ours: dict[str, Any] = {
        column: meant(column, cells[name]) for column, name in columns.items() if column != "file"
    }
    return Row(name, more=tuple(meant(column, cells[name]) for column, name in called.items()))._replace(
        **ours
    )


def _has_blanks(base: Sheet) -> bool:
    """Whether cells have blanks around them, which belong to their texts."""
    rows = (row for line, row in zip(base.lines.values(), base.rows()) if _AT_AN_END.search(line))
    return any(cell != cell.strip(_BLANKS) for row in rows for cell in (*row[:9], *row.more))


def _repaired(row: Row, before: Row | None, columns: Mapping[str, str], repairs: Counter[str]) -> Row:
    """Return a row with what a spreadsheet lost or changed by itself taken from before."""
    if before is None:
        return row
    lost = {column: getattr(before, column) for column in COLUMNS[1:] if column not in columns}
    if "sha256" in columns and row.sha256 != before.sha256 and not _HASH.fullmatch(row.sha256):
        lost["sha256"] = before.sha256
        repairs["what stands there is not a hash any more; it is as committed"] += 1
    if row.at != before.at and before.at and not _TIME.fullmatch(row.at) and "at" in columns:
        lost["at"] = before.at
        repairs["the time was written another way; it is as committed"] += 1
    if row.label != before.label and before.label and (how := _rewritten(before.label, row.label)):
        lost["label"] = before.label
        repairs[f"{how} ({before.label} became {row.label}); it is as committed"] += 1
    return row._replace(**lost)


def _rewritten(before: str, after: str) -> str:
    """Return what a spreadsheet did to a label by itself, in words; "" where somebody gave another."""
    if before.isascii() and before.isdigit() and after.isascii() and after.isdigit():
        lost = len(after) < len(before)  # no spreadsheet writes zeros before a number
        return "the label lost zeros" if lost and int(before) == int(after) else ""
    if _NUMBER.fullmatch(before) and _NUMBER.fullmatch(after) and float(before) == float(after):
        return "the label is written as another number of the same value"
    told = _DATE.fullmatch(after) and _LIKE_A_DATE.fullmatch(before)
    return "the label was turned into a date" if told and _same_date(before, after) else ""


def _same_date(before: str, after: str) -> bool:
    """Whether a date can be what a spreadsheet made of a text: "1-2" is Jan-02 or 2-Jan or 1-Feb, and "MARCH1" no May."""
    made = re.search(rf"(?i){_MONTHS}", after)
    number = re.search(r"\d+", after)
    if made is None or number is None:
        return False
    month, rest = _MONTHS.split("|").index(made[0].lower()) + 1, int(number[0])
    named = re.search(rf"(?i){_MONTHS}", before)
    numbers = [int(each) for each in re.findall(r"\d+", before)]
    if named is not None:
        numbers.append(_MONTHS.split("|").index(named[0].lower()) + 1)
    return sorted(numbers) == sorted((month, rest))


def _sheet(found: Mapping[str, tuple[int, Row]], extra: list[str], kept: list[str], base: Sheet) -> Sheet:
    order = [name for name in base.extra if name in (*extra, *kept)]
    order += [name for name in extra if name not in order]
    sheet = Sheet({}, order)
    for name in sorted(found):
        row = found[name][1]
        cells = dict(zip(extra, row.more, strict=True))
        before = base.row(name)
        old = dict(zip(base.extra, before.more)) if before is not None else {}
        sheet.lines[name] = line_of(
            row._replace(more=tuple(cells.get(each, old.get(each, "")) for each in order))
        )
    return sheet


def _notes(path: Path, names: list[str], columns: Mapping[str, str], kept: list[str]) -> Iterator[str]:
    missing = [name for name in COLUMNS if name not in columns]
    if missing or kept:
        yield f"{path.name} has no column {listed([*missing, *kept])}; what was committed stays"
    elif [name.strip().lower() for name in names[:9]] != list(COLUMNS):
        yield f"{path.name} has its columns in another order; it was read by their names"


def read_any(path: Path, data: bytes, base: Sheet) -> tuple[Sheet, list[str]]:
    """Read a file of labels, as we write it or as another program did.

    Args:
        path: the file, from which it is read again if another program wrote it.
        data: its bytes.
        base: the labels as committed.

    Raises:
        DataError: see `read_edited`.
    """
    found = Sheet.read(data)
    if not isinstance(found, Problem):
        return found, []
    if holds_marks(data):
        raise DataError(
            f"{path} holds the conflict markers of a merge that git could not finish",
            remedy="Settle what is in conflict: gatera data resolve",
        )
    return read_edited(path, base)


def read_committed(data: bytes, base: Sheet, where: str, folder: Path) -> tuple[Sheet, str]:
    """Read a file of labels that git committed, and that is not as we write it: what is committed cannot be refused any more.

    Args:
        data: its bytes.
        base: the labels before, from which comes what another program lost.
        where: what messages call it.
        folder: where a file may be written for a moment.

    Returns:
        The labels, and a sentence about what was done.

    Raises:
        DataError: if it cannot be read as a table either.
    """
    note = (
        f"{where} was not written by gatera data; it is read as a table (the next commit writes it in order)."
    )
    if holds_marks(data):
        data = sides_of(data)[1]
        note = f"{where} was committed with the marks of a merge that was not finished; the upper side counts (to settle it: gatera data resolve)."
        found = Sheet.read(data)
        if isinstance(found, Sheet):
            return found, note
    with TemporaryDirectory(dir=folder) as place:
        path = Path(place) / TABLE
        path.write_bytes(data)
        try:
            return read_edited(path, base)[0], note
        except DataError as err:
            raise DataError(
                f"{where} cannot be read: {err.problem.replace(str(path), 'it')}",
                remedy="Write it again from an older commit: git checkout COMMIT -- labels.csv; then gatera data commit",
            ) from err
