from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import sys
import tarfile
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas
import pytest

from gatera.core.errors import ArgumentError, DataError, MissingExtraError
from gatera.program.raw.cells import number_in
from gatera.program.tables.numbers import PLAIN, NumberFormat, PointNumber
from gatera.program.tables.packed import is_table_name
from gatera.program.tables.reader import open_table, read_table
from gatera.program.tables.typed import cell_text

ROWS = [
    ["age", "job", "born", "rich"],
    [30, "cook", date(2001, 5, 4), True],
    [41.5, None, date(1999, 1, 2), False],
]
CSV = b"age,job,born,rich\n30,cook,2001-05-04,True\n41.5,,1999-01-02,False\n"
CELLS = {
    "age": [30.0, 41.5],
    "job": ["cook", None],
    "born": ["2001-05-04", "1999-01-02"],
    "rich": [True, False],
}


def cells(path, **options) -> dict[str, list]:
    return {name: column.cells.tolist() for name, column in read_table(path, **options).columns.items()}


def notes(path, **options) -> list[str]:
    return [str(note) for note in read_table(path, **options).notes]


def complaint(path, kind=DataError, **options) -> str:
    with pytest.raises(kind) as err:
        read_table(path, **options)
    return str(err.value)


@pytest.fixture
def workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")

    def made(name="t.xlsx", **sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return made


@pytest.fixture
def parquet(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")

    def made(columns, name="t.parquet", index=None):
        pandas.DataFrame(columns, index=index).to_parquet(tmp_path / name, engine="pyarrow")
        return tmp_path / name

    return made


# -- text that is packed


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_text_is_read_whatever_it_is_called(tmp_path, pack, name):
    path = tmp_path / name
    path.write_bytes(pack(CSV))
    assert cells(path) == CELLS and notes(path) == []
    assert [row["job"] for row in open_table(path).rows()] == ["cook", ""]


def test_a_tsv_that_is_packed_has_tabs(tmp_path):
    path = tmp_path / "t.tsv.bz2"
    path.write_bytes(bz2.compress(b"a\tb, c\n1\tx, y\n2\tz, u\n"))
    assert cells(path) == {"a": [1, 2], "b, c": ["x, y", "z, u"]}


def test_the_one_table_of_an_archive_is_read_and_named(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/people.csv", CSV)
        archive.writestr("data/README.md", "about")
        archive.writestr("__MACOSX/data/._people.csv", "x")
    assert cells(path) == CELLS
    assert notes(path) == ["The table is data/people.csv in t.zip."]


def test_a_table_in_an_archive_needs_no_ending(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t", CSV)  # so does pandas call it
    assert cells(path) == CELLS and notes(path) == ["The table is t in t.zip."]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (
            ["a.csv", "b.csv"],
            "is an archive with 2 tables. Expected: an archive of one table. Available: a.csv, b.csv.",
        ),
        (["a.jpg"], "is an archive with no table. Expected: an archive of one table. Available: a.jpg."),
        (["a.csv.gz"], "holds a.csv.gz, which is packed itself. Unpack the archive."),
        (
            ["labels.csv", *(f"photos/{number}.jpg" for number in range(9))],
            "is an archive with a table, labels.csv, and 9 other files, such as photos/0.jpg. Unpack it, and pass the folder, or the table",
        ),
    ],
)
def test_other_archives_are_refused(tmp_path, members, said):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, CSV)
    assert said in complaint(path)


@pytest.mark.parametrize("name", ["t.tar", "t.tar.gz", "t.tgz", "t.tar.xz"])
def test_archives_of_tar_are_refused(tmp_path, name):
    (tmp_path / "t.csv").write_bytes(CSV)
    path = tmp_path / name
    with tarfile.open(
        path, f"w:{path.suffix[1:] if path.suffix != '.tgz' else 'gz'}" if name != "t.tar" else "w"
    ) as archive:
        archive.add(tmp_path / "t.csv", "t.csv")
    assert complaint(path) == (
        f"{path} cannot be read as a table: it is an archive. Unpack it, and pass the table or the folder: tar xf {name}"
    )


@pytest.mark.parametrize("head", [b"Rar!\x1a\x07\x01\0", b"7z\xbc\xaf\x27\x1c"])
def test_archives_of_other_kinds_are_refused(tmp_path, head):
    path = tmp_path / "t.7z"
    path.write_bytes(head + bytes(100))
    assert complaint(path).endswith("it is an archive. Unpack it, and pass the table or the folder.")


def test_a_broken_archive_is_one_sentence(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(CSV * 50)[:40])
    assert "cannot be read as a table" in complaint(path)
    path.write_bytes(b"PK\x03\x04 and nothing else")
    assert "cannot be read as a table" in complaint(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html>", "it is a web page. Download the file itself"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a pointer of Git LFS"),
        (b"%PDF-1.4", "it is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel's old format. Save it as .xlsx or CSV."),
    ],
)
def test_what_is_no_table_is_called_what_it_is(tmp_path, content, said):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    assert said in complaint(path)


@pytest.mark.parametrize(
    ("name", "is_table"),
    [
        ("a.csv", True),
        ("a.TSV.gz", True),
        ("a.xlsx", True),
        ("a.b.parquet", True),
        ("a.gz", False),
        ("a.jpg", False),
    ],
)
def test_names_of_tables(tmp_path, name, is_table):
    assert is_table_name(tmp_path / name) is is_table


# -- workbooks


def test_a_workbook_is_read_as_its_csv_would_be(workbook):
    path = workbook(People=ROWS)
    assert cells(path) == CELLS and notes(path) == []
    assert list(open_table(path).rows()) == [
        {"age": "30", "job": "cook", "born": "2001-05-04", "rich": "True"},
        {"age": "41.5", "job": "", "born": "1999-01-02", "rich": "False"},
    ]


@pytest.mark.parametrize("size", [b"", b'<dimension ref="A1"/>', b'<dimension ref="A1:Z900"/>'])
def test_a_sheet_is_read_whole_whatever_size_its_writer_noted(workbook, tmp_path, size):
    path = workbook(People=ROWS)
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(tmp_path / "other.xlsx", "w") as other:
        for name in book.namelist():
            content = book.read(name)
            if name.endswith("sheet1.xml"):
                content, found = re.subn(rb"<dimension[^>]*/>", size, content)
                assert found <= 1
                content = content if found else content.replace(b"<sheetViews>", size + b"<sheetViews>")
            other.writestr(name, content)
    assert cells(tmp_path / "other.xlsx") == CELLS


def test_a_title_above_and_an_empty_column_in_front_are_left_out(workbook):
    rows = [[None, *row] for row in [["Staff of 2024"], [], *ROWS]]
    path = workbook(People=rows)
    assert cells(path) == CELLS


def test_durations_of_a_workbook_are_hours_also_beyond_a_day(workbook):
    """ "1 day, 17:54:00" was text, and different in nearly every row: the column was left out."""
    spans = [timedelta(hours=hours, minutes=54) for hours in (41, 8, 120, 0)]
    path = workbook(S=[["worked", "x"], *([span, n] for n, span in enumerate(spans))])
    assert cells(path)["worked"] == pytest.approx([41.9, 8.9, 120.9, 0.9])
    less = workbook(
        S=[["late", "x"], *([span, n] for n, span in enumerate([timedelta(minutes=-90), *spans]))]
    )
    assert open_table(less).read().columns["late"].cells[0] in ("-1:30:00", -1.5)


def test_durations_keep_what_is_less_than_a_second():
    """A lap of 83.456 seconds was one of 83."""
    assert cell_text(timedelta(seconds=83.456)) == "0:01:23.456000"
    assert cell_text(timedelta(hours=-41, milliseconds=-350)) == "-41:00:00.350000"


def test_merged_cells_have_their_value_in_each_of_their_rows(workbook):
    """The file has it in the first alone: all others were trained on as missing, or skipped where it was the label."""
    openpyxl = pytest.importorskip("openpyxl")
    rows = [["Of 2024", None, None], ["group", "x", "day"], *([None, n, None] for n in range(1, 8))]
    path = workbook(S=rows)
    book = openpyxl.load_workbook(path)
    sheet = book["S"]
    sheet["A3"], sheet["A6"], sheet["C4"] = "red", "blue", datetime(2024, 5, 1)
    for merged in ("A1:C1", "A3:A5", "A6:A8", "C4:C6"):
        sheet.merge_cells(merged)
    book.save(path)
    assert cells(path) == {
        "group": ["red"] * 3 + ["blue"] * 3 + [None],
        "x": [1, 2, 3, 4, 5, 6, 7],
        "day": [None, *["2024-05-01"] * 3, None, None, None],
    }
    assert "Merged cells have their value in each of their rows (A3:A5, A6:A8, C4:C6)." in notes(path)


def test_hidden_rows_are_told(workbook):
    """Who filters a sheet in Excel expects the rows that are left: all were read, unsaid."""
    openpyxl = pytest.importorskip("openpyxl")
    path = workbook(S=[["price", "city"], *([n, "Rome" if n % 2 else "Paris"] for n in range(1, 9))])
    assert not [note for note in notes(path) if "hidden" in note]
    book = openpyxl.load_workbook(path)
    book["S"].auto_filter.ref = "A1:B9"
    book["S"].auto_filter.add_filter_column(1, ["Paris"])
    for number, words in ((2, "1 hidden row (2) is read, too: copy the visible ones to another sheet to leave it out."),
                          (4, "2 hidden rows (2, 4) are read, too: copy the visible ones to another sheet to leave them out.")):  # fmt: skip
        book["S"].row_dimensions[number].hidden = True
        book.save(path)
        assert [note for note in notes(path) if "hidden" in note] == [words]
    assert len(read_table(path)) == 8


def test_formulas_without_values_are_named(workbook):
    """Programs that write workbooks do not compute: their formulas were gaps, unsaid."""
    openpyxl = pytest.importorskip("openpyxl")
    path = workbook(S=[["price", "total"], *([n, f"=A{n + 1}*2" if n % 2 else 5] for n in range(1, 7))])
    gap = float("nan")
    assert cells(path)["total"] == pytest.approx([gap, 5, gap, 5, gap, 5], nan_ok=True)
    line = "3 formulas (B2, B4, B6) have no value and count as missing: open the workbook in Excel or LibreOffice, and save it."
    assert line in notes(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = next(name for name in parts if "worksheets/sheet" in name)
    assert parts[sheet].count(b"<v />") == 3
    parts[sheet] = (
        parts[sheet].replace(b"<v />", b"<v>7</v>", 1).replace(b'r="B4">', b'r="B4" t="str">')
    )  # "" is a value
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert openpyxl.load_workbook(path, data_only=True)["S"]["B2"].value == 7
    assert [note for note in notes(path) if "formula" in note] == [
        line.replace("3 formulas (B2, B4, B6) have", "1 formula (B6) has").replace("count as", "counts as")
    ]


def test_formulas_that_are_all_0_are_told(workbook):
    """XlsxWriter writes 0 for a formula: a column, or part of one, was 0, unsaid."""
    rows = [[n, f"=A{n + 1}*2" if n % 2 else n * 2, f"=A{n + 1}"] for n in range(1, 7)]
    path = workbook(S=[["price", "total", "same"], *rows, ["sum", None, None, "=SUM(A2:A7)"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = next(name for name in parts if "worksheets/sheet" in name)
    computed = parts[sheet].replace(b"<v />", b"<v>0</v>")
    for written, columns in (
        (computed, ["All 3 formulas of the sheet's column B", "All 6 formulas of the sheet's column C"]),
        (
            computed.replace(b"<f>A4</f><v>0<", b"<f>A4</f><v>0.5<"),
            ["All 3 formulas of the sheet's column B"],
        ),
        # formulas that are all FALSE
        (re.sub(rb'(<c r="C[2-7]")', rb'\1 t="b"', computed), ["All 3 formulas of the sheet's column B"]),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in {**parts, sheet: written}.items():
                archive.writestr(name, content)
        said = [note for note in notes(path) if "formula" in note]
        assert [note.partition(" have the value 0, as programs write them")[0] for note in said] == columns
    assert cells(path)["total"][:4] == [0, 4, 0, 8]


def test_rows_of_which_nothing_but_merged_cells_is_left_are_blank(workbook):
    """A group merged beyond the last row, records two rows high, a note below: they were records, and a record counted twice."""
    openpyxl = pytest.importorskip("openpyxl")
    path = workbook(S=[["group", "x"], ["red", 1], [None, 2], ["blue", 3]])
    book = openpyxl.load_workbook(path)
    sheet = book["S"]
    sheet["A12"] = "Measured in 2024"
    for merged in ("A2:A3", "A4:A5", "B4:B5", "A12:B14"):
        sheet.merge_cells(merged)
    sheet.merge_cells("A6:A11")
    book.save(path)
    assert cells(path)["x"][:3] == [1, 2, 3]
    assert cells(path)["group"] == ["red", "red", "blue", "Measured in 2024"]


def test_the_sheet_that_is_read_is_named(workbook):
    path = workbook(Cover=[["hello"]], People=ROWS, More=[["a", "b"], [1, 2], [3, 4]])
    assert cells(path) == CELLS
    assert notes(path) == ["Sheet 'People' is read, not 'More' (to change: sheet='More')."]
    assert cells(path, sheet="More") == {"a": [1, 3], "b": [2, 4]} and notes(path, sheet="More") == []
    assert "has no sheet 'Moar'. Available: Cover, People, More. Did you mean 'More'?" in complaint(
        path, sheet="Moar"
    )


def test_cells_of_a_workbook_keep_their_kind(workbook):
    path = workbook(
        S=[["id", "when", "n"], ["007", datetime(2024, 1, 2, 3, 4), 1e300], ["12", datetime(2024, 1, 2), 0.1]]
    )
    assert cells(path) == {
        "id": ["007", "12"],
        "when": ["2024-01-02 03:04:00", "2024-01-02"],
        "n": [1e300, 0.1],
    }


def test_an_empty_or_broken_workbook_is_one_sentence(workbook, tmp_path):
    assert "no sheet of it holds a table" in complaint(workbook(A=[], B=[["x"]]))
    path = workbook(A=ROWS)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "cannot be read as a" in complaint(path)


def test_how_text_is_written_says_nothing_of_a_workbook(workbook):
    assert "delimiter= says how a text file is written" in complaint(
        workbook(A=ROWS), ArgumentError, delimiter=";"
    )


def test_a_sheet_is_refused_where_the_file_has_none(tmp_path, parquet):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    for path in (tmp_path / "a.csv", parquet({"a": [1, 2]})):
        assert f"{path.name} is not a workbook" in complaint(path, ArgumentError, sheet="March")


def test_the_extra_is_named(workbook, parquet, monkeypatch):
    book, columns = workbook(A=ROWS), parquet({"a": [1, 2]})
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert 'pip install "gatera[excel]"' in complaint(book, MissingExtraError)
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    assert 'pip install "gatera[parquet]"' in complaint(columns, MissingExtraError)


# -- Parquet and JSON


def test_the_unit_of_durations_is_told(parquet):
    """A file of another version of pandas has another one: a program of microseconds answered nanoseconds, unsaid."""
    pandas = pytest.importorskip("pandas")
    took = pandas.Series(pandas.to_timedelta([3, 5], unit="s"))
    for unit, factor in (("us", 10**6), ("ns", 10**9)):
        path = parquet({"took": took.astype(f"timedelta64[{unit}]"), "n": [1, 2]})
        assert cells(path)["took"] == [3 * factor, 5 * factor]
        assert f"Durations are read as numbers in their unit: took in {unit}." in notes(path)


def test_parquet_is_read_and_its_texts_stay_texts(parquet):
    path = parquet(
        {"zip": ["94110", "1234", None], "n": [1.0, None, 3.0], "ok": [True, False, True], "k": [1, 2, 2]}
    )
    assert cells(path)["zip"] == ["94110", "1234", None]
    assert cells(path)["ok"] == [True, False, True] and cells(path)["k"] == [1, 2, 2]
    table = read_table(path)
    assert table.columns["n"].missing.tolist() == [False, True, False] and table.notes == []
    assert next(open_table(path).rows()) == {"zip": "94110", "n": "1", "ok": "true", "k": "1"}


def test_the_index_that_pandas_kept_in_parquet_is_not_used(parquet):
    path = parquet({"a": [5, 6, 5]}, index=[1, 2, 3])
    assert list(cells(path)) == ["a"]


def test_lists_in_parquet_are_refused(parquet):
    assert "columns of lists or records. Got: ['tags']" in complaint(parquet({"a": [1], "tags": [[1, 2]]}))


def test_rows_of_json(tmp_path):
    rows = [{"age": 30, "job": "cook"}, {"age": None, "job": "x", "more": [1]}]
    lines = tmp_path / "t.jsonl"
    lines.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    whole = tmp_path / "t.json"
    whole.write_text(json.dumps(rows, indent=1))
    for path in (lines, whole):
        found = cells(path)
        assert found["job"] == ["cook", "x"] and found["more"] == [None, "[1]"] and found["age"][0] == 30
    lines.write_text('{"a": 1}\n{"a": 2\n')
    assert "line 2 is not JSON" in complaint(lines)
    lines.write_text('{"a": 1}\n{"a": 2, "a": 3}\n')
    assert "line 2 has the same name twice in one object: a" in complaint(lines)
    whole.write_text('[{"a": 1, "b": 2, "b": 2}]')
    assert "the file has the same name twice in one object: b" in complaint(whole)
    whole.write_text("[1, 2]")
    assert "the list holds something other than an object" in complaint(whole)


@pytest.mark.parametrize("name", ["t.arff", "t.csv"])
@pytest.mark.parametrize("above", ["", "% A comment\n" * 300 + "\n", "\n"])
def test_an_arff_file_is_named(tmp_path, name, above):
    path = tmp_path / name
    path.write_text(
        above + "@RELATION 'iris set'\n@attribute a numeric\n@attribute c {x, y}\n@data\n1.5,x\n2,y\n"
    )
    assert f"{path} is an ARFF file" in complaint(path)


def test_a_file_in_libsvms_format_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("+1 1:0.5 3:1.5\n-1 2:1e-3 # note\n+1 1:2\n")
    assert f"{path} is in LibSVM's sparse format" in complaint(path)
    path.write_text("rate,time\n5,7:30\n6,8:15\n")
    assert cells(path)["rate"] == [5, 6]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"age": {"0": 30, "1": 41}, "job": {"0": "cook", "1": None}}, "holds columns, not rows"),
        ({"age": [30, 41], "job": ["cook", None]}, "holds columns, not rows"),
        ({"columns": ["age"], "index": [0], "data": [[30]]}, "with its rows under 'data'"),
        ({"schema": {"fields": []}, "data": [{"age": 30}]}, "with its rows under 'data'"),
        ({"count": 1, "next": None, "results": [{"age": 30}]}, "with its rows under 'results'"),
        ({"people": [{"age": 30}]}, "with its rows under 'people'"),
    ],
)
def test_json_of_a_whole_table_in_one_object_is_told(tmp_path, held, said, indent):
    """As `DataFrame.to_json()` and web services write it; it was a table of one row."""
    path = tmp_path / "t.json"
    path.write_text(json.dumps(held, indent=indent))
    assert said in complaint(path) and "orient='records'" in complaint(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("lines", [False, True])
def test_json_is_read_as_powershell_writes_it(tmp_path, encoding, lines):
    path = tmp_path / "t.json"
    text = pandas.DataFrame({"age": [30, 41], "job": ["café", "cook"]}).to_json(
        orient="records", lines=lines, force_ascii=False
    )
    path.write_bytes(text.encode(encoding))
    assert cells(path) == {"age": [30, 41], "job": ["café", "cook"]}


def test_json_in_another_encoding_is_not_told_to_name_it(tmp_path):
    """The remedy was --encoding, which is refused of JSON."""
    path = tmp_path / "t.json"
    path.write_bytes('[{"age": 30, "job": "café"}]'.encode("cp1252"))
    said = complaint(path)
    assert "JSON must be in UTF-8, and byte 0xe9 of it is not" in said and "encoding=" not in said


@pytest.mark.parametrize("indent", [None, 1])
def test_json_of_one_row(tmp_path, indent):
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"age": 30, "home": {"town": "Rome"}, "orders": [{"n": 1}]}, indent=indent))
    assert cells(path) == {"age": [30], "home": ['{"town": "Rome"}'], "orders": ['[{"n": 1}]']}


def write_typed(frame: pandas.DataFrame, path: Path) -> None:
    """Write a table in the form that the file's name asks for."""
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.jsonl"])
def test_the_point_of_a_typed_number_is_a_decimal_sign_however_texts_are_written(tmp_path, name):
    """41.083 of a workbook was 41083 for a program that learned "41,083" from its CSV, and beside texts with decimal commas."""
    frame = pandas.DataFrame(
        {"x": [41.083, 17.024, 5.0], "price": ["1,5", "12,25", "3,0"], "mixed": [1.125, 2.5, 1.125]}
    )
    path = tmp_path / name
    write_typed(frame, path)
    for decimal in (None, ","):
        columns = open_table(path, decimal=decimal).read().columns
        assert columns["x"].cells.tolist() == [41.083, 17.024, 5.0]
        assert columns["x"].format == PLAIN
        assert name.endswith("parquet") or columns["price"].format.decimal == ","  # texts stay texts there
    assert open_table(path).read(as_text=["mixed"]).columns["mixed"].cells.tolist() == [
        "1.125",
        "2.5",
        "1.125",
    ]
    row = next(iter(open_table(path).rows()))
    assert row == {"x": "41.083", "price": "1,5", "mixed": "1.125"}
    assert number_in(row["x"], "x", NumberFormat(",", ".")) == 41.083


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.jsonl"])
def test_a_text_that_ends_with_zeros_is_the_text_that_the_file_has(tmp_path, name):
    """The code "10.1230" of a workbook, Parquet or JSON was "10.123", another one; its CSV had both."""
    texts = ["10.1230", "10.123", "10.12300", "-41.0830", "10.120"]
    frame, path = pandas.DataFrame({"code": texts, "n": range(5)}), tmp_path / name
    write_typed(frame, path)
    assert open_table(path).read(as_text=["code"]).columns["code"].cells.tolist() == texts
    found = [row["code"] for row in open_table(path).rows()]
    assert found == texts and not any(isinstance(text, PointNumber) for text in found)


def test_numbers_that_name_the_columns_of_a_workbook_are_the_names(tmp_path):
    """The column of a wavelength, 401.125, was called 401.1250: not found in the CSV of the same sheet."""
    path = tmp_path / "a.xlsx"
    rows = [["sample", 401.125, 402.5], *([f"s{n}", n * 1.5, n / 8] for n in range(6))]
    pandas.DataFrame(rows).to_excel(path, index=False, header=False)
    assert open_table(path, header=0).names == ["sample", "401.125", "402.5"]
