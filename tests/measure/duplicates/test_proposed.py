"""Copies that features propose and pixels decide: larger crops and turned photos, on real photos."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from gatera.data.sources.looks import Look, look_at_photo
from gatera.evaluate.leaking.contents import copies_among_photos, thumbnails
from gatera.measure.duplicates.aligned import align
from gatera.measure.duplicates.proposed import LEAST_PARTS, LEAST_WHOLE, proposed_pictures
from gatera.samples import sample_path

PHOTOS = 8


@cache
def photos() -> list[Image.Image]:
    files = sorted((sample_path("pets_sample") / "images" / "cats").glob("*.jpg"))[:PHOTOS]
    return [Image.open(file).convert("RGB") for file in files]


@cache
def looks() -> list[Look]:
    return [look_at_photo(photo) for photo in photos()]


def part(photo: Image.Image, left: float, upper: float, share: float) -> Image.Image:
    wide, high = photo.size
    return photo.crop(
        (int(left * wide), int(upper * high), int((left + share) * wide), int((upper + share) * high))
    )


CHANGES = {
    "cropped by a quarter": lambda photo: part(photo, 0.2, 0.05, 0.75),
    "cropped by 40 %": lambda photo: part(photo, 0.1, 0.3, 0.6),
    "mirrored and cropped": lambda photo: ImageOps.mirror(part(photo, 0.0, 0.2, 0.75)),
    "turned by ten degrees": lambda photo: part(
        photo.rotate(-10, Image.Resampling.BICUBIC), 0.12, 0.12, 0.76
    ),
    "turned, with black corners": lambda photo: photo.rotate(10, Image.Resampling.BICUBIC),
    "cropped and stretched": lambda photo: part(photo, 0.1, 0.1, 0.8).resize((180, 240)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_crops_and_turned_photos_are_copies_of_the_one_that_features_name(change):
    changed = thumbnails([look_at_photo(change(photo)) for photo in photos()])
    features = np.eye(PHOTOS, 64, dtype=np.float32)
    pairs = proposed_pictures(changed, thumbnails(looks()), features, features)
    assert len(pairs) >= PHOTOS - 1
    assert all(pair.first == pair.second and LEAST_WHOLE <= pair.likeness <= 1 for pair in pairs)
    back = proposed_pictures(
        thumbnails(looks()), changed, features, features
    )  # the crop may be the one that is trained on
    assert [pair[:2] for pair in back] == [pair[:2] for pair in pairs]
    assert np.median([pair.likeness for pair in pairs]) > 0.9  # laid over it to the pixel


def test_photos_are_no_copies_because_their_features_are_alike():
    every = np.stack([look.grey for look in looks()])
    one, other = np.triu_indices(PHOTOS, 1)
    assert align(every[one], every[other]).whole.max() < 0.75
    features = np.eye(PHOTOS, 64, dtype=np.float32)
    assert (
        proposed_pictures(thumbnails(looks()), thumbnails(looks()), features, np.roll(features, 1, 0)) == []
    )


def test_a_photo_is_compared_with_the_nearest_one_only_and_with_none_that_is_far():
    pictures, features = thumbnails(looks()), np.eye(PHOTOS, 64, dtype=np.float32)
    far = np.full((PHOTOS, 64), 1 / PHOTOS, np.float32)  # as far from all of them
    assert proposed_pictures(pictures, pictures, far, features) == []
    (pair,) = proposed_pictures(pictures.take([3]), pictures, features[[3]] + 0.1, features)
    assert (pair.first, pair.second, round(pair.likeness, 3)) == (0, 3, 1.0)


def test_a_loud_part_that_agrees_makes_no_copies_where_the_rest_is_another():
    draw = np.random.default_rng(0)
    both = np.stack([looks()[0].grey] * 2)
    faint = np.stack(
        [
            np.asarray(Image.fromarray(draw.integers(0, 256, (12, 24), np.uint8)).resize((48, 24)))
            for _ in both
        ]
    )
    both[:, 22:] = 120 + np.concatenate([faint, faint], 1)[:, :26] / 32  # as a screen with another text
    whole, parts = align(both[:1], both[1:])
    assert whole[0] > LEAST_WHOLE and parts[0] < LEAST_PARTS
    colours = [Look(grey, (100.0, 100.0, 100.0)) for grey in both]
    one = np.ones((1, 2), np.float32) * [1, 0]
    assert (
        proposed_pictures(thumbnails(colours[:1]), thumbnails([*colours[1:], looks()[3]]), one, np.eye(2))
        == []
    )


def test_pictures_that_agree_somewhat_everywhere_are_no_copies():
    one, other = photos()[0], photos()[1].resize(photos()[0].size)
    mixed = look_at_photo(Image.blend(one, other, 0.5))
    whole, parts = align(looks()[0].grey[None], mixed.grey[None])
    assert 0.4 < whole[0] < LEAST_WHOLE and parts[0] > LEAST_PARTS
    near = np.ones((1, 64), np.float32)
    both = np.concatenate([near, -near])
    assert proposed_pictures(thumbnails([mixed]), thumbnails([looks()[0], looks()[3]]), near, both) == []


def test_pages_and_icons_are_left_to_the_closer_look_at_thumbnails():
    letters = []
    for letter in "AH":
        page = Image.new("RGB", (120, 120), "white")
        ImageDraw.Draw(page).text((30, 10), letter, fill="black", font_size=90)
        letters.append(page)
    icons = [photo.resize((32, 24)) for photo in photos()[:2]]
    for page in (letters[0], icons[0]):
        both = thumbnails([look_at_photo(page)])
        assert align(both.grey, both.grey).whole[0] > LEAST_WHOLE
        assert proposed_pictures(both, both, np.ones((1, 2), np.float32), np.ones((1, 2), np.float32)) == []


def test_more_pairs_than_fit_a_block_and_none_are_aligned():
    every = np.stack([look.grey for look in looks()])
    many = np.arange(66) % PHOTOS
    found = align(every[many], every[many][:, :, ::-1])
    assert found.whole.shape == found.parts.shape == (66,)
    assert found.whole.min() > 0.999
    assert align(every[:0], every[:0]).whole.shape == (0,)
    assert align(np.zeros((1, 48, 48), np.uint8), every[:1]).whole[0] < 0.5


def test_thumbnails_alone_do_not_tell_such_copies():
    changed = [look_at_photo(CHANGES["cropped by 40 %"](photo)) for photo in photos()]
    assert copies_among_photos(changed, looks()) == []
