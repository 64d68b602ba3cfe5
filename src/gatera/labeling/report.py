"""What every labelling function is worth: coverage, conflicts, learned accuracy, accuracy on the few known labels, errors caused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed
from gatera.labeling.caused import Caused
from gatera.labeling.model.label_model import LabelModel
from gatera.labeling.model.majority import MajorityLabeler
from gatera.labeling.votes import NO_VOTE, Votes
from gatera.measure.intervals import Interval, wilson_interval

#: A function of which this share of the votes is right, or less, does harm or says the opposite (for two classes).
NO_BETTER = 0.5


@dataclass(frozen=True)
class FunctionReport:
    """What is known of one function.

    Attributes:
        name, version: the function.
        says: the classes that it votes for, as text; several and "not" in words.
        coverage: share of the items on which it votes, 0..1.
        overlap: share of the items on which it votes and so does another.
        conflict: share of the items on which it votes and another says something that cannot be true together.
        learned: its accuracy as the label model estimates it, 0..1; None without a model, and where it votes on no item.
        interval: the 95 % interval of that.
        weight: how much it counts, 0..1; below 1 where other functions say the same for the same reasons.
        right, known: of its votes on items with a known label, how many are right, and how many there are.
        faults: on how many items it failed.
        caused: the errors that it caused and prevented, after training; None before.
    """

    name: str
    version: str
    says: str
    coverage: float
    overlap: float
    conflict: float
    learned: float | None = None
    interval: Interval | None = None
    weight: float = 1.0
    right: int = 0
    known: int = 0
    faults: int = 0
    caused: Caused | None = None

    @property
    def measured(self) -> float | None:
        """Its accuracy on items with a known label; None where there are none."""
        return self.right / self.known if self.known else None

    @property
    def measured_interval(self) -> Interval | None:
        """The 95 % Wilson interval of `measured`."""
        if not self.known:
            return None
        low, high = wilson_interval(self.known - self.right, self.known)
        return Interval(1 - high, 1 - low)


@dataclass(frozen=True, repr=False)
class LabelingReport:
    """A report on labelling functions: coverage, conflicts, accuracy, remarks.

    Attributes:
        functions: one record per function, in their order.
        items: number of items.
        covered: number of items with a vote.
        remarks: sentences about functions that should be looked at.
    """

    functions: tuple[FunctionReport, ...]
    items: int
    covered: int
    remarks: tuple[str, ...] = field(default=())

    @property
    def table(self) -> list[tuple[str, ...]]:
        """The table as texts: its headings, then a row for each function. Empty columns are skipped."""
        rows = [_HEADINGS, *(_row(each) for each in self.functions)]
        used = [place for place in range(len(_HEADINGS)) if any(row[place] for row in rows[1:])]
        return [tuple(row[place] for place in used) for row in rows]

    @property
    def sentences(self) -> list[str]:
        """What stands below the table."""
        share = self.covered / self.items if self.items else 0.0
        return [f"{self.covered:,} of {self.items:,} items have a vote ({100 * share:.1f} %).", *self.remarks]

    def __repr__(self) -> str:
        rows = self.table
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, "", *self.sentences])


_HEADINGS = (
    "function",
    "class",
    "coverage",
    "overlap",
    "conflict",
    "learned",
    "95 %",
    "weight",
    "on known labels",
    "faults",
    "caused",
    "prevented",
)


def labeling_report(
    votes: Votes,
    model: LabelModel | None = None,
    gold: Sequence[Any] | None = None,
    caused: Sequence[Caused] | None = None,
) -> LabelingReport:
    """Return a report on how good every labelling function is.

    Args:
        votes: the votes.
        model: fitted on them; None for none.
        gold: known labels, one per item, None where a label is not known.
        caused: from `errors_caused`, after training.

    Raises:
        ArgumentError: if the votes are not those of the model, or a known label is not a class.

    Example:
        >>> print(labeling_report(Votes.from_matrix([[0, 0], [1, -1], [1, 0]], ["no", "yes"], ["a", "b"])))
        function  class    coverage  overlap  conflict
        a         no, yes  100.0 %   66.7 %   33.3 %
        b         no       66.7 %    66.7 %   33.3 %
        <BLANKLINE>
        3 of 3 items have a vote (100.0 %).
    """
    voted, clash = votes.voted, conflicts(votes)
    others = voted.sum(axis=1, keepdims=True) - voted
    truth = None if gold is None else votes.class_numbers(gold)
    intervals = None if model is None else model.accuracy_intervals(votes)
    found = []
    for j, name in enumerate(votes.functions):
        says = voted[:, j]
        right, known = (0, 0) if truth is None else _against(votes, j, truth)
        found.append(
            FunctionReport(
                name,
                votes.versions[j] if votes.versions else "",
                _said(votes, j),
                float(says.mean()),
                float((says & (others[:, j] > 0)).mean()),
                float(clash[:, j].mean()),
                None if model is None or not says.any() else float(model.accuracies[j]),
                None if intervals is None or not says.any() else intervals[j],
                1.0 if model is None else float(model.weights[j]),
                right,
                known,
                votes.faults[j].count if votes.faults else 0,
                None if caused is None else caused[j],
            )
        )
    covered = int(votes.covered.sum())
    together = [] if model is None or truth is None else _together(votes, model, truth)
    return LabelingReport(tuple(found), len(votes), covered, (*together, *_remarks(found, votes, model)))


def conflicts(votes: Votes) -> np.ndarray:
    """Return where a function says what cannot be true together with what another one says, bool [n,m]."""
    m = votes.matrix.shape[1]
    together = votes.allowed.astype(np.int32) @ votes.allowed.T.astype(np.int32) > 0  # [numbers,numbers]
    table = np.ones((len(together) + 1, len(together) + 1), dtype=bool)
    table[:-1, :-1] = together  # the last row and column stand for abstention, -1
    found = np.zeros(votes.matrix.shape, dtype=bool)
    for i in range(m):
        for j in range(i):
            clash = ~table[votes.matrix[:, i], votes.matrix[:, j]]
            found[:, i] |= clash
            found[:, j] |= clash
    return found


def _against(votes: Votes, function: int, truth: np.ndarray) -> tuple[int, int]:
    rows = np.flatnonzero((truth >= 0) & votes.voted[:, function])
    right = votes.allowed[votes.matrix[rows, function], truth[rows]]
    return int(right.sum()), len(rows)


def _together(votes: Votes, model: LabelModel, truth: np.ndarray) -> list[str]:
    """Say how many known labels the model has right, and how many the votes have that are only counted."""
    known = votes.covered & (truth >= 0)
    if not known.any():
        return []
    of_model, of_vote = (
        int((each.predict(votes) == truth)[known].sum()) for each in (model, MajorityLabeler().fit(votes))
    )
    return [
        f"Of the {int(known.sum()):,} known labels of these, the label model has {of_model:,} right, and counting votes {of_vote:,}."
    ]


def _said(votes: Votes, function: int) -> str:
    used = np.unique(votes.matrix[:, function])
    words = []
    for number in used[used != NO_VOTE]:
        marks = votes.allowed[number]
        names = [str(label) for label, mark in zip(votes.classes, marks) if mark]
        excluded = [str(label) for label, mark in zip(votes.classes, marks) if not mark]
        words.append("not " + excluded[0] if len(names) > 1 and len(excluded) == 1 else " or ".join(names))
    return listed(words, 4)


def _remarks(found: Sequence[FunctionReport], votes: Votes, model: LabelModel | None) -> list[str]:
    lines = []
    for number, each in enumerate(found):
        if not each.coverage:
            lines.append(f"{each.name} votes on no item.")
        measured = each.measured_interval
        if measured is not None and measured.high < NO_BETTER and len(votes.classes) == 2:
            lines.append(
                f"{each.name} is wrong on most known labels ({each.known - each.right} of {each.known})."
            )
        elif (
            each.learned is not None
            and each.interval is not None
            and each.interval.high < 1 / len(votes.classes)
        ):
            lines.append(
                f"{each.name} seems to be wrong more often than chance{_turned(votes, number, model)}."
            )
        elif measured is not None and each.interval is not None and measured.high < each.interval.low:
            lines.append(
                f"{each.name} is worse than the label model learned ({each.right} of {each.known} known labels are right): functions that "
                "build on each other confirm each other."
            )
    for pair in model.dependent[:5] if model is not None else ():
        first, second = votes.functions[pair.first], votes.functions[pair.second]
        if np.array_equal(votes.matrix[:, pair.first], votes.matrix[:, pair.second]):
            lines.append(f"{first} and {second} vote the same on every item; they count as one.")
            continue
        lines.append(
            f"{first} and {second} agree more often than their accuracies explain ({100 * pair.strength:.0f} % of what is possible); they count less."
        )
    return lines


def _turned(votes: Votes, number: int, model: LabelModel | None) -> str:
    """Return words for whether the votes of a function that is wrong more often than a guess are counted the other way round."""
    said = votes.matrix[votes.voted[:, number], number]
    if model is not None and model.form == "selective" and len(np.unique(said)) == 1:  # see `_as_chance`
        return ""
    turned = "; its votes are counted the other way round"
    alone = votes.voted[:, number] & (votes.voted.sum(axis=1) == 1)
    if model is None or not alone.any():
        return turned
    found = model.predict(votes)[alone]
    stay = int(votes.allowed[votes.matrix[alone, number], found].sum())  # see `_said_first`
    if not stay:
        return turned
    return f"{turned} beside those of others, and as they are where it votes alone ({counted(stay, 'item')})"


def _row(each: FunctionReport) -> tuple[str, ...]:
    interval = (
        ""
        if each.interval is None
        else f"{100 * each.interval.low:.1f} % to {100 * each.interval.high:.1f} %"
    )
    known = f"{each.right} of {each.known} right" if each.known else ""
    caused = ("", "") if each.caused is None else (str(len(each.caused.items)), str(each.caused.prevented))
    return (
        f"{each.name}@{each.version}" if each.version else each.name, each.says, f"{100 * each.coverage:.1f} %", f"{100 * each.overlap:.1f} %",
        f"{100 * each.conflict:.1f} %", "" if each.learned is None else f"{100 * each.learned:.1f} %", interval,
        "" if each.learned is None else f"{each.weight:.2f}", known, str(each.faults) if each.faults else "", *caused,
    )  # fmt: skip
