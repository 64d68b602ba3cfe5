from __future__ import annotations

import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from gatera.cli.inputs import AS_FOUND, Input, arriving_inputs, columns_of, find_inputs, first_operation
from gatera.core.errors import ArgumentError, DataError, TextError
from gatera.data.sources.items import get_image_files
from gatera.program.raw.text import read_text


def stdin(monkeypatch, content: bytes):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def names(given, operation):
    return [str(each) for each in find_inputs(given, operation)[0]]


def test_the_first_operation_of_a_program_is_known_before_it_is_opened(program):
    assert first_operation(str(program))["op"] == "read_photo"


def test_a_text_is_itself_or_a_file(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.txt").write_text("two")
    found, things = find_inputs(["what a film", str(tmp_path)], {"op": "read_text"})
    assert things == "texts"
    assert [each.raw for each in found] == ["what a film", tmp_path / "a.txt", tmp_path / "sub" / "b.txt"]
    assert found[0].where == {"text": "what a film"}
    stdin(monkeypatch, b"first\n\nsecond\n")
    assert names(["-"], {"op": "read_text"}) == ["first", "second"]


def test_folders_that_exist_are_names_in_a_pattern(tmp_path, monkeypatch):
    folder = tmp_path / "[2024] photos*"
    folder.mkdir()
    for name in ("1[a].jpg", "2.jpg", "3.png"):
        (folder / name).write_bytes(b"")
    found = [tmp_path / "[2024] photos*" / name for name in ("1[a].jpg", "2.jpg")]
    assert [each.raw for each in find_inputs([str(folder / "*.jpg")], {"op": "read_photo"})[0]] == found
    assert [each.raw for each in find_inputs([str(folder / "1[a].jpg")], {"op": "read_photo"})[0]] == found[
        :1
    ]
    monkeypatch.chdir(tmp_path)
    assert len(find_inputs(["[2024] photos*/*.jpg"], {"op": "read_photo"})[0]) == 2
    assert len(find_inputs(["*/*.jpg"], {"op": "read_photo"})[0]) == 2


def test_a_misspelt_file_is_not_taken_for_a_text():
    (found,), _ = find_inputs(["gone.txt"], {"op": "read_text"})
    assert found.where == {"file": "gone.txt"}


def test_a_table_gives_its_rows(tmp_path):
    table = tmp_path / "people.csv"
    table.write_text("age, job\n39, clerk\n50, cook\n")
    found, things = find_inputs([str(table), json.dumps({"age": 7})], {"op": "read_row"})
    assert things == "rows"
    assert [each.raw for each in found] == [
        {"age": "39", "job": "clerk"},
        {"age": "50", "job": "cook"},
        {"age": 7},
    ]
    assert [str(each) for each in found] == [f"{table}:1", f"{table}:2", '{"age": 7}']
    assert found[1].where == {"file": str(table), "row": 2}


def test_a_table_without_a_needed_column_is_refused_once(tmp_path):
    table = tmp_path / "people.csv"
    table.write_text("age,job\n39,clerk\n50,cook\n")
    first = {"op": "read_row", "categories": [{"name": "job"}, {"name": "town"}], "numbers": []}
    with pytest.raises(DataError) as err:
        find_inputs([str(table)], first)
    assert str(err.value) == "No column 'town' in people.csv. Available: age, job."


def test_of_several_tables_those_that_can_be_read_are(tmp_path):
    first = {"op": "read_row", "categories": [{"name": "job"}], "numbers": []}
    good, bad, gone = (tmp_path / f"{name}.csv" for name in ("good", "bad", "gone"))
    good.write_text("age,job\n39,clerk\n50,cook\n")
    bad.write_text("age,town\n39,Rome\n")
    found, _ = find_inputs([str(bad), str(good), str(gone), "{"], first)
    assert [each.is_table for each in found] == [True, False, False, True, True]
    assert str(found[0].error) == f"{bad}: No column 'job' in bad.csv. Available: age, town."
    assert [each.raw["job"] for each in found if each.error is None] == ["clerk", "cook"]
    assert str(gone) in str(found[3].error) and "not JSON" in str(found[4].error)


def test_a_row_that_is_no_json_is_refused():
    with pytest.raises(DataError) as err:
        find_inputs(["{age: 7}"], {"op": "read_pair"})
    assert str(err.value).startswith("a row is not JSON (Expecting property name")
    assert str(err.value).endswith("Got: '{age: 7}'.")
    with pytest.raises(DataError, match=r"a row has the same name twice in one object: age\..*'\{\"age\": 7"):
        find_inputs(['{"age": 7, "age": 8}'], {"op": "read_row"})


def test_a_folder_of_recordings_is_searched_for_them(tmp_path):
    for name in ("b.wav", "a.FLAC", "c.jpg"):
        (tmp_path / name).touch()
    assert names([str(tmp_path)], {"op": "read_sound"}) == [str(tmp_path / "a.FLAC"), str(tmp_path / "b.wav")]


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(DataError) as err:
        find_inputs([str(tmp_path)], {"op": "read_sound"})
    assert str(err.value).startswith(f"{tmp_path} holds no recordings. Expected: files ending in .aac, .aif,")


def test_a_long_text_is_named_by_its_beginning():
    shown = str(Input("x " * 500, {"text": "x " * 500}))
    assert len(shown) == 60 and shown.endswith("…")


ROW = {"op": "read_row", "categories": [{"name": "age"}, {"name": "job"}], "numbers": []}


def raws(path, first=ROW, **reading):
    notes = []
    found, _ = find_inputs([str(path)], first, {**AS_FOUND, **reading}, notes.append)
    return [each.raw for each in found], [note.for_shell() for note in notes]


def test_a_table_is_read_as_its_options_say_and_decisions_are_told(tmp_path):
    table = tmp_path / "t.csv"
    table.write_bytes("age;job\n30;Köchin\n".encode("cp1252"))
    assert raws(table) == (
        [{"age": "30", "job": "Köchin"}],
        [
            "t.csv is not in UTF-8 and is read as cp1252 (to change: --encoding latin-1).",
            "Columns are separated by a semicolon (to change: --delimiter ',').",
        ],
    )
    assert raws(table, encoding="cp1252", delimiter=";") == ([{"age": "30", "job": "Köchin"}], [])


def test_the_columns_of_a_program_tell_the_header(tmp_path):
    # by itself, the first row could be data: its values occur again
    table = tmp_path / "t.csv"
    table.write_text("age,job\nage,clerk\nage,cook\n")
    assert raws(table)[0] == [{"age": "age", "job": "clerk"}, {"age": "age", "job": "cook"}]
    unknown = {"op": "read_row", "categories": [{"name": "wage"}], "numbers": []}
    with pytest.raises(DataError, match=r"No column 'wage' in t\.csv\. Available: column_1, column_2"):
        raws(table, unknown)


def test_a_program_trained_without_names_reads_a_single_row(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("30,cook\n")
    first = {"op": "read_row", "categories": [{"name": "column_2"}], "numbers": [{"name": "column_1"}]}
    assert raws(table, first) == ([{"column_1": "30", "column_2": "cook"}], [])


def test_how_to_read_a_table_is_refused_where_there_is_none():
    with pytest.raises(ArgumentError) as err:
        find_inputs(["a.jpg"], {"op": "read_photo"}, {**AS_FOUND, "header": None})
    assert str(err.value) == "header= says how to read a table, and the program takes photos. Omit header=."


def test_a_hostile_program_names_no_columns():
    assert columns_of({"categories": 3, "numbers": [{"name": 7}, [], None, "x"]}) == ["x"]


def test_lines_of_standard_input_are_read_as_files_are(monkeypatch, tmp_path):
    stdin(monkeypatch, b"\xef\xbb\xbfgood film\r\ncaf\xe9\n")
    (good, bad), _ = find_inputs(["-"], {"op": "read_text"})
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfgood film\r\n")
    assert good == Input("good film", {"text": "good film"})
    assert read_text(good.raw) == read_text(tmp_path / "a.txt")
    assert bad.where == {"text": "caf\ufffd"}
    with pytest.raises(TextError, match=r"^A text is not in UTF-8"):
        read_text(bad.raw)


@pytest.mark.parametrize("word", ["nwe.csv", "reviews.xlsx", "new/", "new/*"])
@pytest.mark.parametrize("column", [{}, {"column": "review"}])
def test_a_misspelt_table_or_folder_is_not_a_text(tmp_path, monkeypatch, word, column):
    """The program answered the name: "nwe.csv  negative"."""
    monkeypatch.chdir(tmp_path)
    try:
        (found,) = find_inputs([word], {"op": "read_text", **column})[0]
    except DataError as err:
        assert word in str(err)
    else:
        assert found == Input(Path(word), {"file": str(Path(word))})


def test_a_misspelt_name_with_a_blank_is_told(tmp_path, monkeypatch):
    """It was answered as a text, unsaid; it may be one."""
    monkeypatch.chdir(tmp_path)
    notes = []
    found, _ = find_inputs(["nwe reviews.csv", "a good film."], {"op": "read_text"}, on_note=notes.append)
    assert [each.raw for each in found] == ["nwe reviews.csv", "a good film."]
    assert [note.text for note in notes] == ["There is no file 'nwe reviews.csv', so this is read as a text"]


@pytest.mark.parametrize(
    "content", ["id,review\n1,good\n2,bad\n", "\ufeffreview\tid\r\ngood\t1\r\nbad\t2\r\n"]
)
def test_a_table_of_texts_may_come_from_standard_input(monkeypatch, content):
    """Its lines were taken for texts, also the first one with the names of its columns."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content.encode()))))
    first = {"op": "read_text", "column": "review"}
    (group,) = arriving_inputs(["-"], None, first, on_note=lambda note: None)
    assert [(each.raw["review"], each.where["row"]) for each in group.inputs] == [("good", 1), ("bad", 2)]


def test_json_lines_with_the_column_of_the_texts_are_rows(monkeypatch):
    """The line was answered as a text, with its braces and the names of its columns."""
    lines = [
        '{"id": 1, "review": "good"}',
        '{"id": 1, "text": "x"}',
        "{not JSON}",
        '{"review": "a", "review": "b"}',
    ]
    stdin(monkeypatch, "\n".join(lines).encode())
    first = {"op": "read_text", "column": "review"}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(sys.stdin.buffer)))
    piped = [each.raw for group in arriving_inputs(["-"], None, first) for each in group.inputs]
    assert piped == [{"id": 1, "review": "good"}, *lines[1:]]
    assert [each.raw for each in find_inputs(lines, first)[0]] == piped
    assert find_inputs(lines, {"op": "read_text"})[0][0].raw == lines[0]


def test_lines_that_name_no_column_are_texts(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"a review\n\nbad"))))
    groups = arriving_inputs(["-"], None, {"op": "read_text", "column": "review"})
    assert [each.raw for group in groups for each in group.inputs] == ["a review", "bad"]


def test_a_name_that_stands_for_nothing_does_not_stop_the_others(monkeypatch, tmp_path):
    """A photo called "x[1].jpg" that is gone, or an empty folder, ended the run before the first answer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.jpg").touch()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x[1].jpg\nempty\na.jpg\n")))
    (group,) = arriving_inputs([], "lines", {"op": "read_photo"})
    gone, empty, there = group.inputs
    assert gone.error.problem == "no file matches x[1].jpg" and empty.error.problem == "empty holds no photos"
    assert there == Input(Path("a.jpg"), {"file": "a.jpg"}) and group.given == 3


def test_names_that_end_with_nul_need_their_option(monkeypatch):
    """A traceback, if there was a bracket among them; else one long name "is truncated or damaged"."""
    stdin(monkeypatch, b"photos/x[1].jpg\0photos/b.jpg\0")
    with pytest.raises(DataError, match=r"hold NUL\. With -0 names are read that end with NUL"):
        next(arriving_inputs([], "lines", {"op": "read_photo"}))


@pytest.mark.parametrize("op", ["read_photo", "read_text"])
def test_a_minus_among_names_is_not_standard_input(monkeypatch, op):
    """It took the names behind it for the bytes of a photo, or for texts."""
    stdin(monkeypatch, b"-\n" + 70_000 * b"a.jpg\n")
    groups = arriving_inputs([], "lines", {"op": op})
    found = [each for group in groups for each in group.inputs]
    assert len(found) == 70_001 and str(found[1]) == "a.jpg"


def test_json_lines_are_a_table_on_standard_input_too(monkeypatch):
    """Only files of them were read: "No column 'age' in standard input"."""
    stdin(monkeypatch, b'{"age": 3, "job": "cook"}\n{"age": 4}\n')
    found, _ = find_inputs(["-"], {"op": "read_row", "numbers": [{"name": "age"}]})
    assert [each.raw["age"] for each in found] == ["3", "4"]
    assert [str(each) for each in found] == ["-:1", "-:2"]
    stdin(monkeypatch, b'{"age": 3}\n')
    with pytest.raises(DataError, match="No column 'job' in standard input, nor"):
        find_inputs(["-"], {"op": "read_row", "numbers": [{"name": "job"}, {"name": "day"}]})


@pytest.mark.parametrize("begin", ["[", "[\n ", "\ufeff["])
def test_a_json_list_holds_rows(monkeypatch, begin):
    """On standard input it was read as CSV, on the command line as the name of a table."""
    first = {"op": "read_row", "numbers": [{"name": "age"}]}
    stdin(monkeypatch, (begin + '{"age": 3}, {"age": 4}]').encode())
    found, _ = find_inputs(["-"], first)
    assert [each.raw["age"] for each in found] == ["3", "4"]
    stdin(monkeypatch, ("\ufeff[" + '{"age": 3}, {"age": 4}]').encode("utf-16-le"))  # PowerShell
    assert [each.raw["age"] for each in find_inputs(["-"], first)[0]] == ["3", "4"]
    found, _ = find_inputs(['[{"age": 3}, {"age": 4}]'], first)
    assert [each.raw for each in found] == [{"age": 3}, {"age": 4}]
    assert found[1].where == {"text": '[{"age": 3}, {"age": 4}]', "row": 2}
    with pytest.raises(DataError, match="row 2 is not a JSON object"):
        find_inputs(['[{"age": 3}, 5]'], first)


def test_notes_about_a_table_call_it_standard_input(monkeypatch):
    stdin(monkeypatch, "name,age\nJosé,3\n".encode("latin-1"))
    notes = []
    find_inputs(["-"], {"op": "read_row", "numbers": [{"name": "age"}]}, on_note=notes.append)
    assert notes[0].text.startswith("standard input is not in UTF-8")


def test_texts_are_taken_as_they_arrive(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as read, os.fdopen(writing, "wb", 0) as write:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(read))
        too_long = threading.Timer(20, write.close)
        too_long.start()
        groups = arriving_inputs(["first", "-"], None, {"op": "read_text"})
        found = []
        for written in (
            b"\xef\xbb\xbfgood\n",
            "\n\nschön".encode()[:-1],
            b"n\r\nno\nhalf",
            b" a line\n",
        ):
            write.write(written)
            if written.endswith(b"\n") or b"\r" in written:
                found.append([str(each.raw) for each in next(groups).inputs])
        too_long.cancel()
        write.close()
        found += [[str(each.raw) for each in group.inputs] for group in groups]
    assert found == [["first", "good"], ["schön", "no"], ["half a line"], []]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_lines_of_standard_input_may_be_in_utf_16(monkeypatch, encoding):
    stdin(monkeypatch, "good film 😀\r\n\nno\n".encode(encoding))
    assert [each.raw for each in find_inputs(["-"], {"op": "read_text"})[0]] == ["good film 😀", "no"]


def test_a_folder_is_searched_as_training_searches_it(tmp_path):
    for name in ("cat/1.jpg", "cat.2/1.JPG", ".trash/1.jpg", "cat/.1.jpg", "cat/notes.txt"):
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2.jpg").touch()
    (tmp_path / "p" / "dog").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "p" / "dog" / "back").symlink_to(tmp_path / "p")
    os.mkfifo(tmp_path / "p" / "cat" / "pipe.jpg")
    found = names([str(tmp_path / "p")], {"op": "read_photo"})
    assert found == list(map(str, get_image_files(tmp_path / "p")))
    assert [name.removeprefix(f"{tmp_path}/p/") for name in found] == [
        "cat/1.jpg",
        "cat.2/1.JPG",
        "dog/2.jpg",
    ]
    (tmp_path / "p" / "cat" / "film.mov").touch()
    notes = []
    find_inputs([str(tmp_path / "p")], {"op": "read_photo"}, on_note=lambda note: notes.append(str(note)))
    assert [note.removeprefix(f"{tmp_path}/") for note in notes] == [
        "p/cat/pipe.jpg is a pipe, not a file.",
        "p/dog/back leads back into a folder above it.",
        "p has 1 video (.mov), which is not read, e.g. cat/film.mov.",
    ]


def test_a_program_for_texts_of_a_table_takes_its_rows_and_texts_too(tmp_path):
    table = tmp_path / "reviews.csv"
    table.write_text("id;review\n1;A fine film\n2;Dull\n")
    first = {"op": "read_text", "column": "review"}
    found, things = find_inputs(
        [str(table), "It was dull."], first, {**AS_FOUND, "delimiter": ";"}, lambda note: None
    )
    assert things == "texts"
    assert [each.raw for each in found] == [
        {"id": "1", "review": "A fine film"}, {"id": "2", "review": "Dull"}, "It was dull.",
    ]  # fmt: skip
    assert found[1].where == {"file": str(table), "row": 2}


def test_an_input_without_a_name_is_not_the_current_folder():
    with pytest.raises(DataError, match="the name of an input is empty"):
        find_inputs([""], {"op": "read_photo"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\nx,1\nx\n", "Line 3 of standard input has 1 cell"),
        (b"a,a\nx,1\n", "standard input has more than one column of a name"),
        (b"c,d\nx,1\n", "No column 'a' in standard input, nor b. Available: c, d."),
    ],
)
def test_errors_of_a_table_in_standard_input_name_no_file_of_ours(monkeypatch, content, said):
    stdin(monkeypatch, content)
    with pytest.raises(DataError) as err:
        find_inputs(["-"], {"op": "read_row", "categories": [{"name": "a"}], "numbers": [{"name": "b"}]})
    assert said.lower() in str(err.value).lower() and "tmp" not in str(err.value)


def test_an_empty_name_is_not_the_current_folder_for_rows_either():
    with pytest.raises(DataError, match="the name of an input is empty"):
        find_inputs([""], {"op": "read_row", "categories": [{"name": "job"}]})


def test_files_are_answered_in_the_order_in_which_people_read_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 10):
        (tmp_path / f"{number}.txt").write_text(f"text {number}")
    for given in (["."], ["*.txt"]):
        assert [Path(name).name for name in names(given, {"op": "read_text"})] == ["1.txt", "2.txt", "10.txt"]
    assert names(["10.txt", "2.txt"], {"op": "read_text"}) == ["10.txt", "2.txt"]  # as they were given
