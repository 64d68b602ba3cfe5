from __future__ import annotations

import gzip
import math

import numpy as np
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.program.tables import encoding
from gatera.program.tables.blocks import split_blocks
from gatera.program.tables.columns import Kind
from gatera.program.tables.reader import open_table, read_table


@pytest.fixture
def write(tmp_path):
    def made(text: str | bytes, name: str = "t.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return made


def cells(path, **options) -> dict[str, list]:
    return {name: column.cells.tolist() for name, column in read_table(path, **options).columns.items()}


def notes(path, **options) -> list[str]:
    return [str(note) for note in read_table(path, **options).notes]


def complaint(path, kind=DataError, **options) -> str:
    with pytest.raises(kind) as err:
        read_table(path, **options)
    return str(err.value)


# -- what a column is


@pytest.mark.parametrize(
    ("written", "kind", "values"),
    [
        (["1", "0", "1"], Kind.WHOLE, [1, 0, 1]),
        (["1.0", "0.0", "1.0"], Kind.WHOLE, [1, 0, 1]),
        (["1", "", "0"], Kind.WHOLE, [1, None, 0]),
        (["1", "NA", "0"], Kind.WHOLE, [1, None, 0]),
        (["1.5", "?", "-2"], Kind.NUMBER, [1.5, None, -2.0]),
        (["1e400", "1", "2"], Kind.NUMBER, [math.inf, 1.0, 2.0]),
        (["True", "False", ""], Kind.TRUTH, [True, False, None]),
        (["true", "false", "true"], Kind.TRUTH, [True, False, True]),
        (["None", "Apnea", "None"], Kind.TEXT, ["None", "Apnea", "None"]),
        (["NA", "EU", ""], Kind.TEXT, ["NA", "EU", None]),
        (["yes", "no", "no"], Kind.TEXT, ["yes", "no", "no"]),
        (["", "", ""], Kind.EMPTY, [None, None, None]),
        (["NA", "", "null"], Kind.EMPTY, [None, None, None]),
        (["007", "12", "5"], Kind.TEXT, ["007", "12", "5"]),
        (["12345678901234567", "1", "2"], Kind.TEXT, ["12345678901234567", "1", "2"]),
        (
            ["50060e8007123401", "50060e8007123402", ""],
            Kind.TEXT,
            ["50060e8007123401", "50060e8007123402", None],
        ),
        (["10e-900", "5", "6"], Kind.WHOLE, [0, 5, 6]),
        (["2024-01-31", "2024-02-01", ""], Kind.DATE, ["2024-01-31", "2024-02-01", None]),
        (["$223,440", "$950", "$1,000"], Kind.WHOLE, [223440, 950, 1000]),
    ],
)
def test_a_columns_kind_comes_from_its_values(write, written, kind, values):
    path = write("x,other\n" + "".join(f'"{cell}",z\n' for cell in written))
    column = read_table(path).columns["x"]
    found = [None if cell is None or cell != cell else cell for cell in column.cells.tolist()]
    assert (column.kind, found) == (kind, values)
    assert column.missing.tolist() == [value is None for value in values]


def test_a_number_that_is_none_late_in_the_file_makes_the_column_text(write, monkeypatch):
    monkeypatch.setattr(encoding, "CHUNK", 64)
    lines = [f"{place}.50,{place}" for place in range(200)]
    path = write("x,n\n" + "\n".join(lines) + "\n12o,5\n")
    table = read_table(path)
    assert table.columns["x"].cells[:2].tolist() == ["0.50", "1.50"]  # as written
    assert table.columns["x"].cells[-1] == "12o" and table.columns["n"].kind is Kind.WHOLE
    assert len(table) == 201 and table.lines.tolist() == list(range(2, 203))
    assert [str(note) for note in table.notes] == [
        "Column 'x' is read as text, not as numbers, because of '12o'."
    ]


def test_numbers_are_those_of_float(write):
    random = np.random.default_rng(0)
    texts = [repr(float(x)) for x in random.normal(0, 10.0 ** random.integers(-20, 20, 3000))]
    texts += [
        "0.1",
        "123456789012345.67",
        "9007199254740993.0",
        "5e-324",
        "1.7976931348623157e308",
        "000.5",
        "1e22",
        "8.9307896088296852",  # extended precision would round these the other way
        "859018.421680282976",
        "2752787045.79443717",
    ]
    texts += [f"{x:.17f}" for x in random.normal(0, 1, 500)] + [
        f"{x:.16f}" for x in random.normal(0, 50, 3000)
    ]
    path = write("x\n" + "\n".join(texts) + "\n")
    column = read_table(path, delimiter=",").columns["x"]
    assert column.cells.tolist() == [float(text) for text in texts]


@pytest.mark.parametrize(
    "text", [" a,b\n", "a ,b\n", "a, b\n", "a,b \n", "\ta,b\n", "a,\tb\n", 'a,"b"\t\n', "a,b\n a,b\n"]
)
def test_blanks_at_any_edge_of_a_cell_are_removed(text):
    block = next(split_blocks([text.encode()], ","))
    assert set(block.texts(block.starts, block.ends)) == {"a", "b"}


def test_a_column_can_be_kept_as_text(write):
    path = write("x,y\n1.50,NA\n2,7\n")
    assert {n: c.cells.tolist() for n, c in read_table(path, as_text=["x", "y"]).columns.items()} == {
        "x": ["1.50", "2"], "y": ["NA", "7"],
    }  # fmt: skip


def test_words_for_missing_are_counted_and_said(write):
    path = write("age,kind\n30,NA\nNA,None\n?,x\nNA,x\n")
    assert notes(path) == [
        "Column 'age' holds whole numbers; 'NA' (2 cells), '?' (1 cell) counts as missing there.",
        "In columns of text these are values, not gaps: 'NA' in kind (1 cell), 'None' in kind (1 cell).",
    ]
    assert cells(path)["kind"] == ["NA", "None", "x", "x"]


# -- how a file is written


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("a;b", "{n},0;{n},5"),
        ("a;b;c", "x{n};{n},5;{n},0"),
        ("a|b", "{n},0|{n},5"),
        ("a\tb", "{n},25\t{n},5"),
    ],
)
def test_decimal_commas_in_every_row_do_not_hide_the_delimiter(write, header, row):
    path = write("\n".join([header, *(row.format(n=n) for n in range(30))]) + "\n")
    assert list(read_table(path).columns) == list("abc")[: len(read_table(path).columns)]
    assert read_table(path).columns["b"].kind is Kind.NUMBER


def test_decimal_commas_do_not_hide_it_below_a_title_or_above_a_footer(write):
    rows = [f"{n},0;{n},5" for n in range(30)]
    assert list(cells(write("\n".join(["Sales, 2024", "a;b", *rows])))) == ["a", "b"]
    assert "Line 32 of" in complaint(write("\n".join(["a;b", *rows, "Total"])))


def test_dollars_have_commas_between_thousands_also_beside_semicolons(write):
    path = write("a;b;c\n$7;7;x\n$1,007;1,007;y\n")
    assert cells(path) == {"a": [7, 1007], "b": [7.0, 1.007], "c": ["x", "y"]}


@pytest.mark.parametrize(("delimiter", "name"), [(";", "a semicolon"), ("\t", "a tab"), ("|", "'|'")])
def test_the_delimiter_is_found_and_said(write, delimiter, name):
    path = write(f"a{delimiter}b\n1,5{delimiter}x\n2,25{delimiter}y, z\n")
    assert cells(path) == {"a": [1.5, 2.25], "b": ["x", "y, z"]}
    assert notes(path)[0] == f"Columns are separated by {name} (to change: delimiter=',')."


def test_a_comma_in_a_file_of_semicolons_is_a_decimal_sign(write):
    path = write("a;b\n16,000;1.500,25\n")
    assert cells(path) == {"a": [16], "b": [1500.25]}
    assert cells(path, decimal=".") == {"a": [16000], "b": ["1.500,25"]}


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1"]
)
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_encodings_are_found(write, monkeypatch, codec, chunk):
    if chunk < 100 and codec in ("utf-16-le",):
        pytest.skip("too few bytes to see that every second one is zero")
    monkeypatch.setattr(encoding, "CHUNK", chunk)
    path = write("job,city\r\ncook,Genève\r\nnurse,Zürich\r\n".encode(codec))
    assert cells(path) == {"job": ["cook", "nurse"], "city": ["Genève", "Zürich"]}
    said = notes(path)
    if codec.startswith("utf-8"):
        assert said == []
    else:
        known = "cp1252" if codec == "latin-1" else codec
        assert said == [f"t.csv is not in UTF-8 and is read as {known} (to change: encoding='latin-1')."]


def test_packed_files_are_unpacked_whatever_their_name(write):
    packed = gzip.compress(b"a,b\n1,x\n")
    assert cells(write(packed, "t.csv.gz")) == cells(write(packed)) == {"a": [1], "b": ["x"]}
    assert "cannot be read as a table" in complaint(write(packed[:-9]))


def test_quotes_blank_lines_and_line_ends(write):
    text = 'name,said\r\n"Ann ""A."", x","two\r\nlines"\r\n\r\n,,\r\n  Bob ," kept "\r\n\r\n'.replace(
        ",,\r\n", ",\r\n"
    )
    table = read_table(write(text))
    assert {n: c.cells.tolist() for n, c in table.columns.items()} == {
        "name": ['Ann "A.", x', "Bob"], "said": ["two\nlines", " kept "],
    }  # fmt: skip
    assert table.lines.tolist() == [2, 6]


@pytest.mark.parametrize(
    "cell", ['5" pipe', 'a "quoted" word', '"', ' "blank, before"', '"closed" late', 'x"']
)
def test_quotes_in_unusual_places_mean_what_the_csv_module_says(write, cell):
    import csv

    text = f"a,b\n{cell},1\nplain,2\n"
    rows = list(csv.reader(text.splitlines(keepends=True), skipinitialspace=True))
    if any(len(row) != 2 for row in rows):  # a quote that is never closed
        assert "cells" in complaint(write(text), header=0) or "cannot be read" in complaint(
            write(text), header=0
        )
        return
    expected = [row[0].strip(" ") for row in rows[1:]]
    assert [row["a"].strip(" ") for row in open_table(write(text), header=0).rows()] == expected


def test_random_tables_are_split_as_by_the_csv_module(write, monkeypatch):
    import csv
    import io

    random = np.random.default_rng(0)
    pieces = ["a", "é", " ", ",", '"', "\n", ";", "12", "", "x y"]
    for chunk in (5, 11, 64, 1 << 20):
        monkeypatch.setattr(encoding, "CHUNK", chunk)
        for _ in range(15):
            width = int(random.integers(2, 5))
            rows = [
                ["".join(random.choice(pieces, random.integers(1, 5))) for _ in range(width)]
                for _ in range(12)
            ]
            rows = [[f"c{j}" for j in range(width)], *[["k", *row[1:]] for row in rows]]
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows(rows)
            path = write(out.getvalue())
            expected = list(csv.reader(io.StringIO(out.getvalue())))
            found = [list(row.values()) for row in open_table(path, ",", header=0, strip=False).rows()]
            assert found == expected[1:]


# -- names, and which cells belong to which column


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,7,5\n2,8,4\n1,9,3\n", True),
        ("c0.jpg,cat\nc1.jpg,cat\nd0.jpg,dog\n", True),
        ("a fine film,pos\na bad film,neg\nno film,pos\n", True),
        ("2024-01-01,3\n2024-01-02,4\n", True),
        ("user,film,rating\n1,7,5\n2,8,4\n", False),
        ("file,label\nc0.jpg,cat\nc1.jpg,cat\n", False),
        ("country,2019,2020,2021\nFrance,1.5,2.5,3.5\nChad,2.5,1.5,2.5\n", False),
        ("0,1,2\n0.5,0.25,x\n0.75,0.5,y\n", False),
        ("job,city\ncook,Bern\n", False),
        ("a,b\n", False),
        (",age\n0,5\n1,6\n", False),
    ],
)
def test_a_first_row_of_data_is_kept(write, text, found):
    table = read_table(write(text))
    lines = text.count("\n")
    assert (len(table), table.names[-1].startswith("column_")) == (
        (lines, True) if found else (lines - 1, False)
    )
    said = "The first row holds data, not names: the columns are called column_1, column_2 and so on (to change: header=0)."
    assert (said in map(str, table.notes)) is found
    assert len(read_table(write(text), header=0)) == lines - 1
    assert len(read_table(write(text), header=None)) == lines


def test_a_header_further_down(write):
    path = write("a report,\nof two lines,\nx,y\n1,2\n")
    assert cells(path, header=2) == {"x": [1], "y": [2]}
    assert complaint(path, header=9) == f"{path} has no row 9 to take names from. Got: 9."


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        (",x,y\n0,5,a\n1,6,b\n", ["x", "y"], "The column without a name only names the rows; it is not used."),
        ("Unnamed: 0,x\n1,5\n2,6\n", ["x"], "The column without a name only names the rows; it is not used."),
        (",Unnamed: 0,x\n0,0,5\n1,1,6\n", ["x"], "The column without a name only names the rows; it is not used."),
        (",Unnamed: 0.1,Unnamed: 0,x\n0,0,0,5\n1,1,1,6\n", ["x"],
         "The column without a name only names the rows; it is not used."),
        (",x\nann,5\nbob,6\n", ["x"], "The column without a name only names the rows; it is not used."),
        (",x\nann,5\nann,6\n", ["Unnamed: 0", "x"], "The column without a name in place 1 is called 'Unnamed: 0'."),
        ("x,y\nr0,5,a\nr1,6,b\n", ["x", "y"],
         "Rows have one cell more than the header: the first one only names the row and is not used."),
        ("x,y\n1,5,a\n2,6,b\n", ["x", "y"],
         "Rows have one cell more than the header: the first one only names the row and is not used."),
        ("x,y\n5,a,\n6,b,\n", ["x", "y"], "Every row ends with a delimiter."),
        ("x,y,\n5,a,\n6,b,\n", ["x", "y"], None),
    ],
)  # fmt: skip
def test_cells_without_a_name(write, text, names, said):
    table = read_table(write(text))
    assert (table.names, [str(note) for note in table.notes]) == (names, [said] if said else [])


def test_a_row_of_units_below_the_header_is_left_out_and_told(write):
    path = write("age,hours,job\n(years),(h),(name)\n" + "".join(f"{n},{n}.5,cook\n" for n in range(4)))
    said = (
        "The row below the header holds no data, but '(years)', '(h)': it is left out (to change: header=0)."
    )
    for known in ((), ("age", "hours")):
        table = open_table(path, known=known).read()
        assert table.columns["age"].cells.tolist() == [0, 1, 2, 3]
        assert [str(note) for note in table.notes] == [said]
    assert cells(path, header=0)["age"][0] == "(years)"
    gaps = write("age,hours,job\n,NA,cook\n" + "".join(f"{n},{n}.5,cook\n" for n in range(4)))
    assert len(read_table(gaps)) == 5
    words = write("age,town,job\nold,Rome,cook\n" + "".join(f"{n},Bern,cook\n" for n in range(4)))
    assert len(read_table(words)) == 5


def test_a_number_that_is_not_finite_is_told_with_its_line(write):
    table = read_table(write("x,y\n1,a\n\ninf,b\n3,a\n-inf,b\n"))
    said = "Column 'x' holds 2 numbers that are not finite, first in line 4; it counts as missing."
    assert [str(note) for note in table.notes] == [said]


def test_a_note_never_offers_what_was_decided(write):
    notes = read_table(write('x,y\n"1,200",a\n"3,400",b\n')).notes
    assert [(note.option, note.value) for note in notes] == [("decimal", ",")]
    path = write("x,y\n")
    path.write_bytes("x,y\n料理,1\n店,2\n".encode("shift-jis"))
    assert [(note.option, note.value) for note in read_table(path).notes] == [("encoding", "shift-jis")]


@pytest.mark.parametrize("first", [(56, 61), (30, 31)])
def test_a_cell_too_many_that_is_no_index_is_refused(write, first):
    path = write(f"x,y\n{first[0]},5,a\n{first[1]},6,b\n")
    assert complaint(path) == (
        f"Line 2 of {path} has 3 cells. Got: ['{first[0]}', '5', 'a']. Expected: 2, as the header names. "
        "Put cells that hold a comma in quotes."
    )


def test_a_row_of_another_length_far_below_names_its_line(write, monkeypatch):
    monkeypatch.setattr(encoding, "CHUNK", 100)
    path = write("x;y\n" + "\n" + "1;2\n" * 900 + '"1\n1";2\n' + "5\n")
    assert complaint(path) == (
        f"Line 905 of {path} has 1 cell. Got: ['5']. Expected: 2, as the header names. "
        "Add the missing cells, or remove the line."
    )


def test_wrong_arguments_are_refused(write):
    path = write("a,b\n1,2\n")
    assert complaint(path, ArgumentError, delimiter="||").startswith(
        "delimiter must be one ASCII character. Got: '||'"
    )
    assert "no-such" in complaint(path, ArgumentError, encoding="no-such")
    assert complaint(path, ArgumentError, header="yes").startswith("header must be")
    assert complaint(path, ArgumentError, decimal="x").startswith("decimal must be")


# -- both halves


def test_rows_and_columns_are_the_same_cells(write):
    path = write('\ufeffa;b;c\n1,5;x;NA\n\n;;\n2;"y;\nz";3\n')
    rows = list(open_table(path).rows())
    assert rows == [{"a": "1,5", "b": "x", "c": "NA"}, {"a": "2", "b": "y;\nz", "c": "3"}]
    assert cells(path) == {
        "a": [1.5, 2.0],
        "b": ["x", "y;\nz"],
        "c": [pytest.approx(math.nan, nan_ok=True), 3.0],
    }


def test_notes_name_the_option_of_the_shell(write):
    note = read_table(write("a;b\n1;2\n2;3\n")).notes[0]
    assert note.for_shell() == "Columns are separated by a semicolon (to change: --delimiter ',')."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sep=;\na;b\n1;2\n3;4\n", "The first row is not part of the table: 'sep='"),
        ("sep=,\r\na,b\r\n1,2\r\n3,4\r\n", "The first row is not part of the table: 'sep='"),
        ("Sales of 2024\n\na,b\n1,2\n3,4\n", "The first row is not part of the table: 'Sales of 2024'"),
        ("Sales\na;b\n1;2\n3;4\n", "The first row is not part of the table: 'Sales'"),
        (
            "# by me, 2024, in May\n# two\na,b\n1,2\n3,4\n",
            "The first 2 rows are not part of the table: '# by me'",
        ),
    ],
)
def test_rows_above_the_header_are_not_part_of_the_table(write, text, said):
    path = write(text)
    assert cells(path) == {"a": [1, 3], "b": [2, 4]}
    assert notes(path)[-1] == f"{said} (to change: header=0)."
    assert list(open_table(path).rows()) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_of_a_table_with_lines_above_it_and_a_note_below_the_note_is_refused(write):
    """As plate readers write it: it was the header that was refused, "4 cells, expected 2: put cells that hold a comma in quotes"."""
    path = write(
        "Software,3.11\n\nDate,11/30/2026\n\nwell,group,od,rfu\nA1,a,1,5\nA2,b,2,6\nA3,a,3,7\n\nNote: A1 was empty\nby Ann\n"
    )
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert f"Line 10 of {path} has 1 cell. Got: ['Note: A1 was empty']" in str(caught.value)
    assert "remove the line" in str(caught.value)


def test_a_title_with_empty_cells_beside_it(write):
    path = write("Sales,,\n,,\na,b,c\n1,2,3\n4,5,6\n")
    assert cells(path) == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}
    assert read_table(path).lines.tolist() == [4, 5]
    gaps = write(
        "Sales,,\n,,\na,b,c\nx,2,\ny,,6\nz,5,7\n"
    )  # was a table of columns Sales, Unnamed: 1 and Unnamed: 2
    assert list(cells(gaps)) == ["a", "b", "c"]
    unnamed = write("name,,\nAnn,x,y\nBob,z,y\n")
    assert list(cells(unnamed)) == ["name", "Unnamed: 1", "Unnamed: 2"]


def test_a_short_header_above_named_rows_is_one(write):
    assert cells(write("x\nr1,0.5\nr2,0.7\nr3,0.9\n")) == {"x": [0.5, 0.7, 0.9]}


def test_one_row_with_a_cell_too_many_is_not_an_index(write):
    path = write("age,job\n1,30,cook\n")
    with pytest.raises(DataError, match=r"^Line 2 of .* has 3 cells\. Got: "):
        read_table(path)


@pytest.mark.parametrize("rows", [1, 20_000])
def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(write, rows):
    path = write("a,b\n" + "1,x\n" * rows + '2,"open\n' + "3,y\n" * 7)
    for read in (read_table, lambda path: list(open_table(path).rows())):
        with pytest.raises(DataError) as err:
            read(path)
        assert str(err.value) == (
            f"{path} cannot be read as a table (a quote in the row that begins in line {rows + 2} is never closed). "
            'Close it; or put the cell in quotes and write its own quotes twice, as in "6"" pipe".'
        )


@pytest.mark.parametrize("suffix", [",", "\t"])
@pytest.mark.parametrize("closing", ['"Hi there', 'I said "no', 'so "'])
def test_a_quote_that_only_a_later_row_closes_swallows_no_rows(write, suffix, closing):
    texts = {4: '"Hello', 9: closing}
    lines = [suffix.join((str(i), texts.get(i, "plain"), "pos" if i % 3 else "neg")) for i in range(40)]
    path = write("\n".join(["id" + suffix + "text" + suffix + "label", *lines]) + "\n")
    for read in (read_table, lambda path: list(open_table(path).rows())):
        with pytest.raises(
            DataError,
            match=r"A quote in line 6 of .* is closed only in line 11, which makes one row of 6 lines\.",
        ):
            read(path)


def test_rows_that_swallow_their_neighbours_show_it_together(write):
    """In a table of a text and a label each such row shows little: 8 of 40 rows were gone, unsaid."""
    rows = [f"plain text {i},{'pos' if i % 2 else 'neg'}" for i in range(40)]
    for i in range(5, 35, 4):
        rows[i], rows[i + 1] = '"Hello,pos', 'bye",neg'
    with pytest.raises(
        DataError, match=r"line 7 of .* is closed only in line 8, which makes one row of 2 lines\."
    ):
        read_table(write("\n".join(["text,label", *rows]) + "\n"))
    legitimate = [row.replace('"Hello,pos', '"Oh, my').replace('bye",neg', 'why, so",neg') for row in rows]
    legitimate[5:7] = ['"Hello,pos\nbye",neg', "plain,neg"]
    assert len(read_table(write("\n".join(["text,label", *legitimate]) + "\n"))) == 33


@pytest.mark.parametrize(
    "cell",
    ["Firma\n10, rue A\n12, rue B", "yes, no\nno, yes", "a, b\n\nc, d", "1, 2\n3, 4, 5\n6, 7", "Hi, Bob\nthanks, Ann\nsee, you"],
)  # fmt: skip
@pytest.mark.parametrize("where", [0, 1])
def test_texts_of_several_lines_with_commas_are_single_cells(write, cell, where):
    rows = [["x, y", "no"] if i % 2 else [cell, "yes"] for i in range(30)]
    path = write(
        "text,label\n"
        + "".join(",".join(f'"{c}"' for c in (row if where == 0 else row[::-1])) + "\n" for row in rows)
    )
    found = cells(path, header=0)
    assert found["text" if where == 0 else "label"][::2] == [cell] * 15


@pytest.mark.parametrize("header", [True, -1, "first", 1.0])
def test_a_header_that_is_no_row_is_refused(write, header):
    with pytest.raises(ArgumentError) as err:
        open_table(write("a,b\n1,2\n"), header=header)
    assert str(err.value) == (
        f'header must be the number of a row. Got: {header!r}. Expected: "auto", None, or a whole number from 0 on.'
    )


# -- delimiters of more than one character


@pytest.mark.parametrize("size", [3, 16, 1 << 20])
def test_two_colons_divide_also_where_chunks_end_between_them(write, monkeypatch, size):
    monkeypatch.setattr(encoding, "CHUNK", size)
    rows = [f"{n}::Title, the {n}th: part::{n % 5}::{n + 7}" for n in range(40)]
    path = write("\n".join(rows) + "\n", "ratings.dat")
    found = cells(path, delimiter="::", header=None)
    assert found["column_1"] == list(range(40)) and found["column_2"][3] == "Title, the 3th: part"
    if size > len(path.read_bytes()):
        assert "Columns are separated by '::' (to change: delimiter=',')." in notes(path)
        assert cells(path) == found


@pytest.mark.parametrize("size", [3, 16, 1 << 20])
def test_aligned_columns_are_divided_by_blanks(write, monkeypatch, size):
    monkeypatch.setattr(encoding, "CHUNK", size)
    rows = [f"  {n / 8:7.3f}   {n:<6} \t{'ab'[n % 2]}  " for n in range(40)]
    path = write("\n".join(["  height  age kind", *rows]) + "\n", "housing.data")
    found = cells(path, delimiter="blanks")
    assert (
        found["height"] == [n / 8 for n in range(40)]
        and found["age"] == list(range(40))
        and set(found["kind"]) == {"a", "b"}
    )
    if size > len(path.read_bytes()):
        assert cells(path) == found and notes(path) == [
            "Columns are separated by blanks (to change: delimiter=',')."
        ]


def test_sentences_are_not_divided_by_blanks(write):
    path = write("text\n" + "one two three\n" * 5 + "four five six\n")
    assert list(cells(path)) == ["text"]


# -- reports of other tools


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,x\n" + "2,x,y\n" * 30, "Line 3 of"),
        ("a,b\n" + "1,x\n" * 3 + "2,x,y\n" * 30, "Line 5 of"),
        ("a;b;c;d\n" + "1;2;3\n" * 30, "Line 2 of"),
    ],
)
def test_rows_and_headers_are_never_taken_for_a_title(write, text, said):
    assert said in complaint(write(text))


def test_what_stands_above_a_table_with_a_header_is_still_left_out(write):
    path = write("Station,Oslo\nHeight,94\n\nday,rain,wind\n" + "".join(f"{n},{n}.5,x\n" for n in range(9)))
    assert list(cells(path)) == ["day", "rain", "wind"]


def test_signs_without_width_around_names_are_removed(write):
    path = write("\ufeff\ufeffage,\u200bjob\u200b\n1,a\n2,b\n")
    assert list(cells(path)) == ["age", "job"]
    assert next(open_table(path, known=["age", "job"]).rows()) == {"age": "1", "job": "a"}


def test_rows_that_are_one_quoted_cell_each_are_refused(write):
    assert "has a whole row in quotes on every line" in complaint(
        write('"age, job"\n"1, cook"\n"2, nurse"\n')
    )
    assert list(cells(write('"text, long"\n"a, b, c"\n"d"\n'))) == ["text, long"]


@pytest.mark.parametrize("text", ["a, b\nc", "a,\r\nb", "a, " + 200_000 * "b"])
def test_a_single_column_of_texts_with_line_breaks_is_read(write, text):
    """It was an error of Python's `csv`, wherever a table is opened."""
    path = write("text\n" + f'"{text}"\n' * 3)
    assert list(cells(path)) == ["text"] and next(open_table(path).rows()) == {
        "text": text.replace("\r\n", "\n")
    }


def test_single_quotes_that_hold_the_delimiter_are_refused_and_apostrophes_are_not(write):
    """Its rows have a cell more than the header, and so the first one would name the row."""
    rows = "".join(f"{n}.5,'x,{n}',{n % 2}\n" for n in range(9))
    said = complaint(write("a,b,y\n" + rows))
    assert "has cells in single quotes that hold the delimiter" in said and 'Got: ["\'x", "0\'"]' in said
    assert (
        len(
            list(
                cells(
                    write(
                        "a,b\n"
                        + "".join(f"'t Hooft {n},dogs'\n" if n == 4 else f"'s {n},x\n" for n in range(9))
                    )
                )
            )
        )
        == 2
    )
    assert len(list(cells(write("a,b\n" + "'quoted','whole'\n" * 9)))) == 2


@pytest.mark.parametrize(
    ("written", "values"),
    [
        (["(1,200)", "300", "(50)"], [-1200, 300, -50]),
        (["\u22121.5", "2.5", "-3"], [-1.5, 2.5, -3.0]),
        (["12,34,567", "1,23,456", "999"], [1234567, 123456, 999]),
        (["#DIV/0!", "1.5", "#VALUE!"], [None, 1.5, None]),
    ],
)
def test_numbers_as_accountants_and_spreadsheets_write_them(write, written, values):
    path = write("x,y\n" + "".join(f'"{cell}",z\n' for cell in written))
    assert [None if cell != cell else cell for cell in cells(path)["x"]] == values


def test_points_are_thousands_beside_decimal_commas(write):
    rows = "".join(f"{n + 1}.{n:03};{n},5;{n / 8:.3f}\n" for n in range(9))
    path = write("price;height;share\n" + rows)
    found = cells(path)
    assert found["price"][:3] == [1000, 2001, 3002] and found["share"][1] == 0.125
    assert cells(path, decimal=".")["price"][:2] == [1.0, 2.001]
    alone = write("price;kind\n" + "".join(f"{n + 1}.{n:03};x\n" for n in range(9)))
    assert cells(alone)["price"][1] == 2.001 and cells(alone, decimal=",")["price"][1] == 2001


def test_letters_in_runs_are_said_to_be_another_alphabet(write):
    path = write("имя,город\nИван,Москва\nОльга,Тверь\n".encode("cp1251"))
    assert notes(path)[0] == "t.csv is not in UTF-8 and is read as cp1252 (to change: encoding='cp1251')."
    assert cells(path, encoding="cp1251")["город"] == ["Москва", "Тверь"]


def test_a_wrong_encoding_is_named(write):
    path = write("a,b\n1,Genève\n".encode("cp1252"))
    assert complaint(path, encoding="utf-8") == (
        f"{path} is not in utf-8 (invalid continuation byte: byte 0xe8). Pass encoding= with its own, such as cp1251 or "
        "shift-jis, or omit it to find it."
    )


# -- files that were put together, and tables of Markdown


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_header_that_comes_again_is_refused_with_its_line(write, mark):
    part = "name,age\n" + "".join(f"n{i},{i + 20}\n" for i in range(700))
    path = write(mark + part + mark + part)
    assert complaint(path).startswith(f"Line 702 of {path} repeats the header. Got: [")
    assert complaint(path, header=0).startswith("Line 702 of ")
    rows = open_table(path, known=["age"]).rows()
    with pytest.raises(DataError, match="repeats the header"):
        list(rows)
    assert complaint(write("name,age\nann,3\nname,age\nbo,4\n")).startswith("Line 3 of ")


def test_rows_that_only_look_like_a_header_stay(write):
    assert cells(write("who\nwho\nyou\n"), header=0) == {"who": ["who", "you"]}
    assert cells(write("ann,7\nbo,8\nann,7\n")) == {"column_1": ["ann", "bo", "ann"], "column_2": [7, 8, 7]}
    assert cells(write("name,age\nname,4\nbo,5\n")) == {"name": ["name", "bo"], "age": [4, 5]}


def test_a_line_of_dashes_below_the_header_is_left_out(write):
    path = write("| name | age |\n|:---|---:|\n| ann | 4 |\n| bo | 5 |\n")
    assert cells(path) == {"name": ["ann", "bo"], "age": [4, 5]}
    assert "The row below the header is a line of dashes: it is left out (to change: header=0)." in notes(
        path
    )


PRINTED = {
    "psql": " name | age \n------+-----\n ann  |   4\n bo   |   5\n ci   |   7\n(3 rows)\n\n",
    "mysql": "+------+-----+\n| name | age |\n+------+-----+\n| ann  |   4 |\n| bo   |   5 |\n| ci   |   7 |\n+------+-----+\n"
    "3 rows in set (0.00 sec)\n",
}  # fmt: skip


@pytest.mark.parametrize("database", PRINTED)
def test_what_a_database_printed_is_a_table(write, database):
    path = write(PRINTED[database])
    assert cells(path) == {"name": ["ann", "bo", "ci"], "age": [4, 5, 7]}
    assert any("Lines around the table are left out" in note for note in notes(path))


def test_the_sign_of_the_end_of_a_dos_text_is_no_row(write):
    assert cells(write("name,age\r\nann,4\r\nbo,5\r\n\x1a\x1a")) == {"name": ["ann", "bo"], "age": [4, 5]}
    assert cells(write("name,age\nann,4\nb\x1ao,5\n\x1a")) == {"name": ["ann", "b\x1ao"], "age": [4, 5]}


def test_a_folder_is_not_a_table(tmp_path):
    assert complaint(tmp_path) == f"{tmp_path} is a folder. Expected: the file of a table, such as CSV."


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["$5", "€4", "3"], ["$ (1 cell), € (1 cell), no sign (1 cell)"]),
        (["12%", "0.5", "0.3", "0"], ["% (1 cell), no sign (2 cells)"]),  # 0 is the same in both
        (["12%", "8 %", "0"], []),
        (["$5", "3", "NA"], []),
        (["1.200,5 €", "$3,5", "7"], ["$ (1 cell), € (1 cell), no sign (1 cell)"]),
    ],
)
def test_numbers_with_signs_that_do_not_mean_the_same_are_told(write, column, said):
    path = write("v;w\n" + "".join(f"{cell};{i}\n" for i, cell in enumerate(column)))
    lines = [note for note in notes(path) if "signs" in note]
    assert lines == [
        f"Column 'v' has numbers with {signs}: read without the signs, not converted." for signs in said
    ]


@pytest.mark.parametrize("more", ["", ","])  # thermostats end only the rows with a delimiter
def test_names_below_lines_of_another_table_are_told_from_cells_that_hold_a_comma(tmp_path, more):
    path = tmp_path / "bank.csv"  # as the World Bank writes them
    rows = "".join(f'"C{n}","Population, total","{n}00",{more}\n' for n in range(9))
    path.write_text(
        f'"Data Source","Indicators",\n\n"Last Updated","2024",\n\n"Country","Indicator","1960",\n{rows}'
    )
    with pytest.raises(DataError) as err:
        read_table(path)
    assert "Line 5" in str(err.value) and "if this line names the columns, remove the lines above it." in str(
        err.value
    )


def test_columns_keep_the_notation_of_their_accents_unless_they_are_known_in_the_other_one(tmp_path):
    (tmp_path / "t.csv").write_text("pre\u0301nom,b\nAnn,1\nBob,2\n", "utf-8")
    assert read_table(tmp_path / "t.csv").names == ["pre\u0301nom", "b"]
    known = open_table(tmp_path / "t.csv", known=["b", "pr\u00e9nom"])
    assert known.names == ["pr\u00e9nom", "b"] and next(known.rows()) == {"pr\u00e9nom": "Ann", "b": "1"}
    (tmp_path / "twins.csv").write_text("e\u0301,\u00e9\nAnn,1\nBob,2\n", "utf-8")
    assert open_table(tmp_path / "twins.csv", known=["\u00e9"]).names == ["e\u0301", "\u00e9"]


@pytest.mark.parametrize("form", ['"=""{}"""', "'{}"])
def test_numbers_that_a_spreadsheet_keeps_as_text_are_told(tmp_path, form):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{form.format(100 + n)},{n % 7}\n" for n in range(30)))
    assert "its numbers have units or signs: " in " ".join(map(str, read_table(path).notes))
    path.write_text("a,b\n" + "".join(f"{form.format(f'{n:04d}')},{n % 7}\n" for n in range(30)))
    assert not read_table(path).notes  # identifiers are text
