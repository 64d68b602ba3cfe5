"""The recipe for photos with masks: which class each pixel is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gatera.core.errors import DataError
from gatera.data.blocks import batch_size
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.folders.masks import MaskSet, read_mask_folder
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.labels import ItemGetter
from gatera.data.sources.who_labelled import label_sources
from gatera.data.transforms.item import Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.evaluate.kept.masks import kept_masks
from gatera.learn.learner import Learner
from gatera.measure.grouped import UNNAMED
from gatera.measure.metrics.masks import JaccardCoeffMulti, PixelAccuracy
from gatera.measure.reports.masks import MaskReport
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.events import Events
from gatera.recipes.job import Job, fine_tuning, first_arch, options_for, weights_source
from gatera.recipes.labelled_files import report_masks
from gatera.recipes.repositories.groups import report_sources, say_groups
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.given import say_share_unused
from gatera.recipes.splitting.masks import keep_copies_together
from gatera.vision.task_defaults import MASKS
from gatera.vision.unet import unet_learner

#: What a figure of masks is of, where photos are resized.
AT_ITS_SIZE = "Measured at the size in which the network sees its photos; in their own pixels, as gatera test measures, the figures differ a little."


def mask_job(settings: TrainSettings, events: Events) -> Job:
    """Prepare training on photos with masks.

    Raises:
        DataError: if something is wrong with the folder.
    """
    rows = kept_masks(settings.source)
    found = read_mask_folder(
        settings.source, settings.valid_share, settings.seed, settings.mask_values, settings.test_pct or 0.0, events.on_note,
        None if rows is None else rows.given,
    )  # fmt: skip
    if "valid" not in found.at_random:
        say_share_unused(settings, events, found.split_by)
    if rows is not None:
        report_sources(label_sources(rows.sources), events)
        groups, sides = [each.group for each in rows.given], [each.side for each in rows.given]
        say_groups("photos", groups, sides, settings, events, change=())
    found, leaks = keep_copies_together(found, settings, events)
    report_masks(events, [str(name) for name in found.block.vocab], found)
    dls = mask_loaders(found, settings)
    ignored = None if found.ignored_class is None else dls.vocab.o2i[found.ignored_class]  # masks have one
    remarks = [AT_ITS_SIZE] if resized(found, settings) else []
    learn = unet_learner(
        dls, first_arch(settings, str(MASKS.arch)), pretrained=settings.weights or True, path=settings.out.parent,
        metrics=[PixelAccuracy(ignore=ignored), JaccardCoeffMulti(ignore=ignored)],
        options=options_for(settings, MASKS),
    )  # fmt: skip
    return Job(
        learn, fine_tuning(learn, settings, MASKS),
        lambda side: Evaluation(measure_masks(learn, side, found.ignored_class), remarks=remarks),
        data=f"{settings.source} ({found.layout})", split_by=found.split_by, at_random=found.at_random, weights=weights_source(learn),
        example=[str(found.photos[found.indices("valid")[0]])], skipped=found.skipped, facts={"skipped": len(found.skipped)}, leaks=leaks,
        groups=lambda side: ([found.groups[place] for place in found.indices(side)] if found.groups else (), UNNAMED),
    )  # fmt: skip


def mask_loaders(found: MaskSet, settings: TrainSettings) -> DataLoaders:
    """Return loaders for photos with masks. Small photos of one size keep it; others are resized to a square."""
    shape, splits = shape_of(found, settings), found.splits
    block = DataBlock(
        (ImageBlock, found.block), splitter=lambda items: splits, get_x=ItemGetter(0), get_y=ItemGetter(1),
        item_tfms=Resize(shape, "squish"), batch_tfms=aug_transforms(max_warp=0) if settings.augment else None,
    )  # fmt: skip
    rows = list(zip(found.photos, found.masks, strict=True))
    bs = min(settings.bs or batch_size.MASKS.size(len(splits.train)), len(splits.train))
    return block.dataloaders(rows, settings.out.parent, bs=bs, seed=settings.seed, device=settings.device)


def shape_of(found: MaskSet, settings: TrainSettings) -> tuple[int, int]:
    """Return the (height, width) in which the network sees the photos."""
    common, usual = found.common_size, MASKS.size or 0
    if settings.size is None and common is not None and common[0] * common[1] <= usual**2:
        return common
    size: int | tuple[int, int] = settings.size or usual
    return size if isinstance(size, tuple) else (size, size)


def resized(found: MaskSet, settings: TrainSettings) -> bool:
    """Whether the network sees some photos in another size than their own."""
    return shape_of(found, settings) != found.common_size


def measure_masks(learn: Learner, side: str, ignored: str | None) -> MaskReport:
    """Return the pixel error on one side of the split, at the size in which the model sees its photos."""
    loader = getattr(learn.dls, side)

    def masks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        # photo by photo: the probabilities of all pixels together would fill the memory
        for predictions, labels in learn.predict_batches(loader.for_evaluation()):
            if labels is None:
                raise DataError(f"the photos of the side {side!r} have no masks to measure with")
            yield from zip(predictions.argmax(1).cpu().numpy(), labels.cpu().numpy(), strict=True)

    return MaskReport.from_masks(masks(), learn.dls.vocab or [], ignored)
