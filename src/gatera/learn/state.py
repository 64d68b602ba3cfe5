"""The state of the training loop, and the callbacks that watch and steer it.

A callback's methods are named after events and receive the loop's state. The order of events in one fit:

    before_fit
      before_epoch
        before_train
          before_batch  after_pred  after_loss  before_backward  after_backward  before_step  after_step  after_batch
        after_train
        before_validate
          before_batch  after_pred  after_loss  after_batch
        after_validate
      after_epoch
    after_fit

`after_fit` is called even after an error, so that a callback can close what it opened; the other `after_` events are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.signals import StepGuard

#: Every event a callback can listen to, in the order of the first pass through the loop.
EVENTS = (
    "before_fit", "before_epoch", "before_train", "before_batch", "after_pred", "after_loss", "before_backward",
    "after_backward", "before_step", "after_step", "after_batch", "after_train", "before_validate", "after_validate",
    "after_epoch", "after_fit",
)  # fmt: skip


class CancelStageException(Exception):
    """Base of the exceptions with which a callback ends a stage of the loop early."""


class CancelStepException(CancelStageException):
    """Skip this update of the parameters. Gradients are kept, so the next batch adds to them."""


class CancelBatchException(CancelStageException):
    """Skip the rest of this batch."""


class CancelTrainException(CancelStageException):
    """Skip the rest of training in this epoch."""


class CancelValidException(CancelStageException):
    """Skip the rest of validation in this epoch."""


class CancelEpochException(CancelStageException):
    """Skip the rest of this epoch."""


class CancelFitException(CancelStageException):
    """End the fit."""


#: Types of the attributes that a callback's repr shows.
PLAIN = (bool, int, float, str, type(None))

#: The stages of the loop, each with the exception that ends it early. A stage has two events: before_<name>, after_<name>.
STAGES: dict[str, type[CancelStageException]] = {
    "epoch": CancelEpochException, "train": CancelTrainException, "validate": CancelValidException,
    "batch": CancelBatchException, "step": CancelStepException,
}  # fmt: skip


class Callback:
    """Base class of callbacks. Define methods named after events (see `EVENTS`), each taking the loop's state.

    A public method that starts with `before_`, `after_` or `on_` but is not an event raises an error when the class is
    defined: a misspelt event would otherwise never be called.

    Attributes:
        order: callbacks with a smaller order are called first.
        reads_only: whether the callback leaves inputs, labels, predictions and parameters unchanged. It may still change
            learning rates and gradients, or end the fit. If all callbacks are read-only, a frozen body runs only once.
        leaves_inputs: whether it leaves inputs, labels and parameters unchanged, though not predictions: a frozen body still
            runs only once.
        in_lr_find: whether it runs in `lr_find`, which has no validation and cuts epochs short.

    Example:
        >>> class StopAfter(Callback):
        ...     def after_batch(self, state):
        ...         if state.step >= 10:
        ...             raise CancelFitException
    """

    order: ClassVar[int] = 0
    reads_only: ClassVar[bool] = False
    leaves_inputs: ClassVar[bool] = False
    in_lr_find: ClassVar[bool] = True

    #: Attributes that a checkpoint keeps, with their own names, without an underscore before them.
    _kept_to_resume: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in vars(cls):
            if name.startswith(("before_", "after_", "on_")) and name not in EVENTS:
                raise ArgumentError(
                    f"{cls.__name__}.{name} is not an event", available=listed(EVENTS, limit=20),
                    remedy=did_you_mean(name, EVENTS, "Start the names of helper methods with an underscore."),
                )  # fmt: skip

    def __repr__(self) -> str:
        public = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        plain = [f"{name}={value!r}" for name, value in public.items() if isinstance(value, PLAIN)]
        return f"{type(self).__name__}({', '.join(plain)})"

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must contain to resume: numbers, strings and tensors."""
        return {name.removeprefix("_"): getattr(self, name) for name in self._kept_to_resume}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        for name in self._kept_to_resume:
            setattr(self, name, state[name.removeprefix("_")])


def attribute_name(kind: type) -> str:
    """Return the name under which a learner offers a callback: "activation_stats" for `ActivationStats`."""
    name = kind.__name__.removesuffix("Callback") or kind.__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class CallbackList:
    """Callbacks in calling order, with the handlers of each event looked up once."""

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self.callbacks = sorted(callbacks, key=lambda callback: callback.order)
        self._handlers = {
            event: [method for callback in self.callbacks if (method := getattr(callback, event, None))]
            for event in EVENTS
        }

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)

    def __repr__(self) -> str:
        return f"CallbackList({self.callbacks!r})"

    def call(self, event: str, state: LoopState) -> None:
        """Call every callback that has a method for `event`."""
        for handler in self._handlers[event]:
            handler(state)


class Batches(Protocol):
    """What the loop needs from a loader: a length, and (inputs, labels) pairs that may have an `index`."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...


@dataclass(repr=False)
class LoopState:
    """Everything the loop works on. Callbacks receive it, read it, and may change it.

    Attributes:
        model, loss_func, optimizer: what is trained, and how; `arithmetic` holds device and precision.
        whole: the learner's whole model; `model` is only its last part if the frozen body's outputs are cached.
        train, valid: the loaders (`valid` may be None).
        epochs: number of epochs in this fit; `epoch` counts them from 0.
        step: batches finished in this epoch, out of `steps`.
        first_epoch: number of epochs in earlier fits, so that no two epochs share a shuffle or random draws.
        inputs, labels, index, predictions, loss: of the current batch; `index` int64 [N] or None.
        training: True in the training part of an epoch, False in validation.
        finished: whether the fit ended normally, not by an error or Ctrl-C.
        keep: called between updates, where everything is consistent, to write a checkpoint if it is time for one; with the
            exception after a stop.
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
    keep: Callable[[KeyboardInterrupt | None], None] = lambda stop: None
    guard: StepGuard = field(default_factory=StepGuard)

    def __repr__(self) -> str:
        part = "training" if self.training else "validation"
        loss = "" if self.loss is None else f", loss {float(self.loss.detach().mean()):.4g}"
        return (
            f"LoopState(epoch {self.epoch} of {self.epochs}, {part}, batch {self.step} of {self.steps}{loss}; "
            f"{type(self.whole).__name__}, {self.arithmetic})"
        )

    @property
    def progress(self) -> float:
        """How much of this fit's training is done, 0..1."""
        return (self.epoch + self.step / max(self.steps, 1)) / self.epochs

    @property
    def resumed(self) -> bool:
        """In `before_fit`: whether this fit resumes an interrupted one."""
        return self.epoch > 0 or self.step > 0

    def call(self, event: str) -> None:
        """Call every callback that has a method for `event`."""
        self.callbacks.call(event, self)

    def run_stage(self, name: str, body: Callable[[LoopState], None]) -> None:
        """Run `body` between the events before_<name> and after_<name>; the stage's Cancel exception skips the rest of it."""
        try:
            self.call(f"before_{name}")
            body(self)
        except STAGES[name]:
            pass
        self.call(f"after_{name}")


def as_callbacks(
    callbacks: Callback | type[Callback] | Iterable[Callback | type[Callback]] | None,
) -> list[Callback]:
    """Turn a callback, a callback class, or a list of either into a list of callbacks.

    Raises:
        ArgumentError: if one of them is not a callback.
    """
    if callbacks is None:
        return []
    found = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    made = [item() if isinstance(item, type) and issubclass(item, Callback) else item for item in found]
    for item in made:
        if not isinstance(item, Callback):
            raise ArgumentError(
                "cbs contains something that is not a callback", got=item, expected="Callback objects"
            )
    return made
