"""Learners in several threads of one process: a sweep with `n_jobs=2`, an application that asks a model while it trains."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from gatera.learn.learner import Learner
from gatera.vision.all import ImageDataLoaders, Resize


@pytest.fixture
def make(photo_folder):
    def learner(seed=1):
        dls = ImageDataLoaders.from_folder(
            photo_folder, valid_pct=0.25, seed=seed, item_tfms=Resize(16), bs=8
        )
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
        )  # fmt: skip
        learn = Learner(dls, model)
        learn.display.table_on = learn.display.bar_on = False
        return learn

    return learner


def parameters(learn) -> torch.Tensor:
    return torch.cat([p.detach().flatten().float() for p in learn.model.state_dict().values()])


def test_learners_train_side_by_side_as_alone(make):
    alone = [make(seed) for seed in (1, 2)]
    for learn in alone:
        learn.fit(6, 1e-2)
    together = [make(seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda learn: learn.fit(6, 1e-2), together))
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(parameters(one), parameters(other))


@pytest.mark.parametrize("ask_it", ["validate", "summary", "doctor", "attribution"])
def test_a_learner_that_is_asked_while_it_trains_learns_the_same(make, ask_it, photo_folder):
    given = [next(photo_folder.rglob("*.jpg"))] if ask_it == "attribution" else []
    alone, learn, over, faults = make(), make(), threading.Event(), []
    alone.fit(6, 1e-2)

    def ask():
        try:
            while not over.is_set():
                getattr(learn, ask_it)(*given)
        except Exception as err:  # noqa: BLE001 - told below
            faults.append(err)

    asking = threading.Thread(target=ask)
    asking.start()
    learn.fit(6, 1e-2)
    over.set()
    asking.join()
    assert not faults and learn.model.training
    assert torch.equal(parameters(learn), parameters(alone))


def test_predictions_of_one_learner_in_several_threads(make):
    learn = make()
    expected = learn.get_preds()[0]
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: learn.get_preds()[0], range(24)):
            torch.testing.assert_close(found, expected, rtol=0, atol=2e-3)  # bf16
