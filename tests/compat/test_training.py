"""Callbacks, hooks, optimizers and learners in fastai's form."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from gatera.compat.callbacks import Callback, CSVLogger, EarlyStoppingCallback, Recorder, SaveModelCallback
from gatera.compat.hooks import ActivationStats, hook_outputs
from gatera.compat.layers import ConvLayer, Module, NormType
from gatera.compat.midlevel.blocks import TextLearner
from gatera.compat.optimizers import Optimizer, average_grad, momentum_step, ranger, sgd_step
from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.callbacks.recurrent import ModelResetter
from gatera.learn.learner import Learner
from gatera.learn.optimizer import SGD
from gatera.learn.state import CancelFitException, LoopState
from gatera.measure.losses.standard import CrossEntropyLossFlat


def loaders(n=16):
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(0))
    samples = list(zip(x, (x[:, 0] > 0).long(), strict=True))
    return DataLoaders.from_dsets(samples, samples, bs=4, shuffle=False)


def learner(**arguments):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    return Learner(loaders(), model, loss_func=nn.CrossEntropyLoss(), **arguments)


def test_a_callback_in_the_old_form_reads_and_changes_the_state():
    class Scaled(Callback):
        def before_fit(self):
            self.seen = []

        def after_loss(self):
            self.learn.loss = self.loss * 0 if self.training else self.loss

        def after_batch(self):
            self.seen.append((self.training, len(self.xb[0]), self.pred.shape[1], self.loss.item()))

    callback, learn = Scaled(), learner()
    before = learn.model[0].weight.detach().clone()
    learn.fit(1, cbs=[callback])
    assert callback.seen[0] == (True, 4, 2, 0.0) and callback.seen[-1][0] is False
    assert torch.allclose(learn.model[0].weight, before, atol=1e-3)  # weight decay only


def test_both_forms_may_be_mixed_and_ordered():
    class Late(Callback):
        run_after = Recorder

        def after_batch(self, state: LoopState):
            self.rate = state.optimizer.param_groups[0]["lr"]

    class Early(Callback):
        run_before = Recorder

        def after_batch(self):
            if self.iter > 1:
                raise CancelFitException

    assert Early.order < Recorder.order < Late.order
    learn = learner(cbs=[Late, Early])
    learn.fit(1, 0.5)
    assert learn.late.rate == 0.5


def test_an_attribute_that_nobody_has_is_an_error():
    class Wrong(Callback):
        def before_fit(self):
            self.dls.train.nothing

    class Unknown(Callback):
        def before_fit(self):
            self.gradients

    with pytest.raises(AttributeError):
        learner().fit(1, cbs=Wrong())
    with pytest.raises(AttributeError, match="has no attribute 'gradients'; see docs/from-fastai"):
        learner().fit(1, cbs=Unknown())


def test_fastais_keywords_of_trackers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    learn = learner()
    learn.fit(
        1,
        cbs=[SaveModelCallback(monitor="valid_loss", comp=np.less, fname="best"), CSVLogger(fname="log.csv")],
    )
    assert (tmp_path / "models" / "best.pth").is_file() and (tmp_path / "log.csv").is_file()
    assert EarlyStoppingCallback("accuracy", 3, comp=np.greater).patience == 3
    assert not EarlyStoppingCallback("valid_loss", comp=np.greater).less
    with pytest.raises(ArgumentError, match=r"^comp must be np\.less or np\.greater\. Got: 'add'\.$"):
        SaveModelCallback(comp=np.add)
    with pytest.raises(ArgumentError, match=r"^SaveModelCallback has no every_epoch="):
        SaveModelCallback(every_epoch=True)


def test_activations_are_recorded_for_each_training_batch():
    learn = learner(cbs=ActivationStats(with_hist=True))
    learn.fit(1)
    stats = learn.activation_stats
    assert len(stats.stats) == 4 and len(stats.layer_stats(-1)[0]) == 4
    assert stats.hist(0).shape == (40, 4) and not learn.model[0]._forward_hooks
    assert len(stats.plot_layer_stats(-2).axes) == 3 and stats.color_dim(0).axes


def test_activations_without_histograms_or_training_say_so():
    with pytest.raises(ArgumentError, match=r"Use ActivationStats\(with_hist=True\)\.$"):
        ActivationStats().hist(0)
    with pytest.raises(DataError, match="has recorded nothing yet"):
        ActivationStats().layer_stats(0)


def test_hooks_keep_outputs_until_they_are_removed():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with hook_outputs(list(model)) as hooks:
        y = model(torch.ones(1, 2))
        assert torch.equal(hooks.stored[1], y.detach())
    assert not model[0]._forward_hooks


def test_an_optimizer_of_functions_equals_sgd():
    results = []
    for opt_func in (SGD, partial(Optimizer, cbs=[sgd_step])):
        learn = learner(opt_func=opt_func)
        learn.fit(2, 0.1, wd=0.0)
        results.append(learn.model[0].weight.detach())
    assert torch.allclose(*results, atol=1e-6)


def test_an_optimizer_of_functions_keeps_state_and_follows_schedules():
    learn = learner(opt_func=partial(Optimizer, cbs=[average_grad, momentum_step], mom=0.9))
    learn.fit_one_cycle(1, 0.1)
    assert len(set(learn.recorder.moms)) > 1
    assert "grad_avg" in next(iter(learn.opt.state.values()))


def test_ranger_trains():
    learn = learner(opt_func=ranger)
    learn.fit_flat_cos(3, 0.05)
    assert learn.recorder.rows[-1]["valid_loss"] < learn.recorder.rows[0]["train_loss"]


def test_ranger_continues_from_saved_weights_as_if_it_had_not_stopped(tmp_path):
    learn = learner(opt_func=ranger, path=tmp_path)
    learn.fit(2)  # 8 updates: the slow weights have been pulled once
    learn.save("half")
    again = learner(opt_func=ranger, path=tmp_path)
    again.load("half")
    for one in (learn, again):
        one.fit(1)
    for mine, other in zip(learn.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(mine, other)
    copied = learn.opt.state_dict()
    again.opt.load_state_dict(copied)
    assert set(again.opt.state[again.model[0].weight]) >= {"slow", "updates"}


def test_flat_then_falling_rates_are_recorded_for_their_own_batch():
    learn = learner()
    learn.fit_flat_cos(4, 0.1, pct_start=0.5)
    assert learn.recorder.lrs[:9] == pytest.approx([0.1] * 9)
    assert learn.recorder.lrs[-1] < learn.recorder.lrs[-2] < 0.1


def test_the_first_recorded_rate_of_one_cycle_is_the_schedules_first():
    learn = learner()
    learn.fit_one_cycle(1, 1e-2)
    assert learn.recorder.lrs[0] == pytest.approx(1e-2 / 25)


class Recurrent(Module):
    def __init__(self):
        self.layer, self.resets = nn.Linear(3, 2), 0

    def forward(self, x):
        out = self.layer(x)
        return out, out[:, None], out[:, None]

    def reset(self):
        self.resets += 1


def test_a_text_learner_resets_and_regularizes_a_model_of_ones_own():
    learn = TextLearner(loaders(), Recurrent(), loss_func=CrossEntropyLossFlat(), metrics="accuracy")
    learn.fit(1)
    assert learn.model.resets == 3 and any(isinstance(cb, ModelResetter) for cb in learn.cbs)


@pytest.mark.parametrize(
    ("options", "shape", "kinds"),
    [
        ({}, (2, 3, 8, 8), ["Conv2d", "BatchNorm2d", "ReLU"]),
        ({"ndim": 1, "norm_type": NormType.Instance}, (2, 3, 8), ["Conv1d", "InstanceNorm1d", "ReLU"]),
        ({"transpose": True, "act_cls": None, "norm_type": None}, (2, 3, 8, 8), ["ConvTranspose2d"]),
        ({"bn_1st": False, "stride": 2}, (2, 3, 8, 8), ["Conv2d", "ReLU", "BatchNorm2d"]),
    ],
)
def test_a_conv_layer_is_built_as_asked(options, shape, kinds):
    layer = ConvLayer(3, 4, **options)
    assert [type(part).__name__ for part in layer] == kinds
    expected = {"transpose": (2, 4, 10, 10), "stride": (2, 4, 4, 4)}
    found = next((size for name, size in expected.items() if name in options), (2, 4, *shape[2:]))
    assert layer(torch.zeros(shape)).shape == found


@pytest.mark.parametrize("name", ["Batch", "Instance"])
def test_norms_start_at_1_and_those_called_zero_at_0(name):
    for kind, start in ((name, 1.0), (f"{name}Zero", 0.0)):
        norm = ConvLayer(3, 4, norm_type=NormType[kind], act_cls=None)[1]
        assert (norm.weight == start).all() and (norm.bias == 1e-3).all()


def test_a_conv_layer_starts_from_the_values_that_are_asked_for():
    layer = ConvLayer(3, 4, norm_type=None, init=nn.init.ones_, bias_std=0.0)
    assert (layer[0].weight == 1).all() and (layer[0].bias == 0).all()
