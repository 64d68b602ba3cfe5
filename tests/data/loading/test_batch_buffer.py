from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gatera.data.loading.batch_buffer import Slab


def test_threads_share_one_array():
    slab = Slab(np.arange(64), pin=False)

    def fill(i: int) -> None:
        slab.rows((4, 5, 3), np.uint8)[i] = i

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fill, range(64)))
    assert slab.tensor.shape == (64, 4, 5, 3)
    assert slab.tensor[:, 0, 0, 0].tolist() == list(range(64))


def test_another_shape_gets_nothing():
    slab = Slab(np.arange(2), pin=False)
    assert slab.rows((4, 5), np.float32).shape == (2, 4, 5)
    assert slab.rows((5, 4), np.float32) is None


def test_the_first_item_of_another_shape_is_found():
    slab = Slab(np.arange(3), pin=False)
    slab.shapes[:] = [(1, 2), (1, 2), (2, 2)]
    assert slab.odd_one() == 2
    slab.shapes[2] = (1, 2)
    assert slab.odd_one() is None
