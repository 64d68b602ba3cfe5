"""`DataLoaders`: the training, validation and test loaders of one job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.image import ImageInput
from gatera.data.blocks.mask import MaskBlock
from gatera.data.device import as_device
from gatera.data.loading.batch import Batch, LoaderOptions
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.describe import describe_inputs, describe_loader, html_table
from gatera.data.loading.list_loader import ListLoader
from gatera.data.loading.loader import DataLoader
from gatera.data.loading.pipeline import Pipeline
from gatera.data.show.photos import show_photos
from gatera.data.splits.split import SIDES
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.photo import photo_size
from gatera.program.raw.placement import Placement, combined
from gatera.program.tasks import task_kind

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Batch", "DataLoader", "DataLoaders", "LoaderOptions"]


class DataLoaders:
    """The loaders of one task: training, validation and perhaps test, and what they know about the data.

    Args:
        train: a `DataLoader`, or any iterable of batches (x, y), e.g. one of torch's loaders.
        valid: the same for validation, or None.
        test: the same for a test split, or None.
        path: folder where the job's files go.
        device: where a model for these data belongs; None for the training loader's device.
        seed: keys everything else that is random in training; None for the training loader's.
        vocab: labels, for loaders that are not ours.
        task: "classification", "multilabel", "regression", "segmentation" or "points", for loaders that are not ours.
    """

    def __init__(
        self,
        train: Any,
        valid: Any = None,
        test: Any = None,
        *,
        path: str | Path = ".",
        device: str | torch.device | None = None,
        seed: int | None = None,
        vocab: Sequence[Any] | None = None,
        task: str | None = None,
    ) -> None:
        self.train, self.valid, self.test, self.path = train, valid, test, Path(path)
        self._fields = train.dataset.fields if isinstance(train, DataLoader) else None
        block = None if self._fields is None else self._fields.y
        self.vocab: Any = vocab if block is None else block.vocab
        self.task = task if block is None else block.task
        self.c = block.n_out if block is not None else None if vocab is None else len(vocab)
        self.seed = train.options.seed if seed is None and isinstance(train, DataLoader) else seed
        self.device = as_device(device) if device is not None or self._fields is None else train.device
        self.bs = getattr(train, "bs", None) or getattr(train, "batch_size", None)

    @classmethod
    def from_dsets(
        cls, *datasets: Any, bs: int = 64, path: str | Path = ".", device: str | torch.device | None = None,
        shuffle: bool = True, drop_last: bool = False, n_inp: int | None = None,
    ) -> Self:  # fmt: skip
        """Make loaders of lists of samples, e.g. (x, y) pairs of tensors.

        Args:
            *datasets: the training samples, the validation samples, and maybe the test samples.
            bs: samples per batch.
            path: folder where the job's files go.
            device: where batches are put; None for the best available.
            shuffle: shuffle the training samples in every epoch.
            drop_last: drop the last training batch if it is smaller.
            n_inp: how many fields of a sample are inputs; None for all but the last.
        """
        where = as_device(device)
        train = ListLoader(datasets[0], bs, shuffle=shuffle, drop_last=drop_last, n_inp=n_inp, device=where)
        others = [ListLoader(dataset, bs, n_inp=n_inp, device=where) for dataset in datasets[1:]]
        return cls(train, *others, path=path, device=where)

    def __getitem__(self, index: int) -> Any:
        """Return the loader number `index`: 0 training, 1 validation, 2 test; None where there is none."""
        return (self.train, self.valid, self.test)[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(loader for loader in (self.train, self.valid, self.test) if loader is not None)

    def __repr__(self) -> str:
        rows = "".join(f"\n  {name}: {text}" for name, text in self._rows())
        return f"<{self._caption()}{rows}>"

    def _repr_html_(self) -> str:
        """Return the same as a table, for notebooks."""
        return html_table(self._caption(), self._rows())

    def _caption(self) -> str:
        inputs = f": {describe_inputs(self.train.dataset)}" if isinstance(self.train, DataLoader) else ""
        return f"{type(self).__name__}{inputs}, on {self.device}"

    def _rows(self) -> list[tuple[str, str]]:
        names = zip(SIDES, (self.train, self.valid, self.test))
        return [(name, describe_loader(loader)) for name, loader in names if loader is not None]

    @property
    def train_ds(self) -> Any:
        """The training data set."""
        return self.train.dataset

    @property
    def valid_ds(self) -> Any:
        """The validation data set."""
        return self.valid.dataset

    @property
    def items(self) -> Any:
        """The items of the training set."""
        return self._dataset("items").items

    @property
    def normalize(self) -> Any:
        """The user's `Normalize`, which the loaders apply; None where the model is to normalise by itself."""
        return self.train.batch_tfms.normalize if isinstance(self.train, DataLoader) else None

    @property
    def preprocess(self) -> Preprocessing:
        """What is done to a raw input before prediction, as data.

        Raises:
            ExportError: if a transform that acts at prediction cannot be written as data.
        """
        fields = self._dataset("preprocess").fields
        self.train.batch_tfms.check_exportable()
        return fields.pipeline.evaluation.preprocessing()

    @property
    def class_counts(self) -> np.ndarray:
        """How often each label occurs in the training set, int64 [K]; for masks in how many pixels (all are read)."""
        dataset = self._dataset("class_counts")
        targets, block = dataset.targets, dataset.fields.y
        if isinstance(block, MaskBlock):
            return block.count(dataset.raw_labels or ())
        kind = task_kind(self.task)
        if targets is None or self.c is None or kind is None or kind.labels_per_item is None:
            raise DataError("class_counts needs class labels", got=self.task)
        if kind.labels_per_item == "any":
            return targets.sum(0).long().numpy()
        return torch.bincount(targets, minlength=self.c).numpy()

    def decode_label(self, index: Any) -> Any:
        """Return the label of an index (or of a mask of labels, or of numbers)."""
        block = self._dataset("decode_label").fields.y
        return None if block is None else block.decode(index)

    def one_batch(self) -> Any:
        """Return the first training batch (x, y)."""
        return self.train.one_batch() if isinstance(self.train, DataLoader) else next(iter(self.train))

    def input_batch(self, item: Any) -> Any:
        """Return one raw input as a model's input, preprocessed as at validation: for a photo float32 [1,C,H,W].

        Raises:
            ArgumentError: if it is a loader.
        """
        dataset = self._dataset("input_batch")
        if isinstance(item, DataLoader | ListLoader):
            raise ArgumentError(
                "predict takes one item, and this is a loader",
                got=item,
                remedy="Use learn.get_preds(dl=...).",
            )
        array = dataset.fields.pipeline.evaluation(item)
        stacked = torch.from_numpy(np.array(array)[None]).to(self.device)  # [H,W,C] -> [1,H,W,C]
        batch = dataset.fields.x.as_batch(stacked)
        if dataset.fields.image is None:
            return batch
        return self.train.batch_tfms(batch, np.zeros(1, np.int64), None)

    def placement(self, item: Any) -> Placement | None:
        """Return where `input_batch` puts a photo, for labels that lie on it; None for others."""
        fields = self._dataset("placement").fields
        if fields.spatial is None:
            return None
        size = photo_size(fields.x.read(item) if isinstance(item, Tensor) else item)
        return combined(size, fields.pipeline.evaluation.steps(size))

    def test_dl(self, items: Any, with_labels: bool = False, bs: int | None = None) -> DataLoader:
        """Return a loader of other items, preprocessed as at validation.

        Args:
            items: a list of what the training items were, or of paths, bytes, arrays or Pillow images; or a DataFrame.
            with_labels: read labels too, as for training.
            bs: items per batch; None for the training loader's.

        Raises:
            DataError: if there are no items, or a label is not known.
        """
        dataset = self._dataset("test_dl").like(items, with_labels)
        options = replace(self.train.options, device=self.device, cache=False)
        return DataLoader(dataset, bs or self.train.bs, batch_tfms=self.train.batch_tfms, options=options)

    def show_batch(
        self,
        max_n: int = 9,
        nrows: int | None = None,
        ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
        unique: bool = False,
    ) -> Figure | pd.DataFrame:
        """Show training items with their labels; see `DataLoader.show_batch`."""
        self._dataset("show_batch")
        return self.train.show_batch(max_n, nrows, ncols, figsize, unique)

    def show_results(
        self,
        inputs: Tensor,
        labels: Sequence[Any],
        predictions: Sequence[Any],
        nrows: int | None = None,
        ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
    ) -> Figure:
        """Show photos with their predictions and, where these are wrong, their labels.

        Numbers are never just right or wrong: both are shown, and nothing is marked.

        Args:
            inputs: as batches have them, float [N,C,H,W].
            labels: N labels; None where there is none.
            predictions: N predicted labels.
            nrows: rows of the grid.
            ncols: columns of the grid.
            figsize: width and height in inches.
        """
        fields = self._dataset("show_results").fields
        block = fields.y
        write = str if block is None else block.show
        kind = task_kind(self.task)
        exact = kind is None or kind.needs_vocab
        wrong = [
            bool(label != guess) if exact and label is not None else None
            for label, guess in zip(labels, predictions, strict=True)
        ]
        titles = [
            write(guess) if label is None or bad is False else f"{write(guess)}\nactually {write(label)}"
            for label, guess, bad in zip(labels, predictions, wrong, strict=True)
        ]
        draw = cast(ImageInput, fields.x).draw
        return show_photos(self.train.pictures(inputs), titles, wrong, nrows, ncols, figsize, draw=draw)

    def reread(self, block: InputBlock) -> Self:
        """Return loaders of the same items, split and labelled as these are, whose inputs another block reads.

        Args:
            block: not fitted yet; it learns from the training set.
        """
        fitted = block.fit(self._dataset("reread").inputs)
        fields = replace(self.train_ds.fields, x=fitted, pipeline=Pipeline(fitted))

        def read_again(loader: DataLoader | None) -> DataLoader | None:
            if loader is None:
                return None
            old = loader.dataset
            dataset = Dataset(fields, old.items, old.inputs, old.raw_labels, old.positions)
            return DataLoader(
                dataset, loader.bs, shuffle=loader.shuffle, drop_last=loader.drop_last, training=loader.training,
                options=replace(loader.options, device=loader.device),
            )  # fmt: skip

        return type(self)(*(read_again(self[i]) for i in range(3)), path=self.path)

    def to(self, device: str | torch.device) -> DataLoaders:
        """Put batches on another device from now on; returns these loaders."""
        self.device = as_device(device)
        for loader in self:
            if isinstance(loader, DataLoader | ListLoader):
                loader.to(self.device)
        return self

    def cuda(self) -> DataLoaders:
        """Put batches on the best accelerator, or where there is none on the CPU; returns these loaders."""
        return self.to(as_device(None))

    def cpu(self) -> DataLoaders:
        """Put batches on the CPU; returns these loaders."""
        return self.to("cpu")

    @property
    def loaders(self) -> list[Any]:
        """The loaders: training, validation, maybe test."""
        return list(self)

    @property
    def n_inp(self) -> int:
        """How many fields of a batch are inputs."""
        return getattr(self.train, "n_inp", None) or 1

    def _dataset(self, wanted: str) -> Dataset:
        if not isinstance(self.train, DataLoader):
            raise DataError(
                f"{wanted} needs loaders made by Gatera", got=type(self.train).__name__,
                remedy="Make them with ImageDataLoaders or DataBlock.",
            )  # fmt: skip
        return self.train.dataset
