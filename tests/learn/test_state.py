from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.state import Callback, CallbackList, CancelBatchException, LoopState, as_callbacks


def make_state(callbacks=()) -> LoopState:
    model = nn.Linear(4, 2)
    return LoopState(
        model=model, whole=model, loss_func=F.cross_entropy, optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        train=[], valid=None, callbacks=CallbackList(callbacks), arithmetic=Arithmetic(torch.device("cpu"), "float32"),
        seed=0, epochs=3,
    )  # fmt: skip


def test_a_misspelt_event_is_an_error_when_the_class_is_made():
    with pytest.raises(ArgumentError) as err:

        class Wrong(Callback):
            def after_bacth(self, state):
                pass

    assert str(err.value) == (
        "Wrong.after_bacth is not an event. Available: before_fit, before_epoch, before_train, "
        "before_batch, after_pred, after_loss, before_backward, after_backward, before_step, after_step, after_batch, "
        "after_train, before_validate, after_validate, after_epoch, after_fit. Did you mean 'after_batch'?"
    )


def test_callbacks_are_called_by_order_and_only_for_events_they_have():
    called = []

    class Early(Callback):
        order = -5

        def before_fit(self, state):
            called.append("early")

    class Late(Callback):
        order = 5

        def before_fit(self, state):
            called.append("late")

    callbacks = CallbackList([Late(), Early()])
    callbacks.call("before_fit", None)
    callbacks.call("after_fit", None)
    assert called == ["early", "late"]


def test_a_cancelled_stage_still_ends_in_good_order():
    seen = []

    class Watch(Callback):
        def before_batch(self, state):
            seen.append("before")
            raise CancelBatchException

        def after_batch(self, state):
            seen.append("after")

    make_state([Watch()]).run_stage("batch", lambda state: seen.append("never"))
    assert seen == ["before", "after"]


def test_an_error_in_a_stage_passes_through_without_the_after_event():
    seen = []

    class Watch(Callback):
        def after_batch(self, state):
            seen.append("after")

    with pytest.raises(ZeroDivisionError):
        make_state([Watch()]).run_stage("batch", lambda state: 1 / 0)
    assert seen == []


def test_state_and_callbacks_show_themselves():
    class Twice(Callback):
        def __init__(self, factor, path=None):
            self.factor, self.path, self.losses = factor, path, [1.0, 2.0]
            self._secret = 3

    assert repr(Twice(2.0)) == "Twice(factor=2.0, path=None)"
    state = make_state([Twice(2)])
    assert repr(state.callbacks) == "CallbackList([Twice(factor=2, path=None)])"
    assert repr(state) == "LoopState(epoch 0 of 3, training, batch 0 of 0; Linear, cpu, float32)"
    state.training, state.step, state.steps, state.loss = False, 2, 5, torch.tensor(0.25)
    assert repr(state) == "LoopState(epoch 0 of 3, validation, batch 2 of 5, loss 0.25; Linear, cpu, float32)"


def test_classes_and_objects_are_both_callbacks():
    class Nothing(Callback):
        pass

    found = as_callbacks([Nothing, Nothing()])
    assert [type(item) for item in found] == [Nothing, Nothing]
    assert as_callbacks(None) == []


def test_something_else_is_refused():
    with pytest.raises(ArgumentError) as err:
        as_callbacks([3])
    assert (
        str(err.value) == "cbs contains something that is not a callback. Got: 3. Expected: Callback objects."
    )
