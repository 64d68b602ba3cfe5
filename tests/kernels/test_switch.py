"""GATERA_KERNELS=off: what is computed is PyTorch's own, to the last bit."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.kernels.fast_prediction import folded_copy
from gatera.kernels.fast_training import fast_training
from gatera.kernels.switch import VARIABLE, kernels_on


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8)).eval()


def test_they_are_on_until_switched_off(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert kernels_on()
    monkeypatch.setenv(VARIABLE, "off")
    assert not kernels_on()


def test_another_word_is_refused(monkeypatch):
    monkeypatch.setenv(VARIABLE, "no")
    with pytest.raises(ArgumentError, match="GATERA_KERNELS"):
        kernels_on()


@pytest.mark.parametrize("word", ["on", "off"])
def test_off_leaves_every_forward_alone(monkeypatch, model, word):
    monkeypatch.setenv(VARIABLE, word)
    with fast_training(model):
        replaced = [module for module in model.modules() if "forward" in vars(module)]
    assert bool(replaced) == (word == "on" and torch.backends.mkldnn.is_available())
    assert not [module for module in model.modules() if "forward" in vars(module)]


@pytest.mark.parametrize("word", ["on", "off"])
def test_off_folds_nothing(monkeypatch, model, word):
    monkeypatch.setenv(VARIABLE, word)
    norms = [
        module
        for module in folded_copy(model, torch.rand(1, 3, 8, 8)).modules()
        if isinstance(module, nn.BatchNorm2d)
    ]
    assert len(norms) == (word == "off")
