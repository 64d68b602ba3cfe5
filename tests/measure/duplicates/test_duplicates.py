from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from gatera.core.errors import ArgumentError
from gatera.data.sources.looks import look_at_photo
from gatera.evaluate.leaking.contents import copies_among_photos, copies_among_rows
from gatera.measure.duplicates.pairs import groups_of
from gatera.measure.duplicates.pictures import Thumbnails, near_pictures
from gatera.measure.duplicates.rows import equal_rows
from gatera.measure.duplicates.texts import near_texts


def scene(seed: int, size: tuple[int, int] = (150, 110)) -> Image.Image:
    """A picture with large and small shapes, as photos have."""
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (5, 6, 3), np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    fine = Image.fromarray(draw.integers(0, 256, (22, 30, 3), np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    return Image.blend(coarse, fine, 0.4)


def encoded(photo: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


COPIES = {
    "re-encoded": lambda photo: encoded(photo, 30),
    "resized": lambda photo: photo.resize((80, 70)),
    "mirrored": ImageOps.mirror,
    "cropped": lambda photo: photo.crop((12, 4, 147, 103)),
    "cropped on one side": lambda photo: photo.crop((0, 11, 150, 110)),
    "recoloured": lambda photo: ImageEnhance.Brightness(ImageEnhance.Color(photo).enhance(0.4)).enhance(1.3),
    "grey": lambda photo: photo.convert("L").convert("RGB"),
    "mirrored and cropped": lambda photo: ImageOps.mirror(photo).crop((4, 8, 139, 107)),
}


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES.keys())
def test_copies_of_photos_are_found_and_nothing_else(change):
    photos = [scene(seed) for seed in range(12)]
    some = [look_at_photo(change(photo)) for photo in photos[:6]]
    pairs = copies_among_photos(some, [look_at_photo(photo) for photo in photos])
    assert sorted((pair.first, pair.second) for pair in pairs) == [(i, i) for i in range(6)]


def test_copies_within_one_collection_are_pairs_of_two_positions():
    looks = [look_at_photo(photo) for photo in (scene(1), scene(2), encoded(scene(1), 40))]
    assert [(pair.first, pair.second) for pair in copies_among_photos(looks)] == [(0, 2)]


def test_plain_pictures_tiny_ones_and_other_colours_are_no_copies():
    plain = [look_at_photo(np.full((90, 90, 3), level, np.uint8)) for level in (0, 0, 200)]
    assert copies_among_photos(plain) == []
    tiny = [scene(1, (30, 20)), scene(1, (30, 20)).crop((2, 0, 30, 20))]
    assert copies_among_photos([look_at_photo(photo) for photo in tiny]) == []
    grey = np.stack([look_at_photo(scene(1)).grey] * 2)
    colour = np.array([[10, 10, 10], [10, 10, 150]], np.float32)
    assert near_pictures(Thumbnails(grey, colour)) == [] != near_pictures(Thumbnails(grey))


def test_thumbnails_of_another_size_are_refused():
    with pytest.raises(ArgumentError, match=r"Got: \[2, 32, 32\]\. Expected: \[N, 48, 48\]"):
        Thumbnails(np.zeros((2, 32, 32), np.uint8))


WORDS = [
    "the",
    "film",
    "was",
    "long",
    "and",
    "dull",
    "but",
    "the",
    "actors",
    "did",
    "what",
    "they",
    "could",
    "with",
    "a",
    "script",
    "that",
    "had",
    "no",
    "end",
]


def test_texts_are_copies_if_the_same_but_for_case_and_marks_or_nearly_the_same():
    text, other = " ".join(WORDS), " ".join(reversed(WORDS))
    edited = " ".join([*WORDS[:-1], "ending"])
    pairs = near_texts([text.upper() + "!", edited, "something else entirely"], [other, text])
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 1), (1, 1)]
    assert pairs[0].likeness == 1 > pairs[1].likeness > 0.6
    assert near_texts(["good", "bad", "", ""]) == []
    assert [(pair.first, pair.second) for pair in near_texts(["good", "bad", "Good."])] == [(0, 2)]


def test_equal_rows_are_copies_unless_chance_explains_them():
    draw = np.random.default_rng(0)
    rows = [(i, *draw.normal(size=3).tolist()) for i in range(40)]
    copies = [(100 + i, *rows[i][1:]) for i in (3, 5)]  # another id
    assert [(p.first, p.second) for p in copies_among_rows(copies, rows)] == [(0, 3), (1, 5)]
    coins = draw.integers(0, 2, (60, 3)).tolist()
    assert copies_among_rows(coins) == []
    assert equal_rows(list(zip(*coins, strict=True))).pairs  # they are equal, but no copies


def test_a_column_that_tells_the_sides_apart_does_not_hide_copies():
    draw = np.random.default_rng(0)
    rows = [(f"patient {i // 4}", 2020 + i // 20, *draw.normal(size=3).tolist()) for i in range(60)]
    train = [("train", *row) for row in rows[:40]]
    valid = [("valid", *row) for row in rows[40:]] + [("valid", "patient 99", 2022, *rows[5][2:])]
    assert [(p.first, p.second) for p in copies_among_rows(valid, train)] == [(20, 5)]
    both_have = [("valid", "patient 1", 2022, *rows[40][2:])]  # a value of both sides counts
    assert (
        copies_among_rows([*valid[1:20], *both_have], [*train, ("train", "patient 2", 2020, *rows[40][2:])])
        == []
    )


def test_missing_cells_are_equal_to_each_other():
    assert equal_rows([[float("nan"), 1.0]], [[float("nan")]]).pairs[0][:2] == (0, 0)


def test_items_joined_over_others_are_one_group():
    assert groups_of(5, [(4, 3), (3, 1)]).tolist() == [0, 1, 2, 1, 1]


def test_pages_and_drawings_on_a_flat_ground_are_copies_only_if_what_is_drawn_agrees():
    pages, again = [], []
    for word in [
        "apple",
        "river",
        "stone",
        "cloud",
        "green",
        "yellow",
        "mountain",
        "table",
        "window",
        "house",
    ]:
        page = Image.new("RGB", (200, 120), "white")
        ImageDraw.Draw(page).text((40, 50), word, fill="black", font_size=24)
        pages.append(look_at_photo(np.asarray(page)))
        again.append(look_at_photo(np.asarray(encoded(page, 60))))
    assert copies_among_photos(pages) == []
    found = copies_among_photos(again, pages)
    assert {(pair.first, pair.second) for pair in found} == {(i, i) for i in range(10)}


@pytest.mark.parametrize(
    ("texts", "pairs"),
    [
        (["good 👍", "good 👎", "C++", "C#", "c"], set()),
        (["👍", "👎"] * 8, set()),
        (["", "", "!", "?"], set()),
        (["cafe\u0301 au lait", "café au lait"], {(0, 1)}),
        (["ﬁne day today", "fine day today"], {(0, 1)}),
        ([f"Farm to Market Road {1500 + i} (FM {1500 + i}) is in the state of Texas" for i in range(10)], set()),
        (
            [
                "北京是中华人民共和国的首都，是全国的政治中心、文化中心。北京位于华北平原北部，背靠燕山。",
                "北京是中华人民共和国的首都，是全国的政治中心、文化中心。北京地处中国北部，背靠燕山。",
                "上海是中国的经济中心和最大的港口城市，位于长江入海口，面积约六千平方公里，人口众多。",
            ],
            {(0, 1)},
        ),
    ],
)  # fmt: skip
def test_short_texts_templates_and_scripts_without_spaces(texts, pairs):
    assert {(pair.first, pair.second) for pair in near_texts(texts)} == pairs


def spots(width: float, noise: float = 0.0) -> list[np.ndarray]:
    """Dark pictures of one bright spot each, at 30 places of which none is another in a mirror."""
    draw, (down, across) = np.random.default_rng(3), np.mgrid[:144, :144]
    pictures = []
    for place in range(30):
        x, y, level = 20 + 9 * (place % 6), 20 + 25 * (place // 6), draw.uniform(120, 250)
        bright = level * np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * width**2))
        grey = np.clip(bright + draw.normal(4, noise, bright.shape), 0, 255).astype(np.uint8)
        pictures.append(np.repeat(grey[:, :, None], 3, axis=2))
    return pictures


@pytest.mark.parametrize(("width", "noise"), [(3, 0), (9, 0), (9, 4)], ids=["dots", "moons", "noise"])
def test_single_spots_on_a_dark_ground_are_copies_only_where_they_lie_alike(width, noise):
    looks = [look_at_photo(picture) for picture in spots(width, noise)]
    assert copies_among_photos(looks) == []
    again = [
        look_at_photo(encoded(Image.fromarray(p).resize((192, 192)), 85)) for p in spots(width, noise)[:6]
    ]
    mirrored = [look_at_photo(p[:, ::-1]) for p in spots(width, noise)[:6]]
    for copies in (again, mirrored):
        pairs = copies_among_photos(copies, looks)
        assert sorted((pair.first, pair.second) for pair in pairs) == [(i, i) for i in range(6)]


def test_a_table_beside_itself_is_copies_though_one_column_alone_tells_its_rows():
    draw = np.random.default_rng(0)
    columns = [
        draw.normal(size=300).round(3).tolist(),
        draw.choice(["a", "b", "c"], 300).tolist(),
        ["k"] * 300,
    ]
    assert equal_rows(columns, columns).are_copies
    others = [
        draw.normal(size=300).round(3).tolist(),
        draw.choice(["a", "b", "c"], 300).tolist(),
        ["k"] * 300,
    ]
    assert not equal_rows(columns, others).are_copies
