"""`DataBlock`, `Resize` and `TextLearner` as notebooks call them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from PIL import Image

from gatera.compat.midlevel.pipeline import Pipeline, photo_transforms
from gatera.compat.midlevel.several import OneAfterTheOther, SeveralTargets, joined_getters, joined_targets
from gatera.core.errors import ArgumentError
from gatera.core.signatures import spelled_out
from gatera.data import datablock as ours
from gatera.data.loading.batch import rebuilt
from gatera.data.loading.loaders import DataLoaders
from gatera.data.splits.by_position import Splits
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
    """A recipe for data; see `gatera.data.datablock.DataBlock`.

    It also takes several targets, and its `dataloaders` fastai's `seq_len` for texts.

    Example:
        >>> DataBlock((ImageBlock, CategoryBlock, RegressionBlock), n_inp=1, get_y=[parent_label, weight_of])  # doctest: +SKIP
    """

    def __post_init__(self) -> None:
        if isinstance(self.item_tfms, Pipeline):
            object.__setattr__(self, "item_tfms", photo_transforms(self.item_tfms))
        blocks = as_list(self.blocks)
        if len(blocks) > 2:
            self._join_targets(blocks)
        for name in ("get_x", "get_y"):
            if isinstance(getattr(self, name), list):  # as in fastai, functions one after the other
                object.__setattr__(self, name, OneAfterTheOther(getattr(self, name)))
        super().__post_init__()

    def _join_targets(self, blocks: list[Any]) -> None:
        """Put several targets together as one block with one getter."""
        target = joined_targets(blocks, self.n_inp)
        n = len(target.blocks)
        get_y: Any
        if self.getters is None:
            get_x, get_y = self.get_x, self.get_y
        elif self.get_x is None and self.get_y is None and len(self.getters) == len(blocks):
            get_x, get_y = self.getters[0], list(self.getters[1:])
        else:
            raise ArgumentError(
                "getters does not match the blocks", got=self.getters,
                expected="one function per block, and no get_x or get_y",
            )  # fmt: skip
        joined = {
            "blocks": (blocks[0], target),
            "get_x": get_x,
            "get_y": joined_getters(get_y, n),
            "getters": None,
        }
        for name, value in joined.items():
            object.__setattr__(self, name, value)

    def _made(self, items: Sequence[Any], splits: Splits) -> ours.Datasets:
        found = super()._made(items, splits)
        if isinstance(self._y, SeveralTargets):
            for data in found:
                data.targets  # noqa: B018 - bad labels are found now, not in the first batch
        return found

    def _loaders(self, *args: Any, **options: Any) -> DataLoaders:
        made = super()._loaders(*args, **options)
        if isinstance(self._y, SeveralTargets):
            made.vocab = made.train_ds.fields.y.vocabs
        return made

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
            return rebuilt(image, parts)
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
