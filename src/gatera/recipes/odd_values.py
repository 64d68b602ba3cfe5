"""Say what looks like an accident in a table: numbers that stand for "missing", rows of totals, columns that give the target away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed, number_text
from gatera.core.errors import DataError
from gatera.data.loading.row_tables import named_row, value_column_of
from gatera.data.sources.totals import add_up, is_subtotal, is_sum_above, is_total
from gatera.evaluate.splitting.columns import names_owner
from gatera.program.raw.dates import part_of_dates
from gatera.program.tables.columns import Kind
from gatera.program.tables.nearly import NEARLY_ALL, unit_of
from gatera.program.tables.notes import Note
from gatera.program.tables.numbers import is_identifier, plain_number
from gatera.tabular.roles import MOST_CLASSES

#: Largest and smallest whole numbers of 16 and 32 bits, which programs write where a value is missing. Nines do it, too, and
#: from this size on any number (1e20 and 9.97e36 are usual for measurements).
_LIMITS, _HUGE = frozenset((-32768.0, 32767.0, 65535.0, -(2.0**31), 2.0**31 - 1)), 1e20

#: A giveaway is looked for in tables of at least this many rows: in fewer, chance makes one.
FEWEST_TO_TELL = 20

#: Values that each go with one class tell it if chance makes that with less than this probability.
BY_CHANCE = 1e-6

#: Numbers that are the target in another unit, up to rounding, correlate at least this much.
SAME_NUMBER = 1 - 1e-6

#: Parts of a sum are looked for in so many columns at most, and in so many rows, of which each column needs some.
MOST_PARTS, ROWS_FOR_PARTS, ROWS_PER_PART = 100, 2_000, 3

#: A part moves a total by more than this share of how the total varies; what no part explains is less of its variance.
LEAST_PART, LEAST_LEFT = 1e-6, 1e-10

#: A number alone tells classes apart where each has a range of its own; of smaller classes chance can make that.
FEWEST_OF_A_CLASS = 5

#: What adds up others is usually at least as many times as large as they are.
LIKE_SUMS = 1.5

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
    same = _tells_class if classes else _same_number
    found = {name: "" for name in (categories if classes else numbers) if same(frame[name], frame[target])}
    for name in numbers if classes else ():
        if _empty_in_one_class(frame[name], frame[target]):
            found[name] = ", as it is empty in all rows of one class and in no other"
        elif _own_ranges(frame[name], frame[target]):
            found[name] = ", as each class has a range of its own"
    for name, why in found.items():
        said = f"{name} alone determines {target} in every row{why}; if it is not known when you predict, leave it out"
        yield Note(said, "drop", name)
    together = [] if found else _parts_of_a_sum(frame, target, classes, [*numbers, *categories])
    if together:
        text = (
            f"{listed(together)} together determine {target} in every row, as parts of a sum; if they are not known when you predict, "
            "leave them out"
        )
        yield Note(text, "drop", together)


def totals(frame: Any) -> Iterator[Note]:
    """Yield a note for a last row whose numbers are the sums of all above it, and for columns in which rows are called totals.

    Args:
        frame: a pandas DataFrame, as it was read.
    """
    remedy = "remove it"
    if summed := _sums_above(frame):
        many = "is the sum" if len(summed) == 1 else "are the sums"
        said = f"In the last row ({named_row(frame, len(frame) - 1)}) {listed(summed, 4)} {many} of all rows above"
        yield Note(f"{said}, as in a row of totals; if it is one, {remedy}")
        frame = frame.iloc[:-1]
    for name in frame.columns:
        if frame[name].dtype.kind in "biufcM":
            continue
        labels = [label for label in frame[name].unique().tolist() if isinstance(label, str)]
        called = [label for label in labels if is_total(label)]
        places = np.flatnonzero(frame[name].isin(called))
        larger = bool(called) and _are_larger(frame, places)
        parts = [label for label in labels if is_subtotal(label) and not is_total(label)]
        if parts and _add_up(frame, all_places := np.flatnonzero(frame[name].isin([*called, *parts]))):
            called, places, larger = [*parts, *called], all_places, True
        if called and len(labels) > 2 and larger:
            rows = "a row" if len(places) == 1 else counted(len(places), "row")
            said = f"{name} is {listed([repr(label) for label in called], 2)} in {rows}, first in {named_row(frame, int(places[0]))}"
            yield Note(
                f"{said}; if that adds up other rows, {remedy if len(places) == 1 else 'remove these'}"
            )


def _are_larger(frame: Any, places: np.ndarray) -> bool:
    """Whether some number is usually larger in these rows than in the others, as in sums: "Total" may be a filling station."""
    in_them = np.isin(np.arange(len(frame)), places)
    for _, column in _number_columns(frame):
        cells = np.abs(column)
        there = np.isfinite(cells)
        sums, others = cells[in_them & there], cells[~in_them & there]
        if len(sums) and len(others) and np.median(sums) > LIKE_SUMS * np.median(others):
            return True
    return False


def _add_up(frame: Any, places: np.ndarray) -> bool:
    """Whether these rows add up others in some column of numbers."""
    return any(add_up(column, places.tolist()) for _, column in _number_columns(frame))


def _sums_above(frame: Any) -> list[str]:
    """Return the columns of numbers that the last row adds up, if it does so in all in which it has a number; else none."""
    summed = []
    for name, column in _number_columns(frame):
        added = is_sum_above(column)
        if added is False:
            return []
        if added:
            summed.append(str(name))
    return summed


def _number_columns(frame: Any) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield the name and the cells, float64 [n], of each column of numbers."""
    for name in frame.columns:
        if frame[name].dtype.kind in "iuf":
            yield name, frame[name].to_numpy(np.float64)


def zero_ratings(ratings: Any) -> Note | None:
    """Return a note if many ratings are 0 and all others are 0.5 or more: data sets write 0 where nobody rated."""
    numbers = _numbers(ratings)
    zeros = int((numbers == 0).sum())
    others = np.unique(numbers[numbers != 0])
    if len(others) < 2 or others[0] < 0.5 or zeros < MANY_ZEROS * len(numbers):
        return None
    said = f"{ratings.name} is 0 in {zeros:,} of {len(numbers):,} rows, which counts as the lowest rating"
    return Note(f'{said}; if it means "not rated", remove these rows')


def check_not_nearly_numbers(frame: Any, target: str, source: object) -> None:
    """Raise DataError if nearly all cells to predict are numbers, many of them, and a few are words: each number would be a class.

    Args:
        frame: a pandas DataFrame without rows that have no target.
        target: a column of texts.
        source: the table, for messages.
    """
    if frame[target].dtype.kind in "biufcM" or frame[target].nunique() <= MOST_CLASSES:
        return
    cells = frame[target].tolist()
    units = {
        cell: unit
        for cell in set(cells)
        if isinstance(cell, str) and plain_number(cell) is None and (unit := unit_of(cell)) != ""
    }
    behind = {unit for unit in units.values() if unit}
    if len(behind) == 1 and len(units) == len(set(cells)):  # "12 kg" is a number where all others are in kg
        units = {cell: unit for cell, unit in units.items() if unit is None}
    words = [place for place, cell in enumerate(cells) if cell in units]
    kept = {cells[place] for place in words}
    different = len(set(cells)) - len(kept)
    if (
        not 0 < len(words) <= (1 - NEARLY_ALL) * len(cells)
        or different <= MOST_CLASSES
        or any(map(is_identifier, cells))
    ):
        return
    others = f" and {counted(len(words) - 1, 'other')} hold words" if len(words) > 1 else " holds a word"
    raise DataError(
        f"{target} has {different:,} different numbers, but {named_row(frame, words[0])} of {source}{others}",
        got=cells[words[0]],
        expected="numbers only; if each number is a class, say so: classes=",
        remedy="Empty these cells, or remove the rows.",
    )  # fmt: skip


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


def _empty_in_one_class(inputs: Any, target: Any) -> bool:
    """Whether a column is empty in all rows of one of two classes, and in no other row."""
    empty = inputs.isna()
    return bool(min(empty.sum(), (~empty).sum()) >= FEWEST_OF_A_CLASS) and _tells_class(empty, target)


def _tells_class(inputs: Any, target: Any) -> bool:
    """Whether each value of a column goes with one class, in so many rows that chance does not make that.

    Ids of people and things with one class each are groups, of which something else is said.
    """
    codes, classes = (column.factorize(use_na_sentinel=False)[0] for column in (inputs, target))
    counts, shares = np.bincount(codes), np.bincount(classes) / len(classes)
    if len(shares) < 2 or len(np.unique(codes.astype(np.int64) * len(shares) + classes)) != len(counts):
        return False
    often, how_many = np.unique(counts, return_counts=True)  # all rows of a value have one class by chance
    by_chance = np.log(np.power(shares, often[:, None]).sum(axis=1))
    return len(counts) == len(shares) or (
        not names_owner(str(inputs.name)) and bool(how_many @ by_chance < np.log(BY_CHANCE))
    )


def _own_ranges(inputs: Any, target: Any) -> bool:
    """Whether each class has a range of its own in a column of numbers or dates, without gaps."""
    numbers = _in_order(inputs)
    codes = target.factorize()[0]
    if numbers is None or len(counts := np.bincount(codes)) < 2 or counts.min() < FEWEST_OF_A_CLASS:
        return False
    order = np.argsort(numbers, kind="stable")
    changes = np.flatnonzero(np.diff(codes[order]))
    between = np.diff(numbers[order])[changes]
    return len(changes) == len(counts) - 1 and bool((between > 0).all())


def _in_order(inputs: Any) -> np.ndarray | None:
    """Return a column of numbers or dates as numbers, float64 [n]; None for others, and for columns with gaps."""
    column = value_column_of(inputs)
    if column.kind in (Kind.WHOLE, Kind.NUMBER):
        numbers = np.asarray(column.cells, np.float64)
    elif column.kind is Kind.DATE or inputs.dtype.kind == "M":
        numbers = part_of_dates(inputs.tolist(), str(inputs.name), "Elapsed")
    else:
        return None
    return numbers if np.isfinite(numbers).all() else None


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
    wanted = _in_sums(some[target])
    columns = {name: cells for name in inputs if (cells := _in_sums(some[name])) is not None}
    names = [*columns]
    if wanted is None or not 2 <= len(names) <= len(some) // ROWS_PER_PART:
        return []
    given = np.stack([*columns.values()], axis=1)  # [n,P]
    if not np.isfinite(given).all() or not np.isfinite(wanted).all() or not wanted.std():
        return []  # a gap is no part of a sum
    spread = given.std(axis=0)
    usual = (given - given.mean(axis=0)) / np.where(spread > 0, spread, 1)  # [n,P]
    centred = (wanted - wanted.mean()) / wanted.std()
    weights = np.linalg.lstsq(usual, centred, rcond=None)[0]
    if np.square(centred - usual @ weights).mean() > LEAST_LEFT:
        return []
    return [name for name, weight in zip(names, weights, strict=True) if abs(weight) > LEAST_PART]


def _in_sums(series: Any) -> np.ndarray | None:
    """Return a column of numbers or truth values, float64 [n]; None if it holds something else, or truth values with gaps."""
    column = value_column_of(series)
    if column.kind not in (Kind.WHOLE, Kind.NUMBER, Kind.TRUTH) or column.cells.dtype.kind == "O":
        return None
    return np.asarray(column.cells, np.float64)


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
