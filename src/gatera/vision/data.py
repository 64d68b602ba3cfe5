"""`ImageDataLoaders`: loaders of labelled photos from the ways in which people keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from gatera.data.blocks import CategoryBlock, ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.items import get_image_files
from gatera.data.labels import parent_label
from gatera.data.loaders import DataLoaders
from gatera.data.splits import GrandparentSplitter, RandomSplitter


class ImageDataLoaders:
    """Loaders of labelled photos. Every constructor returns a `DataLoaders`."""

    @staticmethod
    def from_folder(
        path: str | Path,
        train: str = "train",
        valid: str = "valid",
        valid_pct: float | None = None,
        seed: int | None = None,
        vocab: Sequence[Any] | None = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        *,
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = None,
        device: str | torch.device | None = None,
        shuffle: bool = True,
        cache: bool = True,
    ) -> DataLoaders:
        """Photos in a folder per class."""
        splitter = GrandparentSplitter(train, valid) if valid_pct is None else RandomSplitter(valid_pct, seed)
        block = DataBlock(
            (ImageBlock, CategoryBlock(vocab=vocab)), get_image_files, splitter, get_y=parent_label,
            item_tfms=item_tfms, batch_tfms=batch_tfms,
        )  # fmt: skip
        return block.dataloaders(path, path, bs, val_bs, seed=seed, num_workers=num_workers, device=device,
                                 shuffle=shuffle, cache=cache)  # fmt: skip

    @staticmethod
    def from_path_func(
        path: str | Path,
        fnames: Sequence[Any],
        label_func: Callable[[Any], Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        *,
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = None,
        device: str | torch.device | None = None,
        shuffle: bool = True,
        cache: bool = True,
    ) -> DataLoaders:
        """Photos whose label a function reads off their path."""
        block = DataBlock(
            (ImageBlock, CategoryBlock), splitter=RandomSplitter(valid_pct, seed), get_y=label_func,
            item_tfms=item_tfms, batch_tfms=batch_tfms,
        )  # fmt: skip
        return block.dataloaders(fnames, path, bs, val_bs, seed=seed, num_workers=num_workers, device=device,
                                 shuffle=shuffle, cache=cache)  # fmt: skip

    @staticmethod
    def from_name_func(
        path: str | Path,
        fnames: Sequence[Any],
        label_func: Callable[[str], Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        *,
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = None,
        device: str | torch.device | None = None,
        shuffle: bool = True,
        cache: bool = True,
    ) -> DataLoaders:
        """Photos whose label a function reads off their file name."""
        return ImageDataLoaders.from_path_func(
            path, fnames, lambda file: label_func(Path(file).name), valid_pct, seed, item_tfms, batch_tfms, bs=bs,
            val_bs=val_bs, num_workers=num_workers, device=device, shuffle=shuffle, cache=cache,
        )  # fmt: skip
