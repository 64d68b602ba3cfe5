from __future__ import annotations

from dataclasses import replace

import pytest

import gatera
from gatera.core.errors import ArgumentError, DataError
from gatera.recipes.settings import TrainSettings
from gatera.recipes.tables import read


def settings(folder, text, target):
    path = folder / "people.csv"
    path.write_text(text)
    return TrainSettings(path, folder / "a.gatera", target=target)


def test_what_the_columns_are(tmp_path, events):
    rows = "".join(f"{n},person {n},{'ab'[n % 2]},{('', 'yes', 'no')[n % 3]}\n" for n in range(90))
    table = read(settings(tmp_path, "age,name,kind,answer\n" + rows, "answer"), events)
    assert (table.categories, table.numbers, table.ignored) == (
        ["kind"],
        ["age"],
        {"name": "almost all values differ"},
    )
    assert table.classes and table.n_skipped == 30 and len(table.frame) == 60


def labelled(prefix, source):
    """A table that the studio and functions labelled: each function gives its own label."""
    names = ",".join(prefix + name for name in ("source", "by", "at", "note", "seconds", "flag"))
    who = ("Ann", "Bea")
    rows = "".join(
        f"{n * 7 % 60},{'ab'[n % 2]},{source[n % 2]},{who[n % 2]},2026-11-{n % 9 + 1:02},p={n % 5},{n % 7}.5,{('', 'yes')[n % 2]}\n"
        for n in range(60)
    )
    return f"age,label,{names}\n{rows}"


@pytest.mark.parametrize("prefix", ["", "label_"])
def test_who_labelled_a_row_is_not_learned_from(tmp_path, events, prefix):
    ours = labelled(prefix, ("program:cats@1f2e3d4c", ""))
    assert read(settings(tmp_path, ours, "label"), events).numbers == ["age"]
    assert f"and how, are not used: {prefix}source, {prefix}by, {prefix}at" in "\n".join(events.lines)
    assert "30 of 60 labels were given by a model" in events.warnings[0]  # as of any other column of sources
    asked = replace(settings(tmp_path, ours, "label"), numbers=(f"{prefix}seconds",))
    assert f"{prefix}seconds" in read(asked, events).numbers
    theirs = read(settings(tmp_path, labelled(prefix, ("twitter", "mail")), "label"), events)
    # columns of their own, by chance called so; "label_source" can mean nothing else
    assert {f"{prefix}by", *(() if prefix else ("source",))} <= set(theirs.categories)
    assert ("label_source" in theirs.categories) is False


@pytest.mark.parametrize("known", [True, False])
def test_how_long_a_label_took_is_not_learned_from(tmp_path, events, known):
    """Label Studio exports it beside the label: of a table of texts, nothing but "lead_time" was learned from."""
    columns = ["annotation_id" if known else "visit_id", "lead_time", "created_at", "x", "label"]
    rows = [
        f"{n * 37 % 61},{n % 7 + n / 64},2024-05-{1 + n % 28:02},{n * 7 % 61 / 4},{'ab'[n % 2]}"
        for n in range(60)
    ]
    found = read(settings(tmp_path, "\n".join([",".join(columns), *rows]), "label"), events)
    said = [
        line
        for line in events.lines
        if line.startswith("Columns that say who labelled the rows, and how, are not used: ")
    ]
    assert (found.numbers == ["x"]) is known and ("lead_time" in found.numbers) is not known
    assert [line.partition(" used: ")[2].partition(" (")[0] for line in said] == [
        "annotation_id, lead_time, created_at"
    ] * known


def test_whole_numbers_are_classes_while_they_are_few(tmp_path, events):
    few = read(
        settings(tmp_path, "a,b\n" + "".join(f"{n * 7 % 60},{n % 5}\n" for n in range(60)), "b"), events
    )
    many = read(
        settings(tmp_path, "a,b\n" + "".join(f"{n * 7 % 60},{n % 30}\n" for n in range(60)), "b"), events
    )
    assert few.classes and not many.classes


def test_a_misspelt_target_offers_the_nearest(tmp_path, events):
    asked = settings(tmp_path, "age,salary\n1,2\n", "salry")
    with pytest.raises(DataError) as err:
        read(asked, events)
    assert str(err.value) == (
        f"target=: no column 'salry' in {asked.source}. Available: age, salary. Did you mean 'salary'?"
    )


def test_a_table_is_read_as_the_settings_say_and_decisions_are_reported(tmp_path, events):
    path = tmp_path / "people.csv"
    path.write_text("a;b\n" + "".join(f"{n % 7};{n % 2}\n" for n in range(40)))
    found = read(TrainSettings(path, tmp_path / "a.gatera", target="b"), events)
    assert len(found.frame) == 40
    assert events.lines == [
        "Columns are separated by a semicolon (to change: delimiter=',').",
        "b has 2 different whole numbers, which are classes (to change: numbers='b').",
        "Whole numbers of at most 20 different values are categories: a (to change: numbers='a').",
    ]
    assert events.events[0] == (
        "note", {"text": "Columns are separated by a semicolon", "option": "delimiter", "value": ","}
    )  # fmt: skip
    assert [values["option"] for _, values in events.events] == ["delimiter", "numbers", "numbers"]
    events.lines.clear()
    named = TrainSettings(path, tmp_path / "a.gatera", target="column_2", delimiter=";", header=None)
    assert len(read(named, events).frame) == 41
    assert events.lines[0] == "Column 'column_1' is read as text, not as numbers, because of 'a'."


def test_no_header_is_a_setting_and_not_the_default(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError) as err:
        gatera.train(path, "b", header=None, out=tmp_path / "a.gatera")
    assert "Available: column_1, column_2" in str(err.value)


def test_how_a_table_is_read_is_refused_where_no_table_is(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / "p" / folder).mkdir(parents=True)
    with pytest.raises(ArgumentError) as err:
        gatera.train(tmp_path / "p", task="masks", encoding="latin-1", out=tmp_path / "a.gatera")
    assert str(err.value) == (
        "encoding= can only be used with task=table, recommend, photos, sound or text, not with task=masks."
    )


def test_a_table_without_a_usable_column_is_refused(tmp_path, events):
    text = "text,y\n" + "".join(f"code {n},{n % 2}\n" for n in range(60))
    asked = settings(tmp_path, text, "y")
    with pytest.raises(DataError) as err:
        read(asked, events)
    assert str(err.value) == (
        f"No column of {asked.source} can be used to predict y. Got: 'text (almost all values differ)'. "
        "Expected: columns of numbers or of categories that occur more than once."
    )


@pytest.mark.parametrize("target", ["y", None])
def test_a_misspelt_table_is_not_taken_for_a_folder(tmp_path, target):
    (tmp_path / "people.csv").write_text("a,y\n1,2\n")
    with pytest.raises(DataError) as err:
        gatera.train(tmp_path / "peple.csv", target, out=tmp_path / "a.gatera")
    assert str(err.value) == (
        f"There is no table {tmp_path}/peple.csv. Available: people.csv. Did you mean 'people.csv'?"
    )


ROWS = "".join(f"{n * 7 % 60},{n % 3},{n % 2},{100 + n},z\n" for n in range(60))


def roles(tmp_path, events, **changes):
    path = tmp_path / "people.csv"
    path.write_text("size,plan,y,client_id,always\n" + ROWS)
    return read(TrainSettings(path, tmp_path / "a.gatera", **{"target": "y", **changes}), events)


def test_columns_have_the_roles_that_their_values_give_them(tmp_path, events):
    found = roles(tmp_path, events)
    assert (found.numbers, found.categories, found.classes) == (["size"], ["plan"], True)
    assert found.ignored == {"client_id": "names the rows", "always": "always the same"}


def test_the_user_says_otherwise(tmp_path, events):
    found = roles(tmp_path, events, classes=["client_id", "size"], numbers="plan", drop="always")
    assert (found.numbers, found.categories) == (["plan"], ["size", "client_id"])
    assert found.ignored == {"always": "left out as asked"}
    assert not roles(tmp_path, events, numbers=["y"]).classes
    assert roles(tmp_path, events, target="size", classes=["size"]).classes
    assert not roles(tmp_path, events, target="size").classes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": ["plan"], "numbers": ["plan"]}, "Column 'plan' is in classes= and in numbers=. Name it in one."),
        ({"drop": ["y"]}, "drop= leaves out the column to predict. Got: 'y'."),
        ({"drop": ["plam"]}, "drop=: no column 'plam' in the table."),
        ({"numbers": ["always"]}, "numbers= names column 'always', which holds text. Got: 'z'."),
        ({"target": "always"}, "has the same value in every row, so there is nothing to learn. Got: 'z'."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path, events, changes, said):
    with pytest.raises((DataError, ArgumentError)) as err:
        roles(tmp_path, events, **changes)
    assert said in str(err.value)


def test_targets_that_are_not_finite_or_empty_are_skipped(tmp_path, events):
    found = read(
        settings(tmp_path, "a,b\n" + "".join(f"{n * 3},{n / 7}\n" for n in range(50)) + "1,inf\n2,\n", "b"),
        events,
    )
    assert len(found.frame) == 50 and found.n_skipped == 2


def test_classes_that_could_be_numbers_keep_their_names(tmp_path, events):
    rows = "".join(f"{k * 7 % 60},{7 + k % 3}:30,{k % 4 + 1}%\n" for k in range(60))
    asked = replace(settings(tmp_path, "age,slot,share\n" + rows, "slot"), classes=("slot", "share"))
    table = read(asked, events)
    assert set(table.frame["slot"]) == {"7:30", "8:30", "9:30"} and set(table.frame["share"]) == {
        "1%",
        "2%",
        "3%",
        "4%",
    }
    assert not [line for line in events.lines if "in hours" in line]
