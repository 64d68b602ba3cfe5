from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.evaluate.questions import frozen_baselines as module
from gatera.evaluate.questions.frozen_baselines import frozen_baselines
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.models.vision.linear_head import create_linear_head
from gatera.testing.tiny import tiny_body, tiny_loaders

NEAREST, REGRESSION = (
    "the nearest class mean of pretrained features",
    "logistic regression on pretrained features",
)


@pytest.fixture
def learn(tmp_path):
    torch.manual_seed(0)
    body = tiny_body(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), 4)
    learn = Learner(
        tiny_loaders(), nn.Sequential(body, create_linear_head(4, 3)), body=body, path=tmp_path,
        options=TrainingOptions(precision="float32", fast_kernels=False),
        splitter=lambda m: [list(part.parameters()) for part in m],
    )  # fmt: skip
    learn.freeze()
    return learn


def test_simple_classifiers_are_measured_on_each_side_before_the_body_is_trained(learn):
    found = frozen_baselines(learn)
    assert list(found) == ["valid"] and list(found["valid"]) == [NEAREST, REGRESSION]
    n = learn.dls.valid.n
    assert all(
        0 <= error <= 1 and error * n == pytest.approx(round(error * n)) for error in found["valid"].values()
    )
    assert len(learn.feature_cache._kept) == 2  # for the training of the head
    learn.fit(1, 0.1)
    assert frozen_baselines(learn) == {}


def test_a_body_with_random_weights_says_nothing(learn):
    learn.body = None
    assert frozen_baselines(learn) == {}


def test_another_head_is_compared_with_the_same_features(learn):
    expected = frozen_baselines(learn)
    other = Learner(
        learn.dls,
        nn.Sequential(learn.body, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))), body=learn.body, path=learn.path,
        options=learn.options,
    )  # fmt: skip
    assert frozen_baselines(other) == expected


def test_of_a_large_training_set_there_are_none(learn, monkeypatch):
    monkeypatch.setattr(module, "MOST_ITEMS", learn.dls.train.n - 1)
    assert frozen_baselines(learn) == {}


def test_what_is_easy_to_tell_is_told_and_a_turned_label_counts():
    """Two classes far from each other, of which one held-out item has the other's label."""
    x = torch.tensor([[0.0, 5.0], [0.1, 5.2], [5.0, 0.0], [5.1, 0.1]]).repeat(5, 1)
    labels = torch.tensor([2, 2, 7, 7]).repeat(5)
    held = torch.tensor([[0.0, 4.0], [4.0, 0.0], [5.0, 0.2], [0.3, 5.0]])
    found = module._errors(x, labels, {"test": (held, torch.tensor([2, 7, 7, 7]))})
    assert found == {"test": {NEAREST: 0.25, REGRESSION: 0.25}}
