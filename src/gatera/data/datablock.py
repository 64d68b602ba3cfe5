"""`DataBlock`: a recipe that turns a source of items into data sets and loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from torch import Tensor

from gatera.core.errors import ArgumentError, DataError
from gatera.core.progress import in_notebook
from gatera.core.random import fresh_seed
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.arguments import LOADER_DEFAULTS, LoaderArguments
from gatera.data.blocks.base import (
    Block,
    InputBlock,
    TargetBlock,
    TransformBlock,
    as_input,
    as_target,
)
from gatera.data.blocks.batch_size import MASKS, BatchRule, choose_batch_size
from gatera.data.item_errors import function_name
from gatera.data.loading.dataset import Dataset, FittedFields, Getter, Rows, apply_getter, as_items, take
from gatera.data.loading.loaders import DataLoader, DataLoaders, LoaderOptions
from gatera.data.loading.pipeline import Pipeline
from gatera.data.recipe_summary import Printed, StageReport, describe_labels, one_batch, one_item
from gatera.data.short_repr import ShortRepr
from gatera.data.sources.items import IMAGE_EXTENSIONS, get_image_files
from gatera.data.splits.by_position import RandomSplitter, Splits, as_splits
from gatera.data.splits.split import SIDES
from gatera.data.transforms.batch import BatchPipeline
from gatera.data.transforms.item import ItemTransform
from gatera.data.transforms.torchvision import as_list, batch_transforms, item_transforms

#: Photos of the training set from which `Normalize()` computes its statistics.
SAMPLE_SIZE = 1024

Blocks = Sequence[Block | type[Block]]


@dataclass(frozen=True, repr=False)
class Datasets:
    """The data sets of each split, made from one source.

    Attributes:
        train, valid, test: data sets; `test` may be None.
        splits: where they came from.
    """

    train: Dataset
    valid: Dataset
    test: Dataset | None
    splits: Splits

    @property
    def vocab(self) -> Any:
        """The labels, in the order of the model's outputs; None where there is no vocabulary."""
        return self.train.vocab

    def __iter__(self) -> Iterator[Dataset]:
        return iter(data for data in (self.train, self.valid, self.test) if data is not None)

    def __repr__(self) -> str:
        counts = zip(SIDES, self)
        sizes = ", ".join(f"{len(data):,} {name}" for name, data in counts)
        return f"<Datasets: {sizes}; {self.train.fields}>"


@dataclass(frozen=True, repr=False)
class DataBlock(ShortRepr):
    """A recipe for data: nothing is read until `datasets`, `dataloaders` or `summary` gets a source.

    Args:
        blocks: what the input and the label are, e.g. `(ImageBlock, CategoryBlock)`.
        get_items: source -> items; None where the source is a list or DataFrame of items.
        splitter: items -> `Splits` or a pair of index lists; None for a fifth at random.
        get_x: item -> raw input; None where the item is the input.
        get_y: item -> raw label.
        getters: the two functions above as a list.
        n_inp: how many of the blocks are inputs; 1.
        item_tfms: one transform or a list, applied to each photo.
        batch_tfms: one transform or a list, applied to whole batches; None for those that the input's block brings
            (`AudioBlock` shifts recordings, the others bring none), an empty list for none.

    Raises:
        ArgumentError: if an argument cannot be used; always before anything is read.
    """

    blocks: Blocks = (TransformBlock, TransformBlock)
    get_items: Callable[[Any], Any] | None = None
    splitter: Callable[[Any], Any] | None = None
    get_x: Getter | None = None
    get_y: Getter | None = None
    getters: Sequence[Getter] | None = None
    n_inp: int | None = None
    item_tfms: Any = None
    batch_tfms: Any = None
    _x: InputBlock = field(init=False, repr=False)
    _y: TargetBlock | None = field(init=False, repr=False)
    _getters: tuple[Getter | None, Getter | None] = field(init=False, repr=False)
    _item_tfms: tuple[ItemTransform, ...] = field(init=False, repr=False)
    _batch_tfms: BatchPipeline = field(init=False, repr=False)

    def __post_init__(self) -> None:
        given = as_list(self.blocks)
        if not 1 <= len(given) <= 2 or self.n_inp not in (None, 1):
            raise ArgumentError(
                "A DataBlock takes one input and at most one target",
                got=(given, self.n_inp), expected="two blocks, or one for items without labels; n_inp=1",
            )  # fmt: skip
        object.__setattr__(self, "_x", as_input(given[0]))
        object.__setattr__(self, "_y", as_target(given[1]) if len(given) > 1 else None)
        object.__setattr__(self, "_getters", self._checked_getters())
        object.__setattr__(self, "_item_tfms", item_transforms(self.item_tfms))
        batch_tfms = self._x.batch_tfms if self.batch_tfms is None else self.batch_tfms
        object.__setattr__(self, "_batch_tfms", BatchPipeline(batch_transforms(batch_tfms)))

    def new(self, item_tfms: Any = None, batch_tfms: Any = None) -> DataBlock:
        """Return a copy of this recipe with other transforms; None keeps the current ones."""
        return replace(
            self,
            item_tfms=self.item_tfms if item_tfms is None else item_tfms,
            batch_tfms=self.batch_tfms if batch_tfms is None else batch_tfms,
        )

    def datasets(self, source: Any) -> Datasets:
        """Find the items, split them, and read every label once.

        Args:
            source: what `get_items` takes: a folder, say; or a list or DataFrame of items.

        Raises:
            DataError: if there are no items, the splits are not usable, or a label is not; the item is named.
        """
        items = self._items(source)
        return self._made(items, self._splits(items))

    @spelled_out(LoaderArguments, LOADER_DEFAULTS)
    def dataloaders(
        self,
        source: Any,
        path: str | Path = ".",
        *,
        seed: int | None = None,
        **options: Unpack[LoaderArguments],
    ) -> DataLoaders:
        """Make the data sets and their loaders.

        Args:
            source: as in `datasets`.
            path: folder where the job's files go.
            seed: keys shuffling and augmentation; None draws one from torch's global generator.
            **options: see `LoaderArguments`: batch sizes, threads, device, shuffling, cache.

        Raises:
            DataError: as `datasets`.
            ArgumentError: if an argument is not known, or a size or a device is not usable.
        """
        check_arguments(DataBlock.dataloaders, options)
        given: LoaderArguments = {**LOADER_DEFAULTS, **options}
        loading = LoaderOptions(
            fresh_seed() if seed is None else seed, given["num_workers"], given["device"], given["cache"]
        )
        data = self.datasets(source)
        bs = choose_batch_size(self._batch_rule(), given["bs"], len(data.train))
        return self._loaders(data, loading, bs, given["val_bs"], given["shuffle"], path)

    def _batch_rule(self) -> BatchRule | None:
        """Return how the batch size is chosen; None for a language model, whose batches are streams of text."""
        if not self._x.batches_items:
            return None
        masks = self._y is not None and self._y.task == "segmentation"
        return MASKS if masks else self._x.batch_rule

    def summary(self, source: Any, bs: int = 4, show_batch: bool = False) -> str:
        """Print what each stage gives for one item and one batch, and name the stage that fails.

        Args:
            source: as in `datasets`.
            bs: items per batch.
            show_batch: display the batch too, in a notebook; elsewhere call `dataloaders(source).show_batch()`.

        Returns:
            What was printed.
        """
        report = StageReport()
        report.heading("The recipe")
        items = report.stage(
            "items", lambda: self._items(source), lambda found: f"{len(found)}, e.g. {found[0]!r}"
        )
        splits = report.stage("split", lambda: self._splits(items), repr)
        data = report.stage(
            "labels", lambda: self._made(items, splits), lambda made: describe_labels(made.train)
        )
        if not report.failed:
            one_item(report, data.train)
        options = LoaderOptions(cache=False)
        loaders = report.stage(
            "loaders", lambda: self._loaders(data, options, bs), lambda made: str(made.device)
        )
        if loaders is not None:
            one_batch(report, loaders.train)
        print(report)
        if show_batch and not report.failed and in_notebook():
            from IPython.display import display

            display(loaders.show_batch(bs))
        return Printed(str(report))

    def _made(self, items: Sequence[Any], splits: Splits) -> Datasets:
        """Read every label, fit the blocks on the training set, and make the data sets."""
        sides = [side for side in (splits.train, splits.valid, splits.test) if side is not None]
        used = np.sort(np.concatenate(sides))
        get_x, get_y = self._getters
        inputs = apply_getter(get_x, "get_x", items, used)
        labels = apply_getter(get_y, "get_y", items, used) if self._y is not None else None
        x = self._x.fit([inputs[i] for i in splits.train])
        y = None if self._y is None or labels is None else self._y.fit([labels[i] for i in splits.train])
        fields = FittedFields(
            x, y, get_x, get_y, Pipeline(x, self._item_tfms, self._batch_tfms.at_prediction)
        )

        def dataset(side: np.ndarray) -> Dataset:
            positions = side.tolist()
            raw_labels = None if labels is None else [labels[i] for i in positions]
            return Dataset(
                fields, take(items, positions), [inputs[i] for i in positions], raw_labels, positions
            )

        test = None if splits.test is None else dataset(splits.test)
        return Datasets(dataset(splits.train), dataset(splits.valid), test, splits)

    def _loaders(
        self,
        data: Datasets,
        options: LoaderOptions,
        bs: int,
        val_bs: int | None = None,
        shuffle: bool = True,
        path: str | Path = ".",
    ) -> DataLoaders:
        batch_tfms = self._batch_tfms.fitted(lambda: sample_photos(data.train, options))

        def loader(dataset: Dataset | None) -> DataLoader | None:
            return (
                None
                if dataset is None
                else DataLoader(dataset, val_bs or bs, batch_tfms=batch_tfms, options=options)
            )

        train = DataLoader(
            data.train,
            bs,
            shuffle=shuffle,
            drop_last=data.train.fields.x.batches_items,
            training=True,
            batch_tfms=batch_tfms,
            options=options,
        )
        made = DataLoaders(train, loader(data.valid), loader(data.test), path=path)
        return data.train.fields.x.finish(made)

    def _checked_getters(self) -> tuple[Getter | None, Getter | None]:
        """Return (get_x, get_y)."""
        n_blocks = 1 if self._y is None else 2
        if self.getters is None:
            get_x, get_y = self.get_x, self.get_y
        elif self.get_x is not None or self.get_y is not None or len(self.getters) != n_blocks:
            raise ArgumentError(
                "getters does not match the blocks", got=self.getters,
                expected="one function per block, and no get_x or get_y",
            )  # fmt: skip
        else:
            get_x, get_y = (*self.getters, None)[:2]
        if self._y is not None and self._y.task is not None and get_y is None:
            raise ArgumentError(
                f"get_y, which returns the label of an item, is missing; {type(self._y).__name__} needs it",
                remedy="For photos in a folder per class: get_y=parent_label.",
            )
        return get_x, get_y

    def _items(self, source: Any) -> Sequence[Any]:
        if self.get_items is None and isinstance(source, str | Path):
            raise ArgumentError(
                "source is a path, but this DataBlock has no get_items to list its files",
                got=str(source), remedy="Pass get_items=get_image_files to DataBlock.",
            )  # fmt: skip
        items = as_items(source if self.get_items is None else self.get_items(source))
        if not len(items):
            raise nothing_found(self.get_items, source)
        return items

    def _splits(self, items: Sequence[Any]) -> Splits:
        splitter = self.splitter or RandomSplitter()
        listed = items.table if isinstance(items, Rows) else items
        return as_splits(splitter(listed), len(items), f"The splitter {function_name(splitter)}")


def nothing_found(get_items: Callable[[Any], Any] | None, source: Any) -> DataError:
    """Return the error for a source without items."""
    if get_items is None:
        return DataError("No items: the list or table is empty")
    wanted = IMAGE_EXTENSIONS if get_items is get_image_files else getattr(get_items, "extensions", None)
    endings = [wanted] if isinstance(wanted, str) else sorted(wanted or [])
    return DataError(
        f"{function_name(get_items)} found nothing in {source}",
        expected=f"files whose names end in {', '.join(endings)}" if endings else None,
        remedy="Check the path.",
    )


def sample_photos(dataset: Dataset, options: LoaderOptions) -> Iterator[Tensor]:
    """Yield a sample of photos of a data set, evenly spaced and not augmented, as float32 [1,C,H,W] in 0..1."""
    some = np.unique(np.linspace(0, len(dataset) - 1, min(SAMPLE_SIZE, len(dataset))).astype(int))
    return (
        batch[0]
        for batch in DataLoader(dataset.subset(some.tolist()), 1, options=replace(options, device="cpu"))
    )
