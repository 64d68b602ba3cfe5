"""Compare two programs on the same labelled items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed, number_text
from gatera.core.errors import DataError
from gatera.evaluate.items import Asked
from gatera.evaluate.measure_source import Measurement, find_items, measure
from gatera.evaluate.outcomes import Report, groups_of
from gatera.measure.check_given import group_numbers
from gatera.measure.grouped import UNNAMED
from gatera.measure.intervals import FEWEST_SAMPLED, Interval, too_few
from gatera.measure.questions.paired import PairedTest, paired_test
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport
from gatera.program.program import Program, load_program

#: What is not measured where a program does not know its class, by kind of program.
LEFT_OUT = {"segmentation": "pixels of classes", "multilabel": "labels"}


@dataclass(frozen=True)
class Comparison:
    """Two programs on the same items. Made by `compare`.

    Attributes:
        names: what the programs are called.
        test: the paired test of their errors.
        both, first, second: items that both, only the first, or only the second program gets wrong; None for numbers.
        unit: of the error: " points" of a hundred, " pixels", or "" for how far numbers are off.
        over: what was sampled, as in " over 6 groups (patient_id)"; "" for items.
        n_groups: how many groups there are; None for items.
        remarks: what the errors on these items are worth, such as that a program was trained on them.
    """

    names: tuple[str, str]
    test: PairedTest
    both: int | None = None
    first: int | None = None
    second: int | None = None
    unit: str = " points"
    over: str = ""
    n_groups: int | None = None
    remarks: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the comparison in words."""
        one, other = self.names
        lines = []
        if self.both is not None:
            lines.append(
                f"Wrong by both: {self.both:,}; only by {one}: {self.first:,}; only by {other}: {self.second:,}."
            )
        scale = 100 if self.unit == " points" else 1
        ends = Interval(*(scale * end for end in self.test.interval))
        n, thing = (self.test.n, "item") if self.n_groups is None else (self.n_groups, "group")
        low, high = map(_signed, ends)
        said = too_few(n, thing) if n < FEWEST_SAMPLED else f"95 % interval {low} to {high}{self.over}"
        what = "Error" if self.unit else "Mean distance from the label"
        lines.append(
            f"{what} of {one} minus that of {other}: {_signed(scale * self.test.difference)}{self.unit}; {said}."
        )
        return [*lines, self.test.sentence(one, other), *self.remarks]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        wrong = {"both": self.both, "first": self.first, "second": self.second}
        over = {} if self.n_groups is None else {"groups": self.n_groups}
        said = {"remarks": list(self.remarks)} if self.remarks else {}
        return {"programs": list(self.names), "wrong": wrong, **over, **self.test.to_dict(), **said}


def compare(
    a: Program | str | Path, b: Program | str | Path, source: str | Path, asked: Asked | None = None
) -> Comparison:
    """Measure two programs on the same items, and test whether one is better.

    Args:
        a: a program, or its file.
        b: the other.
        source: a folder or table with labels, as `gatera test` takes it.
        asked: what is said about it; see `Asked`.

    Raises:
        DataError: if the items are not usable, or the programs do not predict the same thing.

    Example:
        print(compare("small.gatera", "large.gatera", "new-photos/"))
    """
    programs = [load_program(each) if isinstance(each, str | Path) else each for each in (a, b)]
    check_same_kind(programs)
    found = [measure(program, find_items(program, Path(source), asked or Asked())) for program in programs]
    return compare_measurements(found[0], found[1], program_names(programs))


def check_same_kind(programs: Sequence[Program]) -> None:
    """Raise DataError if not all programs predict the same kind of thing: the errors of others are no measure of each other.

    Pixels and labels that a program does not know are left out of its error; so masks and sets of labels need the same classes.
    """
    kinds = list(dict.fromkeys(program.task for program in programs))
    if len(kinds) > 1:
        raise DataError("programs of different kinds cannot be compared", got=" and ".join(kinds))
    if kinds[0] not in LEFT_OUT:
        return
    first = {str(label) for label in programs[0].vocab or ()}
    for program in programs[1:]:
        differ = first ^ {str(label) for label in program.vocab or ()}
        if differ:
            raise DataError(
                f"programs with different classes cannot be compared: {LEFT_OUT[kinds[0]]} that a program does not know are left out of its error",
                got=f"only one of them knows {listed(sorted(differ))}", remedy="Measure each by itself.",
            )  # fmt: skip


def program_names(programs: Sequence[Program]) -> tuple[str, str]:
    """Return what two programs are called: their versions in the registry, or the names of their files, with the folder where these are the same."""
    paths = [Path(str(program.info["path"])) for program in programs]
    one, other = (program.version or path.name for program, path in zip(programs, paths, strict=True))
    if one == other:
        one, other = (str(Path(path.parent.name) / path.name) for path in paths)
    return one, other


def compare_measurements(a: Measurement, b: Measurement, names: tuple[str, str]) -> Comparison:
    """Compare two measurements on the items that both have.

    Raises:
        DataError: if they have no item in common, or were measured by other labels of the same items, as of another column.
    """
    there = {outcome.example.name: outcome for outcome in b.outcomes}
    pairs = [(one, there[one.example.name]) for one in a.outcomes if one.example.name in there]
    if not pairs:
        raise DataError("the two programs were measured on different items, and cannot be compared")
    for one, other in pairs:
        if not _same_label(one.example.truth, other.example.truth):
            raise DataError(
                f"{names[0]} and {names[1]} were measured against different labels, and cannot be compared",
                got=f"{one.example.name}: {one.example.truth!r} for one, {other.example.truth!r} for the other",
                remedy="Compare programs that predict the same, or name the column of the labels: target=.",
            )  # fmt: skip
    grouped = groups_of(a.report, [one for one, _ in pairs])
    groups, over, n_groups = None, "", None
    if grouped is not None:
        groups, n_groups = grouped[0], 1 + int(group_numbers(grouped[0], len(pairs)).max())
        over = f" over {counted(n_groups, 'group')}" + ("" if grouped[1] == UNNAMED else f" ({grouped[1]})")
    if not all(one.wrong is not None and other.wrong is not None for one, other in pairs):
        weights = np.array([one.weight + other.weight for one, other in pairs], np.float64)
        weights /= weights.mean() or 1  # as in the errors of either: large masks count more
        errors = np.array([(one.badness, other.badness) for one, other in pairs]) * weights[:, None]
        test = paired_test(errors[:, 0], errors[:, 1], groups=groups)
        return Comparison(
            names, test, unit=_unit(a.report), over=over, n_groups=n_groups, remarks=_remarks((a, b), names)
        )
    wrong = [(bool(one.wrong), bool(other.wrong)) for one, other in pairs]
    test = paired_test([float(one) for one, _ in wrong], [float(other) for _, other in wrong], groups=groups)
    return Comparison(
        names, test, wrong.count((True, True)), wrong.count((True, False)), wrong.count((False, True)), over=over,
        n_groups=n_groups, remarks=_remarks((a, b), names),
    )  # fmt: skip


def _remarks(measured: Sequence[Measurement], names: Sequence[str]) -> tuple[str, ...]:
    """Return what the errors of the programs are worth, each once: a program that was trained on the items looks better than it is."""
    of: dict[str, list[str]] = {}
    for name, each in zip(names, measured, strict=True):
        if each.items.remark:
            of.setdefault(each.items.remark, []).append(name)
    return tuple(f"{' and '.join(those)}: {remark}" for remark, those in of.items())


def _same_label(one: Any, other: Any) -> bool:
    """Whether two programs read the same label of an item; masks are read only when they are measured.

    Example:
        >>> _same_label("5", 5.0), _same_label("cat", "dog"), _same_label([1.0, 2.0], [1, 2])
        (True, False, True)
    """
    if callable(one) or callable(other) or (isinstance(one, str) and one == other):
        return True
    try:
        return np.array_equal(np.asarray(one, np.float64), np.asarray(other, np.float64), equal_nan=True)
    except (TypeError, ValueError):  # words
        return str(one) == str(other)


def _unit(report: Report) -> str:
    """Return what follows a difference of errors that are more or less."""
    if isinstance(report, NumberReport):
        return ""
    return " pixels" if isinstance(report, PointReport) else " points"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{number_text(value, 3, grouped=True)}"
