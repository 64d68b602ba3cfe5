"""What a function or a program says never takes the place of what a person said, unless that is asked for."""

from __future__ import annotations

import pytest

from gatera.core.errors import ArgumentError

PROGRAM = "program:pets@0123abcd"


def labels(data):
    return {row.file: (row.label, row.source, row.note) for row in data.rows()}


def test_a_table_of_a_program_leaves_labels_of_people(data, tmp_path):
    (data.root / "new.jpg").write_bytes(b"new")
    data.add()
    before = labels(data)
    table = tmp_path / "answers.csv"
    table.write_text(
        "file,label,note,split\ncat/1.jpg,dog,p=0.7,\ncat/2.jpg,cat,p=0.9,\nnew.jpg,cat,p=0.8,\ndog/1.jpg,cat,p=0.6,test\n"
    )
    assert data.label_from(table, source=PROGRAM) == 2  # the new one, and a side
    assert (
        data.said[-1]
        == "2 labels that people gave were kept, e.g. cat/1.jpg: cat (to replace them: replace=True)."
    )
    assert labels(data) == {**before, "new.jpg": ("cat", PROGRAM, "p=0.8")}
    assert next(row.split for row in data.rows() if row.file == "dog/1.jpg") == "test"
    assert data.label_from(table, source=PROGRAM, replace=True) == 3
    assert labels(data)["cat/2.jpg"] == ("cat", PROGRAM, "p=0.9") and labels(data)["cat/1.jpg"][0] == "dog"


@pytest.mark.parametrize("source", [PROGRAM, "function:f@01234567"])
def test_the_source_of_each_line_counts(data, tmp_path, source):
    table = tmp_path / "answers.csv"
    table.write_text(f"file,label,source\ncat/1.jpg,dog,{source}\ncat/2.jpg,dog,person\ncat/3.jpg,dog,\n")
    assert data.label_from(table) == 2
    assert [labels(data)[f"cat/{n}.jpg"][0] for n in (1, 2, 3)] == ["cat", "dog", "dog"]
    assert (
        data.said[-1]
        == "1 label that people gave was kept, e.g. cat/1.jpg: cat (to replace it: replace=True)."
    )


def test_items_that_are_named_too(data):
    assert data.label("dog", "cat", source=PROGRAM) == 0
    assert data.said[-1].startswith("3 labels that people gave were kept, e.g. cat/1.jpg: cat")
    assert data.label("", "cat/1.jpg", source=PROGRAM) == 0  # nor removes it
    assert data.label("dog", "cat/1.jpg", source=PROGRAM, split="test") == 1
    assert labels(data)["cat/1.jpg"] == ("cat", "", "")
    assert data.label("dog", "cat/1.jpg", source=PROGRAM, replace=True) == 1
    assert data.label("cat", "cat/1.jpg", source="function:f@01234567") == 1  # a function's after a program's
    assert data.label("fox", "cat/1.jpg") == 1  # a person's after all others


def test_how_a_table_is_written_can_be_said(data, tmp_path):
    table = tmp_path / "answers.csv"
    table.write_bytes("Namen\nfile;label\ncat/1.jpg;gr\u00f6\u00dfer, kater\n".encode("cp850"))
    assert data.label_from(table, encoding="cp850", delimiter=";", header=1) == 1
    assert labels(data)["cat/1.jpg"][0] == "gr\u00f6\u00dfer, kater"
    rows = tmp_path / "rows.csv"
    rows.write_bytes("id|text|label\na|f\u00fcr, und|x\n".encode("cp850"))
    assert data.add_rows(rows, encoding="cp850", delimiter="|").new == ["a"]
    assert data.columns() == ("text",) and next(row.more for row in data.rows() if row.file == "a") == (
        "f\u00fcr, und",
    )
    with pytest.raises(ArgumentError, match="how a table is read has no argument 'delimeter'"):
        data.add_rows(rows, delimeter="|")
