"""Tables that are not text: workbooks of Excel, Parquet, and JSON, turned into CSV a piece at a time."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from gatera.core.checks import require, unique_names
from gatera.core.errors import DataError
from gatera.program.tables.numbers import PointNumber

#: Rows that are turned into CSV at once.
ROWS = 5000

#: Rows of a sheet that show whether it holds a table.
_FIRST_ROWS = 50

#: Cells of a sheet that are merged, where a sheet's file names them: from A2 to A4.
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):[A-Z]+(\d+)"')

#: Cells of a sheet with a formula whose value was not saved: programs that write workbooks do not compute.
_WITHOUT_VALUE = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]+\d+)"(?:\s+s="\d+")?\s*>\s*<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)

#: Cells of a sheet with a formula and a value: their column, row, and the value where it is 0.
_COMPUTED = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]+)(\d+)"(?![^<>]*\st="b")[^<>]*>\s*<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*<(?:\w+:)?v>(0(?=<))?'
)

#: Rows of a sheet that are hidden, by hand or by a filter.
_HIDDEN = re.compile(rb'<(?:\w+:)?row\s+r="(\d+)"[^<>]*?\shidden="(?:1|true)"')

#: A number whose point separates thousands for those who write decimal commas; the same with zeros behind it.
_THOUSANDS = r"-?[1-9]\d{0,2}\.\d{3}"
_LIKE_THOUSANDS = re.compile(f"{_THOUSANDS}(0*)", re.ASCII)

#: What pandas calls an index without a name in a Parquet file.
_PANDAS_INDEX = "__index_level_0__"

#: Under what names an object holds a whole table: pandas' "split" and "table", and what web services answer with.
_TABLES = frozenset(("data", "results", "records", "rows"))


def sheets(path: Path) -> tuple[list[str], list[str]]:
    """Return the sheets of a workbook that hold a cell, and all of them.

    Raises:
        MissingExtraError: if openpyxl is not installed.
    """
    book = _book(path)
    try:
        names = [sheet.title for sheet in book.worksheets]
        filled = [sheet.title for sheet in book.worksheets if _is_filled(sheet)]
    finally:
        book.close()
    return filled, names


def _is_filled(sheet: Any) -> bool:
    sheet.reset_dimensions()  # some writers give a sheet the size of one cell, to which it would be cut
    rows = sheet.iter_rows(values_only=True, max_row=_FIRST_ROWS)
    return any(sum(cell is not None for cell in row) > 1 for row in rows)


def _book(path: Path) -> Any:
    openpyxl = require("openpyxl", "excel", f"to read {path.name}")
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as err:  # openpyxl raises many kinds, those of zip and XML readers among them
        raise DataError(f"{path} cannot be read as a workbook ({err})", remedy="Save it as CSV.") from err


class Merged(NamedTuple):
    """Cells below each other that are merged into one, as "A2:A4": rows and columns are counted from 1."""

    column: int
    first: int
    last: int
    name: str


class SheetFacts(NamedTuple):
    """What the file of a sheet says beside its values.

    Attributes:
        merged: cells that are merged over several rows; the file has the value of the first alone.
        without_value: cells, such as "B3", that hold a formula and no value: they are read as empty.
        zeros: columns whose formulas, two at least, all have the value 0, and how many these are: XlsxWriter writes so.
        hidden: numbers of rows that are hidden, by hand or by a filter: they are read all the same.
    """

    merged: tuple[Merged, ...]
    without_value: list[str]
    zeros: dict[str, int]
    hidden: list[str]


def facts_of_sheet(path: Path, sheet: str) -> SheetFacts:
    """Look through the file of a sheet once."""
    column_index = require("openpyxl.utils", "excel", f"to read {path.name}").column_index_from_string
    merged, without_value, computed, hidden = _in_sheet(
        path, sheet, (_MERGED, _WITHOUT_VALUE, _COMPUTED, _HIDDEN)
    )
    read = ((letters.decode(), int(first), int(last)) for letters, first, last in merged)
    over_rows = sorted(
        Merged(column_index(letters), first, last, f"{letters}{first}:{letters}{last}")
        for letters, first, last in read if last > first
    )  # fmt: skip
    others = {column for column, _, zero in computed if not zero}
    zeros = Counter(column.decode() for column, *_ in computed if column not in others)
    return SheetFacts(
        tuple(over_rows), [name.decode() for name in without_value],
        {column: n for column, n in zeros.items() if n > 1}, [number.decode() for number in hidden],
    )  # fmt: skip


def _in_sheet(path: Path, sheet: str, patterns: Sequence[re.Pattern[bytes]]) -> list[list[Any]]:
    """Return what each pattern finds in a sheet's file, each match once."""
    found: list[dict[Any, None]] = [{} for _ in patterns]
    book = _book(path)
    try:
        with book[sheet]._get_source() as file:
            for part in _overlapping(file):
                for pattern, matches in zip(patterns, found, strict=True):
                    matches.update(dict.fromkeys(pattern.findall(part)))
    finally:
        book.close()
    return [[*matches] for matches in found]


def _overlapping(file: IO[bytes], size: int = 1 << 20, overlap: int = 200) -> Iterator[bytes]:
    """Yield a file a piece at a time, each with the end of the one before."""
    end = b""
    while piece := file.read(size):
        yield end + piece
        end = piece[-overlap:]


def workbook_csv(path: Path, sheet: str, merged: Sequence[Merged] = ()) -> Generator[bytes, None, None]:
    """Yield a sheet of a workbook as CSV; formulas are the values that were saved with them, merged cells stand in each of their rows."""
    book = _book(path)
    try:
        chosen = book[sheet]
        chosen.reset_dimensions()
        chosen.calculate_dimension(force=True)  # by its cells: rows have one length then
        yield from _csv(map(_texts, _filled(chosen.iter_rows(values_only=True), merged)))
    finally:
        book.close()


def _filled(rows: Iterable[Sequence[Any]], merged: Sequence[Merged]) -> Iterator[Sequence[Any]]:
    """Yield rows in which merged cells have their value in each row that has something of its own: others are blank, not records."""
    begins: dict[int, list[Merged]] = defaultdict(list)
    for each in merged:
        begins[each.first].append(each)
    begun: dict[Merged, Any] = {}
    for number, row in enumerate(rows, start=1):
        if begun and any(cell is not None for cell in row):
            cells = list(row)
            for each, value in begun.items():
                if number <= each.last and each.column <= len(cells):
                    cells[each.column - 1] = value
            row = cells
        if begun:
            begun = {each: value for each, value in begun.items() if number < each.last}
        for each in begins.get(number, ()):
            if each.column <= len(row):
                begun[each] = row[each.column - 1]
        yield row


def _texts(cells: Iterable[Any]) -> list[str]:
    return [with_plain_point(cell_text(cell)) for cell in cells]


def with_plain_point(text: str) -> str:
    """Return a `PointNumber` with a zero behind it, by which it is known in CSV; a text that has such zeros gets one more.

    Example:
        >>> [with_plain_point(text) for text in (PointNumber("41.083"), "41.083", "41.0830", "41.08")]
        ['41.0830', '41.083', '41.08300', '41.08']
    """
    found = _LIKE_THOUSANDS.fullmatch(text)
    return f"{text}0" if found and (found[1] or isinstance(text, PointNumber)) else text


def without_plain_point(text: str) -> str:
    """Return a cell's text as it was before `with_plain_point`.

    Example:
        >>> [without_plain_point(text) for text in ("41.0830", "41.083", "41.08300", "41.08")]
        ['41.083', '41.083', '41.0830', '41.08']
    """
    found = _LIKE_THOUSANDS.fullmatch(text) if text[-1:] == "0" else None
    if not found or not found[1]:
        return text
    return text[:-1] if len(found[1]) > 1 else PointNumber(text[:-1])


def _number_text(text: str) -> str:
    found = _LIKE_THOUSANDS.fullmatch(text)
    return PointNumber(text) if found and not found[1] else text


def cell_text(cell: Any) -> str:
    """Return a cell as a text: whole numbers without a point, days without the time of midnight, durations in hours.

    A number such as 41.083 is a `PointNumber`.

    Example:
        >>> cell_text(3.0), cell_text(None), cell_text(True), cell_text(datetime(2024, 5, 1)), cell_text(timedelta(hours=26))
        ('3', '', 'True', '2024-05-01', '26:00:00')
    """
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else _number_text(repr(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        sign = "-" if cell < timedelta(0) else ""
        rest = abs(cell) % timedelta(hours=1)  # written as Python does, "0:05:06.500000"
        return f"{sign}{abs(cell) // timedelta(hours=1)}{str(rest)[1:]}"
    if isinstance(cell, dict | list):
        return json.dumps(cell)
    return str(cell)


def _csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    feed = iter(rows)
    while some := list(islice(feed, ROWS)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(some)
        yield text.getvalue().encode("utf-8", "replace")


def parquet_texts(path: Path) -> tuple[str, ...]:
    """Return the columns of a Parquet file whose type is text.

    Raises:
        DataError: if a column holds lists or records.
        MissingExtraError: if pyarrow is not installed.
    """
    types = _parquet_types(path)
    arrow = require("pyarrow", "parquet", f"to read {path.name}")
    nested = [name for name, kind in types.items() if arrow.types.is_nested(kind)]
    if nested:
        raise DataError(
            f"{path} has columns of lists or records", got=nested, remedy="Write it without these columns."
        )
    known = arrow.types
    return tuple(
        name for name, kind in types.items()
        if known.is_string(kind) or known.is_large_string(kind) or known.is_string_view(kind)
    )  # fmt: skip


def parquet_durations(path: Path) -> dict[str, str]:
    """Return the columns of a Parquet file that hold durations, and their unit: pandas writes "us", before its version 3 "ns"."""
    arrow = require("pyarrow", "parquet", f"to read {path.name}")
    return {name: kind.unit for name, kind in _parquet_types(path).items() if arrow.types.is_duration(kind)}


def _parquet_types(path: Path) -> dict[str, Any]:
    arrow = require("pyarrow", "parquet", f"to read {path.name}")
    schema = _parquet(path).schema_arrow
    plain = {
        field.name: field.type.value_type if arrow.types.is_dictionary(field.type) else field.type
        for field in schema
    }
    return {name: arrow.string() if arrow.types.is_binary(kind) else kind for name, kind in plain.items()}


def _parquet(path: Path) -> Any:
    reader = require("pyarrow.parquet", "parquet", f"to read {path.name}")
    return reader.ParquetFile(path)


def parquet_csv(path: Path) -> Generator[bytes, None, None]:
    """Yield a Parquet file as CSV."""
    arrow = require("pyarrow", "parquet", f"to read {path.name}")
    writer = require("pyarrow.csv", "parquet", f"to read {path.name}")
    compute = require("pyarrow.compute", "parquet", f"to read {path.name}")
    schema = arrow.schema(list(_parquet_types(path).items()))
    yield from _csv([["" if name == _PANDAS_INDEX else name for name in schema.names]])
    options = writer.WriteOptions(include_header=False)
    for batch in _parquet(path).iter_batches(ROWS):
        text = io.BytesIO()
        table = arrow.Table.from_batches([batch]).cast(schema)
        for place, field in enumerate(schema):
            is_number = arrow.types.is_floating(field.type) or arrow.types.is_decimal(field.type)
            if is_number or arrow.types.is_string(field.type) or arrow.types.is_large_string(field.type):
                cells = table.column(place).cast(arrow.string()) if is_number else table.column(place)
                zeros = "0*" if is_number else "0+"  # as `with_plain_point`
                pointed = compute.replace_substring_regex(cells, f"^({_THOUSANDS}{zeros})$", r"\10")
                table = table.set_column(place, field.name, pointed)
        writer.write_csv(table, text, options)
        yield text.getvalue()


def json_csv(path: Path, opened: Callable[[], IO[bytes]]) -> Generator[bytes, None, None]:
    """Yield rows of JSON as CSV: an object on each line, or one list of objects, or one object.

    Args:
        path: what messages call the file.
        opened: opens it.

    Raises:
        DataError: if it is one object that holds a whole table.
        ValueError: if it is something else; the line is named.
    """
    names: dict[str, None] = {}
    first: list[dict[str, Any]] = []
    for row in _objects(opened):
        names.update(dict.fromkeys(row))
        first = [*first, row] if len(first) < 2 else first
    if len(first) == 1:
        _check_is_row(path, first[0])
    yield from _csv([list(names)])
    yield from _csv(_texts(map(row.get, names)) for row in _objects(opened))


def _check_is_row(path: Path, only: dict[str, Any]) -> None:
    """Raise DataError if the only object of a file is a table, as pandas and web services write them."""
    for name, cell in only.items():
        rows = cell if name in _TABLES or len(only) == 1 else None
        if isinstance(rows, list) and rows and all(isinstance(row, dict | list) for row in rows):
            raise DataError(
                f"{path} is one object, with its rows under {name!r}", expected="a list of objects, or an object per line",
                remedy="Save that list alone, or write the file by pandas' to_json(..., orient='records').",
            )  # fmt: skip
    cells = list(only.values())
    nested = all(isinstance(cell, dict) and cell.keys() == cells[0].keys() for cell in cells)
    lists = len(cells) > 1 and all(isinstance(cell, list) and len(cell) == len(cells[0]) for cell in cells)
    if cells and (nested or lists):
        raise DataError(
            f"{path} holds columns, not rows", remedy="Write it by pandas' to_json(..., orient='records')."
        )


def _objects(opened: Callable[[], IO[bytes]]) -> Iterator[dict[str, Any]]:
    with opened() as file:
        encoding = json.detect_encoding(file.read(4))  # PowerShell writes UTF-16
    try:
        yield from _decoded(opened, encoding)
    except UnicodeDecodeError as err:
        raise ValueError(
            f"JSON must be in UTF-8, and byte {err.object[err.start]:#04x} of it is not"
        ) from err


def _decoded(opened: Callable[[], IO[bytes]], encoding: str) -> Iterator[dict[str, Any]]:
    with io.TextIOWrapper(opened(), encoding) as text:
        first = text.readline()
        if first.lstrip().startswith("[") or first.strip() == "{":
            whole = _parsed_whole(first + text.read())
            yield from map(_object, whole) if isinstance(whole, list) else [whole]
            return
        for number, line in enumerate(chain([first], text), start=1):
            if line.strip():
                yield _object(_parsed(line, number), f"line {number}")


def _parsed(line: str, number: int) -> Any:
    try:
        return json.loads(line, object_pairs_hook=unique_names)
    except json.JSONDecodeError as err:
        raise ValueError(f"line {number} is not JSON: {err}") from err
    except ValueError as err:
        raise ValueError(f"line {number} {err}") from err


def _parsed_whole(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=unique_names)
    except json.JSONDecodeError:
        raise
    except ValueError as err:
        raise ValueError(f"the file {err}") from err


def _object(row: Any, where: str = "the list") -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError(f'{where} holds something other than an object such as {{"age": 30}}')
    return row
