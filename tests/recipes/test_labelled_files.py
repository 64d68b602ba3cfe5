from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gatera.data.blocks.image import ImageBlock
from gatera.data.sources.items import BadFile
from gatera.data.transforms.item import Resize
from gatera.recipes.labelled_files import file_loaders, find_files, report_sides, report_skipped
from gatera.recipes.photos import KIND
from gatera.recipes.settings import SplitKind, TrainSettings


def settings(folder: Path, **more) -> TrainSettings:
    return TrainSettings(folder, folder / "a.gatera", **more)


def test_what_was_found_is_reported_for_people_and_for_programs(photo_folder, events):
    found = find_files(settings(photo_folder), events, KIND)
    assert events.lines == [
        "24 photos of 2 classes (a folder per class): cat 12, dog 12",
        "Training set: 19  Validation set: 5",
    ]
    assert events.warnings == []
    assert events.events == [
        (
            "photos",
            {
                "classes": {"cat": 12, "dog": 12}, "layout": "a folder per class",
                "split_by": "20 % of every class at random, seed 42", "train": 19, "valid": 5, "test": 0, "skipped": [],
            },
        )
    ]  # fmt: skip
    assert found.split_by == "20 % of every class at random, seed 42"


def test_skipped_files_are_listed_and_long_lists_cut(events):
    report_skipped(events, [])
    assert events.warnings == []
    report_skipped(events, [BadFile(Path(f"{n}.jpg"), f"{n}.jpg is empty (0 bytes).") for n in range(22)])
    lines = events.warnings[0].splitlines()
    assert lines[:2] == ["Skipped files:", "  0.jpg is empty (0 bytes)."]
    assert len(lines) == 22 and lines[-1] == "  and 2 more; .skipped of the result names all"


def test_an_empty_side_is_not_mentioned(events):
    report_sides(events, {"train": 1200, "valid": 300, "test": 40})
    report_sides(events, {"train": 12, "valid": 3})
    assert events.lines == [
        "Training set: 1,200  Validation set: 300  Test set: 40",
        "Training set: 12  Validation set: 3",
    ]


def test_a_batch_size_chosen_here_is_reported_once(photo_folder, events, capsys):
    found = find_files(settings(photo_folder), events, KIND)
    for bs, expected in ((None, 8), (5, 5), (64, 19)):
        events.lines.clear()
        asked = settings(photo_folder, bs=bs, device="cpu")
        dls = file_loaders(found, ImageBlock(), asked, events, item_tfms=Resize(16))
        assert dls.bs == expected
        line = "Batch size 8: an epoch of 19 items has 2 updates; pass bs= to change it."
        assert events.lines == ([line] if bs is None else [])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("how", "encoding"),
    [("{side}/{stem}.jpg", "utf-8"), ("{side}/{stem} 1 0", "utf-8"), ("{stem}.jpg", "utf-16")],
)
def test_lists_of_a_split_are_named_as_they_are_not_read(photo_folder, tmp_path, events, how, encoding):
    photo_folder = Path(shutil.copytree(photo_folder, tmp_path / "photos"))
    names = [path.relative_to(photo_folder) for path in sorted(photo_folder.rglob("*.jpg"))][:6]
    lines = [how.format(side=name.parent.as_posix(), stem=name.stem) for name in names]
    (photo_folder / "testing_list.txt").write_text("\n".join(lines) + "\n", encoding)
    (photo_folder / "test.txt").write_text("These photos\nwere taken\nby me.")
    find_files(settings(photo_folder), events, KIND)
    assert events.warnings[0] == (
        "Lists that define a split are not read: testing_list.txt (6 files). What is held out is drawn at random; to hold out the files of a list, "
        "move them to a folder test/ beside a folder train/."
    )
    events.warnings.clear()
    find_files(settings(photo_folder, split=SplitKind.random), events, KIND)
    assert not any("Lists" in line for line in events.warnings)


def test_a_split_of_numbered_files_is_named(photo_folder, tmp_path, events):
    photo_folder = Path(shutil.copytree(photo_folder, tmp_path / "photos"))
    names = [path.relative_to(photo_folder).as_posix() for path in sorted(photo_folder.rglob("*.jpg"))]
    (photo_folder / "images.txt").write_text("".join(f"{i} {name}\n" for i, name in enumerate(names, 1)))
    sides = "".join(f"{i} {int(i > 4)}\n" for i in range(1, len(names) + 1))
    (photo_folder / "train_test_split.txt").write_text(sides)
    find_files(settings(photo_folder), events, KIND)
    assert events.warnings[0].startswith(
        "Lists that define a split are not read: train_test_split.txt (4 files)."
    )


def test_lists_of_files_below_a_folder_of_photos_are_named(photo_folder, tmp_path, events):
    source = tmp_path / "set"
    shutil.copytree(photo_folder, source / "images")
    names = [path.relative_to(source / "images").as_posix() for path in sorted(source.rglob("cat_*.jpg"))[:5]]
    (source / "test.txt").write_text("\n".join(names))
    find_files(settings(source), events, KIND)
    assert events.warnings[0].startswith("Lists that define a split are not read: test.txt (5 files).")


def test_a_share_that_folders_leave_unused_is_said(photo_folder, tmp_path, events):
    """It was ignored, unsaid."""
    for side in ("train", "valid"):
        shutil.copytree(photo_folder, tmp_path / "sides" / side)
    find_files(settings(tmp_path / "sides", valid_pct=0.5), events, KIND)
    said = "valid_pct= is not used: the validation set is given, by the folders train and valid."
    assert said in events.lines
    events.lines.clear()
    find_files(settings(tmp_path / "sides"), events, KIND)
    find_files(settings(photo_folder, valid_pct=0.5), events, KIND)
    assert not any("is not used" in line for line in events.lines)
