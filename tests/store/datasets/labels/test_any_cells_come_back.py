"""Whatever stands in the cells of labels.csv comes back from it, also after another program has written the file."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatera.store.datasets.labels.conflict_sides import holds_marks
from gatera.store.datasets.labels.edited_file import read_any
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet, split_up

#: Pieces of cells that have to be quoted or escaped, that look like an escape, or that a reader of tables may change.
PIECES = (
    "cat", "CAT", "é", "e\u0301", " ", "\t", ",", ";", '"', "'", "\n", "\r", "\r\n", "\0", "\v", "\f", "\x85", "\u2028", "\\", "\\n", "\\\\n",
    "\\u0085", "\\ud800", "\ud800", "\udcff", "\ufeff", "\u202e", "\U0001f600", "007", "1e5", "-0.0", "nan", "=1+1", "1-2", "=======",
)  # fmt: skip
CELLS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join) | st.text(max_size=6)
CELLS = CELLS.filter(lambda cell: "\x1a" not in cell)  # which ends a file of DOS
#: Names of columns, which a reader of tables takes without blanks around them.
HEADS = CELLS.map(lambda cell: f"a{cell}z")


@st.composite
def sheets(draw):
    extra = draw(st.lists(HEADS, max_size=2, unique=True))
    cells = (
        CELLS.filter(str.strip),
        st.sampled_from(["", "a" * 64]),
        *[CELLS] * 7,
        st.tuples(*[CELLS] * len(extra)),
    )
    rows = draw(st.lists(st.builds(Row, *cells), max_size=5, unique_by=lambda row: row.file))
    sheet = Sheet({}, extra)
    sheet.put(sorted(rows))
    return sheet


def same(one, other):
    return (one.lines, one.extra) == (other.lines, other.extra)


@given(sheets())
def test_as_we_write_it(sheet):
    """What is read is what was written, for the csv module too; one item is one line."""
    data = sheet.to_bytes()
    assert same(Sheet.from_bytes(data), sheet) and same(Sheet.from_bytes(data, like=sheet), sheet)
    assert [row.file for row in Sheet.from_bytes(data).rows()] == list(sheet.lines)
    again = Sheet({}, sheet.extra)
    again.put(Sheet.from_bytes(data).rows())
    assert again.to_bytes() == data
    table = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert len(table) == len(data.splitlines()) == len(sheet) + 1 and {len(cells) for cells in table} == {
        len(table[0])
    }
    for part in filter(len, split_up(sheet).values()):
        assert same(Sheet.from_bytes(part.to_bytes()), part)


@given(
    rows=st.lists(st.tuples(CELLS.filter(bool), CELLS, CELLS), max_size=5, unique_by=lambda cells: cells[0])
)
def test_rows_come_back(rows):
    """The cells of a row are the same after they were a line."""
    given_rows = sorted(Row(file, label=label, note=note) for file, label, note in rows)
    sheet = Sheet()
    sheet.put(given_rows)
    assert list(Sheet.from_bytes(sheet.to_bytes()).rows()) == given_rows


def by_another_program(data, how):
    """Return the file as another program saves it again."""
    if how in ("CRLF", "mark"):
        return b"\xef\xbb\xbf" * (how == "mark") + data.replace(b"\n", b"\r\n")
    table = list(csv.reader(io.StringIO(data.decode(), newline="")))
    if how == "backwards":
        table = [
            [cells[i] for i in (0, *range(len(cells) - 1, 0, -1))] for cells in (table[0], *table[:0:-1])
        ]
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if how == "quotes" else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter={"semicolons": ";", "tabs": "\t"}.get(how, ","), quoting=quoting).writerows(
        table
    )
    return text.getvalue().encode()


@pytest.mark.parametrize("how", ["CRLF", "mark", "semicolons", "tabs", "quotes", "backwards"])
@settings(max_examples=12)
@given(sheet=sheets())
def test_as_another_program_writes_it(how, sheet, tmp_path_factory):
    """Saved again with other line ends, delimiters, quotes or order, nothing has changed."""
    data = by_another_program(sheet.to_bytes(), how)
    path = tmp_path_factory.getbasetemp() / "labels.csv"
    path.write_bytes(data)
    if not holds_marks(data):
        found, _ = read_any(path, data, sheet)
        assert found.lines.keys() == sheet.lines.keys() and set(found.extra) == set(sheet.extra)
        for row in found.rows():
            before = sheet.row(row.file)
            assert row[:9] == before[:9]
            assert dict(zip(found.extra, row.more, strict=True)) == dict(
                zip(sheet.extra, before.more, strict=True)
            )
