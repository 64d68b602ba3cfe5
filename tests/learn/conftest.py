"""A learner small enough to train in a blink: generated photos, 16 px, two convolutions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from gatera.data.transforms.item import Resize
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.measure.metrics.standard import accuracy
from gatera.vision.data import ImageDataLoaders


def small_model(n_out: int = 2) -> nn.Sequential:
    """Body and head as a vision model has them, random weights from a fixed seed."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU())
    head = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(8), nn.Dropout(0.25), nn.Linear(8, n_out)
    )
    return nn.Sequential(body, head)


def halves(model: nn.Module) -> list[list[nn.Parameter]]:
    return [list(model[0].parameters()), list(model[1].parameters())]


@pytest.fixture(scope="session")
def make_learner_in(photo_folder: Path) -> Callable[..., Learner]:
    """Return a function that makes equal learners in a folder; keyword arguments go to the learner or its options."""

    def make(
        path: Path, precision: str = "float32", bs: int = 4, batch_tfms=None, workers: int = 0, **options
    ) -> Learner:
        mine = {
            name: options.pop(name) for name in list(options) if name in TrainingOptions.__dataclass_fields__
        }
        dls = ImageDataLoaders.from_folder(
            photo_folder, valid_pct=0.25, seed=42, item_tfms=Resize(16), batch_tfms=batch_tfms, bs=bs,
            num_workers=workers, device="cpu",
        )  # fmt: skip
        learn = Learner(
            dls, small_model(), metrics=accuracy, splitter=halves, path=path,
            options=TrainingOptions(precision=precision, **mine), **options,
        )  # fmt: skip
        learn.display.table_on = learn.display.bar_on = False
        return learn

    return make


@pytest.fixture
def make_learner(make_learner_in: Callable[..., Learner], tmp_path: Path) -> Callable[..., Learner]:
    """Return a function that makes equal learners."""
    return partial(make_learner_in, tmp_path)
