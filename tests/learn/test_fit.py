from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.learn.arithmetic import Arithmetic, evaluating
from gatera.learn.fit import Fit, FitPlan
from gatera.learn.state import Callback, CallbackList, LoopState


def make_fit(epochs=2, callbacks=(), first_epoch=0, checkpoint_to=None) -> Fit:
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    batches = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(3)]
    state = LoopState(
        model=model, whole=model, loss_func=F.cross_entropy, optimizer=torch.optim.SGD(model.parameters(), lr=1.0),
        train=batches, valid=None, callbacks=CallbackList(callbacks), arithmetic=Arithmetic(torch.device("cpu"), "float32"),
        seed=0, epochs=epochs, first_epoch=first_epoch,
    )  # fmt: skip
    return Fit(FitPlan(epochs, [0.1]), state, checkpoint_to=checkpoint_to)


def test_a_fit_returns_what_it_changed():
    fit = make_fit(epochs=2, first_epoch=3)
    assert fit.result.epochs_done == 3
    result = fit.run()
    assert (result.opt, result.epochs_done) == (fit.state.optimizer, 5)
    assert result.opt.param_groups[0]["lr"] == 0.1


def test_a_fit_that_fails_says_how_far_it_came():
    class Broken(Callback):
        def before_epoch(self, state):
            if state.epoch == 1:
                raise RuntimeError("mine")

    fit = make_fit(epochs=4, callbacks=[Broken()])
    with pytest.raises(RuntimeError, match="mine"):
        fit.run()
    assert fit.result.epochs_done == 2


def test_without_a_place_for_a_checkpoint_ctrl_c_stays_ctrl_c():
    class Interrupt(Callback):
        def before_epoch(self, state):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stop:
        make_fit(callbacks=[Interrupt()]).run()
    assert type(stop.value) is KeyboardInterrupt


def test_a_plan_has_an_epoch():
    with pytest.raises(ArgumentError, match=r"^n_epoch "):
        FitPlan(0, [0.1])


def test_evaluation_ends_with_the_modes_as_they_were():
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2), nn.ReLU()))
    model[1][0].eval()
    before = [module.training for module in model.modules()]
    with pytest.raises(RuntimeError), evaluating(model):
        assert not any(module.training for module in model.modules())
        raise RuntimeError
    assert [module.training for module in model.modules()] == before


@pytest.mark.parametrize("epochs", [0, 1.5, True, "2"])
def test_epochs_are_a_whole_number(epochs):
    with pytest.raises(ArgumentError, match=r"n_epoch must be (a whole number of )?at least 1"):
        FitPlan(epochs, [0.1])
