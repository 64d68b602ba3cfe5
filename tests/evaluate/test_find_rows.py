"""Labelled rows of a table, to measure a program on."""

from __future__ import annotations

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.evaluate.find_rows import find_labelled_rows
from gatera.evaluate.items import Asked


@pytest.mark.parametrize(
    ("cells", "delimiter", "numbers"),
    [
        (["$1,200", "$950", "$3,100.5"], ",", [1200, 950, 3100.5]),
        (["1.5 kg", "12 kg", "3kg"], ",", [1.5, 12, 3]),
        (["14:30", "9:15", "0:00"], ",", [14.5, 9.25, 0]),
        (["1.200", "950", "3.100,5"], ";", [1200, 950, 3100.5]),
    ],
)
def test_numbers_to_compare_with_are_read_as_in_training(tmp_path, cells, delimiter, numbers):
    path = tmp_path / "new.csv"
    path.write_text(
        "\n".join([f"x{delimiter}y", *(f'{n}{delimiter}"{cell}"' for n, cell in enumerate(cells))])
    )
    found = find_labelled_rows(path, ["x"], Asked(), {"target": "y"}, numbers=True)
    assert [example.truth for example in found.examples] == numbers
    assert [
        example.truth for example in find_labelled_rows(path, ["x"], Asked(), {"target": "y"}).examples
    ] == cells


def test_a_column_is_found_by_its_name_also_where_that_has_a_comma(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text('x,"price, EUR"\n1,2\n')
    found = find_labelled_rows(path, ["x"], Asked(target="price, EUR"), {})
    assert [example.truth for example in found.examples] == ["2"]


def test_several_columns_of_numbers_are_the_labels(tmp_path):
    """Only the first was read: "row 1 has 1 numbers, and the program answers with 2"; of a program of classes the others were ignored."""
    path = tmp_path / "new.csv"
    path.write_text('x,y,z\n1,"$1,200",3\n2,"$950",\n3,"$1,000",5.5\n')
    found = find_labelled_rows(path, ["x"], Asked(target="y, z"), {}, numbers=True)
    assert [(each.raw, each.truth) for each in found.examples] == [
        ({"x": "1"}, [1200.0, 3.0]),
        ({"x": "3"}, [1000.0, 5.5]),
    ]
    assert found.how.endswith("columns y, z")
    assert [bad.reason for bad in found.skipped] == ["Line 3 of new.csv has no value in y, z."]
    with pytest.raises(DataError, match="the column w of "):
        path.write_text("x,y,w\n1,2,cat\n2,3,dog\n")
        find_labelled_rows(path, ["x"], Asked(target="y,w"), {}, numbers=True)
    with pytest.raises(ArgumentError, match="names several columns, and the program predicts one"):
        find_labelled_rows(path, ["x"], Asked(target="y,w"), {})


def test_columns_that_are_offered_stand_in_quotes_where_they_hold_a_comma(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text('x,"price, EUR",when\n1,2,3\n')
    with pytest.raises(ArgumentError) as err:
        find_labelled_rows(path, ["x"], Asked(), {})
    assert err.value.available == '"price, EUR", when'


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,1.5", "b,2.25", "c,4", "Summe,7.75"], "In the last row (line 5) y is the sum of other rows, as in a row of totals; if it is one, remove it."),
        (["a,1.5", "b,4", "A Total,5.5", "c,3", "d,2", "B Total,5", "Grand Total,10.5"],
         "In 3 rows (first in line 4) y is the sum of other rows, as in rows of totals; if they are, remove them."),
        (["Summe,7.75", "a,1.5", "b,2.25", "c,4"], "In 1 row (line 2) y is the sum of other rows, as in a row of totals; if it is one, remove it."),
        (["a,1.5", "Total Cars,2.25", "c,4", "d,7"], None),
    ],
)  # fmt: skip
def test_rows_of_totals_are_named_as_training_names_them(tmp_path, rows, said):
    path, notes = tmp_path / "new.csv", []
    path.write_text("\n".join(["x,y", *rows]))
    asked = Asked(on_note=lambda note: notes.append(str(note)), target="y")
    find_labelled_rows(path, ["x"], asked, {}, numbers=True)
    assert [note for note in notes if "total" in note] == ([said] if said else [])


def test_totals_are_found_in_any_column_and_a_brand_is_not_one(tmp_path):
    """ "Berlin,Total,33.75": the month is called so, and the region stands before it."""
    path = tmp_path / "new.csv"
    asked = Asked(on_note=lambda note: notes.append(str(note)), target="y")
    for sums, said in ((("33.75", "18.5"), True), (("11.5", "6"), False)):
        rows = f"Berlin,1,10.5|Berlin,2,12.25|Berlin,3,11|Berlin,Total,{sums[0]}|Bonn,1,4.5|Bonn,2,6.25|Bonn,3,7.75|Bonn,Total,{sums[1]}"  # fmt: skip
        path.write_text("region,month,y\n" + rows.replace("|", "\n") + "\n")
        notes = []
        find_labelled_rows(path, ["region", "month"], asked, {}, numbers=True)
        assert ["first in line 5" in note for note in notes if "rows of totals" in note] == [True] * said
