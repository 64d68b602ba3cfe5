"""`AudioDataLoaders`: build DataLoaders from labelled recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from gatera.audio.block import AudioBlock
from gatera.core.errors import ArgumentError
from gatera.core.walk import OnLeftOut
from gatera.data.blocks.base import InputBlock
from gatera.data.from_files import FileDataLoaders
from gatera.data.show.pil import PILImage
from gatera.data.sources.items import Items, get_files
from gatera.program.raw.sound import SOUND_SUFFIXES


def get_audio_files(
    path: str | Path,
    recurse: bool = True,
    folders: str | Sequence[str] | None = None,
    on_left_out: OnLeftOut | None = None,
) -> Items[Path]:
    """List the recordings in a folder (by file suffix), sorted; see `get_files`."""
    return get_files(path, SOUND_SUFFIXES, recurse, folders, on_left_out)


class AudioDataLoaders(FileDataLoaders):
    """Create `DataLoaders` of labelled recordings; one constructor for each way to store labels.

    Every constructor also accepts, by keyword: `x_block` (an `AudioBlock`, for another length, sample rate or image size),
    `item_tfms` and `batch_tfms` (a transform or a list), and the arguments of `DataBlock.dataloaders`: `bs`, `val_bs`,
    `num_workers`, `device`, `shuffle`, `cache`. `seed` determines the random split, shuffling and augmentation. To hold out
    speakers, use `DataBlock` with a `GroupSplitter`.
    """

    things: ClassVar[str] = "recordings"

    @classmethod
    def find(cls, path: str | Path, folders: Sequence[str] | None = None) -> Items[Path]:
        """List the recordings below a folder; see `get_audio_files`."""
        return get_audio_files(path, folders=folders)

    @classmethod
    def input_block(cls, x_block: InputBlock | None, img_cls: type[PILImage]) -> InputBlock:
        """Return the input block: an `AudioBlock`, unless another was given.

        Raises:
            ArgumentError: if `img_cls` is given.
        """
        if img_cls is not PILImage:
            raise ArgumentError(
                "img_cls is for photos",
                got=img_cls,
                remedy="Pass x_block=AudioBlock(...) for recordings.",
            )
        return AudioBlock() if x_block is None else x_block
