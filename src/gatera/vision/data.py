"""`ImageDataLoaders`: build DataLoaders from labelled photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.from_files import FileDataLoaders
from gatera.data.show.pil import PILImage
from gatera.data.sources.items import Items, get_image_files


class ImageDataLoaders(FileDataLoaders):
    """Create `DataLoaders` of labelled photos; one constructor for each way to store labels.

    Every constructor also accepts, by keyword: `item_tfms` and `batch_tfms` (a transform or a list), `img_cls` (PILImageBW for
    grey photos), and the arguments of `DataBlock.dataloaders`: `bs`, `val_bs`, `num_workers`, `device`, `shuffle`, `cache`.
    `seed` determines the random split, shuffling and augmentation.
    """

    things: ClassVar[str] = "photos"

    @classmethod
    def find(cls, path: str | Path, folders: Sequence[str] | None = None) -> Items[Path]:
        """List the photos below a folder; see `get_image_files`."""
        return get_image_files(path, folders=folders)

    @classmethod
    def input_block(cls, x_block: InputBlock | None, img_cls: type[PILImage]) -> InputBlock:
        """Return the input block: photos, unless another was given."""
        return ImageBlock(img_cls) if x_block is None else x_block
