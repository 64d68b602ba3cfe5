"""Wrapping, widths, and characters that are not shown as they are."""

from __future__ import annotations

import unicodedata

import pytest

from gatera.cli.terminal.table import Column, fitted, row_lines
from gatera.cli.terminal.text import cells, escaped, filled, folded, padded, wrapped_command


def test_no_control_character_and_no_mark_of_direction_is_shown():
    everything = "".join(map(chr, range(0x3000)))
    shown = escaped(everything)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Zl", "Zp")]
    assert not [
        c
        for c in shown
        if unicodedata.bidirectional(c) in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    ]


def test_text_is_cut_after_a_slash_in_the_right_half_only():
    assert folded("photos/cat.jpg", 8) == ["photos/", "cat.jpg"]
    assert folded("cats/pictures", 8) == ["cats/", "pictures"]
    assert folded("cat/pictures", 8) == ["cat/pict", "ures"]  # four of eight: as far as without the slash


def test_names_in_any_writing_are_shown_as_they_are():
    for name in ("Zürich", "猫", "कुत्ता", "👩‍👩‍👧", "C:\\photos", "a  b"):
        assert escaped(name) == name


def test_escapes_are_those_of_python():
    assert escaped("\x07\x9b\u202e\n") == "\\x07\\x9b\\u202e\\x0a"
    assert escaped("a\nb\r", keep="\n") == "a\nb\\x0d"


@pytest.mark.parametrize(
    ("text", "n"), [("abc", 3), ("猫", 2), ("e\u0301", 1), ("\x1b[1;31mab\x1b[0m", 2), ("", 0)]
)
def test_the_columns_that_a_text_takes(text, n):
    assert cells(text) == n
    assert cells(padded(text, 9)) == 9


def test_folding_loses_nothing_and_counts_wide_characters():
    assert folded("猫猫猫a", 4) == ["猫猫", "猫a"]
    assert folded("", 4) == [""]
    assert folded("ab/cdefghij/k", 5) == ["ab/", "cdefg", "hij/k"]
    assert "".join(folded("/a/bcd/efg" * 9, 7)) == "/a/bcd/efg" * 9


def test_words_that_are_too_long_stick_out_or_are_broken():
    assert filled("a photos/cat.jpg b", 8) == ["a", "photos/cat.jpg", "b"]
    assert filled("a photos/cat.jpg b", 8, break_words=True) == ["a", "photos/", "cat.jpg", "b"]
    assert filled("", 8, "- ") == ["- "]


def test_a_command_is_wrapped_so_that_it_can_be_copied():
    lines = wrapped_command('gatera predict a.gatera "I really liked that movie!" --top 3', 30)
    assert lines == ["  gatera predict a.gatera \\", '      "I really liked that movie!" \\', "      --top 3"]


def test_the_widest_columns_give_room_first():
    assert fitted([10, 5, 11], 80) == [10, 5, 11]
    assert fitted([60, 10, 11], 40) == [15, 10, 11]
    assert fitted([60, 60, 11], 10) == [6, 6, 11]  # narrower would not be legible


def test_a_sentence_at_the_end_gives_room_before_names_do_and_is_cut_between_words():
    """`gatera predict --sure` on a terminal of 80 columns: "new.c", "sv:1", and a table of 89."""
    assert fitted([10, 10, 11, 60], 80) == [10, 10, 11, 43]
    assert fitted([10, 10, 11, 60], 50) == [6, 7, 7, 24]
    columns = [Column("input", 10, "name"), Column("why not", 60)]
    lines = row_lines([["new.csv:1"], ["no probability was high enough"]], columns, [10, 24])
    assert lines == ["new.csv:1   no probability was high", "            enough"]


def test_a_file_name_runs_on_beside_its_labels():
    columns = [Column("input", 8), Column("label", 4), Column("probability", 6, right=True)]
    lines = row_lines([["photos/cat.jpg"], ["cat", "dog"], ["0.9", "0.1"]], columns, [8, 4, 6])
    assert lines == ["photos/   cat      0.9", "cat.jpg   dog      0.1"]


def test_a_number_stands_beside_the_first_line_of_a_folded_label():
    columns = [Column("input", 5), Column("label", 6), Column("probability", 4, right=True)]
    lines = row_lines([["a.jpg"], ["Abyssinian", "dog"], ["0.9", "0.1"]], columns, [5, 6, 4])
    assert lines == ["a.jpg  Abyssi   0.9", "       nian", "       dog      0.1"]
