"""`DataBlock`, `Resize` and `TextLearner` as notebooks call them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.core.signatures import spelled_out
from gatera.data import datablock as ours
from gatera.data.loading.loaders import DataLoaders
from gatera.data.transforms import item as items
from gatera.data.transforms.torchvision import as_list
from gatera.learn.callbacks.recurrent import ModelResetter, RNNRegularizer
from gatera.learn.optimizer import Adam
from gatera.learn.options import LEARNER_DEFAULTS, OtherLearnerArguments
from gatera.learn.state import as_callbacks
from gatera.text import learner as texts
from gatera.text.block import TextBlock

#: fastai's keywords of loaders that have no counterpart in `DataBlock.dataloaders`, and what to do instead.
_REFUSED = {
    "before_batch": "Blocks pad and stack by themselves. For your own function: Datasets(items, tfms).dataloaders(before_batch=).",
    "after_item": "Pass item_tfms= to DataBlock, or use Datasets(items, tfms).dataloaders(after_item=).",
    "after_batch": "Pass batch_tfms= to DataBlock, or use Datasets(items, tfms).dataloaders(after_batch=).",
    "dl_type": "Texts are sorted by length by themselves; for other loaders use Datasets(items, tfms).dataloaders(dl_type=).",
}


class DataBlock(ours.DataBlock):
    """A recipe for data; see `gatera.data.datablock.DataBlock`. Its `dataloaders` also takes fastai's `seq_len` for texts."""

    def dataloaders(self, source: Any, path: str | Path = ".", **options: Any) -> DataLoaders:
        """Make the data sets and their loaders.

        Args:
            source: as in `gatera.data.datablock.DataBlock.dataloaders`.
            path: folder where the job's files go.
            **options: as there; and `seq_len`, the number of words of a `TextBlock` that are read at once.

        Raises:
            ArgumentError: if a keyword of fastai's is not supported; the message says what to do.
        """
        for name, remedy in _REFUSED.items():
            if options.pop(name, None) is not None:
                raise ArgumentError(f"DataBlock.dataloaders has no {name}=", remedy=remedy)
        options.pop("verbose", None)
        seq_len = options.pop("seq_len", None)
        recipe = self if seq_len is None else replace(self, blocks=self._reading(seq_len))
        return ours.DataBlock.dataloaders(recipe, source, path, **options)

    def _reading(self, seq_len: int) -> tuple[Any, ...]:
        made = [
            block() if isinstance(block, type) and issubclass(block, TextBlock) else block
            for block in as_list(self.blocks)
        ]
        return tuple(
            replace(block, seq_len=seq_len) if isinstance(block, TextBlock) else block for block in made
        )


@dataclass(frozen=True, repr=False)
class Resize(items.Resize):
    """Make every photo the same size; see `gatera.data.transforms.item.Resize`. It also takes a tuple with photos in it."""

    @property
    def name(self) -> str:
        """The transform with its arguments, as text."""
        return repr(self)

    def __call__(self, image: Any, rng: Any = None) -> Any:
        """Return the photo at exactly this size; of a tuple, each photo in it."""
        if isinstance(image, tuple):
            parts = [self(part, rng) if isinstance(part, Image.Image) else part for part in image]
            return type(image)(*parts) if type(image) is not tuple else tuple(parts)
        return super().__call__(image, rng)


class TextLearner(texts.TextLearner):
    """A learner of texts; see `gatera.text.learner.TextLearner`. It resets and regularizes recurrent models.

    Args:
        dls: the data.
        model: the model; to be regularized it returns (predictions, outputs before dropout, outputs after it).
        alpha: as for `RNNRegularizer`.
        beta: as for `RNNRegularizer`.
        loss_func, opt_func: as for `Learner`.
        arguments: as for `Learner`.
    """

    @spelled_out(OtherLearnerArguments, LEARNER_DEFAULTS)
    def __init__(
        self,
        dls: Any,
        model: Any,
        loss_func: Any = None,
        opt_func: Any = Adam,
        *,
        alpha: float = 2.0,
        beta: float = 1.0,
        **arguments: Unpack[OtherLearnerArguments],
    ) -> None:
        own = [ModelResetter(), RNNRegularizer(alpha, beta)]
        arguments["cbs"] = [*own, *as_callbacks(arguments.get("cbs"))]
        super().__init__(dls, model, loss_func, opt_func, **arguments)
