"""Points as targets: what is said of coordinates that cannot be meant as pixels."""

from __future__ import annotations

import warnings

import pytest

from gatera.core.errors import DataError
from gatera.data.blocks.points import PointBlock


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
        f"The point {missing} stands in 2 of 3 training items. If it means a point that is not there, it is learned as a place: "
        "leave these photos out."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PointBlock().fit([[missing], [(3, 4)]])  # once may be true
