"""`ImageDataLoaders`: loaders of labelled photos from the ways in which people keep them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from gatera.data.blocks.base import Block
from gatera.data.blocks.image import ImageBlock
from gatera.data.from_files import FileDataLoaders
from gatera.data.show.pil import PILImage
from gatera.data.sources.items import Items, get_image_files


class ImageDataLoaders(FileDataLoaders):
    """Loaders of labelled photos, from wherever the labels are written. Every constructor returns a `DataLoaders`.

    All of them take, beside what their docstrings list: `item_tfms` and `batch_tfms` (a transform or a list), `img_cls`
    (PILImageBW for grey photos), `bs`, `val_bs`, `num_workers`, `device`, `shuffle` and `cache`, as
    `DataBlock.dataloaders` does, and `seed`, which keys the random split, shuffling and augmentation.
    """

    things: ClassVar[str] = "photos"

    @classmethod
    def find(cls, path: str | Path, folders: Sequence[str] | None = None) -> Items[Path]:
        """List the photos below a folder; see `get_image_files`."""
        return get_image_files(path, folders=folders)

    @classmethod
    def input_block(cls, x_block: Block | None, img_cls: type[PILImage]) -> Block:
        """Return the block of the inputs: photos, unless another was given."""
        return ImageBlock(img_cls) if x_block is None else x_block
