"""The contract of callbacks."""

from __future__ import annotations

import copy
import inspect
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.learn.checkpoints.position import TrainingInterrupted
from gatera.learn.learner import Learner
from gatera.learn.state import EVENTS, Callback, LoopState
from gatera.testing.contract import Contract, Rule, described, piece_name, same, shaped
from gatera.testing.tiny import InterruptedLoader, one_thread, parameters, tiny_learner

EVENT = Rule(
    "public methods with the names of events are events, and take the loop's state",
    "Write `def after_batch(self, state)`; names of helper methods start with an underscore.",
)
RUNS = Rule(
    "training works with it: fit, and fine_tune, which fits twice",
    "Reset its state in before_fit(), so that one object can be used for several fits.",
)
LR_FIND = Rule(
    "lr_find tries as many rates with it as without it",
    "Set in_lr_find = False if it may end a fit, or needs validation or whole epochs.",
)
ERRORS = Rule(
    "an error in the fit is passed on unchanged",
    "after_fit() is also called after an error, even one in another callback's before_fit(): do not rely on anything set there.",
)
STATE = Rule(
    "state_dict returns numbers, text and tensors, and load_state_dict restores them",
    "Convert arrays with .tolist() and paths with str(), and restore in load_state_dict() everything in state_dict().",
)
RESUME = Rule(
    "interrupted and resumed training ends with the same parameters as uninterrupted training",
    "Include in state_dict() everything that later steps depend on, and do not reset it in before_fit() of a resumed fit "
    "(state.resumed is true there).",
)
READS = Rule(
    "with reads_only, no event except after_fit changes inputs, labels, predictions or parameters",
    "Do not change them, or set reads_only = False.",
)
SHORTCUT = Rule(
    "with reads_only, training the head on stored outputs of the frozen body gives the same result as training on photos",
    "Do not rely on state.inputs being photos, or set reads_only = False.",
)
OBSERVES = Rule(
    "an observer changes nothing: parameters are the same, bit for bit, as without it",
    "Do not change gradients, learning rates or random generators, or check it without observer=True.",
)

#: Number of epochs, and batches after which some fits are interrupted: in the middle and at the end of an epoch.
EPOCHS = 4
INTERRUPTIONS = (1, 6, 8)

#: Parts of the loop's state that a callback with `reads_only` must not change.
ONLY_READ = ("inputs", "labels", "predictions")

Maker = Callable[[], Callback]


def check_callback(callback: Callback | Maker, *, observer: bool = False) -> None:
    """Check a callback against its contract, by training a tiny model with it about a dozen times.

    Its events exist and take the loop's state; `fine_tune` and `lr_find` work with it; its `after_fit` does not hide an error in
    the fit; its `state_dict` can be saved and holds everything that a resumed fit needs; `reads_only` is true only if it changes
    nothing. The fits have 4 epochs of 3 batches, with `valid_loss` and `accuracy` in their table.

    Args:
        callback: the callback (copied, not changed), its class, or a function that returns one.
        observer: the callback only observes, so that training with and without it must give exactly the same result.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and the remedy.
        ArgumentError: if `callback` is not a callback and does not return one.

    Example:
        >>> from gatera.learn.callbacks.gradients import GradientClip
        >>> check_callback(GradientClip(0.1))
    """
    make = _maker(callback)
    contract = Contract(piece_name(make()), "callbacks")
    _check_events(contract, make())
    with tempfile.TemporaryDirectory() as name, one_thread():
        folder = Path(name)
        _check_fits(contract, make, folder)
        _check_errors(contract, make, folder)
        _check_state(contract, make, folder)
        _check_resume(contract, make, folder)
        if make().reads_only:
            _check_reads_only(contract, make, folder)
        if observer:
            with_it, without = (_fitted(folder, callbacks) for callbacks in ([make()], []))
            _require_equal(contract, OBSERVES, with_it, without)


def _maker(callback: Callback | Maker) -> Maker:
    make: Maker = (lambda: copy.deepcopy(callback)) if isinstance(callback, Callback) else callback
    made = make() if callable(make) else make
    if not isinstance(made, Callback):
        raise ArgumentError(
            "callback is not a callback",
            got=made,
            expected="a Callback, its class, or a function that returns one",
        )
    return make


def _check_events(contract: Contract, callback: Callback) -> None:
    for name in dir(type(callback)):
        if not name.startswith(("before_", "after_", "on_")):
            continue
        contract.require(name in EVENTS, EVENT, f"{name}; the events are {listed(EVENTS, len(EVENTS))}")
        method = getattr(callback, name)
        try:
            inspect.signature(method).bind(None)
        except TypeError as err:
            raise contract.broken(EVENT, f"{name}{inspect.signature(method)}") from err


def _check_fits(contract: Contract, make: Maker, folder: Path) -> None:
    with contract.running(RUNS, "fine_tune"):
        tiny_learner(folder, [make()], cache_features=False).fine_tune(1)
    with contract.running(LR_FIND, "lr_find"):
        tried, expected = (_rates_tried(tiny_learner(folder, callbacks)) for callbacks in ([make()], []))
    contract.require(tried == expected, LR_FIND, f"{tried} rates instead of {expected}")


def _rates_tried(learn: Learner) -> int:
    """Return how many rates `lr_find` tries, over several epochs; they are too small for the loss to diverge."""
    return len(learn.lr_find(end_lr=0.01, num_it=10, stop_div=False).lrs)


class _Stop(Exception):
    """The error raised in the fits of `_check_errors`."""


class _FailsAtStart(Callback):
    order = -(10**6)

    def before_fit(self, state: LoopState) -> None:
        raise _Stop


class _FailsInTraining(Callback):
    order = 10**6

    def after_backward(self, state: LoopState) -> None:
        raise _Stop


def _check_errors(contract: Contract, make: Maker, folder: Path) -> None:
    for failing, words in (
        (_FailsAtStart(), "before the first epoch"),
        (_FailsInTraining(), "in the first batch"),
    ):
        try:
            tiny_learner(folder, [make(), failing]).fit(1)
        except _Stop:
            continue
        except Exception as err:  # anything that hides the original error
            raise contract.broken(ERRORS, f"after an error {words}, {described(err)}") from err
        raise contract.broken(ERRORS, f"no error, after one {words}")


def _check_state(contract: Contract, make: Maker, folder: Path) -> None:
    used, fresh = make(), make()
    with contract.running(RUNS, "fit"):
        _fitted(folder, [used])
    with contract.running(STATE, "state_dict()"):
        kept = used.state_dict()
    odd = [f"{name!r} is or holds {shaped(value)}" for name, value in kept.items() if not _is_plain(value)]
    contract.require(not odd, STATE, ", ".join(odd))
    with contract.running(STATE, "load_state_dict()"):
        fresh.load_state_dict(copy.deepcopy(kept))
    found = fresh.state_dict()
    gone = [name for name in kept if not (name in found and same(kept[name], found[name]))]
    contract.require(not gone, STATE, f"{', '.join(map(repr, gone))} did not come back")


def _is_plain(value: Any) -> bool:
    """Whether a checkpoint can store a value; checkpoints are read without running any code from them."""
    if isinstance(value, dict):
        return all(_is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    # numpy's are subclasses
    return isinstance(value, Tensor) or type(value) in (
        bool,
        int,
        float,
        str,
        type(None),
    )


def _fitted(
    folder: Path, callbacks: list[Callback], frozen: bool = False, cache_features: bool = True
) -> dict[str, Tensor]:
    """Return the parameters after a fit."""
    learn = tiny_learner(folder, callbacks, cache_features=cache_features)
    if frozen:
        learn.freeze()
    learn.fit(EPOCHS)
    return parameters(learn)


def _require_equal(contract: Contract, rule: Rule, one: dict[str, Tensor], two: dict[str, Tensor]) -> None:
    differing = [name for name in one if not same(one[name], two[name])]
    contract.require(not differing, rule, f"{len(differing)} of {len(one)} parameters and buffers differ")


def _check_resume(contract: Contract, make: Maker, folder: Path) -> None:
    whole = _interruptible(folder, make(), None)
    whole.fit(EPOCHS)
    for after in INTERRUPTIONS:
        stopped = None
        try:
            _interruptible(folder, make(), after).fit(EPOCHS)
        except TrainingInterrupted as stop:
            stopped = stop
        if stopped is None:  # the callback ended the fit before that batch
            continue
        resumed = _interruptible(folder, make(), None)
        with contract.running(RESUME, f"a fit resumed after batch {after}"):
            resumed.fit(EPOCHS, resume=stopped.path)
        _require_equal(contract, RESUME, parameters(whole), parameters(resumed))


def _interruptible(folder: Path, callback: Callback, after: int | None) -> Learner:
    learn = tiny_learner(folder, [callback])
    learn.dls.train = InterruptedLoader(learn.dls.train, after)
    return learn


def _check_reads_only(contract: Contract, make: Maker, folder: Path) -> None:
    _fitted(folder, [_Witness(contract, make())])
    with contract.running(RUNS, "fit with a frozen body"):
        photos = _fitted(folder, [make()], frozen=True, cache_features=False)
    with contract.running(SHORTCUT, "training on stored outputs"):
        kept = _fitted(folder, [make()], frozen=True)
    close = all(
        torch.allclose(photos[name].float(), kept[name].float(), rtol=1e-4, atol=1e-5) for name in photos
    )
    contract.require(close, SHORTCUT, "other parameters")


class _Witness(Callback):
    """Wrap another callback, and record what changes while it handles an event."""

    reads_only: ClassVar[bool] = True

    def __init__(self, contract: Contract, watched: Callback) -> None:
        self._contract = contract
        self.order = watched.order  # type: ignore[misc]  # the order of the wrapped callback
        for event in EVENTS:
            handler = getattr(watched, event, None)
            if handler is not None:
                setattr(self, event, partial(self._handle, event, handler))

    def _handle(self, event: str, handler: Callable[[LoopState], None], state: LoopState) -> None:
        before = _snapshot(state)
        handler(state)
        now = _snapshot(state)
        changed = [name for name in now if not same(before[name], now[name])]
        if event != "after_fit":
            self._contract.require(not changed, READS, f"{event} changed {', '.join(changed)}")


def _snapshot(state: LoopState) -> dict[str, Any]:
    values = {name: getattr(state, name) for name in ONLY_READ}
    parts = {
        name: value.detach().clone() if isinstance(value, Tensor) else value for name, value in values.items()
    }
    return parts | {"parameters": {name: p.detach().clone() for name, p in state.whole.state_dict().items()}}
