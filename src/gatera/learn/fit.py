"""One fit of a learner: gather its parts, run the loop over them, and lose nothing if it is interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from gatera.core.checks import check_at_least
from gatera.core.errors import ArgumentError
from gatera.data.loading.loaders import DataLoader
from gatera.kernels.fast_training import fast_training
from gatera.learn import checkpoint, loop
from gatera.learn.callback import Callback, CallbackList
from gatera.learn.checkpoint import Position, TrainingInterrupted
from gatera.learn.frozen_features import split_fixed
from gatera.learn.optimizer import group_lrs, load_named_state, named_state, set_hyper

if TYPE_CHECKING:
    from gatera.learn.trainer import Trainer


@dataclass(frozen=True)
class FitPlan:
    """What one fit is asked to do.

    Attributes:
        epochs: how many.
        lr: learning rate, slice, or one per parameter group.
        wd: weight decay for this fit; None keeps what the optimizer has.
        callbacks: for this fit, after the learner's own.
        phase: name of this part of a longer recipe.
        resume: checkpoint to go on from.
        reset_opt: forget the optimizer's memory first.
        validate: whether there is a validation part.
        save_interrupted: leave a checkpoint after Ctrl-C; False where there is nothing to go on with.
    """

    epochs: int
    lr: float | slice | Sequence[float]
    wd: float | None = None
    callbacks: Sequence[Callback] = ()
    phase: str = ""
    resume: Path | None = None
    reset_opt: bool = False
    validate: bool = True
    save_interrupted: bool = True


def run_fit(learn: Trainer, plan: FitPlan) -> None:
    """Run one fit.

    Raises:
        ArgumentError: if the number of epochs is below 1 or the checkpoint to resume is of another fit.
        TrainingInterrupted: after Ctrl-C; what was trained is in the checkpoint that its message names.
        KeyboardInterrupt: after Ctrl-C where no checkpoint is wanted.
    """
    check_at_least("n_epoch", plan.epochs, 1)
    if plan.reset_opt:
        learn.opt = None
    optimizer = learn.create_opt()
    set_hyper(optimizer, "lr", group_lrs(plan.lr, len(learn.groups)))
    if plan.wd is not None:
        set_hyper(optimizer, "wd", [plan.wd])
    callbacks = CallbackList([*learn.own_callbacks(), *learn.cbs, *plan.callbacks])
    state = _make_state(learn, plan, callbacks)
    if plan.resume is not None:
        _resume(learn, plan, plan.resume, state)
    # the optimizer may hold parameters whose gradient dates from before they were frozen
    optimizer.zero_grad()
    try:
        with torch.random.fork_rng(_cuda_devices(state.arithmetic.device)), kernels(learn, state.model):
            loop.fit(state)
    except KeyboardInterrupt as stop:
        if not plan.save_interrupted:
            raise
        raise _save_interrupted(learn, plan, state) from stop
    finally:
        learn.epochs_done = state.first_epoch + min(state.epoch + 1, state.epochs)


def _make_state(learn: Trainer, plan: FitPlan, callbacks: CallbackList) -> loop.LoopState:
    arithmetic = learn.arithmetic
    train, valid = learn.dls.train, learn.dls.valid if plan.validate else None
    model: nn.Module = learn.model
    if shortcut := _cached_loaders(learn, callbacks, [train] if valid is None else [train, valid]):
        model, loaders = shortcut
        train, valid = loaders[0], loaders[1] if valid is not None else None
    return loop.LoopState(
        model=model, whole=learn.model, loss_func=learn.loss_func, optimizer=learn.create_opt(), train=train,
        valid=valid, callbacks=callbacks, arithmetic=arithmetic, seed=learn.seed, epochs=plan.epochs,
        first_epoch=learn.epochs_done,
    )  # fmt: skip


def _cached_loaders(
    learn: Trainer, callbacks: CallbackList, loaders: Sequence[Any]
) -> tuple[nn.Module, list[Any]] | None:
    """Return the trained rest of the model with loaders of its frozen beginning's outputs, where nothing forbids it."""
    forbidden = (
        not learn.options.cache_features
        or any(not callback.reads_only for callback in callbacks)
        or any(not isinstance(loader, DataLoader) or loader.random for loader in loaders)
    )
    parts = None if forbidden else split_fixed(learn.model)
    if parts is None:
        return None
    fixed, rest = parts
    with kernels(learn, fixed):
        made = learn.feature_cache.loaders(fixed, loaders, learn.arithmetic, quiet=not learn.display.bar_on)
    return None if made is None else (rest, list(made))


@contextmanager
def kernels(learn: Trainer, model: nn.Module) -> Iterator[None]:
    """Run a block in which `model` computes by the fast kernels, where the learner's options and device allow them.

    Whatever runs the model in batches does it in this block: then validation after a fit gives what it gave in the fit.
    """
    if learn.options.fast_kernels and learn.arithmetic.device.type == "cpu":
        with fast_training(model):
            yield
    else:
        yield


def _cuda_devices(device: torch.device) -> list[int]:
    return [device.index or 0] if device.type == "cuda" else []


def _resume(learn: Trainer, plan: FitPlan, path: Path, state: loop.LoopState) -> None:
    """Put learner and loop where a checkpoint says they stood."""
    content = learn.load_checkpoint(path)
    position = Position(**content["position"])
    asked = replace(position, phase=plan.phase, epochs=plan.epochs, steps=len(state.train))
    if asked != position:
        raise ArgumentError(
            f"{path} was written by another fit",
            got=f"phase {plan.phase!r}, {plan.epochs} epochs of {len(state.train)} batches",
            expected=f"phase {position.phase!r}, {position.epochs} epochs of {position.steps} batches",
            remedy="Call the same method with the same data, batch size and epochs as before.",
        )
    load_named_state(state.optimizer, learn.model, content["opt"])
    state.arithmetic.load_state_dict(content.get("arithmetic", {}))  # older files lack it
    for callback, kept in zip(state.callbacks, content["callbacks"], strict=True):
        callback.load_state_dict(kept)
    state.epoch, state.step, state.first_epoch = position.epoch, position.step, position.first_epoch


def _save_interrupted(learn: Trainer, plan: FitPlan, state: loop.LoopState) -> TrainingInterrupted:
    position = Position(
        phase=plan.phase, epoch=state.epoch, step=state.step, epochs=state.epochs, steps=len(state.train),
        first_epoch=state.first_epoch, n_frozen=learn.n_frozen,
    )  # fmt: skip
    path = learn.model_path("interrupted")
    content = {
        "model": learn.model.state_dict(),
        "opt": named_state(state.optimizer, learn.model),
        "arithmetic": state.arithmetic.state_dict(),
        "position": position.to_dict(),
        "callbacks": [callback.state_dict() for callback in state.callbacks],
    }
    return TrainingInterrupted(checkpoint.write(path, content), position)
