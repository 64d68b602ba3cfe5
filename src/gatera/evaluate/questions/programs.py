"""Compare two programs on the same labelled items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.errors import DataError
from gatera.evaluate.items import Asked
from gatera.evaluate.measure_source import Measurement, find_items, measure
from gatera.measure.intervals import Interval, interval_words
from gatera.measure.questions.paired import PairedTest, paired_test
from gatera.program.program import Program, load_program


@dataclass(frozen=True)
class Comparison:
    """Two programs on the same items. Made by `compare`.

    Attributes:
        names: what the programs are called.
        test: the paired test of their errors.
        both, first, second: items that both, only the first, or only the second program gets wrong; None for numbers.
    """

    names: tuple[str, str]
    test: PairedTest
    both: int | None = None
    first: int | None = None
    second: int | None = None

    def lines(self) -> list[str]:
        """Return the comparison in words."""
        one, other = self.names
        lines = []
        if self.both is not None:
            lines.append(
                f"Wrong by both: {self.both:,}; only by {one}: {self.first:,}; only by {other}: {self.second:,}."
            )
        scale, unit = (100, " points") if self.both is not None else (1, "")
        ends = Interval(*(scale * end for end in self.test.interval))
        said = interval_words(ends, self.test.n, "{:+.3g}")
        lines.append(
            f"Error of {one} minus that of {other}: {scale * self.test.difference:+.3g}{unit}; {said}."
        )
        return [*lines, self.test.sentence(one, other)]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        wrong = {"both": self.both, "first": self.first, "second": self.second}
        return {"programs": list(self.names), "wrong": wrong, **self.test.to_dict()}


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
        DataError: if the items are not usable, or the programs do not predict the same kind of thing.

    Example:
        print(compare("small.gatera", "large.gatera", "new-photos/"))
    """
    programs = [load_program(each) if isinstance(each, str | Path) else each for each in (a, b)]
    if programs[0].task != programs[1].task:
        raise DataError(
            "programs of different kinds cannot be compared", got=f"{programs[0].task} and {programs[1].task}"
        )
    found = [measure(program, find_items(program, Path(source), asked or Asked())) for program in programs]
    return compare_measurements(found[0], found[1], program_names(programs))


def program_names(programs: Sequence[Program]) -> tuple[str, str]:
    """Return what two programs are called: the names of their files, with the folder where these are the same."""
    paths = [Path(str(program.info["path"])) for program in programs]
    one, other = (path.name for path in paths)
    if one == other:
        one, other = (str(Path(path.parent.name) / path.name) for path in paths)
    return one, other


def compare_measurements(a: Measurement, b: Measurement, names: tuple[str, str]) -> Comparison:
    """Compare two measurements on the items that both have.

    Raises:
        DataError: if they have no item in common.
    """
    there = {outcome.example.name: outcome for outcome in b.outcomes}
    pairs = [(one, there[one.example.name]) for one in a.outcomes if one.example.name in there]
    if not pairs:
        raise DataError("the two programs were measured on different items, and cannot be compared")
    counted = all(one.wrong is not None and other.wrong is not None for one, other in pairs)
    if not counted:
        return Comparison(
            names, paired_test([one.badness for one, _ in pairs], [other.badness for _, other in pairs])
        )
    wrong = [(bool(one.wrong), bool(other.wrong)) for one, other in pairs]
    test = paired_test([float(one) for one, _ in wrong], [float(other) for _, other in wrong])
    return Comparison(
        names, test, wrong.count((True, True)), wrong.count((True, False)), wrong.count((False, True))
    )
