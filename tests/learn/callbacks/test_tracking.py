from __future__ import annotations

import csv

import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.learn.callbacks.csv_logger import CSVLogger
from gatera.learn.callbacks.gradients import GradientClip
from gatera.learn.callbacks.tracking import (
    EarlyStoppingCallback,
    ReduceLROnPlateau,
    SaveModelCallback,
)
from gatera.learn.state import Callback


def keep_statistics(learn):
    """Without learning rate and with these still, no epoch is better than another."""
    for module in learn.model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.0
    return learn


def test_training_stops_when_nothing_gets_better(make_learner, capsys):
    learn = keep_statistics(make_learner())
    learn.fit(20, 0.0, cbs=EarlyStoppingCallback(patience=2))
    assert len(learn.history) == 3  # one that is better than nothing, and two that are not better than it
    assert capsys.readouterr().out == "Stopped early: valid_loss has not improved since epoch 0.\n"


def test_each_part_of_a_fine_tune_is_judged_by_itself_unless_it_is_not_to_be(make_learner):
    def epochs(**options):
        learn = keep_statistics(make_learner())
        stop = EarlyStoppingCallback("epoch", less_is_better=True, **options)  # the first epoch is the best
        learn.fine_tune(5, freeze_epochs=3, cbs=stop)
        return len(learn.history)

    assert epochs() == 2 + 2
    assert epochs(reset_on_fit=False) == 2 + 1
    assert epochs(patience=2) == 3 + 3


@pytest.mark.parametrize("callback", [EarlyStoppingCallback, ReduceLROnPlateau])
def test_patience_is_one_epoch_or_more(callback):
    with pytest.raises(ArgumentError) as err:
        callback(patience=0)
    assert str(err.value) == "patience must be at least 1. Got: 0."


def test_training_goes_on_while_it_gets_better(make_learner):
    learn = make_learner()
    learn.fit(4, 1e-3, cbs=EarlyStoppingCallback(patience=1, min_delta=-10))
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
        "EarlyStoppingCallback: no column 'acuracy' in the table of epochs. Available: epoch, train_loss, valid_loss, "
        "accuracy, time. Did you mean 'accuracy'?"
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


@pytest.mark.parametrize(("reset", "frozen_part_wins"), [(True, False), (False, True)])
def test_the_best_epoch_of_the_frozen_part_is_kept_only_on_request(make_learner, reset, frozen_part_wins):
    learn = make_learner()

    class SpoilUnfrozen(Callback):
        def before_epoch(self, state):
            if learn.n_frozen == 0:
                learn.model[1][-1].weight.data.mul_(-50)

    learn.fine_tune(1, freeze_epochs=2, cbs=[SpoilUnfrozen(), SaveModelCallback(reset_on_fit=reset)])
    losses = learn.history["valid_loss"]
    assert losses[1] < losses[2]
    assert learn.validate()[0] == (losses[1] if frozen_part_wins else losses[2])


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
        6, 1e-2, cbs=[ReduceLROnPlateau(patience=1, factor=10, min_lr=1e-3), NoStep(), Watch()]
    )
    assert rates[0] == pytest.approx(1e-2)
    assert rates[-1] == pytest.approx(1e-3)
