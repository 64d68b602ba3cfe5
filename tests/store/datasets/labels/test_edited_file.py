"""What a spreadsheet makes of labels.csv is read rightly, or refused with the place."""

from __future__ import annotations

import csv
import subprocess

import pytest

from gatera.core.errors import DataError
from gatera.store.datasets.labels.edited_file import read_any
from gatera.store.datasets.labels.rows import COLUMNS, Row
from gatera.store.datasets.labels.sheets import Sheet

ROWS = [
    Row("cat/1.jpg", "a" * 64, "007", "train", "g", "", "Ann", "2026-01-01T00:00:00Z", "a, note"),
    Row("dog/é.jpg", "b" * 64, "dog", "valid", "", "function:f@12345678", "Ben", "2026-01-02T00:00:00Z"),
    Row("two\nlines.jpg", "c" * 64, "cat"),
]  # fmt: skip


@pytest.fixture
def base():
    sheet = Sheet()
    sheet.put(ROWS)
    return sheet


@pytest.fixture
def read(tmp_path, base):
    def read_(data):
        path = tmp_path / "labels.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        sheet, notes = read_any(path, path.read_bytes(), base)
        return list(sheet.rows()), notes

    return read_


def test_bom_crlf_order_quotes_and_semicolons_change_nothing(read, base):
    head, *lines = base.to_bytes().decode().splitlines()
    quoted = [",".join(f'"{cell}"' for cell in (*row[:8], row.note)).replace("\n", "\\n") for row in ROWS]
    semicolons = [
        "cat/1.jpg;" + ";".join(ROWS[0][1:8]) + ";a, note",
        *(line.replace(",", ";") for line in lines[1:]),
    ]
    for text in (
        "\ufeff" + base.to_bytes().decode(), "\r\n".join([head, *lines, ""]), "\n".join([head, *lines[::-1]]), "\n".join([head, *quoted]),
        "\n".join([head.replace(",", ";"), *semicolons]), "\n".join([head, *lines, "," * 8, ""]),
    ):  # fmt: skip
        assert read(text)[0] == ROWS, text
    assert read(("\n".join([head, *lines]) + "\n").encode("utf-16"))[0] == ROWS


def test_columns_that_were_dropped_or_moved_come_back(read):
    rows, notes = read(
        "label,file\n"
        + "".join(f"{row.label},{row.file}\n".replace("\n", "\\n", row.file.count("\n")) for row in ROWS)
    )
    assert rows == ROWS and notes == [
        "labels.csv has no column sha256, split, group, source, by, at, note; what was committed stays"
    ]
    moved = ("note", *COLUMNS[:-1])
    text = (
        ",".join(moved)
        + "\n"
        + "".join(
            ",".join(f'"{getattr(row, name)}"' for name in moved).replace("\n", "\\n") + "\n" for row in ROWS
        )
    )
    assert read(text) == (ROWS, ["labels.csv has its columns in another order; it was read by their names"])


def test_an_edit_is_an_edit(read, base):
    rows, _ = read("\ufeff" + base.to_bytes().decode().replace(",dog,", ",wolf,"))
    assert rows[1] == ROWS[1]._replace(label="wolf")


def test_what_a_spreadsheet_changes_by_itself_is_undone_and_said(read, base):
    text = (
        base.to_bytes()
        .decode()
        .replace(",007,", ",7,")
        .replace("2026-01-01T00:00:00Z", "01.01.2026 00:00")
        .replace("b" * 64, "1.2E+63")
    )
    rows, notes = read("\ufeff" + text)
    assert rows == ROWS and notes == [
        "labels.csv, 1 row: the time was written another way; it is as committed",
        "labels.csv, 1 row: the label lost zeros (007 became 7); it is as committed",
        "labels.csv, 1 row: what stands there is not a hash any more; it is as committed",
    ]


def test_names_of_other_systems_are_found(read, base):
    text = base.to_bytes().decode().replace("é", "e\u0301").replace("cat/1.jpg", "cat\\1.jpg")
    assert read("\ufeff" + text)[0] == ROWS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,label\na,b\n", "labels.csv has no column 'file'. Expected: file, sha256"),
        ("file,note\ncat/1.jpg,b\n", "labels.csv has no column 'label', and to take it for deleted would remove every label. Put it back"),
        ("file,label\ncat/1.jpg,x\nb,c\ncat/1.jpg,y\n", "labels.csv has two different rows for cat/1.jpg, in lines 2 and 4. Delete one of them."),
        ("file,label\n,x\n", "labels.csv has a row without a file in line 2"),
        ("file,label,Label\na,x,y\n", "labels.csv has two columns 'label'"),
        ("file,label\na\n", "Line 2 of"),
        ("<<<<<<< HEAD\nfile,label\n", "holds the conflict markers of a merge that git could not finish. Settle what is in conflict: gatera data resolve"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(read, text, message):
    with pytest.raises(DataError) as err:
        read(text)
    assert message in str(err.value)


def test_names_and_labels_that_a_spreadsheet_takes_for_numbers_and_dates_come_back(tmp_path):
    base = Sheet()
    made = {
        "001": "1-2",
        "02": "MARCH1",
        "2": "0.10",
        "x": "1e5",
        "05": "yes",
        "5": "yes",
        "y": "sept",
        "z": "1.5",
    }
    base.put(Row(name, "", label) for name, label in sorted(made.items()))
    turned = {
        "1": "02-Jan",
        "02": "1-Mar",
        "2": "0.1",
        "x": "1.00E+05",
        "05": "no",
        "5": "yes",
        "y": "1-Sep",
        "z": "2.5",
    }
    path = tmp_path / "labels.csv"
    path.write_text("file,label\r\n" + "".join(f"{name},{label}\r\n" for name, label in turned.items()))
    sheet, notes = read_any(path, path.read_bytes(), base)
    assert {row.file: row.label for row in sheet.rows()} == {**made, "05": "no", "y": "1-Sep", "z": "2.5"}
    assert "labels.csv, 1 row: the name of the item lost zeros (001 became 1); it is as committed" in notes
    assert (
        "labels.csv, 1 row: the label was turned into a date (MARCH1 became 1-Mar); it is as committed"
        in notes
    )


def test_labels_that_a_person_changed_to_another_date_or_to_more_zeros_are_not_taken_back(tmp_path):
    base, given = (
        Sheet(),
        {"1": ("jan-20", "Feb-20"), "2": ("1-2", "3-Apr"), "3": ("7", "07"), "4": ("07", "8")},
    )
    base.put(Row(name, "", before) for name, (before, _) in given.items())
    path = tmp_path / "labels.csv"
    path.write_text("file,label\r\n" + "".join(f"{name},{after}\r\n" for name, (_, after) in given.items()))
    sheet, _ = read_any(path, path.read_bytes(), base)
    assert [row.label for row in sheet.rows()] == [after for _, after in given.values()]


def test_a_column_keeps_the_notation_of_accents_that_it_was_committed_with(tmp_path):
    base = Sheet(extra=("caf\u00e9", "the\u0301"))
    base.put([Row("1", "", "a", more=("x", "y"))])
    path = tmp_path / "labels.csv"
    path.write_text("file;label;caf\u00e9;the\u0301\r\n1;b;x;y\r\n", "utf-8")
    sheet, _ = read_any(path, path.read_bytes(), base)
    assert (tuple(sheet.extra), [row.more for row in sheet.rows()]) == (tuple(base.extra), [("x", "y")])


def test_a_first_row_of_words_above_numbers_is_an_item_and_not_units(tmp_path):
    base = Sheet(extra=("width", "height"))
    cells = [("unknown", "not seen"), ("1", "2"), ("1.5", "2"), ("3", "4")]
    base.put(Row(f"{number}.jpg", "", "a", more=more) for number, more in enumerate(cells))
    path = tmp_path / "labels.csv"
    path.write_bytes(base.to_bytes().replace(b"\n", b"\r\n"))
    assert read_any(path, path.read_bytes(), base)[0].to_bytes() == base.to_bytes()


@pytest.mark.parametrize("above", ["", "sep=;\r\n", "Labels of the cats\r\n\r\n"])
def test_columns_with_blanks_around_their_names_come_once(above, tmp_path):
    base = Sheet(extra=(" width", "height "))
    base.put(Row(f"{number}.jpg", "", "a", more=(f"{number}", "2")) for number in range(4))
    path = tmp_path / "labels.csv"
    path.write_bytes(above.encode() + base.to_bytes().replace(b",", b";").replace(b"\n", b"\r\n"))
    assert read_any(path, path.read_bytes(), base)[0].to_bytes() == base.to_bytes()


@pytest.mark.parametrize("staged", [False, True])
def test_labels_that_a_spreadsheet_only_wrote_in_its_own_way_are_in_the_way_of_no_verb(data, staged):
    """git read-tree refused: "Entry 'labels.csv' not uptodate. Cannot merge"."""
    start = data.head
    data.label("fox", "cat/1.jpg")
    second, _ = data.commit("Fox")
    table = data.root / "labels.csv"

    def save():
        lines = csv.reader(table.read_text(encoding="utf-8").splitlines())
        with table.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL).writerows(lines)
        if staged:
            subprocess.run(["git", "-C", data.root, "add", "labels.csv"], check=True)

    save()
    assert data.commit("Nothing") is None
    data.checkout(start)
    assert data.head == start and "as another program writes them: it is as committed again" in data.said[-1]
    save()
    data.merge(second)
    save()
    data.revert("HEAD")
    assert {row.label for row in data.rows()} == {"cat", "dog"}
