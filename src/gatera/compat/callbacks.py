"""Callbacks in fastai's form: events without the `state` argument, which read `self.model`, `self.loss` and the like."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable as Function
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from gatera.compat.lists import listify
from gatera.core.errors import ArgumentError
from gatera.learn import state as ours
from gatera.learn.callbacks.csv_logger import CSVLogger as _CSVLogger
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.callbacks.tracking import EarlyStoppingCallback as _EarlyStopping
from gatera.learn.callbacks.tracking import ReduceLROnPlateau as _ReduceLR
from gatera.learn.callbacks.tracking import SaveModelCallback as _SaveModel
from gatera.learn.callbacks.tracking import Tracker
from gatera.learn.optimizer import set_hyper
from gatera.learn.state import EVENTS, CallbackList, LoopState

#: fastai's name -> field of the loop's state.
_FIELDS = {
    "pred": "predictions", "loss": "loss", "loss_grad": "loss", "x": "inputs", "y": "labels", "model": "model",
    "opt": "optimizer", "loss_func": "loss_func", "training": "training", "epoch": "epoch", "n_epoch": "epochs",
    "iter": "step", "n_iter": "steps", "pct_train": "progress", "train_iter": "step",
}  # fmt: skip

PAGE = "docs/from-fastai.md, section Callbacks"


class LearnView:
    """The loop's state under the names of fastai's learner; what is set here changes the state.

    Args:
        state: the state of the fit.
    """

    def __init__(self, state: LoopState) -> None:
        object.__setattr__(self, "state", state)

    def __getattr__(self, name: str) -> Any:
        state: LoopState = object.__getattribute__(self, "state")
        if name in ("xb", "yb"):
            value = state.inputs if name == "xb" else state.labels
            return tuple(value) if isinstance(value, tuple) else (value,)
        if name == "dls":
            return SimpleNamespace(train=state.train, valid=state.valid)
        if name == "dl":
            return state.train if state.training else state.valid
        if name == "recorder":
            return Recorder.of(state.callbacks)
        if name == "smooth_loss":
            return Recorder.of(state.callbacks).losses[-1]
        if name in _FIELDS:
            return getattr(state, _FIELDS[name])
        if hasattr(type(state), name) or name in vars(state):
            return getattr(state, name)
        raise AttributeError(f"a callback's learn has no attribute {name!r}; see {PAGE}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("xb", "yb"):
            name, value = ("inputs", "labels")[name == "yb"], value[0] if len(value) == 1 else value
        setattr(self.state, _FIELDS.get(name, name), value)

    def set_hyper(self, name: str, value: float) -> None:
        """Set a hyperparameter of all parameter groups."""
        set_hyper(self.state.optimizer, name, [value])


class Callback(ours.Callback):
    """Base of callbacks: events take the loop's `state`, or as in fastai only `self`.

    An event without `state` finds the state under fastai's names, as attributes of itself and of `self.learn`; to change
    something it sets an attribute of `self.learn`.

    Attributes:
        run_before: a callback class that is called later than this one.
        run_after: a callback class that is called earlier.

    Example:
        >>> class Watch(Callback):
        ...     def after_batch(self): self.last = self.loss.item()
    """

    run_before: ClassVar[Any] = None
    run_after: ClassVar[Any] = None
    learn: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for event in EVENTS:
            method = vars(cls).get(event)
            if inspect.isfunction(method) and _takes_only_self(method):
                setattr(cls, event, _with_state(method))
        if "order" not in vars(cls):
            later, earlier = _orders_of(cls.run_before), _orders_of(cls.run_after)
            if later or earlier:
                cls.order = min(later) - 1 if later else max(earlier) + 1

    def __init__(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        learn = self.__dict__.get("learn")
        if learn is None or name.startswith("_") or name in EVENTS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(learn, name)

    @property
    def name(self) -> str:
        """The class's name in lower case, without "Callback"."""
        return ours.attribute_name(type(self))


def _takes_only_self(method: Function[..., Any]) -> bool:
    kinds = [parameter.kind for parameter in inspect.signature(method).parameters.values()]
    return len(kinds) == 1 and kinds[0] is not inspect.Parameter.VAR_POSITIONAL


def _with_state(method: Function[[Any], Any]) -> Function[[Any, LoopState], None]:
    @functools.wraps(method)
    def event(self: Any, state: LoopState) -> None:
        self.learn = LearnView(state)
        method(self)

    return event


def _orders_of(kinds: Any) -> list[int]:
    """Return when callbacks are called: of one class, or of several."""
    return [kind.order for kind in listify(kinds)]


def _less_is_better(comp: Any) -> bool | None:
    """Return what fastai's `comp` says: np.less or np.greater.

    Raises:
        ArgumentError: if it is another function.
    """
    if comp is None:
        return None
    name = getattr(comp, "__name__", str(comp))
    if name not in ("less", "greater", "lt", "gt"):
        raise ArgumentError("comp must be np.less or np.greater", got=name)
    return name in ("less", "lt")


class _Compared(Tracker):
    """A tracker that takes fastai's `comp`."""

    def __init__(self, monitor: str = "valid_loss", *args: Any, comp: Any = None, **options: Any) -> None:
        super().__init__(monitor, *args, **options)
        less = _less_is_better(comp)
        if less is not None:
            self.less = less
            self.best = self._worst


class SaveModelCallback(_Compared, _SaveModel):
    """Keep the parameters of the best epoch; see `gatera.learn.callbacks.tracking.SaveModelCallback`.

    Args:
        monitor: the column to watch.
        args: more arguments as there, by position.
        comp: np.less or np.greater; None to decide by the column's name.
        fname: also write the best parameters to models/<fname>.pth in the current folder.
        options: as there. fastai's `with_opt` has no effect.

    Raises:
        ArgumentError: if `comp` is another function, or `every_epoch` or `at_end` is asked for.
    """

    def __init__(
        self, monitor: str = "valid_loss", *args: Any, comp: Any = None, fname: str | None = None, **options: Any
    ) -> None:  # fmt: skip
        for name in ("every_epoch", "at_end"):
            if options.pop(name, False):
                raise ArgumentError(
                    f"SaveModelCallback has no {name}=",
                    remedy="It keeps the best epoch; for others use learn.save.",
                )
        options.pop("with_opt", None)
        if fname is not None:
            options.setdefault("path", Path("models") / f"{fname}.pth")
        super().__init__(monitor, *args, comp=comp, **options)


class EarlyStoppingCallback(_Compared, _EarlyStopping):
    """End a fit without improvement; see `gatera.learn.callbacks.tracking.EarlyStoppingCallback`.

    Args:
        monitor: the column to watch.
        args: more arguments as there, by position.
        comp: np.less or np.greater; None to decide by the column's name.
        options: as there.
    """


class ReduceLROnPlateau(_Compared, _ReduceLR):
    """Reduce the learning rate without improvement; see `gatera.learn.callbacks.tracking.ReduceLROnPlateau`.

    Args:
        monitor: the column to watch.
        args: more arguments as there, by position.
        comp: np.less or np.greater; None to decide by the column's name.
        options: as there.
    """


class CSVLogger(_CSVLogger):
    """Write the table of epochs to a file; see `gatera.learn.callbacks.csv_logger.CSVLogger`.

    Args:
        path: the file.
        append: append to an existing file.
        fname: another name for `path`.
    """

    def __init__(
        self, path: str | Path = "history.csv", append: bool = False, *, fname: str | Path | None = None
    ) -> None:  # fmt: skip
        super().__init__(path if fname is None else fname, append)


__all__ = [
    "CSVLogger", "Callback", "CallbackList", "EarlyStoppingCallback", "LearnView", "Recorder", "ReduceLROnPlateau",
    "SaveModelCallback",
]  # fmt: skip
