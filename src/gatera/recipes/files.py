"""Labelled files that are no photos: found, checked, divided, and said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import Block
from gatera.data.blocks.category import CategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.folders.labelled import Kind, PhotoSet, check_classes, hold_out, read_photo_folder
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.items import BadFile
from gatera.data.sources.labels import ItemGetter, RegexLabeller
from gatera.data.splits.by_value import GroupSplitter
from gatera.recipes.events import Saying
from gatera.recipes.photos import say_classes, say_found, splits_of
from gatera.recipes.settings import TrainSettings


def find_files(settings: TrainSettings, say: Saying, kind: Kind, read: Callable[[Path], Any]) -> PhotoSet:
    """Return the labelled files of a folder, divided; those that cannot be read are left out, and said.

    Args:
        settings: where they are, how they are labelled and divided.
        say: says what was found.
        kind: which files.
        read: reads one; raises DataError if it cannot.

    Raises:
        DataError: for whatever is wrong with the folder.
    """
    found = _without_bad(read_photo_folder(settings.source, settings.label_from, kind), read)
    if settings.group_by is None:
        found = hold_out(found, settings.valid_pct, settings.seed)
    else:
        found = _by_group(found, settings.group_by, settings)
    counts = Counter(found.labels)
    sides = {side: len(found.indices(side)) for side in ("train", "valid", "test")}
    say_classes(say, kind.things, counts, found.layout, sides)
    say_found(say, kind.things, dict(counts), found.layout, sides, found.bad)
    return found


def file_loaders(found: PhotoSet, block: Block, settings: TrainSettings) -> DataLoaders:
    """Return loaders for files that are divided."""
    splits = splits_of(found.split)
    recipe = DataBlock(
        (block, CategoryBlock), splitter=lambda items: splits, get_x=ItemGetter(0), get_y=ItemGetter(1)
    )
    rows = list(zip(found.photos, found.labels, strict=True))
    bs = None if settings.bs is None else min(settings.bs, len(splits.train))
    return recipe.dataloaders(
        rows, settings.out.parent, bs=bs, val_bs=64, seed=settings.seed, device=settings.device
    )


def _without_bad(found: PhotoSet, read: Callable[[Path], Any]) -> PhotoSet:
    bad = []
    for path in found.photos:
        try:
            read(path)
        except DataError as err:
            bad.append(BadFile(path, str(err)))
    names = {entry.path for entry in bad}
    kept = found.keep(index for index, path in enumerate(found.photos) if path not in names)
    if not kept.photos:
        raise DataError(
            f"none of the {len(found.photos)} {found.kind.things} can be read, e.g. {bad[0].reason}"
        )
    return replace(kept, bad=[*found.bad, *bad])


def _by_group(found: PhotoSet, expression: str, settings: TrainSettings) -> PhotoSet:
    """Divide by whole groups, e.g. speakers."""
    check_classes(found)
    try:
        labeller = RegexLabeller(expression)
    except re.error as err:
        raise ArgumentError(f"--group-by is not a regular expression ({err})", got=expression) from err
    groups = [labeller(path.name) for path in found.photos]
    splits = GroupSplitter(groups, settings.valid_pct, settings.seed)(found.photos)
    split = ["train"] * len(groups)
    for index in splits.valid:
        split[int(index)] = "valid"
    held_out = sorted({groups[int(index)] for index in splits.valid})
    return replace(found, split=split, layout=f"{found.layout}; {', '.join(map(str, held_out))} held out")
