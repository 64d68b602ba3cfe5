"""Where photos and masks are, how they are paired, and which side they are on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.data.folders.mask_pairs import holds_masks
from gatera.data.folders.mask_places import find_places
from gatera.data.folders.masks import MaskSet, read_mask_folder
from gatera.program.tables.notes import Note

PHOTO, MASK = Image.new("RGB", (12, 8), (90, 120, 30)), Image.fromarray(np.eye(8, 12, dtype=np.uint8))


def fill(folder: Path, photos: str, masks: str, names=range(5)) -> Path:
    """Photos and masks at places such as "images/img_{}.jpg"."""
    for name in names:
        for pattern, picture in ((photos, PHOTO), (masks, MASK)):
            path = folder / pattern.format(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    return folder


def read(folder: Path, **options) -> tuple[MaskSet, list[Note]]:
    notes: list[Note] = []
    return read_mask_folder(folder, 0.2, 1, on_note=notes.append, **options), notes


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        ("Images/{}.jpg", "Masks/{}.png"),
        ("IMAGES/{}.JPG", "MASKS/{}.PNG"),
        ("Images/{}.jpg", "Ground Truth/{}.png"),
        ("JPEGImages/{}.jpg", "SegmentationClass/{}.png"),
        ("VOCdevkit/VOC2012/JPEGImages/{}.jpg", "VOCdevkit/VOC2012/SegmentationClass/{}.png"),
        ("archive/data/images/{}.jpg", "archive/data/masks/{}.png"),
        ("images/img_{}.jpg", "masks/mask_{}.png"),
        ("images/image-00{}.jpg", "masks/seg-{}.png"),
        ("images/Scan{}.jpg", "masks/{}_label.png"),
        ("images/{}.jpg", "masks/{}_segmentation.png"),
        ("images/{}_leftImg8bit.png", "gtFine/{}_gtFine_labelIds.png"),
        ("img_dir/{}.jpg", "ann_dir/{}.png"),
        ("images/{}.jpg", "annotations/trimaps/{}.png"),
        ("images/a{0}/{0}.jpg", "masks/a{0}/{0}.png"),
        ("train_images/{}.jpg", "train_masks/{}.png"),
        ("{}.jpg", "{}_mask.png"),
        ("benign/benign ({}).png", "benign/benign ({})_mask.png"),
    ],
)
def test_photos_and_masks_are_found_at_every_usual_place(tmp_path, photos, masks):
    fill(tmp_path, photos, masks)
    assert holds_masks(tmp_path)
    found, notes = read(tmp_path)
    assert len(found.photos) == len(found.masks) == 5 and not found.skipped
    expected = [(tmp_path / photos.format(n), tmp_path / masks.format(n)) for n in range(5)]
    assert sorted(zip(found.photos, found.masks, strict=True)) == sorted(expected)
    assert all("are paired with photos" in note.text for note in notes)
    assert sorted(found.split) == ["train"] * 4 + ["valid"]


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        ("{side}/images/{{}}.jpg", "{side}/masks/{{}}.png"),
        ("images/{side}/{{}}.jpg", "masks/{side}/{{}}.png"),
        ("{side}/{{}}.jpg", "{side}_labels/{{}}.png"),
        ("{side}/{{}}.jpg", "{side}annot/{{}}.png"),
        ("{side}_images/{{}}.jpg", "{side}_masks/{{}}.png"),
        ("images_{side}/{{}}.jpg", "masks_{side}/{{}}.png"),
        ("archive/{side}/Image/{{}}.jpg", "archive/{side}/Mask/{{}}.png"),
        ("leftImg8bit/{side}/aachen/{{}}_leftImg8bit.png", "gtFine/{side}/aachen/{{}}_gtFine_labelIds.png"),
    ],
)
@pytest.mark.parametrize(
    "names",
    [
        ("train", "val", "test"),
        ("Train", "Val", "Test"),
        ("TRAIN", "VALIDATION", "TEST"),
        ("training", "validation", "testing"),
    ],
)
def test_sides_are_found_on_every_level_and_in_any_case(tmp_path, photos, masks, names):
    for side, ids in zip(names, ((1, 2, 3), (4, 5), (6,)), strict=True):
        fill(tmp_path, photos.format(side=side), masks.format(side=side), ids)
    found, _ = read(tmp_path)
    assert not found.skipped
    sides = {
        int("".join(c for c in path.stem.replace("8bit", "") if c.isdigit())): side
        for path, side in zip(found.photos, found.split, strict=True)
    }
    assert sides == {1: "train", 2: "train", 3: "train", 4: "valid", 5: "valid", 6: "test"}


@pytest.mark.parametrize("place", ["valid.txt", "ImageSets/Segmentation/val.txt"])
def test_a_list_of_the_photos_to_validate_on(tmp_path, place):
    fill(tmp_path, "VOC/JPEGImages/{}.jpg", "VOC/SegmentationClass/{}.png", range(10))
    path = tmp_path / "VOC" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("3.jpg\n7\n")
    found, _ = read(tmp_path)
    assert [photo.stem for photo, side in zip(found.photos, found.split, strict=True) if side == "valid"] == [
        "3",
        "7",
    ]
    assert found.split_by == "by lists of the photos of each side" and found.counts["train"] == 8
    path.with_name("train.txt").write_text("1\n2\n")
    path.with_name("test.txt").write_text("4\n")
    found, _ = read(tmp_path)
    assert found.counts == {"train": 2, "valid": 2, "test": 1}
    assert len(found.skipped) == 5 and "is in none of the lists of photos" in found.skipped[0].reason


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("2007.00032", "2007.00032"), ("2007.00032", "2007.00032 1"), ("2007.00032", "images/2007.00032.jpg masks/2007.00032.png"),
        ("my photo 1", "my photo 1"), ("my photo 1", "JPEGImages\\my photo 1.jpg"), ("cafe\u0301", "caf\u00e9.jpg"), ("a.b c", "a.b c"),
        ("1", "1.mat"), ("1", "SegmentationClass/1.xml 1"), ("1", "images/1.png depth/my.png"), ("1", "the photos/1.jpg"),
    ],
)  # fmt: skip
def test_a_list_may_name_photos_with_dots_blanks_and_accents(tmp_path, name, line):
    """A photo that a list holds out is held out, however the list writes its name."""
    fill(tmp_path, "VOC/JPEGImages/{}.jpg", "VOC/SegmentationClass/{}.png", [name, "my", "2007", "a", "b"])
    (tmp_path / "VOC/val.txt").write_text(line, "utf-8")
    found, _ = read(tmp_path)
    held_out = [photo for photo, side in zip(found.photos, found.split, strict=True) if side == "valid"]
    assert [photo.stem for photo in held_out] == [name]


def test_what_has_no_partner_is_named(tmp_path):
    fill(tmp_path, "images/{}.jpg", "masks/{}.png")
    PHOTO.save(tmp_path / "images" / "left.jpg")
    MASK.save(tmp_path / "masks" / "over.png")
    PHOTO.save(tmp_path / "images" / "1.png")
    found, _ = read(tmp_path)
    assert [path.stem for path in found.photos] == ["0", "2", "3", "4"]
    reasons = "\n".join(bad.reason for bad in found.skipped)
    assert f"{tmp_path}/images/left.jpg has no mask in {tmp_path}/masks." in reasons
    assert f"{tmp_path}/masks/over.png has no photo in {tmp_path}/images." in reasons
    assert f"{tmp_path}/images/1.png shares the mask 1.png with another photo: 1.jpg, 1.png." in reasons


def test_of_several_masks_that_of_the_classes_is_taken(tmp_path):
    fill(tmp_path, "images/{}.jpg", "masks/{}_color.png")
    fill(tmp_path, "images/{}.jpg", "masks/{}_labelIds.png")
    fill(tmp_path, "images/{}.jpg", "masks/{}_instanceIds.png")
    assert {path.name for path in read(tmp_path)[0].masks} == {f"{n}_labelIds.png" for n in range(5)}


def test_how_masks_were_paired_is_said(tmp_path):
    fill(tmp_path / "a", "images/img_{}.jpg", "masks/mask_{}.png")
    assert str(read(tmp_path / "a")[1][0]) == (
        "Masks are paired with photos by their names without words such as mask: mask_0.png is that of img_0.jpg."
    )
    fill(tmp_path / "b", "images/street{}.jpg", "masks/road{}.png")
    assert str(read(tmp_path / "b")[1][0]) == (
        "Masks are paired with photos by their numbers: road0.png is that of street0.jpg."
    )


@pytest.mark.parametrize(
    "names",
    [
        ("cat/{}.jpg", "dog/{}.png"),
        ("photos/{}.jpg", "drawings/{}.png"),
        ("original/a{}.jpg", "target/b.png"),
    ],
)
def test_folders_of_classes_are_no_masks(tmp_path, names):
    fill(tmp_path, *names, names=range(2))
    assert not holds_masks(tmp_path)


NOISE = Image.fromarray(np.random.default_rng(3).integers(0, 255, (8, 12, 3), np.uint8))


def drawn(folder: Path, photos: str, masks: str, mask: Image.Image = MASK, n: int = 5) -> Path:
    """Photos of many colours, and other pictures beside them."""
    for number in range(n):
        for pattern, picture in ((photos, NOISE), (masks, mask)):
            path = folder / pattern.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    return folder


@pytest.mark.parametrize(
    ("photos", "masks"),
    [("original_images/{}.png", "label_images_semantic/{}.png"), ("x/{}.png", "x_mask/{}_m.png"), ("data/x/img_{}.png", "data/y/mask_{}.png"), ("b/{}_sat.png", "a/{}_mask.png")],
)  # fmt: skip
def test_folders_of_any_name_hold_masks_if_their_pictures_look_so(tmp_path, photos, masks):
    """They were two classes, which are told apart without an error."""
    drawn(tmp_path, photos, masks)
    assert holds_masks(tmp_path)
    found, notes = read(tmp_path)
    assert len(found.photos) == 5 and found.photos[0].parent.name == Path(photos).parent.name
    names = [Path(name).parent.as_posix() for name in (masks, photos)]
    assert str(notes[0]) == (
        f"{names[0]} is taken for the masks of the photos in {names[1]}: its pictures have their names and sizes, and few "
        "colours (to change: task='photos')."
    )


@pytest.mark.parametrize(
    "order", ["{side}/x/{{}}.png {side}/x_mask/{{}}.png", "x/{side}/{{}}.png x_mask/{side}/{{}}.png"]
)
def test_they_may_be_split(tmp_path, order):
    for side, n in (("train", 4), ("val", 2)):
        drawn(tmp_path, *order.format(side=side).split(), n=n)
    assert read(tmp_path)[0].counts == {"train": 4, "valid": 2, "test": 0}


@pytest.mark.parametrize(
    ("names", "picture"),
    [
        ("left/{}.png right/{}.png", NOISE),  # two classes of photos
        ("x/{}.png y/{}.png", MASK.resize((6, 4))),  # of another size
        ("cat/cat{}.png dog/dog{}.png", MASK),  # nothing but their numbers pairs them
        ("x/{}.png y/{}.png z/{}.png", MASK),  # three classes
    ],
)
def test_folders_of_classes_that_share_names_are_no_masks(tmp_path, names, picture):
    photos, others, *more = names.split()
    drawn(tmp_path, photos, others, picture)
    for each in more:
        drawn(tmp_path, photos, each, picture)
    assert not holds_masks(tmp_path)


def on_white() -> Image.Image:
    """A thing of many colours on white."""
    picture = Image.new("RGB", (40, 40), "white")
    picture.paste(NOISE, (14, 16))
    return picture


@pytest.mark.parametrize(
    "picture",
    [Image.new("L", (40, 40)), Image.fromarray(np.random.default_rng(4).integers(0, 12, (40, 40), np.uint8)), on_white()],
    ids=["black frames", "photos at night", "things on white"],
)  # fmt: skip
def test_classes_of_few_colours_are_no_masks(tmp_path, picture):
    """They were taken for masks, and most were refused then as such that cannot be read."""
    drawn(tmp_path, "x/{}.png", "y/{}.png", picture)
    for path in (tmp_path / "x").iterdir():
        NOISE.resize((40, 40)).save(path)
    assert not holds_masks(tmp_path)


def test_what_was_taken_for_masks_is_said_before_an_error_about_them(tmp_path):
    drawn(tmp_path, "x/{}.png", "y/{}.png", n=9)
    Image.fromarray(np.random.default_rng(5).integers(0, 255, (99, 99, 3), np.uint8)).save(
        tmp_path / "y/3.png"
    )
    notes = []
    with pytest.raises(DataError, match="different colours"):
        read_mask_folder(tmp_path, 0.2, 42, on_note=notes.append)
    assert str(notes[0]).startswith("y is taken for the masks of the photos in x")


def test_folders_that_are_clearly_of_masks_are_not_taken_for_classes(tmp_path):
    fill(tmp_path, "images/cat.jpg", "masks/dog.png", names=[0])
    assert holds_masks(tmp_path)
    with pytest.raises(DataError, match="there are no photos with masks"):
        read(tmp_path)


def test_a_folder_that_does_not_exist_holds_no_masks(tmp_path):
    assert not holds_masks(tmp_path / "gone") and find_places(tmp_path / "gone") == []


def test_three_photos_are_enough_to_hold_one_out(tmp_path):
    fill(tmp_path, "images/{}.jpg", "masks/{}.png", range(3))
    assert sorted(read(tmp_path)[0].split) == ["train", "train", "valid"]


def test_a_third_part_is_held_out_where_asked(tmp_path):
    fill(tmp_path, "images/{}.jpg", "masks/{}.png", range(20))
    found, _ = read(tmp_path, test_pct=0.2)
    assert found.counts == {"train": 12, "valid": 4, "test": 4}
    assert found.split_by == "20 % at random, seed 1; 20 % at random for the test set"
    assert found.at_random == ("valid", "test")
    with pytest.raises(DataError) as err:
        read(tmp_path, test_pct=0.04)
    assert str(err.value) == (
        "with test_pct=0.04, the test set would have 0 of 20 photos with masks. Expected: at least one photo for training and "
        "one for test. Add photos, or change test_pct=."
    )
