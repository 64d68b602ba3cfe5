"""Points as targets: what is said of coordinates that cannot be meant as pixels."""

from __future__ import annotations

import warnings

import pytest
from PIL import Image

from gatera.core.errors import DataError, PhotoError
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.points import PointBlock
from gatera.data.datablock import DataBlock
from gatera.data.splits.by_position import IndexSplitter


def test_shares_of_the_photo_are_not_taken_for_pixels():
    with pytest.raises(DataError) as caught:
        PointBlock().fit([[(0.25, 0.5), (1, 1)], [(0.3, 0.4), (0, 0)]])
    assert str(caught.value) == (
        "all points lie between 0 and 1, in the first pixel of their photos. Got: [0.25, 0.5]. Expected: pixels of the photo as "
        "it is stored. Multiply x by its width and y by its height."
    )
    assert PointBlock().fit([[(0, 1)], [(1, 1)]]).n_points == 1  # corners of a pixel
    assert PointBlock().fit([[(0.5, 0.5)], [(40, 2)]]).n_points == 1


@pytest.mark.parametrize("missing", [(0, 0), (-1, -1)])
def test_points_that_are_not_there_are_told_of(missing):
    with pytest.warns(UserWarning) as caught:
        assert PointBlock().fit([[missing, (5, 6)], [(3, 4), missing], [(3, 4), (5, 6)]]).n_points == 2
    assert str(caught[0].message) == (
        f"The point {missing} stands in 2 of 3 training items. If it marks a missing point, it is learned as a position: leave these photos out."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PointBlock().fit([[missing], [(3, 4)]])  # once may be true


def test_points_outside_their_photos_are_told_of_once():
    sizes, names = [(40, 60), (40, 60), (20, 20)], ["a.jpg", "b.jpg", "c.jpg"]

    def size_of(i: int) -> tuple[int, int]:
        if i == 2:
            raise PhotoError("c.jpg is damaged")
        return sizes[i]

    labels = [[(60, 40), (0, 0)], [(61, 3), (-1, 5)], [(500, 5), (3, 3)]]
    with pytest.warns(UserWarning) as caught:
        PointBlock(2).look_at(labels, size_of, names.__getitem__)
    assert [str(warning.message) for warning in caught] == [
        "2 points of 1 photo (3 in all) lie outside, first (61, 3) of b.jpg, which has 60 x 40 pixels. They are learned as they are: "
        "check that they are in pixels of the photo as it is stored, upright."
    ]


def test_a_data_set_of_points_looks_at_its_photos(tmp_path):
    for name in ("a", "b", "c", "d"):
        Image.new("RGB", (60, 40)).save(tmp_path / f"{name}.png")
    block = DataBlock(
        (ImageBlock, PointBlock),
        splitter=IndexSplitter([3]),
        get_x=lambda i: tmp_path / f"{'abcd'[i]}.png",
        get_y=lambda i: [(5, 90)] if i == 1 else [(5, 5)],
    )
    with pytest.warns(
        UserWarning,
        match=r"1 point of 1 photo \(3 in all\) lies outside, first \(5, 90\) of item 1 \(.*b\.png\), which has 60 x 40",
    ):
        block.datasets(range(4))
