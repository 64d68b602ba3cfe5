from __future__ import annotations

import pytest

from gatera.core.errors import TextError
from gatera.program.raw import text
from gatera.program.raw.text import mark_words, read_text, unmark_words


def message(source: object) -> str:
    with pytest.raises(TextError) as err:
        read_text(source)
    return str(err.value)


def test_tags_and_entities_are_not_meant_for_people():
    raw = "Good<br /><br />film &amp; <b>fine</b> music.<!-- no -->\r\n\tEnd"
    assert read_text(raw) == "Good film & fine music. End"
    assert read_text(raw, html=False) == "Good<br /><br />film &amp; <b>fine</b> music.<!-- no --> End"


def test_what_is_no_tag_stays():
    assert read_text("3 < 4 and 5 > 4, I <3 it") == "3 < 4 and 5 > 4, I <3 it"


def test_an_escaped_tag_is_text():
    assert read_text("write &lt;br&gt; here") == "write <br> here"


def test_equal_characters_get_one_form():
    assert read_text("cafe\u0301") == "caf\u00e9"
    assert read_text("\ufb01ne", form="NFKC") == "fine"
    assert read_text("cafe\u0301", form="none") == "cafe\u0301"


def test_what_cannot_be_written_goes():
    assert read_text("a\x00b\x1fc") == "a b c"


def test_half_of_a_character_is_read_as_a_blank_and_told():
    with pytest.warns(
        UserWarning, match="^A text holds half of a surrogate pair, which is not a character: a blank"
    ):
        assert read_text("a\ud800b caf\udce9") == "a b caf"


def test_a_path_is_a_file_and_a_str_is_a_text(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfF\xc3\xbcr  dich")
    assert read_text(file) == "Für dich"
    assert read_text(str(file)) == str(file)
    assert read_text(file.read_bytes()) == "Für dich"


def test_an_empty_text(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text(" <br> \n")
    remedy = "Remove it, or write a text into it."
    assert message(file) == f"The file {file} is empty. {remedy}"
    assert message("") == f"A text is empty. {remedy}"


def test_another_encoding(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes("Für".encode("latin-1"))
    assert message(file) == f"The file {file} is not in UTF-8 (byte 0xfc at place 1). Save it as UTF-8."
    file.write_bytes("Für".encode("utf-16")[:-1])
    assert message(file) == f"The file {file} is not in UTF-16 (truncated data). Save it as UTF-8."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding_and_is_not_text(tmp_path, encoding):
    file = tmp_path / "a.txt"
    file.write_bytes("Für dich".encode(encoding))
    assert read_text(file) == read_text(file.read_bytes()) == "Für dich"
    assert read_text("\ufeffFür dich") == "Für dich"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_not_taken_for_utf_8_with_nul_characters(encoding):
    assert read_text("A fine film.\n".encode(encoding)) == "A fine film."
    assert read_text(b"A fine\0film.") == "A fine film."  # a stray one is a blank
    for words in ("a", "goods", "no good"):
        assert (
            read_text(words.encode(encoding)) == words == read_text(words.encode() + b"\0")
        )  # as C ends texts
    assert read_text("电影".encode() + b"\0") == "电影"
    for words in (
        "A fine film 😀",
        "Ābols was fine",
        "fine, 一 of them",
    ):  # U+0100, U+4E00: the other byte is 0
        assert read_text(words.encode(encoding)) == words


def test_no_file(tmp_path):
    assert message(tmp_path / "a.txt") == (
        f"There is no file {tmp_path / 'a.txt'}. A Path is a file; pass the text itself as a str."
    )


def test_a_folder(tmp_path):
    assert message(tmp_path) == f"{tmp_path} is a folder, not a text file."


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "LARGEST_BYTES", 10)
    file = tmp_path / "a.txt"
    file.write_text("a" * 11)
    assert message(file) == (
        f"The file {file} is too large for one text. Got: 11. Expected: at most 10 bytes. "
        "Split it: each file is one text."
    )


def test_something_that_is_no_text():
    assert message(float("nan")) == (
        "There is no text in a float. Got: nan. "
        "Expected: a str that is the text, a Path of a file, an open file, or the file's bytes."
    )


@pytest.mark.parametrize(
    ("plain", "marked"),
    [
        ("It IS Good", "xxmaj it xxup is xxmaj good"),
        ("I am", "i am"),
        ("no way!!!!", "no way xxrep 4 !"),
        ("so so so bad", "xxwrep 3 so bad"),
        ("so so bad", "so so bad"),
        ("McDonald", "mcdonald"),
    ],
)
def test_marks_keep_what_lower_case_loses(plain, marked):
    assert mark_words(plain) == marked


def test_marks_can_be_taken_back():
    marked = mark_words("The film IS good, so so so good!!!")
    words = marked.replace(",", " ,").split()
    assert unmark_words(["xxbos", *words]) == "The film IS good, so so so good!!!"


def test_marks_without_their_word_are_no_trouble():
    assert unmark_words(["a", "xxrep", "x", "b", "xxmaj"]).strip() == "a b"
    assert unmark_words(["xxrep", "999999999", "b"]) == "b" * 20


def test_a_row_of_a_table_gives_the_text_of_its_column():
    assert read_text({"id": "7", "review": " A  fine film "}, column="review") == "A fine film"
    assert read_text("A fine film", column="review") == "A fine film"
    for row, message in (
        ({"id": "7"}, "The row has no column 'review', which holds the text. Available: id."),
        ({"review": 7.5}, "The row's column 'review' holds no text. Got: 7.5."),
    ):
        with pytest.raises(TextError) as err:
            read_text(row, column="review")
        assert str(err.value) == message


@pytest.mark.parametrize("name", ["new.csv", "new.TSV", "new.jsonl", "new.json", "new.csv.gz"])
def test_a_table_is_not_one_text(tmp_path, name):
    """A program for texts gave one answer for all rows of a table."""
    (tmp_path / name).write_text("review\ngood\nbad\n")
    with pytest.raises(TextError, match=rf"{name} is a table, not one text"):
        read_text(tmp_path / name)
    with pytest.raises(TextError, match="There is no file"):
        read_text(tmp_path / f"gone{name}")
