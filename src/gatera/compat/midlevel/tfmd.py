"""`TfmdLists` and `Datasets`: lists of items seen through transforms, with a training and a validation part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gatera.compat.lists import L, listify, range_of
from gatera.compat.midlevel.loaders import DataLoader, list_loader
from gatera.compat.midlevel.pipeline import Pipeline, show_value
from gatera.core.errors import ArgumentError, DataError
from gatera.data.device import as_device
from gatera.data.loading.dataset import as_items
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.items import is_table
from gatera.data.splits.by_position import Splits


class _Parts:
    """What `TfmdLists` and `Datasets` have in common: parts, and loaders of them."""

    items: L
    splits: list[list[int]]
    split_idx: int | None

    def _setup_splits(self, items: Any, splits: Any) -> None:
        self.items = listed_items(items)
        given = (splits.train, splits.valid) if isinstance(splits, Splits) else splits
        self.splits = [range_of(self.items)] if given is None else [list(map(int, side)) for side in given]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: Any) -> Any:
        raise NotImplementedError

    def subset(self, number: int) -> Any:
        """Return one part: 0 for training, 1 for validation."""
        if not 0 <= number < len(self.splits):
            raise DataError(
                f"There is no part {number}", got=f"{len(self.splits)} parts", remedy="Pass splits=."
            )
        return self._part(self.items[self.splits[number]], number)

    def _part(self, items: L, number: int) -> Any:
        raise NotImplementedError

    @property
    def train(self) -> Any:
        """The training part; all items where there are no splits."""
        return self.subset(0)

    @property
    def valid(self) -> Any:
        """The validation part."""
        return self.subset(1)

    @property
    def n_subsets(self) -> int:
        """Number of parts."""
        return len(self.splits)

    def _n_inp(self) -> int | None:
        return None

    def dataloaders(
        self, bs: int = 64, val_bs: int | None = None, shuffle: bool = True, *, path: str | Path = ".", device: Any = None,
        dl_type: Any = None, **keywords: Any,
    ) -> DataLoaders:  # fmt: skip
        """Make loaders of the parts.

        Args:
            bs: items per training batch.
            val_bs: items per validation batch; None for the same.
            shuffle: shuffle the training items in every epoch.
            path: folder where the job's files go.
            device: where batches are put; None for the best available.
            dl_type: `SortedDL` puts items of like lengths together; None does not.
            **keywords: as for `DataLoader`: `after_item`, `before_batch`, `after_batch`, `drop_last`.
        """
        where = as_device(device)
        common: dict[str, Any] = {"n_inp": self._n_inp(), "device": where, **keywords}
        common |= _sorted_by_length(dl_type)
        loaders = [
            list_loader(self.subset(number), bs if number == 0 else val_bs or bs, shuffle=shuffle and number == 0, **{
                **common, "drop_last": common.get("drop_last", number == 0) and number == 0 and len(self.splits[0]) >= bs,
            })
            for number in range(len(self.splits))
        ]  # fmt: skip
        vocab = getattr(self, "vocab", None)
        labels = (
            vocab if isinstance(vocab, Sequence) and not isinstance(vocab, list | tuple) else listify(vocab)
        )
        found = labels[-1] if labels and isinstance(labels[-1], list) else labels
        return PartLoaders(*loaders, path=path, device=where, vocab=found or None)

    def unlabelled(self, items: L) -> Any:
        """Return other items seen through the same transforms, without those of the labels."""
        return self._part(items, 1)


def _sorted_by_length(dl_type: Any) -> dict[str, Any]:
    """Return the arguments of loaders that `dl_type` stands for.

    Raises:
        ArgumentError: if it is neither `SortedDL` nor the usual loader.
    """
    if dl_type is None or dl_type is DataLoader:
        return {}
    if not hasattr(dl_type, "length_of"):
        raise ArgumentError("dl_type must be SortedDL or TfmdDL", got=dl_type)
    return {"length": dl_type.length_of}


class PartLoaders(DataLoaders):
    """Loaders of the parts of `TfmdLists` or `Datasets`."""

    def test_dl(self, items: Any, with_labels: bool = False, bs: int | None = None) -> Any:
        """Return a loader of other items, seen through the same transforms as validation items.

        Args:
            items: a list of what the training items were, or a DataFrame.
            with_labels: with the labels too, as for training.
            bs: items per batch; None for the training loader's.

        Raises:
            DataError: if there are no items.
        """
        parts: _Parts = self.train.dataset
        many = listed_items(items)
        if not many:
            raise DataError("There are no items to predict")
        dataset = parts._part(many, 1) if with_labels else parts.unlabelled(many)
        return self.train.new(dataset, shuffle=False, drop_last=False, length=None, bs=bs or self.train.bs)


def listed_items(items: Any) -> L:
    """Return items as a list, the rows of a DataFrame one by one."""
    return items if isinstance(items, L) else L(list(as_items(items) if is_table(items) else items))


class TfmdLists(_Parts):
    """Items seen through one pipeline; its transforms learn from the training items.

    Args:
        items: the items.
        tfms: transforms, as `Pipeline` takes them; or a pipeline that has learned already, with `do_setup=False`.
        splits: positions of the training and of the validation items; None for training items only.
        do_setup: let the transforms learn.
        split_idx: which part these items are.
    """

    def __init__(
        self, items: Any, tfms: Any, splits: Any = None, do_setup: bool = True, split_idx: int | None = None
    ) -> None:  # fmt: skip
        self._setup_splits(items, splits)
        self.split_idx = split_idx
        self.tfms = tfms if isinstance(tfms, Pipeline) else Pipeline(tfms)
        if do_setup:
            self.setup()

    def setup(self) -> None:
        """Let the transforms learn from the training items."""
        self.tfms.setup(self.items[self.splits[0]])

    def __repr__(self) -> str:
        return f"TfmdLists: {self.items}\ntfms - {[step.name for step in self.tfms.fs]}"

    def _part(self, items: L, number: int) -> TfmdLists:
        return TfmdLists(items, self.tfms, do_setup=False, split_idx=number)

    def __getitem__(self, place: Any) -> Any:
        """Return the transformed item at a place; a list of them for a slice or a list of places."""
        if hasattr(place, "__index__"):
            return self.tfms(self.items[place], split_idx=self.split_idx)
        return L([self.tfms(item, split_idx=self.split_idx) for item in self.items[place]])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "tfms" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.tfms, name)

    def decode(self, x: Any, **keywords: Any) -> Any:
        """Undo the transforms."""
        return self.tfms.decode(x)

    def show(self, x: Any, ctx: Any = None, **keywords: Any) -> Any:
        """Show a transformed item."""
        return show_value(self.tfms.decode(x), ctx=ctx, **keywords)

    def new_empty(self) -> TfmdLists:
        """Return the same transforms without items."""
        return TfmdLists([], self.tfms, do_setup=False)


class Datasets(_Parts):
    """Items seen through several pipelines: one for each field of a sample.

    Args:
        items: the items.
        tfms: one list of transforms per field, e.g. `[[PILImage.create], [parent_label, Categorize]]`.
        tls: `TfmdLists`, one per field, in place of `tfms`.
        n_inp: how many fields are inputs; None for all but the last.
        splits: positions of the training and of the validation items.
        split_idx: which part these items are.
    """

    def __init__(
        self, items: Any = None, tfms: Any = None, tls: Any = None, n_inp: int | None = None, splits: Any = None,
        split_idx: int | None = None,
    ) -> None:  # fmt: skip
        self._setup_splits(tls[0].items if items is None else items, splits)
        self.split_idx = split_idx
        fields = tfms if tfms is not None else [None]
        self.tls = (
            L(tls) if tls is not None else L([TfmdLists(self.items, one, self.splits) for one in fields])
        )
        self.n_inp = max(1, len(self.tls) - 1) if n_inp is None else n_inp

    def __repr__(self) -> str:
        return "\n".join(str(self[place]) for place in range(min(len(self), 3)))

    def _n_inp(self) -> int | None:
        return self.n_inp

    def _part(self, items: L, number: int) -> Datasets:
        tls = [one._part(items, number) for one in self.tls]
        return Datasets(items, tls=tls, n_inp=self.n_inp, split_idx=number)

    def unlabelled(self, items: L) -> Datasets:
        """Return other items seen through the same transforms, without those of the labels."""
        tls = [one._part(items, 1) for one in self.tls[: self.n_inp]]
        return Datasets(items, tls=tls, n_inp=self.n_inp, split_idx=1)

    def __getitem__(self, place: Any) -> Any:
        """Return the sample at a place, a tuple of its fields; a list of them for a slice or a list of places."""
        if hasattr(place, "__index__"):
            return tuple(one[place] for one in self.tls)
        return L([self[one] for one in L(range_of(self.items))[place]])

    @property
    def vocab(self) -> Any:
        """The vocabularies of the fields that have one; the only one by itself."""
        found = [one.vocab for one in self.tls if getattr(one, "vocab", None) is not None]
        return found[0] if len(found) == 1 else L(found)

    def decode(self, o: Sequence[Any], full: bool = True) -> tuple[Any, ...]:
        """Undo the transforms of each field of a sample."""
        return tuple(one.decode(part) for one, part in zip(self.tls, o, strict=False))

    def show(self, o: Sequence[Any], ctx: Any = None, **keywords: Any) -> Any:
        """Show each field of a sample."""
        for part in self.decode(o):
            ctx = show_value(part, ctx=ctx, **keywords)
        return ctx


def show_at(o: Any, idx: int, **keywords: Any) -> Any:
    """Show the item at a place of `TfmdLists` or `Datasets`."""
    return o.show(o[idx], **keywords)
