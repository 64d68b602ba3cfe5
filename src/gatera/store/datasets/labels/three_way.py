"""Bring two people's labels together, item by item: a conflict is only what both changed, and differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError
from gatera.store.datasets.labels.changes import Change, changes_between
from gatera.store.datasets.labels.masks import photo_of
from gatera.store.datasets.labels.old_names import left_of
from gatera.store.datasets.labels.rows import Row, in_order, is_odds
from gatera.store.datasets.labels.sheets import Sheet

#: Rules that settle conflicts: the current branch's row; the other's; the one given last; a person's, where the other is a function's.
Rule = Literal["mine", "theirs", "newest", "person"]
RULES = ("mine", "theirs", "newest", "person")

#: The label, who gave it, and when, belong together.
_LABEL = ("label", "source", "by", "at")
_OWN = ("sha256", "split", "group", "note")


@dataclass(frozen=True)
class Conflict:
    """An item that both sides changed differently.

    Attributes:
        file: the item.
        base: its row before both; None if it was not there.
        mine: its row on the current branch; None if it was removed.
        theirs: its row on the other; None if it was removed.
        columns: what differs; empty if one side removed the item.
        extra: names of the columns beyond ours.
        merged: the row with all that is not in conflict; None if one side removed the item.
        taken: whether one side gave the name to another item, so that no rule settles it.
    """

    file: str
    base: Row | None
    mine: Row | None
    theirs: Row | None
    columns: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    merged: Row | None = None
    taken: bool = False

    def words(self) -> str:
        """Return the conflict in words: "label: cat (by Ann) or dog (by Ben), was fox"."""
        if self.mine is None or self.theirs is None:
            left = self.theirs if self.mine is None else self.mine
            assert left is not None
            did = "moved" if self.base is not None and self.base.file != self.file else "changed"
            who = ("removed here", f"{did} there") if self.mine is None else (f"{did} here", "removed there")
            return f"{who[0]}, {who[1]} ({left.label or 'no label'})"
        cells = [Change(self.mine, self.theirs, self.extra).cell(column) for column in self.columns]
        was = [Change(self.base, self.mine, self.extra).cell(column)[0] for column in self.columns]
        is_mask = photo_of(self.mine, self.extra)
        called = {"sha256": f"mask of {is_mask}" if is_mask else "file"}
        first = (
            ["the name belongs to another item on one side (answer it item by item)"] if self.taken else []
        )
        return "; ".join(
            first
            + [
                f"{called.get(column, column)}: {_who(mine, self.mine, column)} or {_who(theirs, self.theirs, column)}"
                + (f", was {_short(before, column)}" if before else "")
                for column, (mine, theirs), before in zip(self.columns, cells, was, strict=True)
            ]
        )

    def settled(self, answer: str) -> Row | None:
        """Return the row after an answer: "mine", "theirs", or another label; None if the item is removed.

        Raises:
            ArgumentError: for another label of an item that one side removed.
        """
        if answer in ("mine", "theirs"):
            chosen = self.mine if answer == "mine" else self.theirs
            if chosen is None or self.merged is None:
                return chosen
            row = _with(self.merged, chosen, self.columns, self.extra)
            return _own_odds(row, chosen) if "label" in self.columns else row
        if self.merged is None:
            raise ArgumentError(f"{self.file} was removed on one side", got=answer, expected="mine or theirs")
        if "label" not in self.columns:
            raise ArgumentError(
                f"of {self.file} not the label is in conflict, but {self.words()}",
                got=answer,
                expected="mine or theirs",
            )
        mine = self.settled("mine")
        assert mine is not None
        return _own_odds(mine._replace(label=answer, source=""), Row(self.file))

    def side(self, answer: str) -> str:
        """Return "mine" or "theirs" for an answer that is the label of that side: then its label stays, with who gave it.

        These two words mean the sides, also where one is the name of a label: there are mines on the sea floor.
        """
        if answer in ("mine", "theirs"):
            return answer
        for name, row in (("mine", self.mine), ("theirs", self.theirs)):
            if row is not None and row.label == answer and "label" in self.columns:
                return name
        return answer

    def by_rule(self, rule: Rule) -> str | None:
        """Return the answer that a rule gives: "mine" or "theirs"; None of "person" where both labels are people's, or neither."""
        if rule in ("mine", "theirs"):
            return rule
        if self.mine is None or self.theirs is None:  # what was changed stays
            return "theirs" if self.mine is None else "mine"
        if rule == "newest":
            return "theirs" if self.theirs.at > self.mine.at else "mine"
        mine, theirs = (each.by_person * (1 + bool(each.label)) for each in (self.mine, self.theirs))
        return None if mine == theirs else "mine" if mine > theirs else "theirs"


def _who(cell: str, row: Row, column: str) -> str:
    shown = _short(cell, column) or "(none)"
    return f"{shown} (by {row.giver})" if column in ("label", "sha256") and row.giver else shown


def _short(cell: str, column: str) -> str:
    return cell[:8] if column == "sha256" else cell


def _with(row: Row, chosen: Row, columns: Iterable[str], extra: tuple[str, ...]) -> Row:
    """Return a row with some columns of another; a label or mask brings who gave it."""
    ours = [name for name in columns if name not in extra]
    is_mask = "sha256" in ours and photo_of(chosen, extra)  # whose bytes are the label
    names = {*ours, *(_LABEL if "label" in ours else _LABEL[1:] if is_mask else ())}
    more = [
        theirs if name in columns else own
        for name, own, theirs in zip(extra, row.more, chosen.more, strict=True)
    ]
    return row._replace(**{name: getattr(chosen, name) for name in names}, more=tuple(more))


@dataclass(frozen=True)
class Ends:
    """What one side removed, added and relabelled.

    Attributes:
        gone: item -> the row that it had before.
        came: item -> its row.
        relabelled: (label before, label now) -> items.
        left: which of the labels before the side still has.
        rewritten: item -> its row before and its row now, of those whose bytes are others.
    """

    gone: dict[str, Row] = field(default_factory=dict)
    came: dict[str, Row] = field(default_factory=dict)
    relabelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    left: set[str] = field(default_factory=set)
    rewritten: dict[str, tuple[Row, Row]] = field(default_factory=dict)

    def note(self, change: Change) -> None:
        """Take in a change of that side."""
        if change.before is None and change.after is not None:
            self.came[change.file] = change.after
        elif change.after is None and change.before is not None:
            self.gone[change.file] = change.before
        elif change.before is not None and change.after is not None:
            if change.before.sha256 != change.after.sha256:
                self.rewritten[change.file] = change.before, change.after
            if change.kind == "relabelled":
                self.relabelled[change.cell("label")] += 1


@dataclass
class Merged:
    """The outcome of a merge.

    Attributes:
        rows: item -> its new row, where it is not as on the current branch; None if it is removed.
        conflicts: what both sides changed differently.
        extra: columns beyond ours, of the rows.
        ends: what each side, mine and theirs, removed and added: items that were moved are among these.
        mixed: item -> its rows before, here and there, of those whose bytes one side changed, and of which both changed something.
        dropped: those of the columns that one side dropped.
    """

    rows: dict[str, Row | None] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    extra: tuple[str, ...] = ()
    ends: tuple[Ends, Ends] = field(default_factory=lambda: (Ends(), Ends()))
    mixed: dict[str, tuple[Row, Row, Row]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()

    def put_into(self, sheet: Sheet) -> None:
        """Write what changes into the sheet of the current branch."""
        sheet.widen(self.extra)
        sheet.put(row for row in self.rows.values() if row is not None)
        for name in [name for name, row in self.rows.items() if row is None]:
            sheet.lines.pop(name, None)
        sheet.narrow(self.dropped)


class Parts:
    """The parts of labels that a merge changes; a part that is asked for first is read then.

    Args:
        parts: by name, the merge of each, and mine, into which it is to be put.
        part_of: returns in which part an item is.
        mine: reads a part of the current labels.
    """

    def __init__(
        self,
        parts: dict[str, tuple[Merged, Sheet]],
        part_of: Callable[[str], str],
        mine: Callable[[str], Sheet],
    ) -> None:
        self.parts, self._part_of, self._mine = parts, part_of, mine
        self._known = {each.file: each for merged, _ in parts.values() for each in merged.conflicts}
        self._over: set[int] = set()  # there may be as many as items

    def at(self, name: str) -> Merged:
        """Return the merge of the part that an item is in."""
        part = self._part_of(name)
        if part not in self.parts:
            sheet = self._mine(part)
            self.parts[part] = (Merged(extra=sheet.extra), sheet)
        return self.parts[part][0]

    def conflict(self, name: str) -> Conflict | None:
        """Return the conflict about an item, if there is one."""
        return self._known.get(name)

    def clear(self, name: str) -> None:
        """Forget what the merge found for an item."""
        self.at(name).rows.pop(name, None)
        if name in self._known:
            self._over.add(id(self._known.pop(name)))

    def ask(self, conflict: Conflict) -> None:
        """Add a conflict."""
        self.at(conflict.file).conflicts.append(conflict)
        self._known[conflict.file] = conflict

    def finish(self) -> None:
        """Drop the conflicts that were cleared."""
        for merged, _ in self.parts.values():
            merged.conflicts = sorted(
                (each for each in merged.conflicts if id(each) not in self._over),
                key=lambda each: each.file,
            )

    def ends(self, side: int) -> Ends:
        """Return what a side removed and added, in the parts that were read: 0 is mine, 1 is theirs."""
        found = Ends()
        for merged, _ in self.parts.values():
            found.gone.update(merged.ends[side].gone)
            found.came.update(merged.ends[side].came)
            found.rewritten.update(merged.ends[side].rewritten)
        return found


def merge_sheets(base: Sheet, mine: Sheet, theirs: Sheet) -> Merged:
    """Merge two sheets that began as `base`; the result says what changes in `mine`."""
    extra = tuple(dict.fromkeys((*base.extra, *mine.extra, *theirs.extra)))
    dropped = tuple(name for name in base.extra if name not in mine.extra or name not in theirs.extra)
    for sheet in (base, mine, theirs):
        if sheet.extra != extra:
            _align(sheet, extra)
    own = {change.file: change for change in changes_between(base, mine)}
    found = Merged(extra=extra, dropped=dropped)
    for change in own.values():
        found.ends[0].note(change)
    for change in changes_between(base, theirs):
        found.ends[1].note(change)
        ours = own.get(change.file)
        if ours is None:
            found.rows[change.file] = change.after
        elif ours.after != change.after:
            both_changed(change.before, ours.after, change.after, found)
    for ends, side in zip(found.ends, (mine, theirs), strict=True):
        ends.left.update(left_of(side, ends.relabelled))
    return found


def _align(sheet: Sheet, extra: tuple[str, ...]) -> None:
    sheet.widen(extra)
    if sheet.extra != extra:
        place = [sheet.extra.index(name) for name in extra]
        rows = [row._replace(more=tuple(row.more[i] for i in place)) for row in sheet.rows()]
        sheet.extra = extra
        sheet.put(rows)


def both_changed(base: Row | None, mine: Row | None, theirs: Row | None, found: Merged) -> None:
    """Merge the rows of an item that both sides changed, cell by cell, into `found`: a new row, a conflict, or nothing where mine stays."""
    extra = found.extra
    if mine is None or theirs is None:
        left = mine or theirs
        assert left is not None
        found.conflicts.append(Conflict(left.file, base, mine, theirs, (), extra))
        return
    if base is not None and not mine.sha256 == theirs.sha256 == base.sha256:
        found.mixed[mine.file] = base, mine, theirs
    before = base or Row(mine.file, more=("",) * len(extra))
    merged, clashes = mine, []
    label_of = _label_of(before, mine, theirs)
    if label_of == "theirs":
        merged = _with(merged, theirs, ("label",), extra)
    elif not label_of:
        clashes.append("label")
    for name in (*_OWN, *extra):
        old, ours, other = (Change(row, row, extra).cell(name)[0] for row in (before, mine, theirs))
        if other in (old, ours):
            continue
        if ours == old:
            merged = _with(merged, theirs, (name,), extra)
        elif name != "note" or not (is_odds(ours) or is_odds(other)):
            clashes.append(name)
        elif not is_odds(other):
            merged = merged._replace(note=other)
    if label_of:
        merged = _own_odds(merged, theirs if label_of == "theirs" else mine)
    if clashes:
        found.conflicts.append(Conflict(mine.file, base, mine, theirs, tuple(clashes), extra, merged))
    elif merged != mine:
        found.rows[mine.file] = merged


def _label_of(before: Row, mine: Row, theirs: Row) -> str:
    """Return whose label counts where both sides changed the item, "mine" or "theirs"; "" where that is to be asked."""
    ours, other, old = (_cells(row, _LABEL) for row in (mine, theirs, before))
    if other == old:
        return "mine"
    if ours == old:  # also where a person said the same as a function did
        return "theirs"
    if in_order(mine.label) == in_order(
        theirs.label
    ):  # a person's word is kept where a function said the same
        return "theirs" if _worth(theirs) > _worth(mine) else "mine"
    for name, changed, same in (("mine", mine, theirs), ("theirs", theirs, mine)):
        by_another = changed.label and changed.by_person
        confirmed = before.label and same.by_person and not by_another
        if same.label == before.label and not confirmed:
            return name
    return ""


def _worth(row: Row) -> int:
    """Return how much a label counts beside the same one: a person's, then what a person took over from a program, then a function's."""
    return 2 if row.by_person else 0 if row.of_function else 1


def _own_odds(row: Row, giver: Row) -> Row:
    """Return a row without the odds of a function that did not give its label: with the note of the row that did."""
    return row._replace(note=giver.note) if is_odds(row.note) else row


def _cells(row: Row, names: Iterable[str]) -> list[str]:
    return [getattr(row, name) for name in names]


def settle(
    found: Merged,
    rule: Rule | None,
    answers: Mapping[str, str],
    stamp: Callable[[Row], Row] = lambda row: row,
) -> list[Conflict]:
    """Settle conflicts by answers and by a rule; return those that are left.

    Args:
        found: the merge; the rows of what is settled are added.
        rule: for all that have no answer; None for none.
        answers: item -> "mine", "theirs", or another label.
        stamp: writes who gave a third label, and when.

    Raises:
        ArgumentError: if an answer is about an item that is not in conflict.
    """
    if rule is not None:
        check_choice("rule", rule, RULES)
    by_name = {conflict.file: conflict for conflict in found.conflicts}
    left = []
    for name in answers:
        if name not in by_name:
            raise ArgumentError(f"{name} is not in conflict", available=", ".join(list(by_name)[:12]) or None)
    for conflict in found.conflicts:
        by_rule = None if rule is None or conflict.taken else conflict.by_rule(rule)
        answer = answers.get(conflict.file) or by_rule
        if not answer:
            left.append(conflict)
            continue
        answer = conflict.side(answer)
        row = conflict.settled(answer)
        found.rows[conflict.file] = (
            stamp(row) if row is not None and answer not in ("mine", "theirs") else row
        )
    return left
