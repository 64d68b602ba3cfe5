"""Stop training at a loss that is NaN or infinite. `Recorder` asks after each loss, and at the end of an epoch."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gatera.core.checks import counted
from gatera.core.errors import NonFiniteLossError
from gatera.learn.state import LoopState

#: On an accelerator, reading the loss waits for the device: losses are checked for NaN once in this many batches, and after the last.
CHECK_EVERY = 20


class UnreadLosses:
    """Losses of training batches that were not read from the device yet."""

    def __init__(self) -> None:
        self._losses: list[tuple[Tensor, int, int, Tensor | None]] = []  # loss, epoch, batch, items

    def __len__(self) -> int:
        return len(self._losses)

    def add(self, state: LoopState) -> None:
        """Add the loss of the batch that is trained on."""
        self._losses.append((state.loss.detach().mean(), state.epoch, state.step, state.index))

    def check(self, updates: int) -> None:
        """Read them all, and forget them.

        Args:
            updates: how many of their batches have changed the parameters.

        Raises:
            NonFiniteLossError: if one of them is NaN or infinite.
        """
        unread, self._losses = self._losses, []
        values = torch.stack([loss for loss, *_ in unread]).tolist() if unread else []
        for place, (value, (_, epoch, batch, index)) in enumerate(zip(values, unread, strict=True)):
            if not math.isfinite(value):
                items = "" if index is None else f" (items {', '.join(map(str, index[:4].tolist()))}, …)"
                raise _non_finite(value, f"epoch {epoch}, batch {batch}{items}", updates - place)


def _non_finite(value: float, batch: str, updates: int) -> NonFiniteLossError:
    """Return the error of a loss that is not finite, after which so many updates were made."""
    shown = "NaN" if math.isnan(value) else "infinite" if value > 0 else "minus infinite"
    stopped = "before the update" if updates < 1 else f"{counted(updates, 'update')} later"
    spoilt = (
        ""
        if updates < 1
        else ", and the parameters may be spoilt: create the learner again, or load saved ones"
    )
    return NonFiniteLossError(
        f"loss is {shown} at {batch}. Training stopped {stopped}{spoilt}",
        remedy="Lower the learning rate (learn.lr_find() suggests one), clip gradients with cbs=GradientClip(1.0), "
        "train with precision='float32', or check these items for labels that are NaN.",
    )
