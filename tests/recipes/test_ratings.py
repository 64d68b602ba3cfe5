from __future__ import annotations

import pytest

from gatera.core.errors import DataError
from gatera.recipes.ratings import rating_job, read
from gatera.recipes.settings import TrainSettings


def settings(tmp_path, text: str, **changes) -> TrainSettings:
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    return TrainSettings(path, tmp_path / "a.gatera", **changes)


ROWS = [(n % 7, n % 5, n % 4 + 1) for n in range(60)]


@pytest.mark.parametrize(
    ("header", "order"), [("rating,user,movie", (2, 0, 1)), (",user,movie,rating", (None, 0, 1, 2)), ("movie,rating,user", (1, 2, 0))]
)  # fmt: skip
def test_users_are_users_by_name(tmp_path, events, header, order):
    lines = [
        ",".join(str(n) if place is None else str(row[place]) for place in order)
        for n, row in enumerate(ROWS)
    ]
    ratings, columns, _ = read(settings(tmp_path, "\n".join([header, *lines])), events)
    assert columns == ["user", "movie", "rating"]
    assert list(ratings[columns].itertuples(index=False, name=None)) == ROWS


def test_a_file_without_a_header_keeps_its_first_row(tmp_path, events):
    text = "\n".join(f"{u + 100}\t{i + 200}\t{r}\t{88125094 + n * 13}" for n, (u, i, r) in enumerate(ROWS))
    for asked in ({}, {"header": None}):
        ratings, columns, _ = read(settings(tmp_path, text, **asked), events)
        assert len(ratings) == 60 and columns == ["column_1", "column_2", "column_3"]
    assert events.events[-1][1]["option"] == "user"


def test_columns_are_named_by_the_user(tmp_path, events):
    text = "a,b,c,d\n" + "\n".join(f"{r},{i},x,{u}" for u, i, r in ROWS)
    _, columns, _ = read(settings(tmp_path, text, user="d", item="b", rating="a"), events)
    assert columns == ["d", "b", "a"] and events.lines == []


@pytest.mark.parametrize(("gaps", "many"), [("1,2,\n,2,3\n1,2,inf", "3 rows"), ("1,2,", "1 row")])
def test_rows_with_gaps_are_skipped_and_counted(tmp_path, events, gaps, many):
    text = "user,movie,rating\n" + "\n".join(f"{u},{i},{r}" for u, i, r in ROWS) + f"\n{gaps}\n"
    ratings, _, _ = read(settings(tmp_path, text), events)
    assert len(ratings) == 60 and events.warnings == [f"Skipped {many} without user, item or rating."]


def test_ratings_that_are_all_the_same_say_who_took_what_and_are_refused_where_asked_for(tmp_path, events):
    text = "user,movie,rating\n" + "\n".join(f"{u},{i},3" for u, i, _ in ROWS)
    ratings, columns, _ = read(settings(tmp_path, text), events)
    assert columns[:2] == ["user", "movie"] == list(ratings.columns) and len(ratings) == len(ROWS)
    assert (
        events.lines[0] == "Column 'rating' is 3 in every row and is left out (to change: rating='rating')."
    )
    assert events.lines[1].startswith("No column has ratings: each pair counts as 1")
    with pytest.raises(
        DataError, match=r"has the same value in every row, so there is nothing to learn\. Got: 3\."
    ):
        read(settings(tmp_path, text, rating="rating"), events)


def test_pairs_on_both_sides_of_the_split_are_named(tmp_path, events):
    text = "user,movie,rating\n" + "\n".join(f"{u},{i},{r}" for u, i, r in ROWS)  # 35 pairs, 25 of them twice
    rating_job(settings(tmp_path, text, bs=8), events)
    (warning,) = events.warnings
    assert (
        "of 12 ratings of the validation set are of a user and an item that are also together in the training set, e.g. row "
        in warning
    )
    events.warnings.clear()
    rating_job(settings(tmp_path, text, check_leaks=False, bs=8), events)
    once = "user,movie,rating\n" + "\n".join(f"{u},{i},{r}" for u, i, r in ROWS[:35])
    rating_job(settings(tmp_path, once, bs=8), events)
    assert not events.warnings


def test_few_ratings_are_trained_on_until_there_are_enough_updates(tmp_path, events):
    text = "user,item,rating\n" + "\n".join(f"u{n % 20},i{n // 20},{1 + n % 2 * 4}" for n in range(240))
    job = rating_job(settings(tmp_path, text), events)
    assert "Training 7 epochs, because one has only 24 updates (to change: epochs=5)." in events.lines
    job.fit(None)
    # the mean is wrong by 2, and so nearly are five epochs
    assert job.evaluate("valid").report.rmse < 0.7
    events.lines.clear()
    rating_job(settings(tmp_path, text, epochs=2), events)
    assert not any("epochs" in line for line in events.lines)


def test_other_columns_are_not_used_and_a_line_says_so(tmp_path, events):
    text = "user,item,rating,timestamp,mood\n" + "\n".join(
        f"{u},{i},{r},{n},good" for n, (u, i, r) in enumerate(ROWS)
    )
    rating_job(settings(tmp_path, text, bs=8), events)
    assert "Not used: timestamp, mood; ratings are learned from users and items alone." in events.lines
    events.lines.clear()
    rating_job(
        settings(tmp_path, "user,item,rating\n" + "\n".join(f"{u},{i},{r}" for u, i, r in ROWS), bs=8), events
    )
    assert not any("Not used" in line for line in events.lines)


def test_an_order_is_not_a_rating_and_what_pairs_leave_out_is_said(tmp_path, events):
    text = "order_id,user,item\n" + "\n".join(f"{1000 + n // 2},{u},{i}" for n, (u, i, _) in enumerate(ROWS))
    _, names, _ = read(settings(tmp_path, text), events)
    assert names == ["user", "item", "taken"]
    assert (
        "Not used: order_id; each row says that the user took the item (to change: rating='order_id')."
        in events.lines
    )


def test_a_word_for_a_gap_among_users_that_are_numbers_is_not_a_user(tmp_path, events):
    rows = [f'"{user}",{film},{1 + film}' for user in ("1,200", "999", "NA", "") for film in range(4)]
    (tmp_path / "r.csv").write_text("\n".join(["user,film,rating", *rows]))
    ratings, _, _ = read(TrainSettings(tmp_path / "r.csv", tmp_path / "o.gatera"), events)
    assert set(ratings["user"]) == {"1,200", "999"} and len(ratings) == 8


@pytest.mark.parametrize(
    ("column", "held_out"), [("split", ("train", "test")), ("is_valid", ("False", "True"))]
)
def test_a_column_of_sides_decides_the_split(tmp_path, events, column, held_out):
    """Its test rows were trained on, and `gatera test`, which reads the column, measured them."""
    lines = [f"{u},{i},{r},{held_out[n % 3 == 0]}" for n, (u, i, r) in enumerate(ROWS)]
    job = rating_job(
        settings(tmp_path, f"user,item,rating,{column}\n" + "\n".join(lines), bs=16, valid_pct=0.1), events
    )
    said = f"valid_pct= is not used: the validation set is given, as column {column!r} says."
    assert said in events.lines
    held = [(u, i) for n, (u, i, _) in enumerate(ROWS) if n % 3 == 0]
    classes = job.learn.dls.classes
    seen = [tuple(classes[name][code] for name, code in zip(("user", "item"), row, strict=True)) for row in job.learn.dls.valid_ds.arrays]  # fmt: skip
    assert sorted(map(str, seen)) == sorted(map(str, held))
    assert f"Column {column!r} says which rows are held out; it is not an input." in events.lines
    assert not any(line.startswith("Not used") for line in events.lines)
    assert job.split_by == f"as column {column!r} says"


def test_ratings_are_called_by_their_row_in_the_table_also_behind_rows_without_one(tmp_path, events):
    text = "user,movie,rating\n" + "u,m,\n" * 100 + "\n".join(f"{u},{i},{r}" for u, i, r in ROWS)
    job = rating_job(settings(tmp_path, text, bs=8), events)
    (warning,) = (line for line in events.warnings if "e.g. row " in line)
    assert int(warning.partition("e.g. row ")[2].partition(";")[0]) > 100 and job.rows.tolist() == list(
        range(100, 160)
    )
