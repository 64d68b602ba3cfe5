from __future__ import annotations

import numpy as np

from gatera.data.loading.batch_order import BATCHES_SORTED_TOGETHER, batches_of


def test_items_of_one_length_keep_the_epochs_order():
    batches = list(batches_of(np.array([3, 1, 2, 0, 4]), 2, None, None))
    assert [batch.tolist() for batch in batches] == [[3, 1], [2, 0], [4]]


def test_at_evaluation_items_come_from_long_to_short():
    lengths = np.array([5, 9, 6, 8, 7])
    order = np.concatenate(list(batches_of(np.arange(5), 2, lengths, None)))
    assert lengths[order].tolist() == [9, 8, 7, 6, 5]


def test_in_training_every_item_comes_once_beside_others_of_about_its_length():
    rng, n, bs = np.random.default_rng(0), 4 * 8 * BATCHES_SORTED_TOGETHER, 8
    lengths = rng.integers(1, 1000, n)
    batches = list(batches_of(rng.permutation(n), bs, lengths, np.random.default_rng(1)))
    assert sorted(np.concatenate(batches).tolist()) == list(range(n))
    spread = np.mean([np.ptp(lengths[batch]) for batch in batches])
    assert spread < 0.05 * np.ptp(lengths)
    longest_first = [lengths[batch].max() for batch in batches]
    assert longest_first != sorted(longest_first, reverse=True)


def test_the_mixture_depends_only_on_the_generator():
    lengths, order = np.arange(40), np.random.default_rng(0).permutation(40)
    first, second = (
        [b.tolist() for b in batches_of(order, 4, lengths, np.random.default_rng(5))] for _ in range(2)
    )
    assert first == second
