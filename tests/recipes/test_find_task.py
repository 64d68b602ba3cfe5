from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.program.tables.reader import open_table
from gatera.recipes.find_task import find_task, with_columns_of_table
from gatera.recipes.settings import Task, TrainSettings
from gatera.store.datasets.labels.rows import COLUMNS


def found(source: Path, **settings) -> Task:
    return find_task(TrainSettings(source, source / "a.gatera", **settings))


def table(folder: Path) -> Path:
    path = folder / "ratings.csv"
    path.write_text("user,film,rating\nann,a,3\nbob,b,4\n")
    return path


@pytest.mark.parametrize(("ending", "task"), [(".jpg", "photos"), (".wav", "sound"), (".txt", "text")])
def test_a_folder_is_known_by_what_it_holds_most_of(tmp_path, ending, task):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}{ending}").touch()
    (tmp_path / "notes.txt").touch()
    assert found(tmp_path) is Task(task)


def test_an_empty_folder_is_a_folder_without_photos(tmp_path):
    assert found(tmp_path) is Task.photos


def test_labels_without_their_files_are_no_table_to_learn_from(tmp_path):
    """As git itself clones a data repository: its message asked for labels.csv and the column to predict."""
    (tmp_path / "labels.csv").write_text(f"{','.join(COLUMNS)}\ncat/1.jpg,{'0' * 64},cat,,,,Ann,,\n")
    with pytest.raises(DataError, match=r"none of the files in the labels of .* is there\. Fetch them"):
        found(tmp_path)


def test_photos_beside_masks_are_known_unless_labels_are_named(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / name / "1.png")
    assert found(tmp_path) is Task.masks
    assert found(tmp_path, label_from="(.)") is Task.photos
    (tmp_path / "masks" / "1.png").unlink()
    assert found(tmp_path) is Task.photos


def test_a_table_with_a_target_is_a_table(tmp_path):
    assert found(table(tmp_path), target="rating") is Task.table


def test_a_table_without_a_target_is_refused(tmp_path):
    path = table(tmp_path)
    with pytest.raises(DataError) as err:
        found(path)
    assert str(err.value) == (
        f"{path} is a table, so target= must name the column to predict. Available: user, film, rating. If its "
        "columns are users, items and ratings, pass task='recommend' instead."
    )


def test_near_ties_are_told_with_the_other_task(tmp_path, events):
    for name in ("1.jpg", "2.jpg", "3.jpg", "1.txt", "2.txt", "1.wav"):
        (tmp_path / name).touch()
    assert find_task(TrainSettings(tmp_path, tmp_path / "a.gatera"), events) is Task.photos
    assert events.lines == [
        f"{tmp_path} holds 3 photos, 2 texts; training on the photos (to change: task='text')."
    ]
    events.lines.clear()
    (tmp_path / "1.txt").unlink()
    assert (
        find_task(TrainSettings(tmp_path, tmp_path / "a.gatera"), events) is Task.photos and not events.lines
    )


def test_ratings_that_are_predicted_as_a_table_are_told(tmp_path, events):
    asked = TrainSettings(table(tmp_path), tmp_path / "a.gatera", target="rating")
    assert find_task(asked, events) is Task.table
    assert events.lines == [
        "rating is predicted from all columns, though they are called as users, items and ratings (to change: "
        "task='recommend')."
    ]


def test_a_folder_of_nothing_but_tables_lists_them(tmp_path):
    table(tmp_path)
    with pytest.raises(
        DataError, match=r"but tables\. Available: ratings\.csv\. Pass one of them and the column"
    ):
        found(tmp_path)


@pytest.mark.parametrize("notation", ["NFC", "NFD"])
def test_columns_are_named_in_either_notation_of_accents(tmp_path, notation):
    path = tmp_path / "t.csv"
    path.write_text(normalize(notation, "\u00e2ge,pr\u00e9nom,b\n1,x,y\n2,y,z\n"), "utf-8")
    for typed in ("NFC", "NFD"):
        target, numbers = normalize(typed, "pr\u00e9nom"), [normalize(typed, "\u00e2ge"), "b"]
        settings = with_columns_of_table(
            TrainSettings(path, path, target=target, numbers=numbers, drop="\u00e7")
        )
        names = open_table(path).names
        assert (settings.target, settings.numbers, settings.drop) == (names[1], [names[0], "b"], "\u00e7")
