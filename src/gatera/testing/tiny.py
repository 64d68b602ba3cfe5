"""A learner that trains in milliseconds, for checks of callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.random import torch_seeded
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.data.sources.labels import ItemGetter
from gatera.data.splits.by_position import IndexSplitter
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.learn.state import Callback
from gatera.models.backbones.architectures import Architecture
from gatera.models.backbones.timm_backbone import BackboneFacts
from gatera.models.vision.body import Body
from gatera.testing.examples import example_photos

#: Total number of photos, and number of validation photos.
N_PHOTOS, N_VALID = 15, 4

#: Items per batch: three batches per epoch, the last of three items.
BATCH_SIZE = 3

#: Pixels on each side of a photo.
SIDE = 8


@contextmanager
def one_thread() -> Iterator[None]:
    """Run a block with a single torch thread: for such a small model more threads only slow each other down."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def tiny_loaders() -> DataLoaders:
    """Return loaders of 11 training and 4 validation photos, 8 x 8 pixels, of three classes."""
    photos = example_photos([(SIDE, SIDE)] * N_PHOTOS)
    items = [(photo, f"class {number % 3}") for number, photo in enumerate(photos)]
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_x=ItemGetter(0), get_y=ItemGetter(1),
        splitter=IndexSplitter(range(N_PHOTOS - N_VALID, N_PHOTOS)),
    )  # fmt: skip
    return block.dataloaders(items, bs=BATCH_SIZE, seed=0, num_workers=0, device="cpu", cache=False)


def tiny_model() -> nn.Sequential:
    """Return a body with batch norm and a head with dropout, always with the same parameters."""
    with torch_seeded(0):
        body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3))
        return nn.Sequential(body, head)


def tiny_body(layers: nn.Sequential, num_features: int) -> Body:
    """Return layers as the body of a vision model: [N,3,H,W] -> [N,num_features,h,w]."""
    facts = BackboneFacts((0.5,) * 3, (0.5,) * 3, (8, 8), False, ("0",), (), None, None)
    return Body(Architecture("mine", "mine"), facts, layers, nn.Identity(), (num_features, True), "random")


def tiny_learner(folder: Path, callbacks: list[Callback], *, cache_features: bool = True) -> Learner:
    """Return a learner with `tiny_model` and `tiny_loaders`, in float32 on the CPU, that prints nothing.

    Args:
        folder: folder for its checkpoints.
        callbacks: callbacks for all its fits.
        cache_features: run a frozen body only once.
    """
    options = TrainingOptions(precision="float32", fast_kernels=False, cache_features=cache_features)
    learn = Learner(
        tiny_loaders(), tiny_model(), lr=0.05, splitter=_halves, cbs=callbacks, metrics="accuracy", path=folder,
        options=options,
    )  # fmt: skip
    learn.display.bar_on = learn.display.table_on = False
    return learn


def _halves(model: nn.Module) -> list[list[nn.Parameter]]:
    return [list(part.parameters()) for part in model.children()]


def parameters(learn: Learner) -> dict[str, Tensor]:
    """Return a copy of the model's parameters and buffers by name."""
    return {name: value.detach().clone() for name, value in learn.model.state_dict().items()}


class InterruptedLoader:
    """Yield the batches of another loader, and raise KeyboardInterrupt after some of them.

    Args:
        loader: the other loader.
        after: number of batches, counted over all epochs, before the interrupt; None for never.
    """

    def __init__(self, loader: DataLoader, after: int | None) -> None:
        self.loader, self.left = loader, after

    def __len__(self) -> int:
        return len(self.loader)

    def set_epoch(self, epoch: int) -> None:
        """Pass the epoch on."""
        self.loader.set_epoch(epoch)

    def __iter__(self) -> Iterator[Any]:
        for batch in self.loader:
            if self.left == 0:
                raise KeyboardInterrupt
            if self.left is not None:
                self.left -= 1
            yield batch
