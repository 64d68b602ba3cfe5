"""Which new file is which item whose file is gone: the bytes tell, and where several have the same, the names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gatera.core.escape import shell_quote
from gatera.store.datasets.labels.masks import MASK_OF, photo_of
from gatera.store.datasets.labels.of_folders import after_moves, labels_of
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.work.tree import is_gone

#: The hash of an empty file, which tells no file from another.
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def moved_among(gone: Iterable[Row], came: Iterable[Row]) -> dict[str, str]:
    """Return name before -> name now of items that are gone and came under another name: the bytes tell."""
    old: dict[str, list[Row]] = {}
    for row in gone:
        old.setdefault(row.sha256, []).append(row)
    new: dict[str, list[str]] = {}
    for row in came if old else ():
        new.setdefault(row.sha256, []).append(row.file)
    both = (old.keys() & new.keys()) - {"", _EMPTY}
    pairs, _ = paired({key: old[key] for key in sorted(both)}, {key: new[key] for key in sorted(both)})
    return pairs


def paired(
    gone: Mapping[str, Sequence[Row]], new: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Pair items whose files are gone with new files of the same bytes.

    Where several have the same bytes, an item goes where the other items of its folder went; else to the file whose path ends most alike.

    Args:
        gone: hash -> the items that had it.
        new: hash -> the new files that have it.

    Returns:
        The pairs, item -> file, sorted by item; and those that were guessed though the items of these bytes differ in more than names.
    """
    moved = {rows[0].file: new[key][0] for key, rows in gone.items() if len(rows) == len(new[key]) == 1}
    folders = {_folder(old): _folder(name) for old, name in moved.items()}
    guessed: dict[str, str] = {}
    for key, rows in gone.items():
        if rows[0].file in moved:
            continue
        free = dict.fromkeys(new[key])
        found = _with_their_folder([row.file for row in rows], free, folders)
        sure, doubtful = _by_endings([row.file for row in rows if row.file not in found], free)
        moved |= found | sure | doubtful
        if len({row._replace(file="", by="", at="") for row in rows}) > 1:
            guessed |= doubtful
    return dict(sorted(moved.items())), guessed


def moved_over(sheet: Sheet, changed: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return item -> the name of another item at which its bytes lie now: names were swapped, or files renumbered.

    Bytes that several items had, or that lie at several names, tell nothing; nor do those of masks, of which many are alike.

    Args:
        sheet: the labels.
        changed: item -> the hash of the bytes that lie at its name, and are not those that it had.
        root: the folder.
    """
    times = Counter(changed.values())
    had: dict[str, list[Row]] = {}
    for row in sheet.rows():
        if times[row.sha256] == 1:
            had.setdefault(row.sha256, []).append(row)
    found = {}
    for name, sha256 in changed.items():
        rows = had.get(sha256, [])
        if len(rows) != 1 or photo_of(rows[0], sheet.extra):
            continue
        old = rows[0].file
        if old in changed or is_gone(root / old):
            found[old] = name
    return found


def unlabelled(before: Mapping[str, Row], sheet: Sheet) -> list[str]:
    """Return the moved items that have no label yet, and are in the folder of another label now: photos of an inbox that were sorted.

    Args:
        before: name now -> the row as it was.
        sheet: the labels, which have the items under their old names.
    """
    found = [name for name, row in before.items() if not row.label and name not in sheet]
    old, new = labels_of([before[name].file for name in found]), labels_of(found)
    found = [name for name in found if new.get(name, "") != old.get(before[name].file, "")]
    photos = (
        {photo_of(row, sheet.extra) for row in sheet.rows()} if found and MASK_OF in sheet.extra else {""}
    )
    return [
        name for name in found if before[name].file not in photos and not photo_of(before[name], sheet.extra)
    ]


def follow_folders(
    before: Mapping[str, Row],
    sheet: Sheet,
    given: Mapping[str, str],
    stamp: Mapping[str, str],
    say: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """Return the cells of moved items that follow their new folders, and say which: what is moved from cat/ to dog/ is a dog now.

    Args:
        before: name now -> the row as it was.
        sheet: the labels, which have the items under their old names.
        given: the labels of new files and of moved ones that had none.
        stamp: who moved them, and when.
        say: is told.
    """
    moved = {name: row for name, row in before.items() if name not in sheet}  # else names were swapped
    cells, kept = after_moves(moved, {row.label for row in sheet.rows()}.union(given.values()))
    for column, what, command in (
        ("label", "label", "gatera data label LABEL {}"),
        ("split", "side of the split", "gatera data label - {} --split SIDE"),
    ):
        change = f"(to give another: {command})"
        if names := [name for name, new in cells.items() if column in new]:
            have = "moved file has" if len(names) == 1 else "moved files have"
            now_has = f"{getattr(moved[names[0]], column) or 'none'} -> {cells[names[0]][column]}"
            say(
                f"{len(names):,} {have} the {what} of the new folder, e.g. {names[0]}: {now_has} {change.format(shell_quote(names[0]))}."
            )
        if names := kept[column]:
            keep = "moved file keeps its" if len(names) == 1 else "moved files keep their"
            has = getattr(moved[names[0]], column)
            folder = shell_quote(_folder(names[0]) or names[0])
            say(f"{len(names):,} {keep} {what}, e.g. {names[0]}: {has} {change.format(folder)}.")
    for name in moved.keys() & given.keys():
        cells.setdefault(name, {})["label"] = given[name]
    return {name: {**new, **stamp} if new.get("label") else new for name, new in cells.items()}


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _with_their_folder(
    names: Sequence[str], free: dict[str, None], folders: Mapping[str, str]
) -> dict[str, str]:
    """Pair items with files of the same name in the folder where others of theirs went; takes those out of `free`."""
    found = {}
    for name in names:
        folder = folders.get(_folder(name))
        there = name.rpartition("/")[2] if not folder else f"{folder}/{name.rpartition('/')[2]}"
        if folder is not None and there in free:
            found[name] = there
            del free[there]
    return found


def _by_endings(names: Sequence[str], free: dict[str, None]) -> tuple[dict[str, str], dict[str, str]]:
    """Pair items with the files whose paths end with the most same folders and name: the pairs that are clear, and the others."""
    sure, doubtful = dict[str, str](), dict[str, str]()
    left = list(names)
    for depth in range(max((name.count("/") + 1 for name in left), default=0), -1, -1):
        there: dict[tuple[str, ...], list[str]] = {}
        for name in free:
            there.setdefault(_ending(name, depth), []).append(name)
        wanted: dict[tuple[str, ...], list[str]] = {}
        for name in left:
            wanted.setdefault(_ending(name, depth), []).append(name)
        for ending, olds in wanted.items():
            files = there.get(ending, [])
            pairs = dict(zip(olds, files, strict=False))
            (sure if depth and len(olds) == len(files) == 1 else doubtful).update(pairs)
            for name in pairs.values():
                del free[name]
        left = [name for name in left if name not in sure and name not in doubtful]
    return sure, doubtful


def _ending(name: str, depth: int) -> tuple[str, ...]:
    """Return the last parts of a path; a path of fewer parts ends like no other."""
    parts = name.split("/")
    return tuple(parts[-depth:]) if 0 < depth <= len(parts) else ("", name) if depth else ()
