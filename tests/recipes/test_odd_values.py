"""What looks like an accident in a table is said before it is learned."""

from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import DataError
from gatera.recipes import ratings, tables
from gatera.recipes.settings import TrainSettings

N = 40


def lines_of(tmp_path, events, rows, target="y", **changes):
    path = tmp_path / "table.csv"
    path.write_text(
        "\n".join([",".join(rows), *(",".join(map(str, row)) for row in zip(*rows.values(), strict=True))])
    )
    settings = TrainSettings(path, tmp_path / "a.gatera", target=target, **changes)
    (ratings.read if target is None else tables.read)(settings, events)
    return events.lines


def spread(n, low=0.0):
    return [round(low + k * 0.37 % 5, 2) for k in range(n)]


def test_numbers_that_stand_for_missing_are_named(tmp_path, events):
    heights = [-999 if k % 9 == 0 else value for k, value in enumerate(spread(N))]
    weights = [1e20 if k % 8 == 0 else 99 if k % 9 == 0 else value for k, value in enumerate(spread(N, 1))]
    prices = [-9999 if k < 3 else value for k, value in enumerate(spread(N, 2))]
    said = lines_of(
        tmp_path,
        events,
        {"height": heights, "weight": weights, "age": [20 + k * 7 % 80 for k in range(N)], "y": prices},
    )
    odd = [line for line in said if "stands for" in line]
    assert odd == [
        "height is -999 in 5 rows and 0.18 to 4.81 in all others; if it stands for \"missing\", empty these cells (to change: drop='height').",
        "weight is 1e+20 in 5 rows and 1.18 to 99 in all others; if it stands for \"missing\", empty these cells (to change: drop='weight').",
        "weight is 99 in 4 rows and 1.18 to 5.81 in all others; if it stands for \"missing\", empty these cells (to change: drop='weight').",
        'y is -9999 in 3 rows and 2.18 to 6.99 in all others; if it stands for "missing", remove these rows.',
    ]


def test_a_column_that_tells_the_target_is_named(tmp_path, events):
    alive = [("no", "yes", "no")[k % 3] for k in range(N)]
    rows = {
        "alive": alive,
        "deck": [("a", "b")[k % 2] for k in range(N)],
        "y": [int(word == "yes") for word in alive],
    }
    said = [line for line in lines_of(tmp_path, events, rows) if "alone determines" in line]
    assert said == [
        "alive alone determines y in every row; if it is not known when you predict, leave it out (to change: drop='alive')."
    ]


def test_columns_whose_values_each_go_with_one_class_are_named(tmp_path, events):
    ill = [k * k % 7 % 3 % 2 for k in range(2 * N)]
    rows = {
        "drug": [("", "xz"[k % 2])[y] for k, y in enumerate(ill)],
        "days": [("", 1 + k * 5 % 67)[y] for k, y in enumerate(ill)],
        "died": [("", f"2024-{1 + k // 28:02d}-{1 + k % 28:02d}")[y] for k, y in enumerate(ill)],
        "seat": [f"s{k % 70 if ill[k % 70] == y else k}" for k, y in enumerate(ill)],  # chance makes that
        "patient": [f"{y}p{k % 4}" for k, y in enumerate(ill)],
        "age": spread(2 * N),
        "y": ["ny"[y] for y in ill],
    }
    said = [line.split(";")[0] for line in lines_of(tmp_path, events, rows) if "alone determines" in line]
    empty = "alone determines y in every row, as it is empty in all rows of one class and in no other"
    assert said == ["drug alone determines y in every row", f"days {empty}", f"died {empty}"]


def test_so_is_the_same_amount_in_other_money(tmp_path, events):
    euros = spread(N, 10)
    rows = {"usd": [round(1.1 * value + 2, 6) for value in euros], "other": spread(N)[::-1], "y": euros}
    said = [line for line in lines_of(tmp_path, events, rows) if "alone determines" in line]
    assert said == [
        "usd alone determines y in every row; if it is not known when you predict, leave it out (to change: drop='usd')."
    ]


def test_so_are_the_parts_of_a_total_and_the_rest_of_a_one_hot_code(tmp_path, events):
    casual, registered = [k * 7 % 23 for k in range(N)], [k * 5 % 31 for k in range(N)]
    total = {"casual": casual, "registered": registered, "warm": spread(N), "y": np.add(casual, registered)}
    kind = [k * k % 7 % 3 for k in range(N)]
    code = {
        "dog": [int(k == 1) for k in kind],
        "fox": [int(k == 2) for k in kind],
        "warm": spread(N),
        "y": [int(k == 0) for k in kind],
    }
    for rows, names in ((total, ("casual", "registered")), (code, ("dog", "fox"))):
        events.lines.clear()
        said = [line for line in lines_of(tmp_path, events, rows) if "together" in line]
        assert said == [
            f"{names[0]}, {names[1]} together determine y in every row, as parts of a sum; if they are not known when you predict, leave "
            f"them out (to change: drop=['{names[0]}', '{names[1]}'])."
        ]
    rows["y"][3] = 1 - rows["y"][3]
    events.lines.clear()
    assert not any("together" in line for line in lines_of(tmp_path, events, rows))


@pytest.mark.parametrize(
    ("grades", "said"), [((0, 0, 3, 5), 1), ((0, 1), 0), ((0, 0.2, 0.7), 0), ((0, *range(1, 11)), 0)]
)
def test_zeros_among_ratings_are_asked_about(tmp_path, events, grades, said):
    rows = {
        "user": [k % 7 for k in range(60)],
        "item": [k % 5 for k in range(60)],
        "rating": [grades[k % len(grades)] for k in range(60)],
    }
    found = [line for line in lines_of(tmp_path, events, rows, target=None) if "not rated" in line]
    assert (
        found
        == [
            'rating is 0 in 30 of 60 rows, which counts as the lowest rating; if it means "not rated", remove these rows.'
        ]
        * said
    )


def test_the_99_of_jokes_that_nobody_rated_is_named(tmp_path, events):
    rows = {
        "user": [k % 7 for k in range(60)],
        "joke": [k % 5 for k in range(60)],
        "rating": [99 if k % 4 == 0 else k % 19 - 9 for k in range(60)],
    }
    assert any(
        'rating is 99 in 15 rows and -9 to 9 in all others; if it stands for "missing"' in line
        for line in lines_of(tmp_path, events, rows, target=None)
    )


@pytest.mark.parametrize(
    ("cells", "said"), [("★", "rating in line 3 of {} is not a number. Got: '★'. Write numbers there, or remove the row."),
                        ("1e40", "rating in line 3 of {} is too large for the numbers that models compute with. Got: 1e+40.")],
)  # fmt: skip
def test_a_number_to_predict_that_is_none_is_named_by_its_line(tmp_path, events, cells, said):
    rows = {"user": [1, 2, 3, 4], "item": [1, 2, 2, 1], "rating": [3, cells, 4, 5]}
    with pytest.raises(DataError) as err:
        lines_of(tmp_path, events, rows, target=None)
    assert str(err.value).startswith(said.format(tmp_path / "table.csv"))


def test_a_row_for_each_user_is_not_a_row_for_each_rating(tmp_path, events):
    rows = {"user": range(20), **{f"film {n}": [1 + k * n % 5 for k in range(20)] for n in range(9)}}
    with pytest.raises(DataError, match="a row for each user and a column for each item"):
        lines_of(tmp_path, events, rows, target=None)


@pytest.mark.parametrize("label", ["", "Total", "shop 3"])
def test_a_last_row_of_totals_is_named(tmp_path, events, label):
    shops, items, amounts = [f"shop {k % 4}" for k in range(N)], [k % 7 for k in range(N)], spread(N)
    rows = {
        "shop": [*shops, label],
        "items": [*items, sum(items)],
        "y": [*amounts, round(sum(amounts), 2)],
        "none": [0] * (N + 1),
        "year": [*[2020 + k % 3 for k in range(N)], ""],
    }
    said = [line for line in lines_of(tmp_path, events, rows) if "totals" in line]
    assert said == [
        f"In the last row (line {N + 2}) items, y are the sums of all rows above, as in a row of totals; if it is one, remove it."
    ]


def test_a_last_row_like_others_is_not(tmp_path, events):
    ones = [int(k % 19 == 0) for k in range(N)]
    lines_of(tmp_path, events, {"one": ones, "few": [0] * (N - 3) + [1, 1, 2], "y": spread(N)})
    assert not [line for line in events.lines if "totals" in line]


def test_rows_that_are_called_totals_are_named(tmp_path, events):
    sex = [("women", "men", "Total")[k % 3] for k in range(N)]
    people = [
        round(each * (2 if word == "Total" else 1), 2) for each, word in zip(spread(N), sex, strict=True)
    ]
    said = lines_of(tmp_path, events, {"sex": sex, "age": people, "y": spread(N)[::-1]})
    assert [line for line in said if "adds up" in line] == [
        "sex is 'Total' in 13 rows, first in line 4; if that adds up other rows, remove these."
    ]


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize(
    ("named", "wrong"), [("Summe {}", 0), ("{} Total", 0), ("Total {}", 1), ("Sumatra {}", 0)]
)
def test_subtotals_are_named_where_they_add_up(tmp_path, events, named, wrong, above):
    """Below the rows that they add up, or above them, as spreadsheets write outlines."""
    rows = {"month": [], "y": []}
    for month in "ABCDEF":
        amounts = [round(10 + k * 3.7 % 5 + ord(month) % 7, 2) for k in range(6)]
        at = 0 if above else 6
        for name, cells, more in (("month", [month] * 6, named.format(month)), ("y", amounts, round(sum(amounts) + 5 * wrong, 2))):  # fmt: skip
            rows[name] += [*cells[:at], more, *cells[at:]]
    said = [line for line in lines_of(tmp_path, events, {**rows, "x": spread(42)}) if "adds up" in line]
    two = [named.format(month) for month in "AB"]
    right = f"month is '{two[0]}', '{two[1]}' and 4 more in 6 rows, first in line {2 if above else 8}; if that adds up other rows, remove these."
    assert said == ([] if wrong or "Sumatra" in named else [right])


def test_a_brand_that_is_called_total_is_not(tmp_path, events):
    brands = [("Shell", "BP", "Total")[k % 3] for k in range(N)]
    lines_of(tmp_path, events, {"brand": brands, "price": spread(N), "y": spread(N)[::-1]})
    assert not [line for line in events.lines if "adds up" in line]


def test_numbers_and_dates_that_order_the_classes_are_named(tmp_path, events):
    rows = {
        "order": [1000 + k for k in range(N)],
        "made": [f"2024-{1 + k // 20:02d}-{1 + k % 20:02d}" for k in range(N)],
        "age": [k * 7 % N for k in range(N)],
        "y": ["ab"[k >= N // 2] for k in range(N)],
    }
    said = [line for line in lines_of(tmp_path, events, rows) if "range of its own" in line]
    assert said == [
        f"{name} alone determines y in every row, as each class has a range of its own; if it is not known when you predict, leave it "
        f"out (to change: drop='{name}')."
        for name in ("order", "made")
    ]


def test_a_class_of_few_rows_may_stand_at_an_end_by_chance(tmp_path, events):
    rows = {"age": [20 + k for k in range(N)], "y": ["ab"[k >= N - 4] for k in range(N)]}
    assert not [line for line in lines_of(tmp_path, events, rows) if "range of its own" in line]


def test_categories_that_are_probably_one_are_named(tmp_path, events):
    rows = {
        "member": [("yes", "Y", "no", "TRUE")[k % 4] for k in range(N)],
        "town": [("Rome", "rome ", "Oslo")[k % 3] for k in range(N)],
        "y": spread(N),
    }
    said = [line for line in lines_of(tmp_path, events, rows) if "treated as different" in line]
    assert said == [
        "In member 'TRUE' and 'Y' and 'yes' say the same, and are treated as different; write them the same way if they are the same.",
        "In town 'Rome' and 'rome' differ only in case or spaces, and are treated as different; write them the same way if they are the same.",
    ]


def test_codes_of_one_letter_are_no_words_for_yes_and_no(tmp_path, events):
    lines_of(tmp_path, events, {"gill": ["fny"[k % 3] for k in range(N)], "y": spread(N)})
    assert not [line for line in events.lines if "treated as different" in line]


@pytest.mark.parametrize(
    "cells",
    [
        [f"{110 + k % 5 * 10}/{70 + k % 4 * 10}" for k in range(N)],
        [f"{('Salem', 'Portland', 'Columbia')[k % 3]} / {('OR', 'MO', 'ME')[k // 3 % 3]}" for k in range(N)],
        [f"{195 + k % 4 * 10}/{(45, 55, 60)[k // 4 % 3]} R{15 + k % 2}" for k in range(N)],
    ],
)
def test_fields_in_a_cell_are_no_lists(tmp_path, events, cells):
    lines_of(tmp_path, events, {"x": cells, "y": spread(N)})
    assert not [line for line in events.lines if "lists" in line]


def test_lists_of_few_words_in_cells_are_named(tmp_path, events):
    colours = [("red", "red;blue", "blue;green", "green", "red;green;blue")[k % 5] for k in range(N)]
    towns = [("Paris | France", "Lyon | France", "Rome | Italy")[k % 3] for k in range(N)]
    rows = {"colours": colours, "town": towns, "y": spread(N)}
    remedy = "though they hold the same 3 words; to learn from the words, give each its own yes/no column."
    said = lines_of(tmp_path, events, rows)
    assert [line for line in said if "lists" in line] == [
        f"colours has lists such as 'red;blue'; each list is one category of 5, {remedy}"
    ]
    events.lines.clear()
    said = lines_of(tmp_path, events, rows, target="colours")
    assert [line for line in said if "lists" in line] == [
        f"colours has lists such as 'red;blue'; each list is one class of 5, {remedy}"
    ]


def test_words_among_many_numbers_to_predict_are_refused(tmp_path, events):
    prices = [101 + 7 * k for k in range(N - 2)] + ["unknown", "N/A"]
    with pytest.raises(DataError) as refused:
        lines_of(tmp_path, events, {"x": spread(N), "y": prices})
    assert str(refused.value) == (
        f"y has 38 different numbers, but line 40 of {tmp_path / 'table.csv'} and 1 other hold words. Got: 'unknown'. Expected: "
        "numbers only; if each number is a class, say so: classes=. Empty these cells, or remove the rows."
    )
    lines_of(tmp_path, events, {"x": spread(N), "y": prices}, classes="y")
    codes = [f"0{k}" for k in range(N - 2)] + ["x", "z"]
    lines_of(tmp_path, events, {"x": spread(N), "y": codes * 1})  # identifiers are names
    weights = [f"{101 + 7 * k} kg" for k in range(N - 1)]
    with pytest.raises(
        DataError, match=r"y has 39 different numbers, but line 41 of .* holds a word. Got: 'unknown'"
    ):
        lines_of(tmp_path, events, {"x": spread(N), "y": [*weights, "unknown"]})
    grouped = [f'"{1 + k},{200 + 7 * k}"' for k in range(N - 1)]
    with pytest.raises(DataError, match=r"y has 39 different numbers, but line 41 of .* holds a word"):
        lines_of(tmp_path, events, {"x": spread(N), "y": [*grouped, "unknown"]})


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([f"{k}_500" for k in range(N - 2)], "e.g. '0_500'; if they are numbers, write them as 1234.5."),
        ([f"x{'abcdefghij'[k % 10]}{'uvwxyz'[k // 10]}" for k in range(N - 2)], "e.g. 'xau'."),
        ([f"kind {k % 19}" for k in range(N - 2)], None),
    ],
)
def test_classes_of_one_row_each_are_said(tmp_path, events, labels, said):
    rows = {"size": spread(N), "y": [*labels, "twice", "twice"]}
    lines = [line for line in lines_of(tmp_path, events, rows) if "each is a class" in line]
    assert lines == (
        [] if said is None else [f"y has 39 different values in 40 rows, and each is a class, {said}"]
    )
