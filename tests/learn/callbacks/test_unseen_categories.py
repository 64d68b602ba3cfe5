from __future__ import annotations

import torch
from torch import nn

from gatera.learn.callbacks.unseen_categories import AverageForUnknown
from gatera.testing import check_callback


def test_the_unknown_row_becomes_the_mean_of_the_others():
    embedding = nn.Embedding(3, 2)
    with torch.no_grad():
        embedding.weight.copy_(torch.tensor([[9.0, 9.0], [1.0, 2.0], [3.0, 6.0]]))
    AverageForUnknown([embedding]).after_train(None)
    assert embedding.weight.tolist() == [[2.0, 4.0], [1.0, 2.0], [3.0, 6.0]]


def test_it_keeps_the_contract_of_callbacks():
    check_callback(lambda: AverageForUnknown([nn.Embedding(3, 2)]))
