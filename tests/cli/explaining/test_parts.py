"""`gatera explain` of texts and rows: words and columns that answers come from."""

from __future__ import annotations

import json

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

TABLE = "job,age,since\ncook,40,2020-01-01\nnurse,50,2024-01-01\ncook,30,2018-01-01\nnurse,60,2020-01-01\n"


def rows_of(table: str) -> list[str]:
    names, *rows = [line.split(",") for line in table.split()]
    return [json.dumps(dict(zip(names, row, strict=True))) for row in rows]


def test_words_are_weighed(gatera, tiny_programs, tmp_path):
    reviews, out = tiny_programs.write("texts", tmp_path / "reviews.gatera"), tmp_path / "why"
    ran = gatera("explain", reviews, "a good film, good but poor", "bad film", "--out", out)
    assert (ran.status, len(ran.out.splitlines())) == (0, 2), ran.err
    # Each word of the program adds 3 to one label: good and good against poor.
    first, second = ran.out.splitlines()
    assert first.startswith("a good film, good but poor: positive 0.9975  logit: good +3, good +3, poor -3  ")
    assert second.startswith("bad film: negative 0.9975  logit: bad +3  ")
    assert sorted(file.name for file in out.iterdir()) == ["input-2-occlusion.png", "input-occlusion.png"]
    with Image.open(out / "input-occlusion.png") as picture:
        assert picture.size[0] > 300

    ran = gatera("explain", reviews, "good", "poor", "--out", tmp_path / "b", "--label", "negative", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(each["text"], each["label"], each["words"]) for each in found] == [
        ("good", "negative", [["good", 0.0]]), ("poor", "negative", [["poor", 0.0]]),
    ]  # fmt: skip  # nothing is left without the only word
    assert found[0]["answer"] == pytest.approx(0.002473, abs=1e-6)


def test_columns_add_up_to_the_answer(gatera, tiny_programs, tmp_path):
    people, table = tiny_programs.write("rows", tmp_path / "people.gatera"), tmp_path / "people.csv"
    table.write_text(TABLE)
    ran = gatera("explain", people, table, "--out", tmp_path / "a", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.status, [each["row"] for each in found]) == (0, [1, 2, 3, 4]), ran.err
    for each in found:
        assert sum(each["columns"].values()) == pytest.approx(each["answer"] - each["usual"], abs=1e-4)
    late = found[1]
    assert late["label"] == "rich" and max(late["columns"], key=late["columns"].get) == "since"
    assert {file.name for file in (tmp_path / "a").iterdir()} == {
        f"people-{n}-shapley.png" for n in (1, 2, 3, 4)
    }

    ran = gatera("explain", people, table, "--out", tmp_path / "b", "--rows", "3", "--label", "rich")
    assert (
        ran.out.startswith(f"{table}:3: rich ")
        and "(usually " in ran.out
        and "  probability: " in ran.out
        and "since = 2018-01-01 -" in ran.out
    )


def test_a_number_is_called_by_its_column(gatera, tiny_programs, tmp_path):
    table = tmp_path / "people.csv"
    table.write_text(TABLE)
    for settings, name in (({"target": "price"}, "price"), ({}, "value")):
        numbers = tiny_programs.write("numbers", tmp_path / f"{name}.gatera", training={"settings": settings})
        ran = gatera("explain", numbers, table, "--out", tmp_path / name, "--rows", "1")
        assert ran.out.startswith(f"{table}:1: {name} "), ran.out + ran.err
        assert f"  {name}: " in ran.out


def test_other_rows_may_come_from_another_table(gatera, tiny_programs, tmp_path):
    people, one = tiny_programs.write("rows", tmp_path / "people.gatera"), tmp_path / "one.csv"
    (tmp_path / "others.csv").write_text(TABLE)
    one.write_text("job,age,since\nnurse,50,2024-01-01\n")
    ran = gatera("explain", people, one, "--out", tmp_path / "a")
    assert ran.status == 1 and "Got: '1 row'. Pass --beside a table, such as the training set." in ran.err
    ran = gatera(
        "explain", people, one, "--out", tmp_path / "a", "--beside", tmp_path / "others.csv", "--json"
    )
    found = json.loads(ran.out)
    assert ran.status == 0 and max(found["columns"], key=found["columns"].get) == "since", ran.err
    answers = [gatera("predict", people, row, "--json") for row in rows_of(TABLE)]
    rich = [json.loads(answer.out)["probabilities"]["rich"] for answer in answers]
    assert found["usual"] == pytest.approx(sum(rich) / len(rich), abs=1e-4)


def test_of_many_rows_the_first_are_explained(gatera, tiny_programs, tmp_path):
    people, table = tiny_programs.write("rows", tmp_path / "people.gatera"), tmp_path / "people.csv"
    table.write_text("job,age,since\n" + "cook,40,2020-01-01\nnurse,41,2021-01-01\n" * 15)
    ran = gatera("explain", people, table, "--out", tmp_path / "a")
    assert (ran.status, len(ran.out.splitlines())) == (0, 20)
    assert "The first 20 of 30 rows are explained (to change: --rows 21,22)." in ran.err
    ran = gatera("explain", people, table, "--out", tmp_path / "b", "--rows", "30,2")
    assert [line.split(": ")[0] for line in ran.out.splitlines()] == [f"{table}:30", f"{table}:2"]


def test_what_cannot_be_read_is_reported_and_the_rest_explained(gatera, tiny_programs, tmp_path):
    people, table = tiny_programs.write("rows", tmp_path / "people.gatera"), tmp_path / "people.csv"
    table.write_text(TABLE + "cook,old,2020-01-01\n")
    ran = gatera("explain", people, table, "--out", tmp_path / "a")
    assert (ran.status, len(ran.out.splitlines())) == (1, 4)
    assert "'old'" in ran.err and "1 of 5 rows could not be read." in ran.err


def test_a_column_that_is_missing_is_said_of_the_table_and_a_wrong_cell_of_its_line(
    gatera, tiny_programs, tmp_path
):
    people, table = tiny_programs.write("rows", tmp_path / "people.gatera"), tmp_path / "people.csv"
    table.write_text("job,age\ncook,40\nnurse,50\n")
    ran = gatera("explain", people, table, "--out", tmp_path / "a")
    assert ran.status == 1 and "No column 'since' in people.csv. Available: job, age." in ran.err
    (tmp_path / "whole.csv").write_text(TABLE + "cook,old,2020-01-01\n")
    ran = gatera("explain", people, tmp_path / "whole.csv", "--beside", table, "--out", tmp_path / "a")
    assert ran.status == 1 and "No column 'since' in people.csv. Available: job, age." in ran.err
    ran = gatera("explain", people, tmp_path / "whole.csv", "--rows", "5", "--out", tmp_path / "a")
    assert ran.status == 1 and f"Line 6 of {tmp_path / 'whole.csv'}: " in ran.err and "'old'" in ran.err


def test_other_rows_are_of_the_whole_table(gatera, tiny_programs, tmp_path):
    people, table = tiny_programs.write("rows", tmp_path / "people.gatera"), tmp_path / "people.csv"
    usual = []
    for rows in (
        ["cook,30,2010-01-01"] * 100 + ["nurse,60,2024-01-01"] * 98,
        ["cook,30,2010-01-01", "nurse,60,2024-01-01"] * 99,
    ):
        table.write_text("\n".join(["job,age,since", *rows]) + "\n")
        ran = gatera(
            "explain",
            people,
            table,
            "--rows",
            "1",
            "--label",
            "rich",
            "--json",
            "--out",
            tmp_path / str(len(usual)),
        )
        usual.append(json.loads(ran.out)["usual"])
    assert usual == pytest.approx([0.5, 0.5], abs=0.1)


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_folder_that_cannot_be_made_is_named(gatera, tiny_programs, tmp_path, force):
    reviews, file = tiny_programs.write("texts", tmp_path / "reviews.gatera"), tmp_path / "a.txt"
    file.write_text("a good film")
    ran = gatera("explain", reviews, "good", "--out", file / "why", *force)
    assert ran.status == 1 and f"cannot create files in {file} (Not a directory)." in ran.err


def test_pictures_of_files_with_long_names(gatera, tiny_programs, tmp_path):
    reviews, file = tiny_programs.write("texts", tmp_path / "reviews.gatera"), tmp_path / ("x" * 250 + ".txt")
    file.write_text("a good film")
    ran = gatera("explain", reviews, file, "--out", tmp_path / "a")
    assert (ran.status, [found.name for found in (tmp_path / "a").iterdir()]) == (
        0,
        ["x" * 50 + "-occlusion.png"],
    )


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("texts", ["good", "--units", "x"], "--units can only be used with photos and recordings: texts are explained by removing"),
        ("texts", ["good", "--patch", "16"], "--patch can only be used with photos and recordings"),
        ("texts", ["good", "--rows", "1"], "--rows can only be used with rows of a table"),
        ("texts", ["good", "--label", "positve"], "Did you mean 'positive'?"),
        ("rows", ["TABLE", "--method", "gradcam"], "--method can only be used with photos and recordings: rows are explained by what each"),
        ("rows", ["TABLE", "--rows", "9"], "--rows names a row that does not exist. Got: 9. Expected: at most 4"),
        ("rows", ["TABLE", "--rows", "0"], "--rows must be row numbers, from 1"),
        ("photos", ["photo.jpg", "--beside", "TABLE"], "--beside can only be used with rows of a table: maps are drawn here"),
        ("ratings", ['{"user": 7, "film": "Alien"}'], "learn.attribution((user, item)) has the parts of a rating"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(gatera, tiny_programs, tmp_path, kind, given, said):
    table = tmp_path / "people.csv"
    table.write_text(TABLE)
    program = tiny_programs.write(kind, tmp_path / "x.gatera")
    words = [str(table) if word == "TABLE" else word for word in given]
    ran = gatera("explain", program, *words, "--out", tmp_path / "a")
    assert ran.status != 0 and said in ran.err and not ran.out and not (tmp_path / "a").exists()
