"""Learners small enough for a blink, on photos of 32 pixels."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from gatera.data.transforms.item import Resize
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.measure.metrics.standard import accuracy
from gatera.vision.data import ImageDataLoaders


def small_net(n_out: int = 2) -> nn.Sequential:
    """Two convolutions with max pooling between them, and a head; random values from a fixed seed."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, n_out),
    )  # fmt: skip


def quiet(learn: Learner) -> Learner:
    learn.display.table_on = learn.display.bar_on = False
    return learn


@pytest.fixture(scope="module")
def photo_learner(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Learner:
    """Trained for a moment on photos whose colour gives their class away."""
    dls = ImageDataLoaders.from_folder(
        photo_folder, valid_pct=0.5, seed=1, item_tfms=Resize(32), bs=6, num_workers=0, device="cpu"
    )
    options = TrainingOptions(precision="float32", fast_kernels=False)
    learn = Learner(
        dls, small_net(), metrics=accuracy, lr=0.02, path=tmp_path_factory.mktemp("learner"), options=options
    )
    quiet(learn).fit(6)
    return learn
