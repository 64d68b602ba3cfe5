from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from gatera.program.tables import builder
from gatera.program.tables.blocks import split_blocks
from gatera.program.tables.builder import Distinct
from gatera.program.tables.columns import Kind, counts_rows, is_constant, text_column, value_column
from gatera.program.tables.numeric_cells import read_numbers
from gatera.program.tables.reader import read_table


@pytest.mark.parametrize(
    ("values", "kind", "cells"),
    [
        (np.array([1, 2], np.int8), Kind.WHOLE, [1, 2]),
        (np.array([1.0, 2.0], np.float32), Kind.WHOLE, [1, 2]),
        (np.array([1.5, np.nan]), Kind.NUMBER, [1.5, None]),
        (np.array([1.0, np.nan]), Kind.WHOLE, [1.0, None]),
        (np.array([np.nan, np.nan]), Kind.EMPTY, [None, None]),
        (np.array([1.0, np.inf]), Kind.NUMBER, [1.0, np.inf]),
        (np.array([True, False]), Kind.TRUTH, [True, False]),
        (np.array([1, None], object), Kind.WHOLE, [1.0, None]),
        (np.array([pd.NA, 1.5], object), Kind.NUMBER, [None, 1.5]),
        (np.array([True, None], object), Kind.TRUTH, [True, None]),
        (np.array(["1", "2"], object), Kind.TEXT, ["1", "2"]),
        (np.array(["a", " ", None], object), Kind.TEXT, ["a", None, None]),
        (np.array(["", None], object), Kind.EMPTY, [None, None]),
        (
            np.array([pd.Timestamp("2024-01-01"), pd.NaT], object),
            Kind.DATE,
            [pd.Timestamp("2024-01-01"), None],
        ),
    ],
)
def test_values_that_are_not_from_a_file(values, kind, cells):
    column = value_column("x", values)
    assert (column.kind, [None if c is None or c != c else c for c in column.cells.tolist()]) == (kind, cells)


def test_constant_columns_and_row_numbers():
    assert is_constant(np.array([5.0, np.nan, 5.0])) and not is_constant(np.array([5, 6]))
    assert is_constant(np.array(["a", None], object)) and not is_constant(np.array([None, None], object))
    assert counts_rows(np.array([0, 1, 2])) and counts_rows(np.array([1.0, 2.0]))
    assert not counts_rows(np.array([2, 3, 4])) and not counts_rows(np.array([0, 1, 3]))


@pytest.mark.parametrize("factors", [None, [1, 0, 0, 0]])
@pytest.mark.parametrize("bits", [1, 12])  # two places for recent texts, which chase each other away, or many
@pytest.mark.parametrize("longest", [3, 8, 20, 32, 90])
def test_different_texts_are_kept_once(monkeypatch, factors, bits, longest):
    monkeypatch.setattr(builder._Recent, "BITS", bits)
    if factors is not None:  # every key of cells with one beginning is the same
        monkeypatch.setattr(builder, "_FACTORS", np.array(factors, np.uint64))
    random = np.random.default_rng(longest)
    texts = ["".join(random.choice(list("aé "), random.integers(0, longest))).strip() for _ in range(300)]
    texts += ["same beginning 1", "same beginning 2", "same beginning 1"] if longest > 8 else []
    texts = [text or "x" for text in texts]
    found = Distinct()
    for start in range(0, len(texts), 100):
        data = "\n".join(texts[start : start + 100]).encode()
        for block in split_blocks([data], ","):
            found.add(block, block.starts, block.ends)
    labels, codes = found.labels_and_codes()
    assert len(set(labels)) == len(labels)
    assert [labels[code] for code in codes] == texts


@pytest.mark.parametrize("longest", [4, 8, 12, 30])
def test_cells_of_digits_signs_and_points_are_numbers_as_python_reads_them_or_left_to_it(longest):
    random = np.random.default_rng(longest)
    texts = ["".join(random.choice(list("00123456789.-+"), random.integers(1, longest))) for _ in range(2000)]
    texts += [f"{whole}.{part}"[-longest:] for whole, part in random.integers(0, 10**9, (500, 2)).tolist()]
    texts += ["", "192.168.100.100", "1.22.333.4444.55555.666", "0.5", "-0.5", "5.", ".5", "+7"]
    for some in (texts, ["12", "", "7"]):  # with points, and without
        block = next(split_blocks(["\n".join(f"{text},x" for text in some).encode() + b"\n"], ","))
        numbers, bad = read_numbers(block, block.starts[::2], block.ends[::2])
        for text, number, left in zip(some, numbers.tolist(), bad.tolist(), strict=True):
            plain = re.fullmatch(r"[-+]?(0|[1-9]\d*)(\.\d*)?", text) is not None and len(text) <= 15
            assert not (left and plain)
            assert left or not text or number == float(text)


@pytest.mark.parametrize("digits", range(1, 16))
def test_the_longest_numbers_of_a_column_keep_their_first_digit_beside_a_point(digits):
    whole = "987654321987654"[:digits]
    texts = [whole, *(f"{whole[1:place]}.{whole[place:-1]}" for place in range(1, digits - 1)), "5."]
    for some in (texts, [f"-{text}" for text in texts], [*texts, "", "+7"]):  # nothing is longer
        block = next(split_blocks(["\n".join(f"{text},x" for text in some).encode() + b"\n"], ","))
        numbers, _ = read_numbers(block, block.starts[::2], block.ends[::2])
        assert numbers.tolist() == pytest.approx([float(text or "nan") for text in some], rel=0, nan_ok=True)


@pytest.mark.parametrize(
    ("cells", "units"),
    [
        (["1 kg", "300 g", "2 kg", "7"], {"kg": 2, "g": 1, "": 1}),
        (["1st", "2nd", "3rd", "4th"], {}),
        (["1 kg", "two", "3 g"], {}),
        (["red", "blue", "green"], {}),
        (["12A", "14B", "3F"], {}),
        (["7", "7b", "12a"], {}),
    ],
)
def test_several_units_are_counted(cells, units):
    assert text_column("x", cells, np.arange(len(cells))).units == units


@pytest.mark.parametrize(
    ("usual", "others", "stray"),
    [
        ("12.{}", ["12,5"], ("12,5",)),
        ("1,2{}0.5", ["1.234,5"], ("1.234,5",)),
        ("5{}.5", ["6,5", "7,5", "8,5", "9,5", "1,5", "2,5"], ("6,5", "7,5", "8,5", "9,5", "1,5", "2,5")),
        ("7,5{}1", ["none given"], ("none given",)),
        ("w{}", ["12,5", "12.5"], ()),
    ],
)
def test_numbers_written_otherwise_than_most_are_told(usual, others, stray):
    texts = [*(usual.format(digit) for digit in range(10)), *others]
    assert text_column("x", texts, np.arange(len(texts))).stray == stray


def test_a_word_among_numbers_with_a_unit_is_told():
    weights = [*(f"{k} kg" for k in range(30, 60)), "unknown"]
    assert text_column("x", weights, np.arange(31)).stray == ("unknown",)
    stars = [*(f"{k % 5} stars" for k in range(30)), "none given"]
    assert text_column("x", stars[-6:], np.arange(6)).stray == ()  # few whole numbers are categories


@pytest.mark.parametrize(
    ("cells", "delimiter", "number"),
    [
        (["1.4", "1.40", "2.1"], ",", "1.4"),
        (["3.10", "3.1", "", "7"], ",", "3.1"),
        (["1,4", "1,40", "2,1"], ";", "1.4"),
        (["1.40", "2.50", "3.00"], ",", None),
        (["1.4", "2.50", "1.0", "1"], ",", None),
    ],
)
def test_a_number_with_and_without_a_zero_at_its_end_is_told(tmp_path, cells, delimiter, number):
    """Versions and codes, of which "1.4" and "1.40" are two."""
    rows = "".join(f"{cell}{delimiter}x\n" for cell in cells)
    path = tmp_path / "versions.csv"
    path.write_text(f"version{delimiter}other\n{rows}")
    said = [
        note.text for note in read_table(path, delimiter=delimiter).notes if "zero at its end" in note.text
    ]
    assert len(said) == (number is not None)
    if number is not None:
        assert said[0].startswith(f"Column 'version' has {number} with and without")
        assert said[0].endswith(f"such as 'v{number}'")


def test_texts_of_json_are_told_too(tmp_path):
    path = tmp_path / "versions.json"
    path.write_text('[{"version": "1.4"}, {"version": "1.40"}, {"version": 2.5}]')
    assert "1.4 with and without a zero at its end" in str(read_table(path).notes[0])


def test_dates_with_a_time_zone_as_databases_and_shops_write_it_are_dates():
    """The last is PostgreSQL's."""
    dates = [
        "2026-08-17 23:59:00 +0100",
        "2026-08-17 23:59:00 UTC",
        "2026-08-17 23:59:00.5 -05:00",
        "2026-08-17 23:59:00.25+01",
    ]
    assert value_column("sold", dates).kind is Kind.DATE
    assert text_column("sold", dates, np.arange(4)).kind is Kind.DATE
    assert value_column("sold", ["2026-08-17 UTC"]).kind is Kind.TEXT


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["18E87", "1E5", "", "00E12"], Kind.TEXT),
        (["18e87", "35e12", "NA"], Kind.TEXT),
        (["1e5", "3e7"], Kind.WHOLE),  # people write powers so
        (["18E87", "2.5"], Kind.NUMBER),
        (["18E87", "7"], Kind.NUMBER),
        (["1E+05", "2E+05"], Kind.WHOLE),  # programs write a sign or a point
        (["1.8E5", "2.0E3"], Kind.WHOLE),
    ],
)
def test_codes_of_digits_around_an_e_are_no_powers_of_ten(tmp_path, cells, kind):
    """Class 1E5 was answered as 100000."""
    path = tmp_path / "codes.csv"
    path.write_text("code,x\n" + "".join(f"{cell},{place}\n" for place, cell in enumerate(cells)))
    table = read_table(path)
    assert table.columns["code"].kind is kind
    said = [note.for_shell() for note in table.notes if "codes" in note.text]
    shown = f"Column 'code' has codes such as {cells[0]}, read as text, not as powers of ten (to change: --numbers code)."
    assert said == ([shown] if kind is Kind.TEXT else [])


def test_codes_behind_numbers_do_not_change_what_they_are(tmp_path):
    """A block of a large file that holds codes alone is looked at with all others."""
    path = tmp_path / "long.csv"
    path.write_text("code\n" + "2.5\n" * 400_000 + "18E8\n" * 400_000)
    assert read_table(path).columns["code"].kind is Kind.NUMBER
