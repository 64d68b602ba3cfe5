from __future__ import annotations

import torch
from torch import nn

from gatera.kernels.stand_ins import folding_pays, n_outputs


def test_the_output_is_counted_over_all_photos_and_both_strides():
    conv = nn.Conv2d(3, 5, 3, stride=(2, 3), padding=1)
    assert n_outputs(conv, torch.empty(2, 3, 12, 9)) == 2 * 6 * 3


def test_folding_pays_where_the_output_is_large_beside_the_weight():
    conv = nn.Conv2d(
        4, 8, 1
    )  # 32 weights: an output of more than 96 numbers, twelve pixels of eight channels
    assert not folding_pays(conv, torch.empty(1, 4, 3, 4))
    assert folding_pays(conv, torch.empty(1, 4, 13, 1))
