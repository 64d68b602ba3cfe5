from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.data.sources.items import check_photos, get_image_files
from gatera.program.raw.photo import read_photo
from gatera.samples import SAMPLES, sample_path

SAMPLE = sample_path("pets_sample")
PHOTOS = get_image_files(SAMPLE / "images")
TRIMAPS, HEADS = sorted((SAMPLE / "trimaps").iterdir()), SAMPLE / "heads.csv"
UNSEEN = get_image_files(SAMPLE / "images-unseen")


def test_the_sample_holds_75_of_each_and_12_unseen() -> None:
    assert len(get_image_files(SAMPLE / "images" / "cats")) == 75
    assert len(get_image_files(SAMPLE / "images" / "dogs")) == 75
    assert len(PHOTOS) == 150
    assert len(UNSEEN) == 12
    assert {photo.name for photo in PHOTOS}.isdisjoint({photo.name for photo in UNSEEN})


def test_a_name_that_starts_with_an_upper_case_letter_is_a_cats() -> None:
    assert all(photo.name[0].isupper() == (photo.parent.name == "cats") for photo in PHOTOS)
    assert sum(photo.name[0].isupper() for photo in UNSEEN) == 6


def test_many_breeds_are_there() -> None:
    assert len({photo.name.rsplit("_", 1)[0] for photo in PHOTOS}) >= 30


def test_every_photo_opens() -> None:
    assert check_photos([*PHOTOS, *UNSEEN]) == []


def test_photos_are_small_plain_and_upright() -> None:
    for path in [*PHOTOS, *UNSEEN]:
        with Image.open(path) as image:
            assert image.format == "JPEG"
            assert image.mode == "RGB"
            assert 190 <= min(image.size) <= 256
            assert not image.getexif()
            assert "icc_profile" not in image.info
    assert sum(path.stat().st_size for path in [*PHOTOS, *UNSEEN]) < 3_000_000


def test_every_file_is_the_one_the_manifest_names() -> None:
    manifest = json.loads((SAMPLE / "manifest.json").read_text())
    found = {
        path.relative_to(SAMPLE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*PHOTOS, *UNSEEN, *TRIMAPS, HEADS]
    }
    assert found == manifest


def test_every_photo_has_an_outline_of_its_size() -> None:
    assert [path.stem for path in TRIMAPS] == sorted(path.stem for path in [*PHOTOS, *UNSEEN])
    photos = {path.stem: path for path in [*PHOTOS, *UNSEEN]}
    for path in TRIMAPS:
        with Image.open(path) as mask, Image.open(photos[path.stem]) as photo:
            assert mask.mode == "L"
            assert mask.size == photo.size
            assert set(np.unique(np.asarray(mask))) <= {1, 2, 3}
    assert sum(path.stat().st_size for path in TRIMAPS) < 300_000


def test_heads_lie_inside_their_photos_and_mostly_on_the_pet() -> None:
    photos = {path.name: path for path in [*PHOTOS, *UNSEEN]}
    rows = list(csv.DictReader(HEADS.read_text().splitlines()))
    assert len(rows) == 49
    on_pet = 0
    for row in rows:
        left, top, right, bottom = (float(row[side]) for side in ("left", "top", "right", "bottom"))
        with Image.open(photos[row["file"]]) as photo:
            assert 0 <= left < right <= photo.width
            assert 0 <= top < bottom <= photo.height
        with Image.open(SAMPLE / "trimaps" / f"{Path(row['file']).stem}.png") as mask:
            on_pet += mask.getpixel((int(left + right) // 2, int(top + bottom) // 2)) == 1
    assert on_pet >= 46


def thumbnail(path: Path) -> np.ndarray:
    small = np.asarray(read_photo(path, mode="L").resize((16, 16)), dtype=float).ravel()
    return (small - small.mean()) / small.std()


def test_no_two_photos_are_nearly_the_same() -> None:
    thumbnails = np.stack([thumbnail(path) for path in [*PHOTOS, *UNSEEN]])  # [N,256]
    correlation = thumbnails @ thumbnails.T / thumbnails.shape[1]
    np.fill_diagonal(correlation, 0)
    assert correlation.max() < 0.85


def test_licence_source_and_changes_are_named_beside_the_photos() -> None:
    text = (SAMPLE / "LICENSE.md").read_text()
    for needed in (
        "Oxford-IIIT Pet", "O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar", "CVPR", "2012", "CC BY-SA 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/", "stays with its owner", "What was changed",
    ):  # fmt: skip
        assert needed in " ".join(text.split())


def test_every_sample_is_there_and_others_are_not() -> None:
    assert all(sample_path(name).is_dir() for name in SAMPLES)
    with pytest.raises(ArgumentError) as err:
        sample_path("pets_sampl")
    assert str(err.value) == (
        f"name must be one of {', '.join(SAMPLES)}. Got: 'pets_sampl'. Did you mean 'pets_sample'?"
    )
