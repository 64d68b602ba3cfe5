"""Callbacks: what listens to the loop, and how it may end a part of it early.

A callback's methods are named after events and receive the loop's explicit state. The order of events in one fit:

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

`after_fit` comes also after an error, so that what was opened is closed; the other `after_` events do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError

if TYPE_CHECKING:
    from gatera.learn.loop import LoopState

#: Every event a callback can listen to, in the order of the first pass through the loop.
EVENTS = (
    "before_fit", "before_epoch", "before_train", "before_batch", "after_pred", "after_loss", "before_backward",
    "after_backward", "before_step", "after_step", "after_batch", "after_train", "before_validate", "after_validate",
    "after_epoch", "after_fit",
)  # fmt: skip


class CancelStageException(Exception):
    """Base of the exceptions by which a callback ends a stage of the loop early and in good order."""


class CancelStepException(CancelStageException):
    """Skip this update of the parameters (gradients stay, so that the next batch adds to them)."""


class CancelBatchException(CancelStageException):
    """Skip the rest of this batch."""


class CancelTrainException(CancelStageException):
    """Skip the rest of this epoch's training part."""


class CancelValidException(CancelStageException):
    """Skip the rest of this epoch's validation part."""


class CancelEpochException(CancelStageException):
    """Skip the rest of this epoch."""


class CancelFitException(CancelStageException):
    """End the fit."""


class Callback:
    """Base class of callbacks. Define methods named after events (see `EVENTS`), each taking the loop's state.

    A public method whose name starts like an event's and is none raises at once, when the class is made: a misspelt
    event would otherwise never be called and never be noticed.

    Attributes:
        order: callbacks with a smaller order are called first.
        reads_only: whether the callback leaves inputs, labels, predictions and parameters as they are; it may steer
            the fit (rates, gradients, its end). Only then may the loop take shortcuts that skip the model's frozen part.
        in_lr_find: whether it takes part in `lr_find`, which has no validation and whose epochs mean nothing.

    Example:
        >>> class StopAfter(Callback):
        ...     def after_batch(self, state):
        ...         if state.step >= 10:
        ...             raise CancelFitException
    """

    order: ClassVar[int] = 0
    reads_only: ClassVar[bool] = False
    in_lr_find: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in vars(cls):
            if name.startswith(("before_", "after_", "on_")) and name not in EVENTS:
                raise ArgumentError(
                    f"{cls.__name__}.{name} is named like an event and is none", expected=listed(EVENTS, limit=20),
                    remedy=did_you_mean(name, EVENTS, "Start the names of helper methods with an underscore."),
                )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Return what must survive an interruption, as plain numbers, strings and tensors."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""


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

    def call(self, event: str, state: LoopState) -> None:
        """Tell every callback that listens to `event`."""
        for handler in self._handlers[event]:
            handler(state)

    def stage(
        self,
        name: str,
        cancel: type[CancelStageException],
        state: LoopState,
        body: Callable[[LoopState], None],
    ) -> None:
        """Run `body` between `before_<name>` and `after_<name>`; `cancel` raised before or in it skips the rest of it."""
        try:
            self.call(f"before_{name}", state)
            body(state)
        except cancel:
            pass
        self.call(f"after_{name}", state)


def as_callbacks(
    callbacks: Callback | type[Callback] | Iterable[Callback | type[Callback]] | None,
) -> list[Callback]:
    """Turn a callback, a callback class, or a list of either into a list of callbacks.

    Raises:
        ArgumentError: if something else is found among them.
    """
    if callbacks is None:
        return []
    found = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    made = [item() if isinstance(item, type) and issubclass(item, Callback) else item for item in found]
    for item in made:
        if not isinstance(item, Callback):
            raise ArgumentError(
                "cbs holds something that is not a callback", got=item, expected="Callback objects"
            )
    return made
