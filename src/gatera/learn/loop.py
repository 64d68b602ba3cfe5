"""Samuel's loop: the first file to read.

    inputs -> MODEL -> predictions -> LOSS
                ^                      |
           parameters <--- update -----+

`fit` runs it for some epochs; every line of the picture is a line of `train_batch`. Whatever else happens (schedules,
progress, mixed precision, checkpoints) listens to events or stands behind one of the state's parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gatera.core.random import seed_torch
from gatera.learn.arithmetic import Arithmetic, as_float32
from gatera.learn.callback import (
    CallbackList,
    CancelBatchException,
    CancelEpochException,
    CancelFitException,
    CancelStepException,
    CancelTrainException,
    CancelValidException,
)
from gatera.learn.interrupt import StepGuard


class Batches(Protocol):
    """What the loop needs of a loader: it has a length and yields (inputs, labels), maybe with an `index`."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...


@dataclass
class LoopState:
    """Everything the loop works on. Callbacks receive it, read it, and may change it.

    Attributes:
        model, loss_func, optimizer: the parts; `arithmetic` holds device and precision.
        whole: the learner's whole model; `model` is its trained end where the frozen part's outputs are cached.
        train, valid: the loaders (`valid` may be None).
        epochs: how many epochs this fit has; `epoch` counts them from 0.
        step: updates or batches finished in this epoch; `steps` is how many the epoch has.
        first_epoch: epochs that earlier fits have run, so that no two epochs shuffle or draw alike.
        inputs, labels, index, predictions, loss: of the current batch; `index` int64 [N] or None.
        training: whether this is the training part of the epoch.
        finished: whether the fit came to its end, rather than to an error or Ctrl-C.
    """

    model: nn.Module
    whole: nn.Module
    loss_func: Any
    optimizer: torch.optim.Optimizer
    train: Batches
    valid: Batches | None
    callbacks: CallbackList
    arithmetic: Arithmetic
    seed: int
    epochs: int
    first_epoch: int = 0
    epoch: int = 0
    step: int = 0
    steps: int = 0
    training: bool = True
    inputs: Any = None
    labels: Any = None
    index: Tensor | None = None
    predictions: Any = None
    loss: Any = None
    finished: bool = False
    guard: StepGuard = field(default_factory=StepGuard)

    @property
    def progress(self) -> float:
        """The part of this fit's training that is done, 0..1."""
        return (self.epoch + self.step / max(self.steps, 1)) / self.epochs

    @property
    def resumed(self) -> bool:
        """In `before_fit`: whether this fit goes on where an interrupted one stood."""
        return self.epoch > 0 or self.step > 0


def fit(state: LoopState) -> None:
    """Run the epochs from where `state` stands; `state.step` > 0 skips batches that an earlier run has done."""
    state.guard.listen()
    try:
        state.callbacks.call("before_fit", state)
        run_epochs(state)
        state.finished = True
    except CancelFitException:
        state.finished = True
    finally:
        state.guard.stop()
        state.callbacks.call("after_fit", state)


def run_epochs(state: LoopState) -> None:
    """Train and validate, epoch after epoch."""
    for state.epoch in range(state.epoch, state.epochs):  # noqa: B020 - starts where the state stands
        state.callbacks.stage("epoch", CancelEpochException, state, one_epoch)
        state.step = 0


def one_epoch(state: LoopState) -> None:
    """Train on one split, validate on the other."""
    state.callbacks.stage("train", CancelTrainException, state, train_epoch)
    if state.valid is not None:
        state.callbacks.stage("validate", CancelValidException, state, validate_epoch)


def train_epoch(state: LoopState) -> None:
    """One pass over the training split, updating after every batch."""
    state.training, state.steps, done = True, len(state.train), state.step
    epoch = state.first_epoch + state.epoch
    set_epoch(state.train, epoch)
    for number, batch in enumerate(state.train):
        if number < done:
            continue
        with state.guard:  # Ctrl-C waits for the end of the update, so that no parameters are half changed
            take(state, batch)
            seed_torch(state.seed, epoch, number)
            state.callbacks.stage("batch", CancelBatchException, state, train_batch)
            state.step = number + 1


def train_batch(state: LoopState) -> None:
    """The picture: inputs to predictions to loss, and the update that flows back into the parameters."""
    call = state.callbacks.call
    forward(state)
    call("before_backward", state)
    state.arithmetic.backward(state.loss)
    call("after_backward", state)
    state.callbacks.stage("step", CancelStepException, state, update)


def update(state: LoopState) -> None:
    """New parameters from their gradients."""
    state.arithmetic.update(state.optimizer)
    state.optimizer.zero_grad()


def forward(state: LoopState) -> None:
    """Predictions and their loss, in the fit's arithmetic; the loss is always taken in float32."""
    with state.arithmetic.autocast():
        predictions = state.model(state.inputs)
    state.predictions = as_float32(predictions)
    state.callbacks.call("after_pred", state)
    state.loss = state.loss_func(state.predictions, state.labels)
    state.callbacks.call("after_loss", state)


def validate_epoch(state: LoopState) -> None:
    """One pass without updates, model in evaluation mode."""
    state.training = False
    was_training = {module: module.training for module in state.model.modules()}
    state.model.eval()
    try:
        with torch.no_grad():
            for batch in state.valid or ():
                take(state, batch)
                state.callbacks.stage("batch", CancelBatchException, state, forward)
    finally:
        for module, mode in was_training.items():
            module.training = mode
        state.training = True


def take(state: LoopState, batch: Any) -> None:
    """Put a batch into the state, on the right device."""
    state.index = getattr(batch, "index", None)
    inputs, labels = batch
    state.inputs, state.labels = state.arithmetic.to_device(inputs), state.arithmetic.to_device(labels)


def set_epoch(batches: Iterable[Any], epoch: int) -> None:
    """Tell a loader which epoch comes, where it wants to know (ours do; a plain torch loader need not)."""
    tell = getattr(batches, "set_epoch", None)
    if tell is not None:
        tell(epoch)


__all__ = ["Batches", "LoopState", "fit", "forward", "train_batch", "train_epoch", "validate_epoch"]
