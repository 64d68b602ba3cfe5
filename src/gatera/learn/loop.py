"""Samuel's loop: the first file to read.

    inputs -> MODEL -> predictions -> LOSS
                ^                      |
           parameters <--- update -----+

`train_batch` is this picture; `fit`, at the end, runs it over batches and epochs. Schedules, progress bars, mixed
precision and checkpoints are callbacks or parts of the state (see `state.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch

from gatera.core.random import TURN, seed_torch
from gatera.core.signatures import call
from gatera.data.loading.batch import as_pair
from gatera.learn.arithmetic import as_float32, evaluating
from gatera.learn.inference.parts import gradients_in_parts, outputs
from gatera.learn.state import Batches, CancelEpochException, CancelFitException, LoopState


def train_batch(state: LoopState) -> None:
    """Compute predictions and loss, then gradients, then new parameters."""
    if not gradients_in_parts(state):  # large photos do not fit into memory all at once
        forward(state)
        state.call("before_backward")
        state.arithmetic.backward(state.loss)
        state.call("after_backward")
    state.run_stage("step", update)


def forward(state: LoopState) -> None:
    """Compute predictions in the fit's precision, and their loss, always in float32."""
    if state.training:
        with state.arithmetic.autocast():
            predictions = call(state.model, state.inputs)
        state.predictions = as_float32(predictions)
    else:
        state.predictions = outputs(state.model, state.inputs, state.arithmetic)
    state.call("after_pred")
    state.loss = state.loss_func(state.predictions, state.labels)
    state.call("after_loss")


def update(state: LoopState) -> None:
    """Change the parameters by their gradients."""
    state.arithmetic.update(state.optimizer)
    state.optimizer.zero_grad()


def train_epoch(state: LoopState) -> None:
    """Train on every batch of the training set; `state.step` > 0 skips batches that an interrupted run has done."""
    state.training, state.steps, done = True, len(state.train), state.step
    epoch = state.first_epoch + state.epoch
    set_epoch(state.train, epoch)
    for number, batch in remaining(state.train, done):
        # Ctrl-C waits until the update is complete, so the parameters stay consistent
        with TURN, state.guard:
            take(state, batch)
            seed_torch(state.seed, epoch, number)
            with state.arithmetic.threads(state.model, state.inputs):
                state.run_stage("batch", train_batch)
            state.step = number + 1
        state.keep(None)


def validate_epoch(state: LoopState) -> None:
    """Compute predictions and loss for every batch of the validation set, without updates."""
    state.training = False
    try:
        for batch in state.valid or ():
            with evaluating(state.model), torch.no_grad():
                take(state, batch)
                state.run_stage("batch", forward)
    finally:
        state.training = True


def one_epoch(state: LoopState) -> None:
    """Train, then validate."""
    state.run_stage("train", train_epoch)
    if state.valid is not None:
        state.run_stage("validate", validate_epoch)


def fit(state: LoopState) -> None:
    """Run the remaining epochs, from `state.epoch` and `state.step` on."""
    state.guard.listen()
    try:
        state.call("before_fit")
        while state.epoch < state.epochs:
            whole_epoch(state)
            state.keep(None)
        state.finished = True
    except CancelFitException:
        state.finished = True
    except KeyboardInterrupt as stop:
        state.keep(stop)  # before `after_fit`: a callback may fail to write to a terminal that is gone
        raise
    finally:
        state.guard.stop()
        state.call("after_fit")


def whole_epoch(state: LoopState) -> None:
    """Run an epoch between its two events, and count it."""
    try:
        state.call("before_epoch")
        one_epoch(state)
    except CancelEpochException:
        pass
    with state.guard:  # or a stopped run would come with the epoch's row, and without having counted it
        state.call("after_epoch")
        state.epoch, state.step = state.epoch + 1, 0


def take(state: LoopState, batch: Any) -> None:
    """Put a batch into the state, on the right device."""
    index = getattr(batch, "index", None)  # of a plain list or tuple, that is a method
    state.index = index if isinstance(index, torch.Tensor) else None
    inputs, labels = as_pair(batch)
    state.inputs, state.labels = state.arithmetic.to_device(inputs), state.arithmetic.to_device(labels)


def remaining(batches: Batches, done: int) -> Iterator[tuple[int, Any]]:
    """Yield the number of each batch and the batch, without the first `done`; our loaders do not read those."""
    if done >= len(batches):
        return iter(())
    later = getattr(batches, "batches_from", None)
    return islice(enumerate(batches), done, None) if later is None else enumerate(later(done), done)


def set_epoch(batches: Batches, epoch: int) -> None:
    """Tell a loader which epoch comes next, if it has a method for that (a plain torch loader has none)."""
    tell = getattr(batches, "set_epoch", None)
    if tell is not None:
        tell(epoch)
