from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.learn.callbacks.recurrent import ModelResetter, RNNRegularizer
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig

IDS = torch.tensor([[2, 5, 6]])


def state_of() -> SimpleNamespace:
    encoder = AWD_LSTM(10, AwdLstmConfig(emb_sz=4, n_hid=5, n_layers=1, output_p=0.5))
    return SimpleNamespace(model=nn.Sequential(encoder), encoder=encoder, loss=torch.tensor(1.0))


@pytest.mark.parametrize("event", ["before_train", "before_validate", "after_fit"])
def test_the_memory_is_cleared(event):
    state = state_of()
    state.model(IDS)
    getattr(ModelResetter(), event)(state)
    assert state.encoder.states == [None]


def test_large_and_jumping_outputs_cost_something_that_is_not_shown():
    state, regularizer = state_of(), RNNRegularizer(alpha=2, beta=3)
    regularizer.before_fit(state)
    state.model(IDS)
    raw, dropped = state.encoder.outputs
    regularizer.before_backward(state)
    expected = 1 + 2 * dropped.square().mean() + 3 * (raw[:, 1:] - raw[:, :-1]).square().mean()
    torch.testing.assert_close(state.loss, expected)
    regularizer.after_backward(state)
    assert float(state.loss) == 1
    regularizer.after_fit(state)
    state.model(IDS)
    assert state.encoder.outputs is None


def test_a_weight_below_zero():
    with pytest.raises(ArgumentError) as err:
        RNNRegularizer(beta=-1)
    assert str(err.value) == "beta must be at least 0. Got: -1."
