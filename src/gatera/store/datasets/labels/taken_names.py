"""Names that one side of a merge gave to other items: files that were swapped or renumbered. What is said of the name is then not said of the item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from gatera.store.datasets.labels.changes import Change
from gatera.store.datasets.labels.masks import photo_of
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.labels.three_way import Conflict, Ends, Parts


def taken_names(ends: Ends, extra: Sequence[str]) -> dict[str, str]:
    """Return name before -> name now of the items that lie at the name of another, and of those at whose own name other bytes lie.

    Bytes that several items had, or that lie at several names, tell nothing, nor do those of masks.
    """
    had, lie = dict[str, list[str]](), dict[str, list[str]]()
    for old in (*ends.gone.values(), *(before for before, _ in ends.rewritten.values())):
        if old.sha256 and not photo_of(old, extra):
            had.setdefault(old.sha256, []).append(old.file)
    for new in (*ends.came.values(), *(after for _, after in ends.rewritten.values())):
        lie.setdefault(new.sha256, []).append(new.file)
    pairs = {
        names[0]: lie[key][0] for key, names in had.items() if len(names) == 1 and len(lie.get(key, ())) == 1
    }
    return {old: new for old, new in pairs.items() if new in ends.rewritten or old in ends.rewritten}


def ask_of_taken(
    parts: Parts, sides: tuple[Ends, Ends], moves: Sequence[Mapping[str, str]], extra: tuple[str, ...]
) -> set[str]:
    """Make conflicts of what by name alone would be given to another item, in place.

    Args:
        parts: the merge so far, which knows items by their names only.
        sides: what mine and theirs changed.
        moves: of each, name before -> name now of what went to a name that was free.
        extra: the columns beyond ours.

    Returns:
        The names that changed hands on a side.
    """
    moved = taken_names(sides[0], extra), taken_names(sides[1], extra)
    names = {name for each in moved for pair in each.items() for name in pair}
    if not names:
        return names
    for merged in [merged for merged, _ in parts.parts.values()]:
        for name, rows in [item for item in merged.mixed.items() if item[0] in names]:
            parts.clear(name)
            columns = tuple(
                column for column in Change(*rows[1:], extra).columns if column not in ("by", "at")
            )
            parts.ask(Conflict(name, *rows, columns, extra, rows[1], taken=True))
    for side in (0, 1):
        _about_removed(parts, side, moved[side], sides)
        for old in sorted(moved[side].keys() & moves[1 - side].keys()):
            there = moves[1 - side][old]
            if there != moved[side][old] and parts.conflict(there) is None:
                _ask_about_move(
                    parts, 1 - side, there, sides[1 - side].gone[old], sides[1 - side].came[there]
                )
    return names


def left_by(ends: Ends) -> set[str]:
    """Return the hashes of the items that a side took away from their names."""
    before = (*ends.gone.values(), *(row for row, _ in ends.rewritten.values()))
    return {row.sha256 for row in before} - {""}


def come_twice(
    hashes: Collection[str], sides: Sequence[Iterable[Sheet]], result: Iterable[Sheet]
) -> dict[str, list[str]]:
    """Return hash -> names of the items that a merge brings more often than any side had them.

    Args:
        hashes: the bytes to look at.
        sides: the labels before, here and there.
        result: the labels after the merge.
    """
    most = Counter[str]()
    for side in sides:
        most |= Counter(row.sha256 for sheet in side for row in sheet.rows() if row.sha256 in hashes)
    found: dict[str, list[str]] = {}
    for row in (row for sheet in result for row in sheet.rows() if row.sha256 in hashes):
        found.setdefault(row.sha256, []).append(row.file)
    return {sha256: names for sha256, names in found.items() if len(names) > most[sha256]}


def _about_removed(parts: Parts, side: int, moved: Mapping[str, str], sides: tuple[Ends, Ends]) -> None:
    """Let what the other side removed or moved away be the item that had the name, not the one that has it now."""
    mine, other = sides[side], sides[1 - side]
    for old, name in sorted(moved.items()):
        new = mine.rewritten[name][1] if name in mine.rewritten else mine.came[name]
        if (
            name in mine.rewritten and name in other.gone
        ):  # of the item that lies there now, the other side said nothing
            parts.clear(name)
            if side == 1:
                parts.at(name).rows[name] = new
        if old in other.gone and name in mine.came and parts.conflict(name) is None:
            _ask_about_move(parts, side, name, mine.rewritten[old][0], new)


def _ask_about_move(parts: Parts, side: int, name: str, base: Row, new: Row) -> None:
    parts.clear(name)
    mine, theirs = (new, None) if side == 0 else (None, new)
    parts.ask(Conflict(name, base, mine, theirs, (), parts.at(name).extra))
