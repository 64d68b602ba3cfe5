from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gatera.recipes.photos import usual_size


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(80, 60), (28, 28)], 160),
        ([(60, 81), (28, 200)], 320),
        ([(28, 28)] * 3 + [(900, 900)] * 2, 160),
        ([(28, 28)] * 450 + [(400, 300)] * 10, 160),
    ],
)
def test_photos_are_scaled_to_320_pixels_and_to_160_where_most_are_tiny(
    tmp_path: Path, sizes: list[tuple[int, int]], expected: int
) -> None:
    photos = [tmp_path / f"{i:03}.png" for i in range(len(sizes))]
    for photo, size in zip(photos, sizes, strict=True):
        Image.new("L", size).save(photo)
    assert usual_size(photos) == expected
