"""What changed between two versions of labels, item by item, and the sentence that says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import eq, ne

from gatera.core.checks import counted
from gatera.store.datasets.labels.masks import MASK_OF, photo_of
from gatera.store.datasets.labels.rows import COLUMNS, Row, escape
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.work.moved import moved_among

#: Kinds of change that the sentence names before it counts the others.
MOST_KINDS = 4

#: Items that came or went, of which is looked which were moved: all of them are held meanwhile.
MOST_MOVED = 250_000

#: Columns that say who and when; on their own they are not a change of what is known.
STAMPS = frozenset(("by", "at"))

#: What happened where only the time differs: the same person gave another label, and then this one.
_AGAIN = "labelled again"


@dataclass(frozen=True, slots=True)  # there may be a million
class Change:
    """One item before and after.

    Attributes:
        before: its row; None if it was added.
        after: its row; None if it was removed.
        extra: names of the columns beyond ours, in `before` and `after`.
    """

    before: Row | None
    after: Row | None
    extra: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The item."""
        return (self.after or self.before).file  # type: ignore[union-attr]

    @property
    def kind(self) -> str:
        """ "added", "removed", "relabelled", or "changed" where the label is the same."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "removed"
        return "relabelled" if self.before.label != self.after.label else "changed"

    @property
    def columns(self) -> list[str]:
        """The columns that differ; none for an item that was added or removed."""
        if self.before is None or self.after is None:
            return []
        ours = [name for name, old, new in zip(COLUMNS, self.before, self.after) if old != new]
        more = [name for name, old, new in zip(self.extra, self.before.more, self.after.more) if old != new]
        return ours + more

    def cell(self, column: str) -> tuple[str, str]:
        """Return a cell before and after, "" where there is none."""
        return _cell(self.before, column, self.extra), _cell(self.after, column, self.extra)

    @property
    def moved(self) -> bool:
        """Whether the item has another name than before."""
        return self.before is not None and self.after is not None and self.before.file != self.after.file

    @property
    def beside_its_name(self) -> str:
        """The first other column that differs of an item that was moved; "" for none. A mask names the photo that it goes with."""
        names = (name for name in self.columns if name not in STAMPS and name not in ("file", MASK_OF))
        return next(names, "") if self.moved else ""

    @property
    def words(self) -> str:
        """What happened: "added", "cat -> dog", "file changed", "split train -> valid", "moved from cat/1.jpg, cat -> dog"."""
        if self.before is not None and self.after is not None and self.moved:
            also = self.kind == "relabelled" or self.beside_its_name
            with_its_name = Change(self.before._replace(file=self.file), self.after, self.extra)
            return f"moved from {self.before.file}{f', {with_its_name.words}' if also else ''}"
        if self.kind == "relabelled":
            old, new = self.cell("label")
            return f"{old or '(none)'} -> {new or '(none)'}"
        if self.kind != "changed":
            return self.kind
        columns = [name for name in self.columns if name not in STAMPS] or self.columns
        if columns[0] == "sha256":
            photo = photo_of(self.after, self.extra)
            return f"mask of {photo} changed" if photo else "file changed"
        old, new = self.cell(columns[0])
        if columns[0] in ("note", "at"):
            return "note changed" if columns[0] == "note" else _AGAIN
        return f"{columns[0]} {old or '(none)'} -> {new or '(none)'}"

    @property
    def giver(self) -> str:
        """Who or what did it, as far as the row says."""
        return "" if self.after is None else self.after.giver


def _cell(row: Row | None, column: str, extra: Sequence[str]) -> str:
    if row is None:
        return ""
    if column in COLUMNS:
        return str(getattr(row, column))
    return row.more[extra.index(column)] if column in extra and len(row.more) > extra.index(column) else ""


def changes_between(before: Sheet, after: Sheet) -> Iterator[Change]:
    """Yield what differs between two sheets, sorted by item."""
    extra = after.extra
    if before.extra != extra:
        extra = (*before.extra, *(name for name in after.extra if name not in before.extra))
        before, after = _aligned(before, extra), _aligned(after, extra)
    # items are equal where their lines are: most are, and no row of theirs is parsed
    old, new = before.lines, after.lines
    if len(old) == len(new) and all(map(eq, old, new)):  # the same items in the same order
        differ = list(compress(old, map(ne, old.values(), new.values())))
    else:
        differ = [name for name, line in old.items() if new.get(name) != line]
        differ += new.keys() - old.keys()
    for name in sorted(differ):
        yield Change(before.row(name), after.row(name), extra)


def _aligned(sheet: Sheet, extra: tuple[str, ...]) -> Sheet:
    """Return a sheet with exactly these columns beyond ours, in this order."""
    if sheet.extra == extra:
        return sheet
    place = {name: number for number, name in enumerate(sheet.extra)}
    new = Sheet({}, extra)
    new.put(
        row._replace(more=tuple(row.more[place[name]] if name in place else "" for name in extra))
        for row in sheet.rows()
    )
    return new


@dataclass
class Summary:
    """Changes, counted.

    Attributes:
        added: items that are new.
        removed: items that are gone.
        relabelled: (label before, label after) -> items.
        moved: items that have another name, and nothing else that is new.
        moved_with: what else is new of the other items that have another name, and the same label -> items.
        changed: what else changed, in words -> items.
        givers: who or what gave the labels of those that are new or relabelled -> items.
    """

    added: int = 0
    removed: int = 0
    relabelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    moved: int = 0
    moved_with: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    givers: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many items changed."""
        others = (self.relabelled, self.moved_with, self.changed)
        return self.added + self.removed + self.moved + sum(each.total() for each in others)

    def add(self, change: Change) -> None:
        """Count one more change."""
        kind = change.kind
        if kind == "added":
            self.added += 1
        elif kind == "removed":
            self.removed += 1
        elif kind == "relabelled":
            self.relabelled[change.cell("label")] += 1
        elif column := change.beside_its_name:
            self.moved_with[column] += 1
        elif change.moved:
            self.moved += 1
        else:
            column = next((name for name in change.columns if name not in STAMPS), (*change.columns, "by")[0])
            is_mask = column == "sha256" and photo_of(change.after, change.extra)
            self.changed["mask" if is_mask else "file" if column == "sha256" else column] += 1
            if is_mask and change.giver:
                self.givers[change.giver] += 1
        labelled = kind == "relabelled" or (kind == "added" and change.cell("label")[1])
        if labelled and change.giver:
            self.givers[change.giver] += 1

    def sentence(self) -> str:
        """Return the changes in one line: "12 added, 3 cat -> dog, 1 removed; 14 by Ann; 2 by has_whiskers@a1b2c3d4"."""
        if not self.total:
            return "no changes of labels"
        parts = [f"{self.added:,} added"] if self.added else []
        parts += _most(
            {
                f"{escape(old) or '(none)'} -> {escape(new) or '(none)'}": count
                for (old, new), count in self.relabelled.items()
            },
            "relabelled otherwise",
        )
        parts += [_of_column(column, count) for column, count in self.changed.most_common()]
        parts += [f"{self.moved:,} moved"] if self.moved else []
        parts += [
            f"{count:,} moved, with another {column}" for column, count in self.moved_with.most_common()
        ]
        parts += [f"{self.removed:,} removed"] if self.removed else []
        named = self.givers.most_common(MOST_KINDS)
        rest = len(self.givers) - len(named)
        givers = [
            f"{count:,} by {giver}" if number else f"by {giver}"
            for number, (giver, count) in enumerate(named)
        ]
        return "; ".join(
            [", ".join(parts), *givers, *([f"the rest by {counted(rest, 'other')}"] if rest else [])]
        )


def _of_column(column: str, count: int) -> str:
    if column == "at":
        return f"{count:,} {_AGAIN}"
    if column == "mask":
        return f"mask of {count:,} changed"
    return (
        f"{count:,} {'files' if count > 1 else 'file'} changed"
        if column == "file"
        else f"{count:,} with another {column}"
    )


def _most(counts: dict[str, int], others: str) -> list[str]:
    """Return the counts of the largest, and of the others together."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    shown = [f"{count:,} {words}" for words, count in ordered[:MOST_KINDS]]
    rest = sum(count for _, count in ordered[MOST_KINDS:])
    return shown + ([f"{rest:,} {others}"] if rest else [])


def summarise(changes: Iterable[Change]) -> Summary:
    """Count changes; an item that went and came under another name was moved."""
    summary, ends = Summary(), list[Change]()
    for change in changes:
        if (change.before is None) == (change.after is None) or len(ends) >= MOST_MOVED:
            summary.add(change)
        else:
            ends.append(change)
    for change in ends if len(ends) >= MOST_MOVED else with_moves(ends):
        summary.add(change)
    return summary


def with_moves(changes: Sequence[Change]) -> list[Change]:
    """Return changes, those of an item that went and came under another name as one: the bytes tell."""
    alike = [change for change in changes if change.extra == changes[0].extra]
    gone = {change.file: change.before for change in alike if change.before and change.after is None}
    came = (change.after for change in alike if change.after and change.before is None)
    names = {new: old for old, new in moved_among(filter(None, gone.values()), came).items()}
    if not names:
        return list(changes)
    left = set(names.values())
    return [
        Change(gone[names[change.file]], change.after, change.extra) if change.file in names else change
        for change in changes
        if change.file not in left
    ]
