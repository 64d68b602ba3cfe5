"""The job of photos: what they show."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.folders.labelled import PhotoSet, hold_out, leave_out_bad, read_photo_folder
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.items import BadFile
from gatera.data.sources.labels import ItemGetter
from gatera.data.splits.by_position import Splits
from gatera.data.transforms.item import Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.learn.callbacks.tracking import SaveModelCallback
from gatera.learn.export.program import find_body
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.measure.metrics.standard import error_rate
from gatera.measure.reports.classes import ErrorReport
from gatera.program.raw.photo import photo_size
from gatera.recipes.events import Saying
from gatera.recipes.report import write_report
from gatera.recipes.run import Job, Measured, fine_tuning, measure_classes, options_for
from gatera.recipes.settings import TrainSettings
from gatera.vision.learner import vision_learner

ARCHITECTURE, EPOCHS, FREEZE_EPOCHS, SIZE, RATE = "efficientnet_lite0", 1, 1, 320, 3e-3

#: If a linear head on the frozen body misses a smaller fraction of the training photos than this (each judged by a head that has
#: not seen it), an unfrozen epoch is not worth its time: on cats_dogs it did not lower the validation loss (see LOG.md).
ENOUGH = 0.03

#: Photos that small (longer side, pixels) are scaled to fewer pixels: more of the same blur costs time and accuracy.
SMALL_PHOTO, SMALL_SIZE = 80, 160

#: How many photos are looked at to tell whether they are small.
MOST_LOOKED_AT = 200

#: How many files that were left out are listed one by one.
MOST_LISTED = 20


def photo_job(settings: TrainSettings, say: Saying) -> Job:
    """Prepare a job of photos.

    Raises:
        DataError: for whatever is wrong with the folder.
    """
    photos = hold_out(
        leave_out_bad(read_photo_folder(settings.source, settings.label_from)),
        settings.valid_pct,
        settings.seed,
    )
    _say_photos(say, photos)
    dls = make_loaders(photos, settings).to(settings.device)
    options = TrainingOptions(skip_unfrozen_below=ENOUGH if settings.epochs is None else 0.0)
    learn = vision_learner(
        dls, settings.arch or ARCHITECTURE, pretrained=settings.weights or True, metrics=error_rate,
        path=settings.out.parent, options=options_for(settings, options),
    )  # fmt: skip

    keeper = SaveModelCallback(reset_on_fit=False)  # few photos: the second part can do harm
    train = fine_tuning(learn, settings, EPOCHS, FREEZE_EPOCHS, RATE, keeper)

    def fit(resume: Path | None) -> None:
        train(resume)
        say.line(f"Kept: the epoch whose valid_loss was lowest, {keeper.best:.6f}.")

    def page(found: Measured, program: Path) -> Path:
        assert isinstance(found.report, ErrorReport)  # for the type checker: photos are classified
        return write_report(learn, settings, photos, found.report, program)

    return Job(
        learn, fit, lambda side: measure_classes(learn, side, "photos"), things="photos",
        data=f"{settings.source} ({photos.layout})", split=split_words(photos.layout, settings),
        weights=weights_source(learn), example=[str(photos.photos[photos.indices("valid")[0]])],
        facts={"left_out": len(photos.bad)}, report_page=page,
    )  # fmt: skip


def make_loaders(photos: PhotoSet, settings: TrainSettings) -> DataLoaders:
    """Return loaders for photos that are split."""
    splits = splits_of(photos.split)
    block = DataBlock(
        (ImageBlock, CategoryBlock), splitter=lambda items: splits, get_x=ItemGetter(0), get_y=ItemGetter(1),
        item_tfms=Resize(settings.size or usual_size(photos.photos), "squish"),
        batch_tfms=aug_transforms() if settings.augment else None,
    )  # fmt: skip
    rows = list(zip(photos.photos, photos.labels, strict=True))
    bs = None if settings.bs is None else min(settings.bs, len(splits.train))
    return block.dataloaders(rows, settings.out.parent, bs=bs, val_bs=64, seed=settings.seed)


def usual_size(photos: Sequence[Path]) -> int:
    """Return to how many pixels squared photos are scaled where nobody says: 320, or 160 where most are tiny."""
    some = photos[:: math.ceil(len(photos) / MOST_LOOKED_AT)]
    longer = statistics.median(max(photo_size(photo)) for photo in some)
    return SMALL_SIZE if longer <= SMALL_PHOTO else SIZE


def splits_of(sides: Sequence[str]) -> Splits:
    """Return the split of items that are each "train", "valid" or "test" already."""
    train, valid, test = (np.flatnonzero(np.array(sides) == side) for side in ("train", "valid", "test"))
    return Splits(train, valid, test if len(test) else None)


def weights_source(learn: Learner) -> str:
    """Return where the initial weights came from, in words."""
    body = find_body(learn.model)
    return "random weights" if body is None else body.source


def split_words(layout: str, settings: TrainSettings) -> str:
    """Return how the items were divided, in words."""
    if layout == "train and valid folders":
        return "by the folders train and valid"
    return f"{settings.valid_pct:.0%} of every class at random, seed {settings.seed}"


def _say_photos(say: Saying, photos: PhotoSet) -> None:
    counts = Counter(photos.labels)
    sides = {side: len(photos.indices(side)) for side in ("train", "valid", "test")}
    say_classes(say, "photos", counts, photos.layout, sides)
    say_found(say, "photos", dict(counts), photos.layout, sides, photos.bad)


def say_classes(say: Saying, things: str, counts: Counter[str], layout: str, sides: dict[str, int]) -> None:
    """Say how many items there are, of which classes, and how they are divided."""
    shown = ", ".join(f"{label} {count:,}" for label, count in counts.most_common(8))
    more = f" and {len(counts) - 8} more" if len(counts) > 8 else ""
    say.line(f"{sum(counts.values()):,} {things} of {len(counts)} classes ({layout}): {shown}{more}")
    say_sides(say, sides)


def say_sides(say: Saying, sides: dict[str, int]) -> None:
    """Say how many items there are on each side."""
    say.line(
        f"{sides['train']:,} to learn from, {sides['valid']:,} to measure with"
        + (f", {sides['test']:,} to test with" if sides.get("test") else "")
    )


def say_found(
    say: Saying, things: str, classes: object, layout: str, sides: dict[str, int], bad: Sequence[BadFile]
) -> None:
    """Say which files were left out and why, and for JSON what was found in all."""
    say_bad(say, bad)
    rows = [{"file": str(file.path), "reason": file.reason} for file in bad]
    say.event(things, {"classes": classes, "layout": layout, **sides, "left_out": rows})


def say_bad(say: Saying, files: Sequence[BadFile]) -> None:
    """Say which files were left out, and why."""
    if not files:
        return
    say.line("What was left out, and why:", style="yellow")
    for bad in files[:MOST_LISTED]:
        say.line(f"  {bad.reason}")
    if len(files) > MOST_LISTED:
        say.line(f"  and {len(files) - MOST_LISTED} more")
