from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.data.folders.mask_pairs import holds_masks
from gatera.data.folders.masks import read_mask_folder


def photo(path: Path, size: tuple[int, int] = (12, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 120, 30)).save(path)
    return path


def mask(path: Path, numbers: tuple[int, ...] = (0, 1), size: tuple[int, int] = (12, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.resize(np.array(numbers, np.uint8), (size[1], size[0]))
    Image.fromarray(values).save(path)
    return path


def fill(folder: Path, images: str, masks: str, n: int = 5, ending: str = "") -> None:
    for number in range(n):
        photo(folder / images / f"{number}.jpg")
        mask(folder / masks / f"{number}{ending}.png")


def read(folder: Path, valid_pct: float = 0.2):
    return read_mask_folder(folder, valid_pct, seed=1)


@pytest.mark.parametrize(
    ("images", "masks", "ending"),
    [("images", "masks", ""), ("images", "labels", "_P"), ("photos", "annotations", "-seg")],
)
def test_masks_are_found_beside_their_photos(tmp_path, images, masks, ending):
    fill(tmp_path, images, masks, ending=ending)
    found = read(tmp_path)
    assert holds_masks(tmp_path)
    assert [path.stem for path in found.photos] == ["0", "1", "2", "3", "4"]
    assert [path.name for path in found.masks] == [f"{n}{ending}.png" for n in range(5)]
    assert sorted(found.split) == ["train"] * 4 + ["valid"]
    assert found.codes == {0: "0", 1: "1"} and found.common_size == (8, 12)


def test_a_photo_with_a_longer_name_keeps_its_own_mask(tmp_path):
    for name in ("a", "a_b", "c"):
        photo(tmp_path / "images" / f"{name}.jpg")
        mask(tmp_path / "masks" / f"{name}_P.png")
    assert [path.name for path in read(tmp_path, 0.4).masks] == ["a_P.png", "a_b_P.png", "c_P.png"]


def test_folders_may_decide_the_split(tmp_path):
    for side, n in (("train", 4), ("val", 2), ("test", 3)):
        fill(tmp_path / side, "images", "masks", n)
    found = read(tmp_path)
    assert found.split == ["train"] * 4 + ["valid"] * 2 + ["test"] * 3
    assert found.layout == "folders of photos and masks in test, train, valid"


def test_masks_in_folders_beside_those_of_photos(tmp_path):
    fill(tmp_path, "train", "trainannot", 4)
    fill(tmp_path, "val", "valannot", 2)
    assert read(tmp_path).split == ["train"] * 4 + ["valid"] * 2


def test_a_file_names_the_classes_and_void_is_known(tmp_path):
    fill(tmp_path, "images", "masks")
    (tmp_path / "codes.txt").write_text("road\nVoid\n\n")
    found = read(tmp_path)
    assert found.codes == ["road", "Void"] and found.ignored_class == "Void"


def test_the_number_255_marks_unlabelled_pixels(tmp_path):
    for number in range(3):
        photo(tmp_path / "images" / f"{number}.jpg")
        mask(tmp_path / "masks" / f"{number}.png", (0, 7, 255))
    found = read(tmp_path, 0.4)
    assert found.codes == {0: "0", 7: "7", 255: "void"} and found.ignored_class == "void"


def test_photos_that_cannot_be_used_are_skipped_and_named(tmp_path):
    fill(tmp_path, "images", "masks")
    (tmp_path / "codes.txt").write_text("road\nsky\n")
    photo(tmp_path / "images" / "alone.jpg")
    photo(tmp_path / "images" / "large.jpg", (24, 16))
    mask(tmp_path / "masks" / "large.png")
    photo(tmp_path / "images" / "strange.jpg")
    mask(tmp_path / "masks" / "strange.png", (0, 9))
    photo(tmp_path / "images" / "twice.jpg")
    mask(tmp_path / "masks" / "twice_a.png")
    mask(tmp_path / "masks" / "twice_b.png")
    (tmp_path / "images" / "broken.jpg").write_bytes(b"")
    mask(tmp_path / "masks" / "broken.png")
    found = read(tmp_path)
    assert len(found.photos) == 5
    reasons = {bad.path.stem: bad.reason for bad in found.skipped}
    assert set(reasons) == {"alone", "large", "strange", "twice", "broken"}
    assert "has no mask in" in reasons["alone"] and "has several masks: twice_a.png" in reasons["twice"]
    assert "16 x 24" in reasons["large"] and "holds 9" in reasons["strange"] and "empty" in reasons["broken"]


def test_another_folder_is_refused(tmp_path):
    photo(tmp_path / "cats" / "1.jpg")
    assert not holds_masks(tmp_path)
    with pytest.raises(DataError) as err:
        read(tmp_path)
    assert str(err.value) == (
        f"there are no photos with masks in {tmp_path}. Expected: photos in a folder named images, photos or imgs, masks in "
        "one named masks, labels, annotations or annot; also inside train and valid."
    )


def test_masks_of_a_single_number_are_refused(tmp_path):
    photo(tmp_path / "images" / "1.jpg")
    mask(tmp_path / "masks" / "1.png", (3,))
    with pytest.raises(DataError, match="fewer than two different numbers"):
        read(tmp_path)


def test_a_split_without_one_side_is_refused(tmp_path):
    fill(tmp_path, "images", "masks", 1)
    with pytest.raises(DataError) as err:
        read(tmp_path)
    assert str(err.value) == (
        "with valid_pct=0.2, the validation set would have 0 of 1 photos with masks. Expected: at least one photo for "
        "training and one for validation. Add photos, or change valid_pct=."
    )


def test_a_validation_set_alone_is_refused(tmp_path):
    fill(tmp_path / "valid", "images", "masks", 2)
    with pytest.raises(DataError) as err:
        read(tmp_path)
    assert str(err.value) == f"{tmp_path} has 2 photos for validation but none for training."


def test_the_split_is_told_in_words(tmp_path):
    fill(tmp_path / "a", "images", "masks")
    assert read(tmp_path / "a").split_by == "20 % at random, seed 1"
    for side in ("train", "val"):
        fill(tmp_path / "b" / side, "images", "masks", 2)
    given = read(tmp_path / "b")
    assert (given.split_by, given.at_random) == ("by the folders train and valid", ())


def test_nothing_usable_is_refused(tmp_path):
    photo(tmp_path / "images" / "1.jpg")
    mask(tmp_path / "masks" / "1.png", size=(5, 5))
    with pytest.raises(DataError, match="none of the 1 photos with masks can be used"):
        read(tmp_path)
