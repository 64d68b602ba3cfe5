from __future__ import annotations

import random

import numpy as np
import torch

from gatera.core.random import fresh_seed, rng, seed_from, seed_torch, set_seed, torch_seeded


def test_the_same_key_gives_the_same_numbers_and_another_key_others():
    assert rng(1, 2, 3).random() == rng(1, 2, 3).random()
    assert rng(1, 2, 3).random() != rng(1, 2, 4).random()
    assert rng(1, 2).random() != rng(1, 2, 1).random()


def test_seeds_fit_torch():
    assert 0 <= seed_from(1, 2) < 2**63
    assert seed_from(1, 2) != seed_from(2, 1)


def test_a_seeded_block_leaves_the_callers_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    with torch_seeded(9):
        inside = torch.rand(1)
    assert torch.equal(torch.rand(1), expected)
    with torch_seeded(9):
        assert torch.equal(torch.rand(1), inside)


def test_set_seed_governs_python_numpy_torch_and_fresh_seeds():
    def draw():
        set_seed(5)
        return random.random(), np.random.rand(), float(torch.rand(1)), fresh_seed()

    assert draw() == draw()


def test_seeding_by_key_is_seeding_by_its_number():
    seed_torch(1, 2)
    ours = torch.rand(3)
    torch.manual_seed(seed_from(1, 2))
    assert torch.equal(ours, torch.rand(3))
