from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gatera.data.loading.readers.buffer import BatchBuffer, RaggedBuffer


def test_threads_share_one_array():
    buffer = BatchBuffer(64, pin=False)

    def fill(i: int) -> None:
        buffer.put(i, np.full((4, 5, 3), i, np.uint8))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fill, range(64)))
    assert buffer.tensor.shape == (64, 4, 5, 3)
    assert buffer.tensor[:, 0, 0, 0].tolist() == list(range(64))
    assert buffer.odd_one() is None


def test_another_shape_or_dtype_gets_nothing():
    buffer = BatchBuffer(2, pin=False)
    assert buffer.rows((4, 5), np.float32).shape == (2, 4, 5)
    assert buffer.rows((5, 4), np.float32) is None
    assert buffer.rows((4, 5), np.uint8) is None


@pytest.mark.parametrize("other", [np.zeros((2, 2), np.uint8), np.zeros((1, 2), np.float32)])
def test_the_first_item_of_another_shape_or_dtype_is_found(other):
    buffer = BatchBuffer(3, pin=False)
    for place in (0, 1):
        buffer.put(place, np.ones((1, 2), np.uint8))
    buffer.put(2, other)
    assert buffer.odd_one() == 2
    buffer.put(2, np.ones((1, 2), np.uint8))
    assert buffer.odd_one() is None


def test_ragged_targets_are_kept_one_by_one():
    buffer = RaggedBuffer(2)
    buffer.put(1, np.zeros((0, 4)))
    buffer.put(0, np.ones((3, 4)))
    assert [tensor.shape for tensor in buffer.tensors] == [(3, 4), (0, 4)]
