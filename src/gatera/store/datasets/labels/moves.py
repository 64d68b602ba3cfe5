"""Items that one side of a merge moved: what the other side did to the old name belongs to the new one, and no item comes twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gatera.core.checks import counted
from gatera.store.datasets.labels.changes import Change
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.taken_names import ask_of_taken, left_by
from gatera.store.datasets.labels.three_way import Conflict, Ends, Parts, both_changed
from gatera.store.datasets.work.moved import moved_among


class Followed(NamedTuple):
    """What a merge did with items that were moved.

    Attributes:
        moved: name before -> name now, of items that one side moved and the other changed.
        twice: name before -> the name that it has and the name that it does not get, of items that both moved.
        left: the hashes of all items that a side took away from their names.
    """

    moved: dict[str, str]
    twice: dict[str, tuple[str, str]]
    left: set[str]

    def sentences(self) -> list[str]:
        """Return it in sentences."""
        found = []
        for old, new in list(self.moved.items())[:1]:
            found.append(
                f"{counted(len(self.moved), 'item')} that one side moved and the other changed: the changes are at the new name, "
                f"e.g. {old} is {new}."
            )
        for old, (kept, other) in list(self.twice.items())[:1]:
            found.append(
                f"{counted(len(self.twice), 'item')} that both sides moved, each to another name: one name is kept, "
                f"e.g. {old} is {kept}, not {other}."
            )
        return found


def follow_moves(
    parts: Parts,
    rest: Callable[[], Iterable[tuple[Change, bool]]],
    their_names: bool,
    some_alike: bool = False,
) -> Followed:
    """Bring together what both sides did to items that at least one of them moved, in place.

    Args:
        parts: the merge so far, which knows items by their names only.
        rest: yields what the current branch changed in the other parts, and whether the other side did the same; called where it may matter.
        their_names: whether an item that both moved gets the other side's name.
        some_alike: whether both sides changed some of the other parts alike: an item that is gone there may have been moved here.
    """
    theirs = parts.ends(1)
    removed_here = any(each.mine is None for merged, _ in parts.parts.values() for each in merged.conflicts)
    done, mine = Followed({}, {}, set()), parts.ends(0)
    may_matter = removed_here or theirs.came or theirs.gone.keys() & mine.gone.keys() or theirs.rewritten
    if not (some_alike or may_matter or mine.rewritten):
        return done
    columns = {merged.extra for merged, _ in parts.parts.values()}
    for change, both in rest():
        mine.note(change)
        if both:
            theirs.note(change)
        columns.add(change.extra)
    done.left.update(left_by(mine), left_by(theirs))
    if len(columns) > 1:  # parts written by hand: their cells are not to be mixed up
        return done
    moved_here, moved_there = moves_of(mine), moves_of(theirs)
    taken = ask_of_taken(parts, (mine, theirs), (moved_here, moved_there), columns.pop() if columns else ())
    for old in sorted(moved_here.keys() | moved_there.keys()):
        here, there = moved_here.get(old), moved_there.get(old)
        if not taken.isdisjoint((old, here, there)):
            continue
        if (there in mine.came and there != here) or (here in theirs.came and there != here):
            continue  # another item has the name: that conflict is about names, and stays
        if here is not None and there is not None:
            kept, other = (there, here) if their_names else (here, there)
            _bring_together(parts, kept, mine.gone[old], mine.came[here], theirs.came[there])
            if kept != other:
                parts.clear(other)
                if their_names:
                    parts.at(other).rows[other] = None
                done.twice[old] = kept, other
        elif (here or there) and _one_moved(parts, old, here, there, mine, theirs):
            done.moved[old] = here or there or old
    parts.finish()
    return done


def _one_moved(parts: Parts, old: str, here: str | None, there: str | None, mine: Ends, theirs: Ends) -> bool:
    """Bring together a move on one side with what the other did to the item; returns whether that changed it."""
    found = parts.conflict(old)
    if found is None and old not in (theirs if here else mine).gone:
        return False  # only moved
    own, other = (None, None) if found is None else (found.mine, found.theirs)
    parts.clear(old)
    if here:
        _bring_together(parts, here, mine.gone[old], mine.came[here], other)
        return other is not None
    assert there is not None
    if own is not None:
        parts.at(old).rows[old] = None
    _bring_together(parts, there, theirs.gone[old], own, theirs.came[there])
    return own is not None


def moves_of(ends: Ends) -> dict[str, str]:
    """Return name before -> name now of what a side moved: the bytes tell."""
    return moved_among(ends.gone.values(), ends.came.values())


def _bring_together(parts: Parts, name: str, base: Row, mine: Row | None, theirs: Row | None) -> None:
    """Merge the rows of one item under the name that it has now."""
    parts.clear(name)
    found = parts.at(name)
    own, other = (None if row is None else row._replace(file=name) for row in (mine, theirs))
    if own is None or other is None:
        found.conflicts.append(Conflict(name, base, own, other, (), found.extra))
        return
    before = len(found.conflicts)
    both_changed(base._replace(file=name), own, other, found)
    if len(found.conflicts) == before:
        found.rows.setdefault(name, own)
