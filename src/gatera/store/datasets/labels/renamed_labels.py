"""Items whose label one side of a merge only renamed, while the other gave them another: the answer about the item counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from gatera.store.datasets.labels.old_names import Relabelled
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.three_way import Conflict, Merged


def renames_throughout(relabelled: Relabelled, left: Collection[str]) -> dict[str, str]:
    """Return label before -> label now of labels that a side does not have any more, and that all became one other."""
    news = Counter(old for old, _ in relabelled)
    return {old: new for old, new in relabelled if old and new and old not in left and news[old] == 1}


def settle_renames(parts: Iterable[Merged]) -> dict[str, str]:
    """Settle conflicts of labels that one side only renamed, in place; returns item -> label, of those."""
    done: dict[str, str] = {}
    for merged in parts:
        renames = [renames_throughout(ends.relabelled, ends.left) for ends in merged.ends]
        if not any(renames):
            continue
        open_still = []
        for conflict in merged.conflicts:
            winner = _winner(conflict, renames)
            if winner is None:
                open_still.append(conflict)
                continue
            row = conflict.settled(winner)
            assert row is not None
            merged.rows[conflict.file] = row
            done[conflict.file] = row.label
        merged.conflicts = open_still
    return done


def _winner(conflict: Conflict, renames: list[dict[str, str]]) -> str | None:
    """Return the side that said something of the item, where the other only renamed its label; None where that is not so."""
    base, mine, theirs = conflict.base, conflict.mine, conflict.theirs
    if base is None or mine is None or theirs is None or conflict.columns != ("label",) or conflict.taken:
        return None
    only = [_only_renamed(base, row, renames[side]) for side, row in enumerate((mine, theirs))]
    said = [
        _stamp(row) != _stamp(base) for row in (mine, theirs)
    ]  # else both may have renamed it, each to another
    return "theirs" if only[0] and said[1] else "mine" if only[1] and said[0] else None


def _only_renamed(base: Row, row: Row, renames: dict[str, str]) -> bool:
    """Whether the label is the old one by another name: who gave it and when stays then."""
    return row.label == renames.get(base.label) and _stamp(row) == _stamp(base)


def _stamp(row: Row) -> tuple[str, str, str]:
    return row.source, row.by, row.at
