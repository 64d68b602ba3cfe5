from __future__ import annotations

import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.learn.callbacks.mixup import CutMix, MixUp
from gatera.learn.state import Callback


class Keep(Callback):
    """Keep the inputs of every batch, before and after the blend."""

    def __init__(self, order: int) -> None:
        self.rank, self.seen = order, []

    def after_pred(self, state):
        if state.training:
            self.seen.append((state.inputs.clone(), state.labels, state.index))


@pytest.mark.parametrize("blend", [MixUp, CutMix])
def test_blended_training_learns_and_validates_on_whole_photos(make_learner, blend):
    learn = make_learner()
    plain = learn.loss_func
    learn.fit_one_cycle(6, 0.05, cbs=blend())
    assert learn.validate()[1] == 1.0
    assert learn.loss_func is plain


@pytest.mark.parametrize("blend", [MixUp, CutMix])
def test_the_same_seed_blends_alike(make_learner, blend):
    def run():
        learn = make_learner()
        learn.fit(1, 0.01, cbs=blend())
        return learn.history["train_loss"][0]

    assert run() == run()


def test_mixup_blends_pixels_and_losses_in_the_same_share():
    blend = MixUp()
    x = torch.eye(4).view(4, 1, 2, 2)
    partner = torch.tensor([1, 2, 3, 0])
    import numpy as np

    mixed, keep = blend._blend(x, partner, np.random.default_rng(0))
    torch.testing.assert_close(mixed, keep.view(4, 1, 1, 1) * x + (1 - keep.view(4, 1, 1, 1)) * x[partner])
    assert bool((keep >= 0.5).all()) and float(keep.min()) < 0.9


def test_cutmix_keeps_the_share_of_pixels_that_are_left():
    import numpy as np

    x = torch.stack([torch.zeros(1, 8, 8), torch.ones(1, 8, 8)])
    mixed, keep = CutMix()._blend(x, torch.tensor([1, 0]), np.random.default_rng(3))
    assert float(mixed[1].mean()) == pytest.approx(float(keep[1]))


def test_two_blends_are_refused(make_learner):
    learn = make_learner(cbs=MixUp())
    plain = learn.loss_func
    with pytest.raises(ArgumentError) as err:
        learn.fit(1, cbs=CutMix())
    assert (
        str(err.value) == "photos can be blended in one way only. Got: 'MixUp and CutMix'. Give one of them."
    )
    assert learn.loss_func is plain


def test_a_blend_that_is_none_is_refused():
    with pytest.raises(ArgumentError) as err:
        MixUp(alpha=0)
    assert str(err.value) == "alpha must be at least 1e-06. Got: 0."
