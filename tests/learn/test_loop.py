from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gatera.learn import loop
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.state import (
    EVENTS,
    Callback,
    CallbackList,
    CancelEpochException,
    CancelFitException,
    CancelStepException,
    LoopState,
)


def make_batches(n_batches=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(8, 6, generator=generator), torch.randint(0, 3, (8,), generator=generator))
        for _ in range(n_batches)
    ]


def make_model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))


def make_state(model, batches, callbacks=(), valid=None, epochs=2, opt=torch.optim.SGD, lr=0.1):
    return LoopState(
        model=model, whole=model, loss_func=F.cross_entropy, optimizer=opt(model.parameters(), lr=lr),
        train=batches, valid=valid, callbacks=CallbackList(callbacks),
        arithmetic=Arithmetic(torch.device("cpu"), "float32"), seed=0, epochs=epochs,
    )  # fmt: skip


def test_the_loop_equals_a_hand_written_one_bit_for_bit():
    batches, ours, theirs = make_batches(), make_model(), make_model()
    loop.fit(make_state(ours, batches, opt=torch.optim.AdamW, lr=1e-2))

    optimizer = torch.optim.AdamW(theirs.parameters(), lr=1e-2)
    for _ in range(2):
        for x, y in batches:
            loss = F.cross_entropy(theirs(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_events_come_in_their_documented_order():
    seen = []

    def note(event):
        return lambda self, state: seen.append(event)

    Watch = type("Watch", (Callback,), {event: note(event) for event in EVENTS})
    loop.fit(make_state(make_model(), make_batches(1), [Watch()], valid=make_batches(1), epochs=1))
    batch = ["before_batch", "after_pred", "after_loss"]
    assert seen == [
        "before_fit", "before_epoch", "before_train", *batch, "before_backward", "after_backward", "before_step",
        "after_step", "after_batch", "after_train", "before_validate", *batch, "after_batch", "after_validate",
        "after_epoch", "after_fit",
    ]  # fmt: skip


def test_validation_changes_no_parameters_and_gives_the_modes_back():
    model = make_model()
    model[1].eval()
    state = make_state(model, make_batches(), valid=make_batches())
    before = copy.deepcopy(model.state_dict())
    loop.validate_epoch(state)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert (model.training, model[1].training) == (True, False)


def test_a_cancelled_fit_ends_in_good_order():
    seen = []

    class Stop(Callback):
        def after_batch(self, state):
            if state.step == 2:
                raise CancelFitException

        def after_fit(self, state):
            seen.append((state.epoch, state.step, state.finished))

    loop.fit(make_state(make_model(), make_batches(), [Stop()]))
    assert seen == [(0, 2, True)]


def test_a_cancelled_epoch_goes_on_with_the_next():
    epochs = []

    class Skip(Callback):
        def before_train(self, state):
            epochs.append(state.epoch)
            raise CancelEpochException

    loop.fit(make_state(make_model(), make_batches(), [Skip()], epochs=3))
    assert epochs == [0, 1, 2]


def test_a_skipped_step_keeps_its_gradients_for_the_next():
    class Twice(Callback):
        def before_step(self, state):
            if state.step % 2 == 0:
                raise CancelStepException

    model, reference = make_model(), make_model()
    batches = make_batches(2)
    loop.fit(make_state(model, batches, [Twice()], epochs=1))
    optimizer = torch.optim.SGD(reference.parameters(), lr=0.1)
    for x, y in batches:
        F.cross_entropy(reference(x), y).backward()
    optimizer.step()
    torch.testing.assert_close(model[0].weight, reference[0].weight, rtol=0, atol=0)


def test_a_callback_may_change_what_the_model_sees():
    class Double(Callback):
        def before_batch(self, state):
            state.inputs = state.inputs * 0

    seen = []

    class Watch(Callback):
        order = 1

        def after_pred(self, state):
            seen.append(float(state.inputs.abs().sum()))

    loop.fit(make_state(make_model(), make_batches(1), [Double(), Watch()], epochs=1))
    assert seen == [0.0]


def test_dropout_draws_depend_on_seed_epoch_and_step_only():
    def run(noise):
        model = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.5), nn.Linear(16, 3))
        torch.manual_seed(1)
        for layer in (model[0], model[2]):
            layer.reset_parameters()
        torch.manual_seed(noise)
        loop.fit(make_state(model, make_batches()))
        return model[0].weight

    assert torch.equal(run(noise=5), run(noise=6))


def test_an_error_in_a_callback_still_closes_the_fit():
    closed = []

    class Broken(Callback):
        def after_loss(self, state):
            raise RuntimeError("mine")

        def after_fit(self, state):
            closed.append(state.finished)

    with pytest.raises(RuntimeError, match="mine"):
        loop.fit(make_state(make_model(), make_batches(), [Broken()]))
    assert closed == [False]
