from __future__ import annotations

import pytest

from gatera.core.errors import DataError
from gatera.program.raw.read_csv import csv_rows, opened
from gatera.program.tables import open_table


def complaint(path) -> str:
    with pytest.raises(DataError) as err:
        list(csv_rows(path))
    return str(err.value)


def test_rows_come_by_column_without_blanks_after_the_commas(tmp_path):
    table = tmp_path / "t.csv"
    table.write_bytes('\ufeffage,job\r\n30, cook\r\n\r\n40,"nurse, night"\r\n'.encode())
    assert list(csv_rows(table)) == [{"age": "30", "job": "cook"}, {"age": "40", "job": "nurse, night"}]


def test_columns_may_be_separated_by_something_else(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("age;job\n30;cook\n")
    assert list(csv_rows(table, ";")) == [{"age": "30", "job": "cook"}]
    with pytest.warns(
        UserWarning, match=r"^Columns are separated by a semicolon \(to change: delimiter=','\)\.$"
    ):
        assert list(csv_rows(table)) == [{"age": "30", "job": "cook"}]
    assert list(csv_rows(table, ",")) == [{"age;job": "30;cook"}]


def test_a_missing_file_is_named_with_its_neighbours(tmp_path):
    (tmp_path / "adult.csv").write_text("a\n")
    assert complaint(tmp_path / "adutl.csv") == (
        f"There is no table {tmp_path}/adutl.csv. Available: adult.csv. Did you mean 'adult.csv'?"
    )


def test_a_row_of_another_length_names_its_line(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("age,job\n30,cook\n40,nurse,night\n")
    assert complaint(table) == (
        f"Line 3 of {table} has 3 cells. Got: ['40', 'nurse', 'night']. Expected: 2, as the header names. "
        "Put cells that hold a comma in quotes."
    )


def test_two_columns_of_one_name_are_refused(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("age,job,age\n1,2,3\n")
    assert complaint(table) == (
        f"{table} has more than one column of a name. Got: ['age']. Rename one of each, or remove it."
    )


def test_an_empty_file_is_refused(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("\n\n")
    assert complaint(table) == f"{table} is empty: it has no header line with the names of its columns."


def test_what_is_not_text_is_refused(tmp_path):
    table = tmp_path / "t.csv"
    table.write_bytes(b"\x89PNG\x00\xff\xfe" * 9)
    assert complaint(table) == (
        f"{table} cannot be read as a table: it is a picture. Pass the folder of the pictures."
    )
    table.write_bytes(b"\x89ABC\x00\xff\xfe" * 9)
    assert complaint(table) == (
        f"{table} cannot be read as a table (it holds NUL bytes, so it is not text). "
        "Check that it is a text file of rows, such as CSV, and its encoding."
    )


def test_a_folder_is_refused(tmp_path):
    assert complaint(tmp_path) == f"{tmp_path} is a folder. Expected: the file of a table, such as CSV."


def test_rows_have_the_line_in_which_they_begin(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text('age,said\n30,"a\nb"\n\n40,c\n')
    found = list(opened(open_table(table)).numbered_rows())
    assert found == [(2, {"age": "30", "said": "a\nb"}), (5, {"age": "40", "said": "c"})]
    assert list(csv_rows(table)) == [row for _, row in found]


@pytest.mark.parametrize("rows", ["1,x\n", '1,"x ""y"" z" \n'])
def test_empty_rows_between_others_are_told(tmp_path, rows):
    """Answers beside the file's rows stood beside the wrong ones, unsaid: pandas keeps such rows."""
    table = tmp_path / "t.csv"
    table.write_text(f"a,b\n{rows},\n\n2,y\n , \n,\n3,z\n,\n,\n")
    told = []
    assert [row["a"] for row in csv_rows(table, on_note=told.append)] == ["1", "2", "3"]
    assert list(map(str, told)) == [
        "3 rows between others are left out, as all their cells are empty: lines 3, 6, 7."
    ]
    table.write_text(f"a,b\n{rows},\n2,y\n\n,\n")
    with pytest.warns(
        UserWarning, match=r"^A row between others is left out, as all its cells are empty: line 3\.$"
    ):
        assert len(list(csv_rows(table))) == 2
    table.write_text(f"a,b\n{rows}\n2,y\n,\n")  # lines without a delimiter, and rows at the end, are none
    assert len(list(csv_rows(table, on_note=told.append))) == 2
    assert len(told) == 1
