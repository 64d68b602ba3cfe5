"""Say what looks like an accident in a table: numbers that stand for "missing", columns that give the target away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed, number_text
from gatera.core.errors import DataError
from gatera.data.loading.row_tables import named_row, value_column_of
from gatera.program.tables.columns import Kind
from gatera.program.tables.notes import Note

#: Largest and smallest whole numbers of 16 and 32 bits, which programs write where a value is missing. Nines do it, too, and
#: from this size on any number (1e20 and 9.97e36 are usual for measurements).
_LIMITS, _HUGE = frozenset((-32768.0, 32767.0, 65535.0, -(2.0**31), 2.0**31 - 1)), 1e20

#: A giveaway is looked for in tables of at least this many rows: in fewer, chance makes one.
FEWEST_TO_TELL = 20

#: Numbers that are the target in another unit, up to rounding, correlate at least this much.
SAME_NUMBER = 1 - 1e-9

#: Parts of a sum are looked for in so many columns at most, and in so many rows, of which each column needs some.
MOST_PARTS, ROWS_FOR_PARTS, ROWS_PER_PART = 100, 2_000, 3

#: A part moves a total by more than this share of how the total varies; what no part explains is less of its variance.
LEAST_PART, LEAST_LEFT = 1e-6, 1e-10

#: Zeros that are this share of the ratings are often no ratings.
MANY_ZEROS = 0.2


def stand_ins(frame: Any, inputs: Sequence[str], target: str) -> Iterator[Note]:
    """Yield a note for each column of numbers in which a number seems to stand for "missing", as -999 does.

    Args:
        frame: a pandas DataFrame.
        inputs: its columns of numbers.
        target: the column to predict; one of classes has no such numbers.
    """
    for name in (*inputs, target):
        for value, many, low, high in _codes(_numbers(frame[name])):
            remedy = "remove these rows" if name == target else "empty these cells"
            said = f"{name} is {number_text(value)} in {counted(many, 'row')} and {number_text(low)} to {number_text(high)} in all others"
            text = f'{said}; if it stands for "missing", {remedy}'
            yield Note(text) if name == target else Note(text, "drop", name)


def giveaways(
    frame: Any, target: str, classes: bool, categories: Sequence[str], numbers: Sequence[str]
) -> Iterator[Note]:
    """Yield a note for each input that tells the target of every row: its code, its name, the same amount in other money.

    Where none does, one for inputs that tell it together, as its parts do if it is a total, or the other columns of a one-hot code.

    Args:
        frame: a pandas DataFrame without rows that have no target.
        target: the column to predict.
        classes: whether it is a class.
        categories: inputs that are categories.
        numbers: inputs that are numbers.
    """
    if len(frame) < FEWEST_TO_TELL:
        return
    same, alone = _same_class if classes else _same_number, []
    for name in categories if classes else numbers:
        if same(frame[name], frame[target]):
            text = (
                f"{name} alone tells {target} in every row; if it is not known when you predict, leave it out"
            )
            alone.append(name)
            yield Note(text, "drop", name)
    together = [] if alone else _parts_of_a_sum(frame, target, classes, [*numbers, *categories])
    if together:
        text = (
            f"{listed(together)} together tell {target} in every row, as parts of a sum; if they are not known when you predict, "
            "leave them out"
        )
        yield Note(text, "drop", ",".join(together))


def zero_ratings(ratings: Any) -> Note | None:
    """Return a note if many ratings are 0 and all others are 0.5 or more: data sets write 0 where nobody rated."""
    numbers = _numbers(ratings)
    zeros = int((numbers == 0).sum())
    others = np.unique(numbers[numbers != 0])
    if len(others) < 2 or others[0] < 0.5 or zeros < MANY_ZEROS * len(numbers):
        return None
    said = f"{ratings.name} is 0 in {zeros:,} of {len(numbers):,} rows, which counts as the lowest rating"
    return Note(f'{said}; if it means "not rated", remove these rows')


def check_target_numbers(frame: Any, target: str, source: object) -> None:
    """Raise DataError, naming the line, if a number to predict is none, or too large for float32."""
    if value_column_of(frame[target]).kind in (Kind.WHOLE, Kind.NUMBER, Kind.TRUTH):
        too_large = np.abs(_numbers(frame[target])) > np.finfo(np.float32).max
        if not too_large.any():
            return
        place = int(too_large.argmax())
        raise DataError(
            f"{target} in {named_row(frame, place)} of {source} is too large for the numbers that models compute with",
            got=frame[target].tolist()[place], expected=f"at most {np.finfo(np.float32).max:.2g}",
            remedy="Divide all of them by the same number, or predict their logarithm.",
        )  # fmt: skip
    for place, cell in enumerate(frame[target].tolist()):
        try:
            float(cell)
        except (TypeError, ValueError):
            raise DataError(
                f"{target} in {named_row(frame, place)} of {source} is not a number", got=cell,
                remedy="Write numbers there, or remove the row.",
            ) from None  # fmt: skip


def _numbers(series: Any) -> np.ndarray:
    """Return the numbers of a column, float64 [k], without gaps; none of a column of something else."""
    column = value_column_of(series)
    if column.kind not in (Kind.WHOLE, Kind.NUMBER):
        return np.zeros(0)
    cells = np.asarray(column.cells, np.float64)
    return cells[np.isfinite(cells)]


def _codes(cells: np.ndarray) -> Iterator[tuple[float, int, float, float]]:
    """Yield numbers that seem to stand for "missing": value, how often, lowest and highest of the others."""
    left = True
    while left and len(cells):
        left = False
        for value in (float(cells.min()), float(cells.max())):
            others = cells[cells != value]
            many = len(cells) - len(others)
            if many < 2 or not len(others) or not _is_code(value):
                continue
            low, high = float(others.min()), float(others.max())
            if max(low - value, value - high) > high - low:
                yield value, many, low, high
                cells, left = others, True
                break


def _is_code(value: float) -> bool:
    if value in _LIMITS or abs(value) >= _HUGE:
        return True
    digits = f"{abs(value):.10g}"
    return len(digits) > 1 and set(digits) == {"9"}


def _same_class(inputs: Any, target: Any) -> bool:
    """Whether each value of a column goes with one class, and each class with one value."""
    known, labels = inputs.nunique(dropna=False), target.nunique()
    if known != labels:
        return False
    codes, classes = (column.factorize(use_na_sentinel=False)[0] for column in (inputs, target))
    return len(np.unique(codes.astype(np.int64) * labels + classes)) == labels


def _parts_of_a_sum(frame: Any, target: str, classes: bool, inputs: Sequence[str]) -> list[str]:
    """Return columns whose multiples add up to the target in every row; none if there are none.

    Args:
        frame: a pandas DataFrame.
        target: a column of numbers, or of two classes that are numbers.
        classes: whether it is a class.
        inputs: other columns; only those of numbers and truth values are tried.
    """
    if len(inputs) > MOST_PARTS or (classes and frame[target].nunique() != 2):
        return []
    some = frame.iloc[:: -(-len(frame) // ROWS_FOR_PARTS)]
    cells = _sums_of(some, [target])
    names = [name for name in inputs if _sums_of(some, [name]) is not None]
    if cells is None or not 2 <= len(names) <= len(some) // ROWS_PER_PART:
        return []
    given, wanted = _sums_of(some, names), cells[:, 0]
    assert given is not None  # for the type checker
    if not np.isfinite(given).all() or not np.isfinite(wanted).all() or not wanted.std():
        return []  # a gap is no part of a sum
    spread = given.std(axis=0)
    usual = (given - given.mean(axis=0)) / np.where(spread > 0, spread, 1)  # [n,P]
    centred = (wanted - wanted.mean()) / wanted.std()
    weights = np.linalg.lstsq(usual, centred, rcond=None)[0]
    if np.square(centred - usual @ weights).mean() > LEAST_LEFT:
        return []
    return [name for name, weight in zip(names, weights, strict=True) if abs(weight) > LEAST_PART]


def _sums_of(frame: Any, names: Sequence[str]) -> np.ndarray | None:
    """Return columns of numbers and truth values, float64 [n,P]; None if one holds something else."""
    columns = [value_column_of(frame[name]) for name in names]
    if any(column.kind not in (Kind.WHOLE, Kind.NUMBER, Kind.TRUTH) for column in columns):
        return None
    if any(column.cells.dtype.kind == "O" for column in columns):
        return None  # truth values with gaps
    return np.stack([np.asarray(column.cells, np.float64) for column in columns], axis=1)


def _same_number(inputs: Any, target: Any) -> bool:
    """Whether a column of numbers is the target times a number, plus a number."""
    columns = [value_column_of(column) for column in (inputs, target)]
    if any(column.kind not in (Kind.WHOLE, Kind.NUMBER) for column in columns):
        return False
    x, y = (np.asarray(column.cells, np.float64) for column in columns)
    there = np.isfinite(x) & np.isfinite(y)
    if there.sum() < FEWEST_TO_TELL or x[there].std() == 0 or y[there].std() == 0:
        return False
    return bool(abs(np.corrcoef(x[there], y[there])[0, 1]) >= SAME_NUMBER)
