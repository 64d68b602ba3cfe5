"""Find photos with masks for a program. Masks are read as in training, which needs PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.data.blocks.mask import MaskBlock
from gatera.data.folders.masks import labelled_masks
from gatera.evaluate.items import Asked, Example, LabelledItems, choose_side, source_name
from gatera.evaluate.kept.masks import kept_masks
from gatera.program.tables.notes import Note

#: The number of pixels whose class the program does not know, or that are not labelled.
UNLABELLED = -1


def find_masks(folder: Path, vocab: Sequence[Any], asked: Asked) -> LabelledItems:
    """Return photos with masks; their truth is a function that returns class numbers of the program, int [H,W].

    Raises:
        DataError: if there are no photos with masks, or their classes are not those of the program.
    """
    kept = kept_masks(folder)
    found = labelled_masks(folder, on_note=asked.tell, given=None if kept is None else kept.given)
    chosen, side = choose_side(found.split, asked)
    block = found.block
    places = _places([str(name) for name in block.vocab], [str(label) for label in vocab], folder, asked)
    examples = [
        Example(
            found.photos[i].relative_to(folder).as_posix(),
            found.photos[i],
            partial(mask_of, block, places, found.masks[i]),
            found.groups[i] if found.groups else None,
        )
        for i in chosen
    ]
    how = f"{counted(len(examples), 'photo')}{side} with masks in {source_name(folder)}"
    return LabelledItems(examples, "photos", how, found.skipped)


def mask_of(block: MaskBlock, places: np.ndarray, mask: Path) -> np.ndarray:
    """Return a mask as class numbers of the program, int16 [H,W]; `UNLABELLED` where it has none of them.

    Args:
        block: how the mask is read.
        places: class of the mask -> class of the program.
        mask: the file.
    """
    return places[np.asarray(block.encode(block.read(mask)))]


def _places(names: Sequence[str], vocab: Sequence[str], folder: Path, asked: Asked) -> np.ndarray:
    """Return the program's number for each class of the masks."""
    if set(names) & set(vocab):
        unknown = [name for name in names if name not in vocab]
        if unknown:
            asked.tell(
                Note(f"Pixels of classes that the program does not know are not measured: {listed(unknown)}")
            )
        return np.array([vocab.index(name) if name in vocab else UNLABELLED for name in names], np.int16)
    if all(name.isdecimal() and int(name) < len(vocab) for name in names if name != "void"):
        asked.tell(
            Note(
                f"The numbers of the masks in {source_name(folder)} are taken as the program's classes, in order"
            )
        )
        return np.array([UNLABELLED if name == "void" else int(name) for name in names], np.int16)
    raise DataError(
        f"the classes of the masks in {folder} are not those of the program", got=listed(names), expected=listed(vocab),
        remedy="Put a codes.txt with the program's names beside the photos, in the order of the masks' numbers.",
    )  # fmt: skip
