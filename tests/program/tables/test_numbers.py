from __future__ import annotations

import pytest

from gatera.program.tables.known_texts import is_missing_word
from gatera.program.tables.numbers import (
    FORMATS,
    PLAIN,
    NumberFormat,
    find_format,
    find_measured,
    is_identifier,
    plain_number,
    shape_of,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5.0), (" -2.5e3 ", -2500.0), ("+.5", 0.5), ("7.", 7.0), ("$1234", 1234.0), ("-€5", -5.0), ("12 %", 12.0),
        ("38,8", 38.8), ("-0,5", -0.5), ("inf", float("inf")), ("-Infinity", float("-inf")),
        ("16,000", None), ("1,2,3", None), ("1_000", None), ("٣", None), ("", None), ("--5", None), ("1e", None),
        ("12o", None), ("0x10", None), ("1 000", None),
    ],
)  # fmt: skip
def test_a_number_is_read_only_where_it_has_one_meaning(text, number):
    assert plain_number(text) == number


@pytest.mark.parametrize(
    ("texts", "comma_is_decimal", "decimal", "known"),
    [
        (["1", "2.5"], False, None, PLAIN),
        (["16,000", "950"], False, None, NumberFormat(".", ",")),
        (["16,000", "950"], True, None, NumberFormat(",", ".")),
        (["16,000", "950"], False, ",", NumberFormat(",", ".")),
        (["38,8", "41"], False, None, NumberFormat(",", ".")),
        (["38,8"], False, ".", None),
        (["1,838", "0,285"], False, None, NumberFormat(",", ".")),  # no thousands begin with 0
        (["1.838", "0,285", "1,2"], False, ".", None),
        (["1.234,5", "12"], False, None, NumberFormat(",", ".")),
        (["1,234.5", "12.25"], False, None, NumberFormat(".", ",")),
        (["$1,234", "$2,000,000"], False, None, NumberFormat(".", ",")),
        (["1 234,5", "12"], False, None, NumberFormat(",", " ")),
        (["1'234.5"], False, None, NumberFormat(".", "'")),
        (["1,2", "1.5"], False, None, None),
        (["1,2,3", "4"], False, None, None),
        (["12,34,567", "1,23,456"], False, None, NumberFormat(".", ",")),
        (["1,234,56"], False, None, None),
        (["a", "1"], False, None, None),
    ],
)
def test_the_format_of_a_column_is_the_first_that_reads_every_cell(texts, comma_is_decimal, decimal, known):
    assert find_format(texts, comma_is_decimal, decimal) == known


def test_a_format_reads_its_own_numbers_and_plain_ones():
    european = NumberFormat(",", ".")
    assert [european.number(text) for text in ("1.234,5", "1.500", "31.5", "7", "-3,25 €", "x")] == [
        1234.5, 1500.0, 31.5, 7.0, -3.25, None,
    ]  # fmt: skip
    assert str(european) == "decimal sign ',', thousands separator '.'"


def test_words_for_missing_and_identifiers():
    assert all(map(is_missing_word, ["", "  ", "NA", "n/a", "None", "NULL", "NaN", "?", "-"]))
    assert not any(map(is_missing_word, ["no", "0", "nothing", "nan!"]))
    assert all(map(is_identifier, ["007", "12345678901234567", "+01"]))
    assert not any(map(is_identifier, ["0", "0.5", "100", "1e3"]))


@pytest.mark.parametrize(
    ("texts", "unit", "numbers"),
    [
        (["12 kg", "3kg", "0.5 kg"], "kg", [12, 3, 0.5]),
        (["1,200 m2", "85 m2"], "m2", [1200, 85]),
        (["3.4k", "12k"], "k", [3.4, 12]),
        (["3 years old", "41 years old"], "years old", [3, 41]),
        (["14:35", "9:00", "2:30 pm", "12:00 AM"], "h:mm", [14 + 35 / 60, 9, 14.5, 0]),
        (["1:30:36", "0:00:00", "1250:00:00"], "h:mm:ss", [1.51, 0, 1250]),
        (["-0:15", "\u22121:30", "+2:00"], "h:mm", [-0.25, -1.5, 2]),
    ],
)
def test_one_unit_behind_all_numbers_is_left_off(texts, unit, numbers):
    known = find_measured(texts)
    assert known is not None and known.unit == unit
    assert [known.number(text) for text in texts] == pytest.approx(numbers)
    assert known.number("7") == 7  # the unit may be missing later


@pytest.mark.parametrize(
    "texts",
    [
        ["12 kg", "300 g"],
        ["12 kg", "5"],
        ["1.jpg", "2.jpg"],
        ["12a.jpg", "13a.jpg"],
        ["007 kg", "12 kg"],
        ["14:35", "1:02:03"],
        ["25:00 pm", "1:00 pm"],
        ["-2:00 pm", "1:00 pm"],
        ["2:1", "3:0"],
        ["room 5 a", "room 6 a"],
        ["12 a b c", "13 a b c"],
    ],
)
def test_names_scores_and_several_units_stay_text(texts):
    assert find_measured(texts) is None


def test_formats_do_not_look_at_digits_but_for_a_first_zero():
    texts = [
        "0,285",
        "1,285",
        "-$0.5",
        "10,000",
        "(1 200)",
        "0",
        "007",
        "1e5",
        "1'000,5",
        "٣",
        "a1",
        "2 000.00 %",
        "0.000.1",
    ]
    for text in texts:
        assert [known.fits(text) for known in FORMATS] == [known.fits(shape_of(text)) for known in FORMATS]
    assert find_format(["1,285", "0,285"]) == NumberFormat(",", ".")
