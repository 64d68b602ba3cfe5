"""What the tests of the models share: timm is imported once, outside any test's time, and small networks are there."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import Tensor

from gatera.models.architectures import Architecture, get_architecture


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the real hub."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def tiny() -> Architecture:
    """A ResNet of timm's made for tests: 96 features, classifier `fc` of 1,000."""
    return get_architecture("test_resnet")


@pytest.fixture(scope="session")
def tiny_weights() -> dict[str, Tensor]:
    """Random weights of the whole `test_resnet`, classifier included; tests copy before they change anything."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return timm.create_model("test_resnet").state_dict()
