"""A row is one line whatever it holds, and is read back as it was."""

from __future__ import annotations

import csv

import pytest

from gatera.store.datasets.labels.rows import (
    COLUMNS,
    Row,
    cells_of,
    escape,
    header_of,
    line_of,
    name_of_line,
    row_of,
    unescape,
)
from gatera.store.datasets.labels.sheets import Problem, Sheet, part_of, split_up

NAMES = [
    "cat/1.jpg",
    "two\nlines.jpg",
    "a,b.jpg",
    'quote".jpg',
    "😀.jpg",
    "back\\new.jpg",
    "back\\\\n",
    "\udcff.jpg",
    "\u2028",
    " space ",
    "e\u0301.jpg",
    "\\udcff",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_one_line_and_comes_back(name):
    row = Row(name, "a" * 64, name, note=name, more=(name,))
    line = line_of(row)
    assert len(line.splitlines()) == 1 and row_of(line, 1) == row and name_of_line(line) == name
    line.encode("utf-8")
    assert next(csv.reader([line])) == cells_of(line)


def test_only_what_would_be_misread_is_escaped():
    assert escape("C:\\dir") == "C:\\dir" and escape("C:\\new") == "C:\\\\new"
    assert unescape("C:\\dir") == "C:\\dir" and unescape("a\\nb") == "a\nb"


def test_a_sheet_is_its_bytes():
    sheet = Sheet({}, ("age", "two,words"))
    sheet.put(Row(name, label="x", more=("1",)) for name in NAMES)
    data = sheet.to_bytes()
    again = Sheet.from_bytes(data)
    assert (
        again.to_bytes() == data
        and list(again.lines) == sorted(NAMES)
        and again.extra == ("age", "two,words")
    )
    assert b"\r" not in data and data.count(b"\n") == len(NAMES) + 1


HEAD = ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD.replace("\n", "\r\n"), 1), ("file,label\n", 1), (HEAD + "b,,,,,,,,\na,,,,,,,,\n", 3), (HEAD + "a,,,,,,,,\na,,,,,,,,\n", 3),
        (HEAD + "a,,\n", 2), (HEAD + '"a",,,,,,,,\n', 2), (HEAD + ",,,,,,,,\n", 2), (HEAD + "a,,,,,,,,", 1), ("\ufeff" + HEAD, 1),
        (HEAD + 'a,",",,,,,,,\nb,x\n', 3),
    ],
)  # fmt: skip
def test_what_is_not_as_we_write_it_is_found(text, line):
    found = Sheet.read(text.encode())
    assert isinstance(found, Problem) and found.line == line


def test_columns_are_added_to_every_line():
    sheet = Sheet()
    sheet.put([Row("a"), Row("b")])
    sheet.widen(["age"])
    assert Sheet.from_bytes(sheet.to_bytes()).row("b") == Row("b", more=("",))


def test_parts_hold_everything_once():
    sheet = Sheet()
    sheet.put(Row(f"{number}.jpg") for number in range(1000))
    parts = split_up(sheet)
    assert len(parts) == 256 and sum(map(len, parts.values())) == 1000
    assert all(part_of(name) == part for part, some in parts.items() for name in some.lines)


@pytest.mark.parametrize(
    "new",
    [
        ["a,,cat", "b,,fox", "c,,dog"],
        ["a,,cat", 'b,,"x,y"', "c,,dog"],
        ["a,,cat", "bb,,dog", "c,,dog"],
        ["a,,cat", "b,,dog"],
        ["a,,cat", "b,,dog", "c,,dog", "d,,dog"],
        ["a,,cat", "c,,dog", "b,,dog"],
        ["a,,cat", "b,,dog,", "c,,dog"],
        ["a,,cat", 'b,,"dog"', "c,,dog"],
    ],
)
def test_a_sheet_read_with_another_version_is_the_same(new: list[str]) -> None:
    def of(lines: list[str]) -> bytes:
        many = [f"z{number:03d},,cat" for number in range(40)]  # so that few lines differ
        return "\n".join([header_of(()), *(line + "," * 6 for line in [*lines, *many]), ""]).encode()

    base = Sheet.from_bytes(of(["a,,cat", "b,,dog", "c,,dog"]))
    kept, alone, found = dict(base.lines), Sheet.read(of(new)), Sheet.read(of(new), like=base)
    if isinstance(alone, Problem):
        assert found == alone
    else:
        assert isinstance(found, Sheet) and list(found.lines.items()) == list(alone.lines.items())
        found.lines["a"] = "changed"
    assert base.lines == kept
