"""The job of photos with masks: what each pixel shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gatera.core.errors import DataError
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import MaskBlock
from gatera.data.datablock import DataBlock
from gatera.data.folders.masks import MaskSet, read_mask_folder
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.labels import ItemGetter
from gatera.data.transforms.item import Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.learn.learner import Learner
from gatera.measure.metrics.masks import JaccardCoeffMulti, PixelAccuracy
from gatera.measure.reports.masks import MaskReport
from gatera.recipes.events import Saying
from gatera.recipes.photos import ARCHITECTURE, say_found, say_sides, splits_of, weights_source
from gatera.recipes.run import Job, Measured, fine_tuning, options_for
from gatera.recipes.settings import TrainSettings
from gatera.vision.unet import unet_learner

#: A U-Net keeps maps of the photo's size: few photos fit into memory at once, and few updates are left for large batches.
EPOCHS, FREEZE_EPOCHS, SIZE, BATCH, RATE = 8, 1, 256, 8, 2e-3


def mask_job(settings: TrainSettings, say: Saying) -> Job:
    """Prepare a job of photos with masks.

    Raises:
        DataError: for whatever is wrong with the folder.
    """
    found = read_mask_folder(settings.source, settings.valid_pct, settings.seed)
    _say_masks(say, found)
    dls = make_loaders(found, settings).to(settings.device)
    void = None if found.undecided is None else dls.vocab.o2i[found.undecided]  # type: ignore[union-attr]  # masks have one
    learn = unet_learner(
        dls, settings.arch or ARCHITECTURE, pretrained=settings.weights or True, path=settings.out.parent,
        metrics=[PixelAccuracy(ignore=void), JaccardCoeffMulti(ignore=void)], options=options_for(settings),
    )  # fmt: skip
    fit = fine_tuning(learn, settings, EPOCHS, FREEZE_EPOCHS, RATE)
    at_random = f"{settings.valid_pct:.0%} at random, seed {settings.seed}"
    return Job(
        learn, fit, lambda side: Measured(measure_masks(learn, side, found.undecided)), things="photos",
        data=f"{settings.source} ({found.layout})", split="by the folders" if "valid" in found.layout else at_random, weights=weights_source(learn),
        example=[str(found.photos[found.indices("valid")[0]])], facts={"left_out": len(found.bad)},
    )  # fmt: skip


def make_loaders(found: MaskSet, settings: TrainSettings) -> DataLoaders:
    """Return loaders for photos with masks. Small photos of one size keep it; others are squished to a square."""
    common, size = found.common_size, settings.size
    if size is None and common is not None and common[0] * common[1] <= SIZE**2:
        shape: int | tuple[int, int] = common
    else:
        shape = size or SIZE
    splits = splits_of(found.split)
    block = DataBlock(
        (ImageBlock, MaskBlock(found.codes)), splitter=lambda items: splits, get_x=ItemGetter(0), get_y=ItemGetter(1),
        item_tfms=Resize(shape, "squish"), batch_tfms=aug_transforms(max_warp=0) if settings.augment else None,
    )  # fmt: skip
    rows = list(zip(found.photos, found.masks, strict=True))
    bs = min(settings.bs or BATCH, len(splits.train))
    return block.dataloaders(rows, settings.out.parent, bs=bs, seed=settings.seed)


def measure_masks(learn: Learner, side: str, left_out: str | None) -> MaskReport:
    """Return how well the masks of one side are found, at the size in which the model sees its photos."""
    loader = learn.dls.valid if side == "valid" else learn.dls.test

    def masks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        # photo by photo: the probabilities of all pixels together would fill the memory
        for predictions, labels in learn.predict_batches(loader.for_evaluation()):
            if labels is None:
                raise DataError(f"the {side} photos have no masks to measure with")
            yield from zip(predictions.argmax(1).cpu().numpy(), labels.cpu().numpy(), strict=True)

    return MaskReport.from_masks(masks(), learn.dls.vocab or [], left_out)


def _say_masks(say: Saying, found: MaskSet) -> None:
    names = [str(name) for name in MaskBlock(found.codes).vocab]
    sides = {side: len(found.indices(side)) for side in ("train", "valid", "test")}
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    say.line(f"{len(found.photos):,} photos with masks of {len(names)} classes ({found.layout}): {shown}")
    say_sides(say, sides)
    say_found(say, "photos", names, found.layout, sides, found.bad)
