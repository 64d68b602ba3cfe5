"""Data sets: the items of one split with their inputs and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import InputBlock, TargetBlock
from gatera.data.blocks.image import ImageInput
from gatera.data.blocks.spatial import SpatialTarget
from gatera.data.item_errors import function_name, item_name, naming_item
from gatera.data.loading.photo_cache import PhotoCache, enabled
from gatera.data.loading.pipeline import FixedReader, Pipeline
from gatera.data.sources.items import Items, is_table
from gatera.data.transforms.item import Op
from gatera.program.preprocess import stack_arrays
from gatera.program.raw.photo import photo_size
from gatera.program.raw.placement import Size

#: Classes that a description names; of more only their number is shown.
MOST_CLASSES = 8

Getter = Callable[[Any], Any]


@dataclass(frozen=True, repr=False)
class FittedFields:
    """How an item becomes input and target, once the blocks are fitted.

    Attributes:
        x: fitted block of the input.
        y: fitted block of the target; None for data without labels.
        get_x: item -> raw input; None where the item is the input.
        get_y: item -> raw label; None where the item is the label.
        pipeline: what is done to the input.
        y_name: what tables call the label.
    """

    x: InputBlock
    y: TargetBlock | None
    get_x: Getter | None
    get_y: Getter | None
    pipeline: Pipeline
    y_name: str = "label"

    def __repr__(self) -> str:
        """Return what goes in and what is predicted: "ImageBlock -> CategoryBlock, 2 classes: cat, dog"."""
        if self.y is None:
            return type(self.x).__name__
        text = f"{type(self.x).__name__} -> {type(self.y).__name__}"
        if self.y.vocab is not None:
            n = len(self.y.vocab)
            return f"{text}, {n:,} class{'' if n == 1 else 'es'}: {listed(self.y.vocab, MOST_CLASSES)}"
        return (
            text
            if self.y.n_out is None
            else f"{text}, {self.y.n_out} number{'' if self.y.n_out == 1 else 's'}"
        )

    @property
    def image(self) -> ImageInput | None:
        """The block of the input if that is an image; else None."""
        return self.x if isinstance(self.x, ImageInput) else None

    @property
    def spatial(self) -> SpatialTarget | None:
        """The block of the target if that lies on its photo (a mask, points); else None."""
        return self.y if isinstance(self.y, SpatialTarget) else None


class Rows(Sequence[Any]):
    """The rows of a DataFrame as a sequence of pandas Series, made when asked for.

    Args:
        table: the DataFrame.
    """

    def __init__(self, table: Any) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: Any) -> Any:
        """Return row number `index`, or `Rows` for a slice."""
        return Rows(self.table.iloc[index]) if isinstance(index, slice) else self.table.iloc[index]

    def take(self, positions: Sequence[int]) -> Rows:
        """Return the rows at some positions."""
        return Rows(self.table.iloc[list(positions)])


def as_items(collection: Any) -> Sequence[Any]:
    """Return `Rows` for a DataFrame, `Items` for anything else."""
    if isinstance(collection, Rows | Items):
        return collection
    return Rows(collection) if is_table(collection) else Items(collection)


def take(items: Sequence[Any], positions: Sequence[int]) -> Sequence[Any]:
    """Return the items at some positions."""
    return items.take(positions) if isinstance(items, Rows) else Items(items[i] for i in positions)


def apply_getter(
    getter: Getter | None, role: str, items: Sequence[Any], positions: Iterable[int]
) -> dict[int, Any]:
    """Return position -> what `getter` gives for that item. User functions are called here, once per item.

    Args:
        getter: item -> value; None for the item itself.
        role: what messages call the getter, "get_x" or "get_y".
        items: all items.
        positions: which of them.

    Raises:
        DataError: if the function raises; the item is named.
    """
    if getter is None:
        return {int(position): items[position] for position in positions}
    action, found = f"run {role} ({function_name(getter)}) on", {}
    for position in map(int, positions):
        item = items[position]
        with naming_item(action, partial(_numbered, position, item), item):
            found[position] = getter(item)
    return found


#: What to do about targets of several shapes.
RAGGED_REMEDY = "Encode targets to one shape, or set ragged = True in their block and define collate()."


def _numbered(position: int, item: Any) -> str:
    return f"item {position} ({item_name(item)})"


class Dataset:
    """Items with raw inputs and encoded labels.

    Args:
        fields: how items are read; its label block is fitted.
        items: anything listable.
        inputs: raw input of each item.
        labels: raw label of each item, or None for items without labels.
        positions: place of each item in the whole collection, for messages; None for 0, 1, 2, ...

    Raises:
        DataError: if a label cannot be encoded; the item is named.
    """

    def __init__(
        self,
        fields: FittedFields,
        items: Sequence[Any],
        inputs: Sequence[Any],
        labels: Sequence[Any] | None,
        positions: Sequence[int] | None = None,
    ) -> None:
        self.fields, self.items, self.inputs = fields, items, inputs
        self.positions = range(len(inputs)) if positions is None else positions
        self._caches: dict[str, PhotoCache] = {}
        self._photo_sizes: dict[int, Size] = {}
        self.raw_labels = None if fields.y is None else labels
        if fields.spatial is not None:
            self._check_labels(fields.spatial)
        elif fields.y is not None and fields.y.task is not None:
            self.targets  # noqa: B018 - bad labels are found now, not in the first batch

    def _check_labels(self, block: SpatialTarget) -> None:
        for i, label in enumerate(self.raw_labels or ()):
            with naming_item("check the label of", partial(self.name, i)):
                block.check(label)
        block.look_at(self.raw_labels or (), self.photo_size, self.name)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return (input as read, encoded label), or the input alone where there are no labels."""
        x, block = self.fields.x.read(self.inputs[index]), self.fields.y
        if self.raw_labels is None or block is None:
            return (x,)
        label = block.read(self.raw_labels[index])
        return x, label if block.task is None else block.encode(label)

    def __repr__(self) -> str:
        return f"<Dataset of {counted(len(self), 'item')}: {self.fields}>"

    @cached_property
    def targets(self) -> Any:
        """Encoded labels: a tensor, int64 [n] or float32 [n,K]; a list of tensors where they are ragged.

        None for items without labels, and for spatial targets, which are read with their photos.
        """
        block = self.fields.y
        if self.raw_labels is None or block is None or self.fields.spatial is not None:
            return None
        together = (
            None if block.ragged else block.encode_targets([block.read(label) for label in self.raw_labels])
        )
        if together is not None:
            return together
        encoded = []
        for i, label in enumerate(self.raw_labels):
            with naming_item("encode the label of", partial(self.name, i)):
                encoded.append(torch.as_tensor(block.encode(block.read(label))))
        if block.ragged:
            return encoded
        self._check_alike(encoded)
        return torch.stack(encoded)

    def _check_alike(self, encoded: Sequence[Tensor]) -> None:
        """Raise DataError, naming two items, unless all targets have one shape."""
        other = next((i for i, one in enumerate(encoded) if one.shape != encoded[0].shape), None)
        if other is not None:
            raise DataError(
                f"Targets differ in shape: that of {self.name(0)} is {list(encoded[0].shape)}, "
                f"that of {self.name(other)} is {list(encoded[other].shape)}",
                remedy=RAGGED_REMEDY,
            )

    def targets_of(self, rows: Tensor) -> Any:
        """Return the targets of a batch: a tensor, what `collate` makes of ragged ones, or None.

        Args:
            rows: dataset positions, int64 [N].
        """
        targets = self.targets
        if targets is None or self.fields.y is None:
            return None
        if self.fields.y.ragged:
            return self.fields.y.collate([targets[row] for row in rows.tolist()])
        return targets[rows]

    @cached_property
    def training_targets(self) -> Tensor | None:
        """What training learns from instead of `targets`, e.g. probabilities float32 [n,K]; None where that is the same."""
        block = self.fields.y
        if self.targets is None or self.raw_labels is None or block is None:
            return None
        return block.training_targets([block.read(label) for label in self.raw_labels])

    def batch_targets(self, rows: Tensor, training: bool) -> Any:
        """Return the targets of a batch, in training those of `training_targets` where there are any.

        Args:
            rows: dataset positions, int64 [N].
            training: whether the batch is to learn from.
        """
        soft = self.training_targets if training else None
        return self.targets_of(rows) if soft is None else soft[rows]

    @cached_property
    def arrays(self) -> Sequence[np.ndarray] | np.ndarray:
        """Encoded inputs, one array each, where the block keeps them in memory."""
        return self.fields.x.encode_all(self.inputs, self.name)

    @cached_property
    def lengths(self) -> np.ndarray | None:
        """Length of each encoded input, int64 [n], where they differ; else None."""
        if self.fields.x.pad is None:
            return None
        return np.array([len(array) for array in self.arrays])

    def stacked(self, index: np.ndarray) -> Tensor:
        """Return some encoded inputs as one tensor [N, ...], the shorter ones filled up.

        Args:
            index: dataset positions, int64 [N].
        """
        arrays, pad = self.arrays, self.fields.x.pad
        if isinstance(arrays, np.ndarray):
            return torch.from_numpy(arrays[index])
        return torch.from_numpy(stack_arrays([arrays[i] for i in index], pad))

    def photo_size(self, index: int) -> Size:
        """Return (height, width) of an item's photo, standing upright, once its label has been checked against it.

        Raises:
            DataError: if the photo's file cannot be read, or the label does not fit it.
        """
        size = self._photo_sizes.get(index)
        if size is None:
            raw, block = self.inputs[index], self.fields.spatial
            size = photo_size(self.fields.x.read(raw) if isinstance(raw, Tensor) else raw)
            if block is not None and self.raw_labels is not None:
                block.check_fit(self.raw_labels[index], item_name(raw), size)
            self._photo_sizes[index] = size
        return size

    @property
    def vocab(self) -> Any:
        """The labels, in the order of the model's outputs; None where there is no vocabulary."""
        return None if self.fields.y is None else self.fields.y.vocab

    def label(self, index: int) -> Any:
        """Return an item's label as people write it, or None."""
        if self.targets is None or self.fields.y is None:
            return None
        return self.fields.y.decode(self.targets[index])

    def cache(self, reader: FixedReader) -> PhotoCache | None:
        """Return the cache of what `reader` makes of these inputs, one for all loaders.

        None where the user has turned caching off, no input is a file, or photos keep different sizes.
        """
        return self._cache(self.inputs, reader)

    def label_cache(self, reader: FixedReader) -> PhotoCache | None:
        """Return the cache of masks placed as `reader` places their photos; None as for `cache`, or for points."""
        block = self.fields.spatial
        key = None if block is None else block.cache_key()
        return None if key is None or self.raw_labels is None else self._cache(self.raw_labels, reader, key)

    def _cache(self, raws: Sequence[Any], reader: FixedReader, first: Sequence[Op] = ()) -> PhotoCache | None:
        files = [raw for raw in raws if isinstance(raw, str | Path)]
        if reader.config is None or reader.size is None or not files or not enabled():
            return None
        config = [*first, *reader.config]
        key = repr(config)
        if key not in self._caches:
            self._caches[key] = PhotoCache(config, files)
        return self._caches[key]

    def subset(self, indices: Sequence[int]) -> Dataset:
        """Return a data set of some of the items."""
        labels = None if self.raw_labels is None else [self.raw_labels[i] for i in indices]
        inputs = (
            take(self.inputs, indices) if isinstance(self.inputs, Rows) else [self.inputs[i] for i in indices]
        )
        positions = [self.positions[i] for i in indices]
        return Dataset(self.fields, take(self.items, indices), inputs, labels, positions)

    def like(self, items: Any, with_labels: bool = False) -> Dataset:
        """Return other items, read as these are.

        Args:
            items: a list of what these items are, or of raw inputs (paths, bytes, arrays, Pillow images), or a DataFrame.
            with_labels: find and encode their labels too.

        Raises:
            DataError: if there are none, or a label is not usable.
        """
        if isinstance(items, str | Path | bytes | Image.Image):
            raise ArgumentError(
                "items must be a list", got=items, expected="a list of them", remedy="Write [item]."
            )
        many = as_items(items)
        if not len(many):
            raise DataError("There are no items to predict")
        fields, everywhere = self.fields, range(len(many))
        raw = {position: many[position] for position in everywhere if self._is_raw(many[position])}
        inputs = raw | apply_getter(fields.get_x, "get_x", many, [i for i in everywhere if i not in raw])
        labels = apply_getter(fields.get_y, "get_y", many, everywhere) if with_labels else None
        return Dataset(
            fields, many, [inputs[i] for i in everywhere], None if labels is None else list(labels.values())
        )

    def _is_raw(self, item: Any) -> bool:
        """Whether an item is an input already: a path, say, where the training items were rows of a table."""
        paths = (str, Path)
        if isinstance(item, paths) and len(self.items) and not isinstance(self.items, Rows):
            return not isinstance(self.items[0], paths)
        return isinstance(item, str | Path | bytes | np.ndarray | Tensor | Image.Image)

    def cells(self, index: int) -> dict[str, Any]:
        """Return the cells by which a table shows an item: those of its input, then its label, if any."""
        label = self.label(index)
        shown = (
            {} if label is None or self.fields.y is None else {self.fields.y_name: self.fields.y.show(label)}
        )
        return self.fields.x.columns(self.fields.x.read(self.inputs[index])) | shown

    def title(self, index: int) -> str:
        """Return an item's label as one line of text; empty where it has none."""
        label = self.label(index)
        return "" if label is None or self.fields.y is None else self.fields.y.show(label)

    def name(self, index: int) -> str:
        """Return how messages call an item, as in "item 731 (photos/fox/9.jpg)"."""
        return _numbered(self.positions[index], self.inputs[index])
