"""What a program is measured on, and how long it takes for an item."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.evaluate.find_rows import find_labelled_rows
from gatera.evaluate.findings.groups import shared_groups
from gatera.evaluate.items import Asked, Example, groups_by
from gatera.evaluate.measure_source import TIMED, find_items, measure, measure_latency
from gatera.evaluate.page import program_facts
from gatera.program.program import load_program
from gatera.store.datasets.repository import DataRepository


def timed(n: int) -> tuple[list[int], object]:
    """Return which of n items were predicted, and what was measured."""
    asked: list[int] = []
    program = SimpleNamespace(predict=asked.append, engine=SimpleNamespace(name="an engine"))
    return asked, measure_latency(program, [Example(f"row {raw}", raw, None) for raw in range(n)])


@pytest.mark.parametrize("n", [1, 2, TIMED, TIMED + 7])
def test_each_item_is_timed_once_after_the_first_has_warmed_up(n):
    asked, latency = timed(n)
    assert asked == [0, *range(min(n, TIMED))]
    assert (latency.n, latency.engine) == (min(n, TIMED), "an engine")
    assert 0 <= latency.p50 <= latency.p95


def test_of_many_items_some_from_everywhere_are_timed():
    asked, latency = timed(4 * TIMED)
    assert asked == [0, *range(0, 4 * TIMED, 4)] and latency.n == TIMED


def test_without_items_there_is_nothing_to_time():
    assert timed(0)[1] is None


@pytest.mark.parametrize("column", ["who", "other"])
def test_rows_with_the_column_that_grouped_those_of_training_are_said_to_be_of_unknown_groups(
    tiny_programs, tmp_path, column
):
    facts = {"valid": {"over_groups": {"by": "who"}}, "settings": {"target": "rich"}, "source": "old.csv"}
    program = load_program(tiny_programs.write("rows", tmp_path / "r.gatera", training=facts))
    for name in ("new.csv", "old.csv"):
        (tmp_path / name).write_text(
            f"{column},job,age,since,rich\nann,cook,3,2020-01-01,rich\nbob,nurse,4,2020-01-02,poor\n"
        )
    said = find_items(program, tmp_path / "new.csv", Asked()).remark
    assert said.startswith("Items of one who were kept together in training.") is (column == "who")
    told = find_items(program, tmp_path / "new.csv", Asked(trained_on=tmp_path / "old.csv"))
    assert told.remark == "" and [each.name for each in told.training] == [
        "row 1 of old.csv",
        "row 2 of old.csv",
    ]


GROUPED = {"valid": {"over_groups": {"by": "group"}}}


def test_the_current_folder_is_called_by_its_name(tiny_programs, tmp_path, monkeypatch):
    """It had none: "2 photos in  (a folder per class)", and the page said to measure it again by: gatera test p.gatera ''."""
    program = load_program(tiny_programs.write("photos", tmp_path / "p.gatera"))
    for name in ("cat", "dog"):
        (tmp_path / "new" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), "red").save(tmp_path / "new" / name / "1.png")
    monkeypatch.chdir(tmp_path / "new")
    found = measure(program, find_items(program, Path(), Asked()))
    assert found.items.how.startswith("2 photos in new (")
    facts = program_facts(program, found, Path(), 1.0, [])
    assert facts.commands == {"Measure it again:": "gatera test p.gatera new"}
    (tmp_path / "new" / "cat" / "1.png").unlink()
    alone = measure(program, find_items(program, Path(), Asked()))
    assert alone.items.how.startswith("1 photo in new (") and "; 1 item one at a time" in str(alone.latency)


@pytest.mark.parametrize(
    ("training", "names", "said"),
    [
        ({"settings": {"group_by": "^([a-z]+)_"}}, True, "Files that belong together by their names"),
        ({"grouped_by": "^([a-z]+)_"}, True, "Files that belong together by their names"),
        ({"grouped_by": ""}, False, "Which of these do is unknown, so the interval may be too narrow."),
        ({}, False, ""),  # only copies were kept together
    ],
)
def test_files_are_measured_over_the_groups_that_their_names_tell(
    tiny_programs, tmp_path, training, names, said
):
    program = load_program(tiny_programs.write("photos", tmp_path / "p.gatera", training=GROUPED | training))
    for name in ("cat/ann_1", "cat/ann_2", "cat/ann_3", "dog/bob_1", "dog/bob_2", "dog/bob_3"):
        file = tmp_path / "new" / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), "red").save(file)
    found = measure(program, find_items(program, tmp_path / "new", Asked()))
    assert (found.report.grouped is not None) is names
    assert said in found.items.remark and bool(said) is bool(found.items.remark)
    if names:
        assert [each.group for each in found.items.examples] == ["ann"] * 3 + ["bob"] * 3
        beside = find_items(program, tmp_path / "new", Asked(trained_on=tmp_path / "new"))
        assert shared_groups(beside, beside.examples).names == ["ann", "bob"]


def test_photos_are_measured_over_the_column_of_labels_that_grouped_those_of_training(
    tiny_programs, tmp_path
):
    """Names of files say nothing of these groups."""
    program = load_program(
        tiny_programs.write("photos", tmp_path / "p.gatera", training=GROUPED | {"grouped_by": "patient"})
    )
    (tmp_path / "new").mkdir()
    for number in range(6):
        Image.new("RGB", (8, 8), "red").save(tmp_path / "new" / f"{number}.png")
    rows = [f"{number}.png,{'cat' if number < 3 else 'dog'},{number // 3}" for number in range(6)]
    (tmp_path / "new" / "labels.csv").write_text("\n".join(["file,label,patient", *rows]))
    found = measure(program, find_items(program, tmp_path / "new", Asked()))
    assert found.report.grouped is not None
    assert [each.group for each in found.items.examples] == ["0"] * 3 + ["1"] * 3
    assert found.items.remark.startswith("Items of one patient were kept together in training.")


def test_texts_of_a_table_are_measured_over_the_column_that_grouped_them(tmp_path):
    table = tmp_path / "new.csv"
    table.write_text("who,text,label\nann,a fine film,good\n,a bad film,poor\nann,so so,poor\n")
    found = find_labelled_rows(table, (), Asked(target="label"), {"text": "text"}, grouped_by="who")
    assert groups_by("who", found.examples) == ["ann", "", "ann"]


def test_masks_are_measured_twice_in_one_process(tiny_programs, tmp_path):
    """The module that finds them took the place of the function of its name once it was imported."""
    program = load_program(tiny_programs.write("masks", tmp_path / "m.gatera"))
    for part, mode in (("images", "RGB"), ("masks", "L")):
        (tmp_path / "new" / part).mkdir(parents=True)
        Image.new(mode, (8, 8)).save(tmp_path / "new" / part / "1.png")
    (tmp_path / "new" / "codes.txt").write_text("cat\nsky\n")
    for _ in range(2):
        assert len(find_items(program, tmp_path / "new", Asked()).examples) == 1


@pytest.mark.parametrize(("labels", "cells"), [([500, 1000], ["500", "1,000"]), ([1, 2], ["$1", "2.0"])])
def test_classes_that_are_numbers_are_read_as_in_training(tiny_programs, tmp_path, labels, cells):
    decode = {"activation": "softmax", "vocab": labels, "threshold": None, "temperature": 1.0}
    program = load_program(tiny_programs.write("rows", tmp_path / "r.gatera", decode=decode))
    lines = [f'cook,3,2020-01-0{day},"{cell}"' for day, cell in enumerate(cells, start=1)]
    (tmp_path / "new.csv").write_text("\n".join(["job,age,since,y", *lines]))
    items = find_items(program, tmp_path / "new.csv", Asked(target="y"))
    assert [each.truth for each in items.examples] == labels
    assert not measure(program, items).unknown


def test_a_data_repository_of_rows_and_its_commits_are_measured_as_training_reads_them(
    tiny_programs, tmp_path
):
    facts = {"source": "people-now.csv", "data": {"name": "people"}}
    program = load_program(tiny_programs.write("rows", tmp_path / "r.gatera", training=facts))
    (tmp_path / "new.csv").write_text(
        "id,job,age,since,rich\na,cook,3,2020-01-01,rich\nb,nurse,4,2020-01-02,poor\n"
    )
    data = DataRepository.init(tmp_path / "people", on_note=lambda text: None)
    data.add_rows(tmp_path / "new.csv", target="rich")
    data.commit("First")
    first = data.head
    data.label("poor", "a")
    data.commit("Second")
    for source, labels in ((data.root, ["poor", "poor"]), (f"{data.root}@{first}", ["rich", "poor"])):
        found = find_items(program, Path(source), Asked())
        assert [each.truth for each in found.examples] == labels
        assert found.how.endswith(
            f"; data commit {(data.head if source == data.root else first)[:12]} of people"
        )
        assert found.remark.startswith("The program was trained on a source called people")
    beside = find_items(
        program, tmp_path / "new.csv", Asked(target="rich", trained_on=Path(f"{data.root}@{first}"))
    )
    assert [each.name for each in beside.training] == ["row 1 of people", "row 2 of people"]


def test_a_commit_of_photos_is_measured_as_it_was(tiny_programs, tmp_path):
    program = load_program(tiny_programs.write("photos", tmp_path / "p.gatera"))
    for name in ("cat/1", "dog/1"):
        file = tmp_path / "new" / f"{name}.png"
        file.parent.mkdir(parents=True)
        Image.new("RGB", (8, 8), "red").save(file)
    data = DataRepository.init(tmp_path / "new", on_note=lambda text: None)
    data.add()
    data.commit("First")
    data.label("dog", "cat")
    data.commit("Second")
    assert [each.truth for each in find_items(program, data.root, Asked()).examples] == ["dog", "dog"]
    found = find_items(program, Path(f"{data.root}@HEAD~1"), Asked())
    assert [each.truth for each in found.examples] == ["cat", "dog"]
    with pytest.raises(DataError, match="is not a data repository, so it has no commit 'HEAD'"):
        find_items(program, Path(f"{tmp_path}@HEAD"), Asked())
