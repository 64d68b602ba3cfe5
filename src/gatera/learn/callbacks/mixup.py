"""MixUp and CutMix: train on blends of two photos with blended labels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatera.core.checks import check_at_least
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.learn.state import Callback, LoopState


class _Blend(Callback):
    """Base of MixUp and CutMix: blends each item with another one of the batch, and their losses by the same share."""

    order = 40

    def __init__(self, alpha: float) -> None:
        check_at_least("alpha", alpha, 1e-6)
        self.alpha = alpha
        self._loss_func: Any = None
        self._partner: Tensor | None = None
        self._keep: Tensor | None = None

    def before_train(self, state: LoopState) -> None:
        """Replace the loss by the blended loss during training."""
        if not isinstance(state.inputs, Tensor | None):
            raise ArgumentError(f"{type(self).__name__} blends photos, but this model takes several inputs")
        blends = [type(each).__name__ for each in state.callbacks if isinstance(each, _Blend)]
        if len(blends) > 1:  # the labels of a blend of blends have no single share
            raise ArgumentError(
                "photos can be blended in one way only", got=" and ".join(blends), remedy="Give one of them."
            )
        self._loss_func, state.loss_func = state.loss_func, self._blended_loss

    def after_train(self, state: LoopState) -> None:
        """Restore the loss: validation uses unblended photos."""
        state.loss_func = self._loss_func

    def after_fit(self, state: LoopState) -> None:
        """Restore the loss also if training was interrupted."""
        if self._loss_func is not None:
            state.loss_func = self._loss_func

    def before_batch(self, state: LoopState) -> None:
        """Blend the inputs. The random numbers depend only on (seed, epoch, step)."""
        if not state.training:
            return
        self._check(state.labels)
        draw = rng(state.seed, state.first_epoch + state.epoch, state.step)
        n = len(state.labels)
        self._partner = torch.from_numpy(draw.permutation(n)).to(state.inputs.device)
        state.inputs, keep = self._blend(state.inputs, self._partner, draw)
        self._keep = keep.to(state.inputs.device)  # [N] share of the loss that the item's own label has

    def _blend(self, inputs: Tensor, partner: Tensor, draw: Any) -> tuple[Tensor, Tensor]:
        raise NotImplementedError

    def _check(self, labels: Any) -> None:
        """Raise ArgumentError if labels of this shape cannot be blended."""

    def _blended_loss(self, predictions: Tensor, labels: Tensor) -> Tensor:
        if self._keep is None:  # this batch was not blended
            return self._loss_func(predictions, labels)
        loss = self._loss_func.per_item(predictions, labels)
        other = self._loss_func.per_item(predictions, labels[self._partner])
        return torch.lerp(other, loss, self._keep).mean()


class MixUp(_Blend):
    """Blend each photo with another one, pixel by pixel.

    Args:
        alpha: parameter of the Beta distribution of the share; larger values blend more evenly.

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization" (arXiv 1710.09412); default as in fastai.
    """

    def __init__(self, alpha: float = 0.4) -> None:
        super().__init__(alpha)

    def _blend(self, inputs: Tensor, partner: Tensor, draw: Any) -> tuple[Tensor, Tensor]:
        share = draw.beta(self.alpha, self.alpha, len(inputs)).astype("float32")
        keep = torch.from_numpy(share).to(inputs.device)
        # the item itself has the larger share, so pairs are not drawn twice
        keep = torch.maximum(keep, 1 - keep)
        weight = keep.view(-1, *[1] * (inputs.ndim - 1))  # [N] -> [N,1,1,1]
        return torch.lerp(inputs[partner], inputs, weight), keep


class CutMix(_Blend):
    """Paste a rectangle of another photo into each photo.

    Args:
        alpha: parameter of the Beta distribution of the rectangle's area.

    Source: Yun et al., "CutMix" (arXiv 1905.04899), one rectangle per batch; default as in fastai.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha)

    def _check(self, labels: Any) -> None:
        if isinstance(labels, Tensor) and labels.ndim > 2:
            raise ArgumentError(
                "CutMix cannot be used with masks: it pastes photos only",
                got=f"labels {list(labels.shape)}",
                remedy="Use MixUp.",
            )

    def _blend(self, inputs: Tensor, partner: Tensor, draw: Any) -> tuple[Tensor, Tensor]:
        height, width = inputs.shape[-2:]
        side = (1 - draw.beta(self.alpha, self.alpha)) ** 0.5
        cut_h, cut_w = int(height * side), int(width * side)
        y, x = int(draw.integers(height)), int(draw.integers(width))
        top, bottom = max(y - cut_h // 2, 0), min(y + cut_h // 2, height)
        left, right = max(x - cut_w // 2, 0), min(x + cut_w // 2, width)
        mixed = inputs.clone()
        mixed[..., top:bottom, left:right] = inputs[partner][..., top:bottom, left:right]
        keep = 1 - (bottom - top) * (right - left) / (height * width)
        return mixed, torch.full((len(inputs),), keep)
