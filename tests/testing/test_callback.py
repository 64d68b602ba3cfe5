from __future__ import annotations

import numpy as np
import pytest
import torch
from public_pieces import subclasses_of

from gatera.core.errors import ArgumentError
from gatera.learn.callbacks.batch_norm import FixBatchNorm
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.schedule import SchedExp
from gatera.learn.state import Callback, CancelFitException, CancelValidException
from gatera.testing import ContractError, check_callback
from gatera.testing.contract import described
from gatera.testing.tiny import tiny_loaders

CALLBACKS = subclasses_of(Callback)

#: What each is made with. With so large a min_delta no epoch but the first is good enough.
MADE = {
    "EarlyStoppingCallback": [
        {"patience": 1, "min_delta": 10.0},
        {"monitor": "accuracy", "patience": 2, "reset_on_fit": False},
    ],
    "SaveModelCallback": [{"min_delta": 10.0}, {}],
    "ReduceLROnPlateau": [{"patience": 1}, {"patience": 2, "min_lr": 0.01, "reset_on_fit": False}],
    "GradientAccumulation": [{"n_acc": 8}],
    "GradientClip": [{"max_norm": 0.01}],
    "ParamScheduler": [{"scheds": {"lr": SchedExp(0.1, 0.01)}}],
    "MixUp": [{}],
    "CutMix": [{}],
    "ActivationStats": [{}],
}

#: Three that only look on, and two that others are made of.
BY_THEMSELVES = ("CSVLogger", "Recorder", "Callback", "HookCallback", "FeatureEvolution")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CALLBACKS if name not in BY_THEMSELVES])
def test_built_in_callbacks_keep_the_contract(name):
    for arguments in MADE[name]:
        check_callback(CALLBACKS[name](**arguments))


@pytest.mark.slow
def test_what_only_looks_on_changes_nothing(tmp_path):
    check_callback(CALLBACKS["CSVLogger"](tmp_path / "history.csv"), observer=True)
    check_callback(Recorder, observer=True)
    dls = tiny_loaders()
    check_callback(lambda: CALLBACKS["FeatureEvolution"](dls, "0", channels=2), observer=True)


@pytest.mark.slow
def test_the_callback_that_looks_after_batch_norms_keeps_the_contract():
    check_callback(lambda: FixBatchNorm(None, fixed=True))


# -- broken ones -----------------------------------------------------------------------------------------------------


class Quiet(Callback):
    """A right one, for the others to break."""

    reads_only = True


@pytest.mark.slow
def test_a_callback_that_does_nothing_keeps_the_contract():
    check_callback(Quiet, observer=True)


class WithoutState(Quiet):
    def after_batch(self):
        pass


class Misspelt:
    def after_batches(self, state):
        pass


class MisspeltInABase(Misspelt, Quiet):
    pass


class OnlyOnce(Quiet):
    used = False

    def before_fit(self, state):
        if self.used:
            raise RuntimeError("used up")
        self.used = True


class NeedsValidation(Quiet):
    def before_fit(self, state):
        self.validated = False

    def after_validate(self, state):
        self.validated = True

    def after_epoch(self, state):
        if not self.validated:
            raise ValueError("no validation")


class EndsTheFit(Quiet):
    def after_epoch(self, state):
        raise CancelFitException


class TrustsBeforeFit(Quiet):
    def before_fit(self, state):
        self.started = 0.0

    def after_fit(self, state):
        self.took = 1.0 - self.started


class HidesErrors(Quiet):
    def after_fit(self, state):
        if not state.finished:
            raise CancelFitException


class HoldsArrays(Quiet):
    def state_dict(self):
        return {"seen": np.arange(3)}


class LosesState(Quiet):
    def __init__(self):
        self.steps = 0

    def after_step(self, state):
        self.steps += 1

    def state_dict(self):
        return {"steps": self.steps}


class CannotTakeItBack(LosesState):
    def load_state_dict(self, state):
        self.steps = state["step"]


class SlowsDown(Quiet):
    """Halves the rate every third step, and forgets how often it has."""

    def __init__(self):
        self.steps = 0

    def before_batch(self, state):
        if state.training:
            self.steps += 1
            state.optimizer.param_groups[-1]["lr"] = 0.1 / (1 + self.steps // 3)


class CannotResume(Quiet):
    def before_fit(self, state):
        if state.resumed:
            raise RuntimeError("from the beginning, please")


class Blurs(Quiet):
    def before_batch(self, state):
        state.inputs = state.inputs * 0.5


class ChangesParameters(Quiet):
    def after_step(self, state):
        with torch.no_grad():
            for parameter in state.model.parameters():
                parameter.mul_(0.99)


class LooksAtPhotos(Quiet):
    """Stops where photos are bright, which kept outputs never are."""

    def after_pred(self, state):
        if state.training and state.inputs.shape[1] == 3:
            state.optimizer.param_groups[-1]["lr"] = 0.001


class NeedsPhotos(Quiet):
    def after_pred(self, state):
        _, channels, _, _ = state.inputs.shape
        if channels != 3:
            raise ValueError("no photo")


class Draws(Quiet):
    def before_batch(self, state):
        torch.rand(1)


class ChangesGradients(Quiet):
    def after_backward(self, state):
        for parameter in state.model.parameters():
            if parameter.grad is not None:
                parameter.grad *= 2


BROKEN = {
    WithoutState: (
        "WithoutState breaks a rule of callbacks: public methods with the names of events are events, and take the "
        "loop's state. Seen: after_batch(). Write `def after_batch(self, state)`; names of helper methods start with "
        "an underscore."
    ),
    MisspeltInABase: (
        "MisspeltInABase breaks a rule of callbacks: public methods with the names of events are events, and take "
        "the loop's state. Seen: after_batches; the events are before_fit, before_epoch, before_train, "
        "before_batch, after_pred, after_loss, before_backward, after_backward, before_step, after_step, "
        "after_batch, after_train, before_validate, after_validate, after_epoch, after_fit. Write `def "
        "after_batch(self, state)`; names of helper methods start with an underscore."
    ),
    OnlyOnce: (
        "OnlyOnce breaks a rule of callbacks: training works with it: fit, and fine_tune, which fits twice. Seen: "
        "fine_tune raised {torch_says}. Reset its state in before_fit(), so that one object can be used for several "
        "fits."
    ),
    NeedsValidation: (
        "NeedsValidation breaks a rule of callbacks: lr_find tries as many rates with it as without it. Seen:"
        " lr_find raised ValueError: no validation. Set in_lr_find = False if it may end a fit, or needs "
        "validation or whole epochs."
    ),
    EndsTheFit: (
        "EndsTheFit breaks a rule of callbacks: lr_find tries as many rates with it as without it. Seen: 3 "
        "rates instead of 4. Set in_lr_find = False if it may end a fit, or needs validation or whole epochs."
    ),
    TrustsBeforeFit: (
        "TrustsBeforeFit breaks a rule of callbacks: an error in the fit is passed on unchanged. Seen: after an "
        "error before the first epoch, AttributeError: 'TrustsBeforeFit' object has no attribute 'started'. "
        "after_fit() is also called after an error, even one in another callback's before_fit(): do not rely on "
        "anything set there."
    ),
    HidesErrors: (
        "HidesErrors breaks a rule of callbacks: an error in the fit is passed on unchanged. Seen: after an error "
        "before the first epoch, CancelFitException. after_fit() is also called after an error, even one in another "
        "callback's before_fit(): do not rely on anything set there."
    ),
    HoldsArrays: (
        "HoldsArrays breaks a rule of callbacks: state_dict returns numbers, text and tensors, and load_state_dict "
        "restores them. Seen: 'seen' is or holds int64 [3]. Convert arrays with .tolist() and paths with str(), and "
        "restore in load_state_dict() everything in state_dict()."
    ),
    LosesState: (
        "LosesState breaks a rule of callbacks: state_dict returns numbers, text and tensors, and load_state_dict "
        "restores them. Seen: 'steps' did not come back. Convert arrays with .tolist() and paths with str(), and "
        "restore in load_state_dict() everything in state_dict()."
    ),
    CannotTakeItBack: (
        "CannotTakeItBack breaks a rule of callbacks: state_dict returns numbers, text and tensors, and "
        "load_state_dict restores them. Seen: load_state_dict() raised KeyError: 'step'. Convert arrays with "
        ".tolist() and paths with str(), and restore in load_state_dict() everything in state_dict()."
    ),
    SlowsDown: (
        "SlowsDown breaks a rule of callbacks: interrupted and resumed training ends with the same parameters as "
        "uninterrupted training. Seen: 8 of 9 parameters and buffers differ. Include in state_dict() everything that "
        "later steps depend on, and do not reset it in before_fit() of a resumed fit (state.resumed is true there)."
    ),
    CannotResume: (
        "CannotResume breaks a rule of callbacks: interrupted and resumed training ends with the same parameters as "
        "uninterrupted training. Seen: a fit resumed after batch 1 raised {torch_says}. Include in state_dict() "
        "everything that later steps depend on, and do not reset it in before_fit() of a resumed fit (state.resumed "
        "is true there)."
    ),
    Blurs: (
        "Blurs breaks a rule of callbacks: with reads_only, no event except after_fit changes inputs, labels, "
        "predictions or parameters. Seen: before_batch changed inputs. Do not change them, or set reads_only = "
        "False."
    ),
    ChangesParameters: (
        "ChangesParameters breaks a rule of callbacks: with reads_only, no event except after_fit changes inputs, "
        "labels, predictions or parameters. Seen: after_step changed parameters. Do not change them, or set "
        "reads_only = False."
    ),
    LooksAtPhotos: (
        "LooksAtPhotos breaks a rule of callbacks: with reads_only, training the head on stored outputs of the "
        "frozen body gives the same result as training on photos. Seen: other parameters. Do not rely on "
        "state.inputs being photos, or set reads_only = False."
    ),
    NeedsPhotos: (
        "NeedsPhotos breaks a rule of callbacks: with reads_only, training the head on stored outputs of the frozen "
        "body gives the same result as training on photos. Seen: training on stored outputs raised ValueError: not "
        "enough values to unpack (expected 4, got 2). Do not rely on state.inputs being photos, or set reads_only = "
        "False."
    ),
    Draws: (
        "Draws breaks a rule of callbacks: an observer changes nothing: parameters are the same, bit for bit, as "
        "without it. Seen: 8 of 9 parameters and buffers differ. Do not change gradients, learning rates or random "
        "generators, or check it without observer=True."
    ),
    ChangesGradients: (
        "ChangesGradients breaks a rule of callbacks: an observer changes nothing: parameters are the same, bit for "
        "bit, as without it. Seen: 8 of 9 parameters and buffers differ. Do not change gradients, learning rates or "
        "random generators, or check it without observer=True."
    ),
}

#: Those that claim to be observers, too.
OBSERVERS = (Draws, ChangesGradients)


def run_broken(callback: type) -> None:
    check_callback(callback, observer=callback in OBSERVERS)


@pytest.mark.slow
@pytest.mark.parametrize("broken", BROKEN, ids=lambda callback: callback.__name__)
def test_broken_callbacks_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken].format(torch_says=described(err.value.__cause__))


@pytest.mark.slow
def test_what_changes_training_is_right_where_it_does_not_claim_to_read_only():
    class Brighter(Callback):
        def before_batch(self, state):
            state.inputs = state.inputs * 1.5

    check_callback(Brighter)


@pytest.mark.slow
def test_a_callback_that_ends_parts_of_the_fit_keeps_the_contract():
    class NoValidation(Callback):
        def before_validate(self, state):
            raise CancelValidException

    check_callback(NoValidation)


def test_the_callback_that_is_checked_stays_as_it_was():
    callback = LosesState()
    with pytest.raises(ContractError):
        check_callback(callback)
    assert callback.steps == 0


@pytest.mark.parametrize("given", [3, int])
def test_what_is_no_callback_is_refused(given):
    with pytest.raises(ArgumentError) as err:
        check_callback(given)
    assert str(err.value) == (
        f"callback is not a callback. Got: {3 if given == 3 else 0}. Expected: a Callback, its class, or a function "
        "that returns one."
    )
