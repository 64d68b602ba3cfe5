"""A table is read to the same columns however it is written and ordered, and a program reads each cell as training did."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from gatera.core.errors import GateraError
from gatera.data.loading.row_tables import learn_labels
from gatera.data.sources.tables import frame_of
from gatera.program.raw.cells import LARGEST, Codes, number_in
from gatera.program.tables import encoding
from gatera.program.tables.columns import Column, Kind
from gatera.program.tables.numbers import PLAIN, NumberFormat
from gatera.program.tables.reader import Table, TableFile, open_table

AMOUNTS = st.decimals(-(10**6), 10**6, places=2)
NUMBERS = st.one_of(
    st.integers(-1000, 10**7).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False).map(repr),
    AMOUNTS.map(str),
    AMOUNTS.map(lambda d: f"{d:,}"),
    AMOUNTS.map(lambda d: f"{d:,}".translate({44: ".", 46: ","})),
    AMOUNTS.map(lambda d: f"{d:,}".translate({44: " ", 46: ","})),
    AMOUNTS.map(lambda d: str(d).replace(".", ",")),
    st.tuples(st.sampled_from("$€£"), AMOUNTS).map(lambda pair: f"{pair[0]}{abs(pair[1]):,}"),
    st.tuples(AMOUNTS, st.sampled_from(["%", " %", " kg", "k", "m2"])).map(
        lambda pair: f"{pair[0]}{pair[1]}"
    ),
    st.sampled_from(
        ["0", "-0.0", "007", ".5", "5.", "1e400", "1e-400", "inf", "1_000", "12:30", "1,234", "1.234"]
    ),
    st.sampled_from(["(12.50)", "\u22125", "1.234,5", "12,34,567", "4e38", "9007199254740993"]),
)
WORDS = st.sampled_from(
    ["", "", " ", "NA", "nan", "None", "null", "?", "-", ".", "#N/A", "a", "A", "é", "e\u0301", "Cat ", "x,y", "x;y", 'the "boss"', "line\nbreak",
     "a\tb", "True", "false", "yes", "x" * 200, "😀", "\u202eabc", "'12", '="12"', "\x1b[31m", "1st", "12A", "\x1f", "--", "(4 rows)", "\ufeffq", '"']
)  # fmt: skip
DATES = st.one_of(st.dates().map(str), st.datetimes().map(str), st.sampled_from(["2024-02-30", "01/02/2024"]))
NAMES = st.lists(
    st.sampled_from(["age", "Age", "naïve", "x y", "日本", "a,b", "a;b", 'q"q', "2020", "2021", "id"]),
    min_size=2, max_size=4, unique=True,
)  # fmt: skip


@st.composite
def columns(draw: st.DrawFn, n: int) -> list[str]:
    """Cells of one column: of one kind mostly, few different ones, with some others between them."""
    kind = draw(st.sampled_from([NUMBERS, WORDS, DATES, st.one_of(NUMBERS, WORDS)]))
    pool = draw(st.lists(kind, min_size=1, max_size=6)) + draw(st.lists(WORDS, max_size=2))
    return draw(st.lists(st.sampled_from(pool), min_size=n, max_size=n))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[str]]:
    """A table; its first column has a cell in each row, as rows without any are left out."""
    n = draw(st.sampled_from([1, 2, 3, 5, 25]))
    names = draw(NAMES)
    return {names[0]: ["k"] * n} | {name: draw(columns(n)) for name in names[1:]}


def text_of(table: dict[str, list[str]], delimiter: str, end: str = "\n", always_quoted: bool = False) -> str:
    def quoted(cell: str) -> str:
        needed = always_quoted or cell != cell.strip(" \t") or set(cell) & {delimiter, '"', "\n", "\r"}
        return '"' + cell.replace('"', '""') + '"' if needed else cell

    rows = [list(table), *zip(*table.values(), strict=True)]
    return "".join(delimiter.join(map(quoted, row)) + end for row in rows)


def opened(path: Path, **reading: object) -> tuple[TableFile, Table] | None:
    """The table of a file, None where it is refused: in a table of another order it is, too."""
    try:
        file = open_table(path, header=0, **reading)  # type: ignore[arg-type]
        return file, file.read()
    except GateraError as err:
        note(str(err))
        return None


def facts(column: Column) -> tuple[object, ...]:
    return column.kind, column.format, set(column.words.items()), set(column.kept.items()), column.units


def are_equal(one: np.ndarray, other: np.ndarray) -> bool:
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return all(a == b or (a != a and b != b) for a, b in pairs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@given(
    tables(), st.sampled_from(",;\t|"), st.booleans(), st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans(), st.sampled_from([7, 64, 1 << 20]), st.sampled_from(["", "\n", "  \n\n"]),
)  # fmt: skip
def test_line_ends_quotes_encodings_gzip_and_pieces_change_nothing(
    folder, table, delimiter, always_quoted, end, name, packed, piece, behind
):
    """Other line ends, quotes around all cells, UTF-16, gzip and an empty last line change no column and no row."""
    (plain, other) = (folder / "plain.csv", folder / ("other.csv.gz" if packed else "other.csv"))
    plain.write_bytes(text_of(table, delimiter).encode())
    content = (text_of(table, delimiter, end, always_quoted) + behind).encode(name)
    other.write_bytes(gzip.compress(content) if packed else content)
    with pytest.MonkeyPatch.context() as patched:
        found = opened(plain, delimiter=delimiter)
        patched.setattr(encoding, "CHUNK", piece)
        again = opened(other, delimiter=delimiter)
        assert (found is None) == (again is None)
        if found is None or again is None:
            return
        assert list(found[0].rows()) == list(again[0].rows())
    for one, two in zip(found[1].columns.values(), again[1].columns.values(), strict=True):
        assert facts(one) == facts(two)
        assert are_equal(one.cells, two.cells)


@given(tables(), st.sampled_from(",;\t|"), st.data())
def test_the_order_of_rows_and_columns_changes_nothing(folder, table, delimiter, data):
    """Rows and columns in another order have the same kinds, formats and values."""
    n = len(next(iter(table.values())))
    rows, names = data.draw(st.permutations(range(n))), data.draw(st.permutations(list(table)))
    for name, written in (
        ("a.csv", table),
        ("b.csv", {name: [table[name][row] for row in rows] for name in names}),
    ):
        (folder / name).write_text(text_of(written, delimiter), "utf-8", newline="")
    found, again = (
        opened(folder / "a.csv", delimiter=delimiter),
        opened(folder / "b.csv", delimiter=delimiter),
    )
    assert (found is None) == (again is None)
    if found is None or again is None or len(found[1]) < n or len(again[1]) < n:
        return  # a row of units below the header is left out, and said
    for name, column in found[1].columns.items():
        other = again[1].columns[name]
        assert facts(column) == facts(other)
        assert are_equal(column.cells[list(rows)], other.cells)


@given(st.data(), st.sampled_from(",;\t|"), st.sampled_from([None, ".", ","]))
def test_a_program_reads_each_cell_as_training_did(folder, data, delimiter, decimal):
    """A cell's text is the same number, or the same known category, for a program as in the table that was trained on."""
    cells = data.draw(columns(data.draw(st.sampled_from([2, 5, 25]))))
    (folder / "one.csv").write_text(
        text_of({"k": ["k"] * len(cells), "x": cells}, delimiter), "utf-8", newline=""
    )
    found = opened(folder / "one.csv", delimiter=delimiter, decimal=decimal)
    if found is None:
        return
    file, read = found
    column, texts = read.columns["x"], [row["x"] for row in file.rows()]
    written = NumberFormat(**{**PLAIN._asdict(), **column.written})
    if column.kind in (Kind.WHOLE, Kind.NUMBER):
        for text, cell in zip(texts, column.cells.tolist(), strict=True):
            number = number_in(text, "x", written)
            assert number == cell or (number != number and (cell != cell or abs(cell) > LARGEST))
    if column.kind in (Kind.WHOLE, Kind.TRUTH, Kind.TEXT):
        trained = frame_of(read, lambda said: None)["x"]
        labels = learn_labels(trained)
        codes = Codes(labels, written)
        for text, cell in zip(texts, trained.tolist(), strict=True):
            is_gap = cell is None or cell != cell or (isinstance(cell, str) and not cell.strip())
            assert codes(text) == codes(cell)
            assert is_gap or labels[codes(text) - 1] == cell


def test_a_first_row_with_words_above_gaps_is_a_row(folder):
    """The first row is one of units only above numbers: above cells that say "NA" it holds data."""
    rows = ["name,note,reason", "A,ok,late", *(f"{name},NA,NA" for name in "BCDE")]
    (folder / "gaps.csv").write_text("\n".join(rows))
    assert [row["name"] for row in open_table(folder / "gaps.csv").rows()] == [*"ABCDE"]
    units = ["name,size,weight", "text,cm,kg", *(f"{name},NA,{n}" for n, name in enumerate("BCDE"))]
    (folder / "units.csv").write_text("\n".join([*units, "F,3,4"]))
    assert [row["name"] for row in open_table(folder / "units.csv").rows()] == [*"BCDEF"]
