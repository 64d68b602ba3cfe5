from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gatera.learn.head_start import HeadStart
from gatera.recipes.photos import frozen_epochs, usual_size


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


class Started:
    """A learner that notes how its head came to its start."""

    def __init__(self, start: HeadStart | None) -> None:
        self.start, self.head_start, self.calls = start, None, []

    def solve_head(self) -> None:
        self.calls.append("solved")
        self.head_start = self.start

    def load_checkpoint(self, path: Path) -> None:
        self.calls.append(path)
        self.head_start = self.start


@pytest.mark.parametrize(
    ("start", "epochs"),
    [(None, 1), (HeadStart(), 1), (HeadStart(0.04), 1), (HeadStart(0.06, from_zero=True), 10)],
)
def test_a_head_that_starts_from_zero_is_trained_longer(start: HeadStart | None, epochs: int) -> None:
    learn = Started(start)
    assert (frozen_epochs(learn, None), learn.calls) == (epochs, ["solved"])
    learn = Started(start)
    assert (frozen_epochs(learn, Path("c.pth")), learn.calls) == (epochs, [Path("c.pth")])
