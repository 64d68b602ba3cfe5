from __future__ import annotations

import csv

import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.learn.callback import Callback
from gatera.learn.callbacks import (
    CSVLogger,
    EarlyStoppingCallback,
    GradientClip,
    ReduceLROnPlateau,
    SaveModelCallback,
)


def keep_statistics(learn):
    """Without learning rate and with these still, no epoch is better than another."""
    for module in learn.model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.0
    return learn


def test_training_stops_when_nothing_gets_better(make_learner, capsys):
    learn = keep_statistics(make_learner())
    learn.fit(20, 0.0, cbs=EarlyStoppingCallback(patience=2))
    assert len(learn.history) == 4
    assert capsys.readouterr().out == "Stopped early: no better valid_loss since epoch 0.\n"


def test_training_goes_on_while_it_gets_better(make_learner):
    learn = make_learner()
    learn.fit(4, 1e-3, cbs=EarlyStoppingCallback(patience=0, min_delta=-10))
    assert len(learn.history) == 4


def test_more_is_better_for_accuracy_and_less_for_errors():
    assert not EarlyStoppingCallback("accuracy").less
    assert EarlyStoppingCallback("error_rate").less
    assert EarlyStoppingCallback("mine", less_is_better=True).less


def test_a_column_that_is_not_there_is_refused_before_the_first_epoch(make_learner):
    learn = make_learner()
    with pytest.raises(ArgumentError) as err:
        learn.fit(1, cbs=EarlyStoppingCallback("acuracy"))
    assert str(err.value) == (
        "EarlyStoppingCallback watches a column that the table of epochs does not have. Received: 'acuracy'. Allowed: "
        "epoch, train_loss, valid_loss, accuracy, time. Did you mean 'accuracy'?"
    )
    assert len(learn.history) == 0


class Spoil(Callback):
    """Ruin the parameters in the last epoch."""

    def before_epoch(self, state):
        if state.epoch == state.epochs - 1:
            for parameter in state.whole.parameters():
                parameter.data.mul_(-50)


@pytest.mark.parametrize("frozen", [False, True])
def test_the_best_epoch_is_kept(make_learner, tmp_path, frozen):
    learn = make_learner()
    if frozen:
        learn.freeze()
    learn.fit(3, 0.02, cbs=[Spoil(), SaveModelCallback(path=tmp_path / "best.pth")])
    best = learn.history["valid_loss"].min()
    assert learn.validate()[0] == pytest.approx(best, rel=1e-5)
    kept = torch.load(tmp_path / "best.pth", weights_only=True)["model"]
    assert all(torch.equal(kept[name], value) for name, value in learn.model.state_dict().items())


def test_the_log_has_every_epoch_of_both_parts(make_learner, tmp_path):
    learn = make_learner()
    learn.fine_tune(2, cbs=CSVLogger(tmp_path / "log" / "history.csv"))
    with (tmp_path / "log" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "0", "1"]
    assert float(rows[-1]["valid_loss"]) == learn.history["valid_loss"].iloc[-1]


def test_gradients_are_clipped_to_the_limit(make_learner):
    norms = []

    class Watch(Callback):
        order = 30

        def before_step(self, state):
            grads = [p.grad.norm() for p in state.model.parameters() if p.grad is not None]
            norms.append(float(torch.stack(grads).norm()))

    make_learner().fit(1, 1e-3, cbs=[GradientClip(0.01), Watch()])
    assert max(norms) == pytest.approx(0.01, rel=1e-3)


def test_rates_fall_on_a_plateau_but_not_below_their_floor(make_learner):
    rates = []

    class Watch(Callback):
        reads_only = True

        def before_epoch(self, state):
            rates.append(state.optimizer.param_groups[0]["lr"])

    class NoStep(Callback):
        def before_step(self, state):
            state.optimizer.zero_grad()

    keep_statistics(make_learner(wd=0.0)).fit(
        6, 1e-2, cbs=[ReduceLROnPlateau(patience=0, factor=10, min_lr=1e-3), NoStep(), Watch()]
    )
    assert rates[0] == pytest.approx(1e-2)
    assert rates[-1] == pytest.approx(1e-3)
