"""Take the rows of a table into a repository: each row is an item, without a file, and its cells are columns of labels.csv."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from gatera.core.checks import counted, did_you_mean, listed, missing_column
from gatera.core.errors import DataError
from gatera.store.datasets.adding import Added
from gatera.store.datasets.labelling import SPLITS
from gatera.store.datasets.labels.rows import COLUMNS, Row, later_than
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.work.given_tables import open_for
from gatera.store.datasets.work.workspace import Workspace
from gatera.store.who import now

#: What a column is called that names rows.
_KEYS = ("file", "id", "key", "uid", "uuid", "name", "item")

#: What a row is called that no column names: by its place in the table that it first came with.
_BY_PLACE = re.compile(r"row-\d{6,18}")

#: Names that count, such as 1, 2, 3 or r1, r2, r3.
_COUNTED = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)

#: Fewer rows that are here are taken for corrections: nothing is compared. Chosen here.
_FEWEST_TO_COMPARE = 5

#: So many rows tell enough. Chosen here.
_MOST_TO_COMPARE = 1000

#: Rows are others where their cells are so little more alike than by chance, as a share of what could. Chosen here.
_LEAST_ALIKE = 0.2

#: Columns of a table that mean what ours of that name mean.
_OURS = ("split", "group", "note")


class RowSettings(NamedTuple):
    """How the rows of a table become items.

    Attributes:
        key: the column that names them; None to look for one.
        target: the column of the label; None for a column called label.
        removed: drop the items that are rows and are not in the table any more.
        by: who gives the labels; None for git's user.name.
        reading: how the table is written, as `open_table` takes it; what is not in it is found.
    """

    key: str | None = None
    target: str | None = None
    removed: bool = False
    by: str | None = None
    reading: Mapping[str, Any] = MappingProxyType({})


def add_rows(work: Workspace, table: Path, settings: RowSettings) -> Added:
    """Add the rows of a table. See `DataRepository.add_rows`; the lock must be held."""
    file = open_for(work, table, settings.reading)
    names = list(file.names)
    rows = list(file.numbered_rows())
    if not rows:
        raise DataError(f"{table.name} has no rows")
    target = _target(work, names, settings.target, table)
    key = _key(work, names, [cells for _, cells in rows], settings.key, table)
    ours = [name for name in names if name in _OURS and name not in (key, target)]
    extra = [name for name in names if name not in (key, target, *ours)]
    if clash := sorted({*extra} & {*COLUMNS}):
        raise DataError(
            f"{table.name} has a column {clash[0]!r}, which means something else in labels.csv",
            remedy="Rename it, or make it the key.",
        )
    sheet = work.now().whole()
    if target is not None and target in sheet.extra:
        work.say(
            f"Column {target!r} is the label now, and no column of cells any more: a program would learn from the answer."
        )
        sheet = _without(sheet, target)
    before = sheet.extra
    sheet.widen(extra)
    by, added = settings.by or work.git.user(), Added()
    given = list(_rows(table, rows, key, target, ours, sheet))
    shared = [sheet.extra.index(name) for name in extra if name in before]
    if key is None:
        given = _keep_names(given, sheet, shared)
    elif count := _others(given, sheet, shared):
        which = f"{count:,} rows of {table.name} have the {key} of rows that are here, and are otherwise unlike them"
        if settings.key is None:
            raise DataError(
                f"{which}: they would take their places and labels",
                remedy=f"If they are other rows, change column {key!r} so that it names each row of both tables. If they are the same ones: key={key!r}.",
            )
        work.say(f"{which}: they take their places, and labels that the table does not give stay.")
    elif few := _few_others(given, sheet, shared):
        work.say(
            f"{counted(few, 'row')} of {table.name} {'has' if few == 1 else 'have'} the {key} of rows that are here, and no other cell in common: "
            f"if they are other rows, change column {key!r} so that it names each row of both tables. See them before the commit: gatera data diff"
        )
    replaced = _put(sheet, given, extra, by, added)
    _drop_gone(sheet, {row.file for row in given}, settings.removed, added)
    if added.new or added.changed or added.removed:
        work.write_whole(sheet)
    if replaced:
        row, label = replaced[0]
        have = "row has" if len(replaced) == 1 else "rows have"
        work.say(
            f"{len(replaced):,} {have} the label of {table.name} now, in place of another, e.g. {row.file}: {row.label} -> {label} "
            f"({row.giver or 'nobody'} gave the one before). See them before the commit: gatera data diff"
        )
    if added.missing:
        stay = "row stays though it is" if len(added.missing) == 1 else "rows stay though they are"
        work.say(
            f"{len(added.missing):,} {stay} not in {table.name}: {listed(added.missing, 3)} (to drop them: removed=True)."
        )
    return added


def _without(sheet: Sheet, column: str) -> Sheet:
    place = sheet.extra.index(column)
    smaller = Sheet({}, [name for name in sheet.extra if name != column])
    smaller.put(row._replace(more=row.more[:place] + row.more[place + 1 :]) for row in sheet.rows())
    return smaller


def _target(work: Workspace, names: Sequence[str], target: str | None, table: Path) -> str | None:
    if target is None:
        found = "label" if "label" in names else None
        if found is None:
            work.say(f"No labels are taken from {table.name}: it has no column label (to change: target=).")
        return found
    if target not in names:
        raise missing_column(target, names, table.name)
    return target


def _key(
    work: Workspace, names: Sequence[str], rows: Sequence[dict[str, str]], key: str | None, table: Path
) -> str | None:
    """Return the column that names the rows; None to number them."""

    def names_each(column: str) -> bool:
        cells = [row[column].strip() for row in rows]
        return all(cells) and len(set(cells)) == len(cells)

    if key is not None:
        if key not in names:
            raise missing_column(key, names, table.name)
        if not names_each(key):
            raise _not_a_key(table, key, [row[key].strip() for row in rows])
        return key
    usual = {name.strip().lower(): name for name in reversed(names)}
    found = next((usual[name] for name in _KEYS if name in usual and names_each(usual[name])), None)
    if found is None:
        work.say(
            f"No column of {table.name} is called id and names each row once: rows are named by their place, row-000001 and so on, "
            "and keep their names as long as their cells are the same (to change: key=)."
        )
    else:
        work.say(f"Rows are named by column {found!r} (to change: key=).")
    return found


def _not_a_key(table: Path, key: str, cells: Sequence[str]) -> DataError:
    empty = cells.count("")
    if empty:
        return DataError(
            f"column {key!r} of {table.name} is empty in {counted(empty, 'row')}, so it names no rows"
        )
    seen: set[str] = set()
    twice = next(cell for cell in cells if cell in seen or seen.add(cell))  # type: ignore[func-returns-value]
    return DataError(
        f"column {key!r} of {table.name} has {twice!r} more than once, so it does not name each row"
    )


def _rows(
    table: Path,
    rows: Sequence[tuple[int, dict[str, str]]],
    key: str | None,
    target: str | None,
    ours: Sequence[str],
    sheet: Sheet,
) -> Iterator[Row]:
    for place, (line, cells) in enumerate(rows, 1):
        known = {name: cells[name].strip() for name in ours}
        if known.get("split", "") not in SPLITS:
            raise DataError(
                f"{table.name} has an unknown split in line {line}", got=known["split"],
                expected=f"one of {listed(SPLITS[:3])}", remedy=did_you_mean(known["split"], SPLITS[:3]),
            )  # fmt: skip
        yield Row(
            cells[key].strip() if key is not None else f"row-{place:06d}",
            label=cells[target].strip() if target is not None else "",
            more=tuple(cells.get(name, "") for name in sheet.extra),
            **known,
        )


def _others(given: Sequence[Row], sheet: Sheet, columns: Sequence[int]) -> int:
    """Return how many rows have the name of one that is here, where those are other rows: two tables that both count from 1. Else 0.

    The cells of the same row are more alike than those of two different rows, even if texts are cleaned and numbers rounded.

    Args:
        given: the rows.
        sheet: the labels.
        columns: the places of the cells that the table has now and had before.
    """
    known = [(row, old) for row in given if (old := sheet.row(row.file)) is not None and not old.sha256]
    if len(known) < _FEWEST_TO_COMPARE or not _count_from_start([row.file for row in given]):
        return 0
    some = known[:: -(-len(known) // _MOST_TO_COMPARE)]
    own = chance = cells = 0.0
    for place in columns:
        pairs = [
            (row.more[place], old.more[place]) for row, old in some if row.more[place] and old.more[place]
        ]
        if any(len(set(side)) < 2 for side in zip(*pairs, strict=True)):  # such a column tells no rows apart
            continue
        for (cell, was), (_, another) in zip(pairs, [*pairs[1:], *pairs[:1]], strict=True):
            cells += 1
            own += _alike(cell, was)
            chance += _alike(cell, another)
    return len(known) if own - chance < _LEAST_ALIKE * (cells - chance) else 0


def _few_others(given: Sequence[Row], sheet: Sheet, columns: Sequence[int]) -> int:
    """Return how many rows have the name of one that is here, where they are too few for `_others`, and no cell is as it was. Else 0."""
    known = [(row, old) for row in given if (old := sheet.row(row.file)) is not None and not old.sha256]
    cells = [
        (row.more[place], old.more[place])
        for row, old in known
        for place in columns
        if row.more[place] and old.more[place]
    ]
    few = cells and len(known) < _FEWEST_TO_COMPARE and _count_from_start([row.file for row in given])
    return len(known) if few and all(cell != was for cell, was in cells) else 0


def _count_from_start(names: Sequence[str]) -> bool:
    """Return whether names are numbers from about 0 or 1, such as r1, r2, r3: other names are not those of other rows by accident."""
    parts = [_COUNTED.fullmatch(name) for name in names]
    return len({each and each[1] for each in parts}) == 1 and all(
        each is not None and int(each[2]) <= 2 * len(names) for each in parts
    )


def _alike(one: str, other: str) -> float:
    """Return 1 for equal cells, else which share of their groups of three characters both have; their beginnings count."""
    if one == other:
        return 1.0
    groups = [
        {text[place : place + 3] for place in range(len(text) - 2)}
        for text in (f"  {one.lower()}", f"  {other.lower()}")
    ]
    return len(groups[0] & groups[1]) / len(groups[0] | groups[1])


def _keep_names(given: Sequence[Row], sheet: Sheet, columns: Sequence[int]) -> list[Row]:
    """Return rows of a table without a key, of which those with cells that were added before have the same names, wherever they are now.

    Where none has moved and most are there, the others have the name of their place: a cell was edited. Elsewhere they are new, such as
    those of another table: a label stays with its row.

    Args:
        given: the rows, named by their place.
        sheet: the labels.
        columns: the places of the cells that the table has now and had before.
    """
    old = {row.file: row for row in sheet.rows() if not row.sha256 and _BY_PLACE.fullmatch(row.file)}
    if not old:
        return [*given]

    def cells(row: Row) -> tuple[str, ...]:
        return tuple(row.more[place] for place in columns)

    came = given if columns else []  # rows that share no column with those before are others
    names = {row.file: row.file for row in came if row.file in old and cells(old[row.file]) == cells(row)}
    free: dict[tuple[str, ...], list[str]] = {}
    for name in reversed([name for name in old if name not in names]):
        free.setdefault(cells(old[name]), []).append(name)
    for row in came:
        if row.file not in names and free.get(cells(row)):
            names[row.file] = free[cells(row)].pop()
    moved = any(name != place for place, name in names.items())
    other = 2 * len(names) < min(len(old), len(given))
    taken = set(names.values()) | (old.keys() if moved or other else set())
    rest = [row.file for row in given if row.file not in names]
    names |= {place: place for place in rest if place not in taken}
    last = max(int(name[4:]) for name in (*old, *names.values()))
    for place in rest:
        if place not in names:
            last += 1
            names[place] = f"row-{last:06d}"
    return [row._replace(file=names[row.file]) for row in given]


def _put(
    sheet: Sheet, rows: Sequence[Row], columns: Sequence[str], by: str, added: Added
) -> list[tuple[Row, str]]:
    """Write rows, with who labelled those whose label is new; empty labels, splits, groups and notes leave what is there.

    Cells of columns that the table does not have stay too. Returns the rows that had another label, and the new one: who corrected labels
    here, and adds a later export of the table, gets the old ones back.
    """
    at, changed, replaced = now(), [], list[tuple[Row, str]]()
    for row in rows:
        old = sheet.row(row.file)
        if old is None:
            changed.append(row._replace(by=by, at=at) if row.label else row)
            added.new.append(row.file)
            added.labelled += bool(row.label)
            continue
        given = {name: getattr(row, name) for name in ("label", *_OURS) if getattr(row, name)}
        if given.get("label", old.label) != old.label:
            given |= {"source": "", "by": by, "at": at}
            if old.label:
                replaced.append((old, row.label))
        cells = zip(sheet.extra, old.more, row.more, strict=True)
        more = tuple(cell if name in columns else was for name, was, cell in cells)
        new = later_than(old, old._replace(**given, more=more))
        if new != old:
            changed.append(new)
            added.changed.append(row.file)
    sheet.put(changed)
    return replaced


def _drop_gone(sheet: Sheet, there: set[str], removed: bool, added: Added) -> None:
    gone = [row.file for row in sheet.rows() if not row.sha256 and row.file not in there]
    if not removed:
        added.missing = gone
        return
    for name in gone:
        del sheet.lines[name]
    added.removed = gone
