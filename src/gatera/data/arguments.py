"""Arguments that many functions share: names, types and default values, written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

import torch

from gatera.data.blocks.base import Block, InputBlock
from gatera.data.show.pil import PILImage


class LoaderArguments(TypedDict, total=False):
    """What every function that makes `DataLoaders` takes.

    Attributes:
        bs: items per training batch; None for a number that suits the data: 64, or fewer, but at least 8, so that an epoch
            has 40 updates (10 for texts, recordings and blocks of your own); at most 16 texts or recordings, 8 photos
            with masks; 256 rows of 10,000 or more, 512 pairs without ratings of 50,000 or more.
        val_bs: items per validation batch; None for the same.
        num_workers: threads that read ahead; None for one per processor, at most 8. Inputs in memory need none.
        device: where batches are put; None for the best available.
        shuffle: shuffle the training items in every epoch.
        cache: keep decoded photos on disk where they are the same in every epoch.
    """

    bs: int | None
    val_bs: int | None
    num_workers: int | None
    device: str | torch.device | None
    shuffle: bool
    cache: bool


LOADER_DEFAULTS = LoaderArguments(
    bs=None, val_bs=None, num_workers=None, device=None, shuffle=True, cache=True
)


def loader_arguments(options: Mapping[str, Any]) -> LoaderArguments:
    """Return those of a function's keyword arguments that are about its loaders."""
    return cast(LoaderArguments, {name: options[name] for name in LOADER_DEFAULTS if name in options})


class ImageArguments(LoaderArguments, total=False):
    """What functions that make loaders of photos take as well.

    Attributes:
        item_tfms: one transform or a list, applied to each photo.
        batch_tfms: one transform or a list, applied to whole batches.
        img_cls: PILImage for colour, PILImageBW for grey.
    """

    item_tfms: Any
    batch_tfms: Any
    img_cls: type[PILImage]


IMAGE_DEFAULTS = ImageArguments(item_tfms=None, batch_tfms=None, img_cls=PILImage, **LOADER_DEFAULTS)


class FileArguments(ImageArguments, total=False):
    """What functions that make loaders of labelled files take as well.

    Attributes:
        x_block: how files are read; None for the usual block.
    """

    x_block: InputBlock | None


FILE_DEFAULTS = FileArguments(x_block=None, **IMAGE_DEFAULTS)


class ReadArguments(TypedDict, total=False):
    """How a file of a table is read; see `gatera.program.tables.reader.open_table`.

    Attributes:
        header: "auto" to see whether the first row names the columns; the number of the row that does, from 0 on; None
            where the columns have no names.
        encoding: any that Python knows; None to find it.
        decimal: the decimal sign of numbers, "." or ","; None to find it column by column.
        sheet: the sheet of a workbook of Excel; None for the first that holds a table.
    """

    header: str | int | None
    encoding: str | None
    decimal: str | None
    sheet: str | None


READ_DEFAULTS = ReadArguments(header="auto", encoding=None, decimal=None, sheet=None)


def read_arguments(options: Mapping[str, Any]) -> ReadArguments:
    """Return those of a function's keyword arguments that are about how a file is read."""
    return cast(ReadArguments, {name: options[name] for name in READ_DEFAULTS if name in options})


class FileTableArguments(FileArguments, total=False):
    """What functions that make loaders of files listed in a table take as well.

    Attributes:
        suff: put after each file name, e.g. ".jpg".
        label_col: column of the labels, by name or position, or several.
        label_delim: what separates several labels in one cell.
        y_block: what the labels are; None for MultiCategoryBlock where a file has several, else CategoryBlock.
        valid_col: column that is true for validation rows, in place of a random split.
    """

    suff: str
    label_col: str | int | Sequence[str | int]
    label_delim: str | None
    y_block: Block | type[Block] | None
    valid_col: str | int | None


FILE_TABLE_DEFAULTS = FileTableArguments(
    suff="", label_col=1, label_delim=None, y_block=None, valid_col=None, **FILE_DEFAULTS
)
