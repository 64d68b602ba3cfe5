"""The recipe for photos: which class each of them is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gatera.data.blocks.image import ImageBlock
from gatera.data.folders.labelled import Kind, LabelledFiles
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.items import decode_photo, get_image_files
from gatera.data.sources.looks import look_at_photo
from gatera.data.transforms.item import Resize
from gatera.data.transforms.presets import aug_transforms
from gatera.evaluate.questions.features import frozen_features
from gatera.evaluate.questions.frozen_baselines import frozen_baselines
from gatera.evaluate.questions.labels import LabelErrors
from gatera.learn.callbacks.tracking import SaveModelCallback
from gatera.learn.learner import Learner
from gatera.measure.metrics.standard import error_rate
from gatera.program.raw.photo import photo_size
from gatera.recipes.evaluation import Evaluation, evaluate_classes
from gatera.recipes.events import Events
from gatera.recipes.job import Job, fine_tuning, first_arch, options_for, weights_source
from gatera.recipes.labelled_files import file_loaders, find_files
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.changed_copies import ChangedCopies, train_on_changed_copies
from gatera.recipes.splitting.end_warnings import report_suspects
from gatera.recipes.splitting.files import facts_of_files, file_leaks, groups_of_files
from gatera.vision.learner import vision_learner
from gatera.vision.task_defaults import ENOUGH, EPOCHS_FROM_ZERO, PHOTOS, SMALL_PHOTO, SMALL_SIZE, TOO_MANY

KIND = Kind(get_image_files, "photo", ".jpg, .png or .webp", decode_photo, look_at_photo)

#: What an error is worth that was measured where something was chosen.
CHOSEN = (
    "The best epoch was chosen on these photos, so the error on others may be a little higher; {} holds out photos to "
    "measure that."
)

#: How many photos are opened to tell whether most are small.
MOST_OPENED = 200


def photo_job(settings: TrainSettings, events: Events) -> Job:
    """Prepare training on photos.

    Raises:
        DataError: if something is wrong with the folder.
    """
    photos = find_files(settings, events, KIND, chooses=True)
    resized = Resize(settings.size or usual_size(photos.files), "squish")

    def loaders(files: LabelledFiles, told: Events | None = None) -> DataLoaders:
        augmented = aug_transforms() if settings.augment else None
        return file_loaders(
            files, ImageBlock(), settings, told or Events(), item_tfms=resized, batch_tfms=augmented
        )

    options = replace(
        options_for(settings, PHOTOS), solve_head_below=TOO_MANY,
        skip_unfrozen_below=ENOUGH if settings.epochs is None else 0.0,
    )  # fmt: skip
    learn = vision_learner(
        loaders(photos, events), first_arch(settings, str(PHOTOS.arch)), pretrained=settings.weights or True, metrics=error_rate,
        path=settings.out.parent, options=options,
    )  # fmt: skip
    suspects: list[LabelErrors] = []
    leaks = file_leaks(photos, settings, events)
    looked: list[ChangedCopies] = []
    simpler: dict[str, dict[str, float]] = {}
    keeper = SaveModelCallback(reset_on_fit=False)  # few photos: training the body may do harm

    def fit(resume: Path | None) -> None:
        looked.append(train_on_changed_copies(learn, photos, leaks, resume, settings, events, loaders))
        simpler.update(frozen_baselines(learn))
        defaults = replace(PHOTOS, freeze_epochs=frozen_epochs(learn, resume))
        if resume is None and not settings.augment:
            suspects.extend(report_suspects(learn, events))
        fine_tuning(learn, settings, defaults, keeper)(resume)
        events.on_line(f"Restored the best epoch (valid_loss {keeper.best:.4f}).")

    def evaluate(side: str) -> Evaluation:
        if learn.trains_head_only:  # kept for the answers, and for how sure they may be
            frozen_features(learn, getattr(learn.dls, side))
        measured = evaluate_classes(learn, side, simpler.get(side))
        chosen = side == "valid" and len(learn.recorder.rows) > 1 and learn.dls.test is None
        return replace(measured, remarks=[CHOSEN.format(events.argument("test_pct"))]) if chosen else measured

    return Job(
        learn, fit, evaluate, data=f"{settings.source} ({photos.layout})",
        split_by=photos.split_by, at_random=photos.at_random, weights=weights_source(learn), example=[str(photos.files[photos.indices("valid")[0]])],
        skipped=photos.skipped, facts=facts_of_files(photos), leaks=leaks, looked=looked,
        suspects=suspects, groups=groups_of_files(lambda: looked[-1].files if looked else photos, settings),
    )  # fmt: skip


def frozen_epochs(learn: Learner, resume: Path | None) -> int:
    """Return for how many epochs only the head is trained by default: more if it starts from zero.

    Args:
        learn: the learner; its head is solved.
        resume: the checkpoint to resume from, which knows what the head started from.
    """
    if resume is None:
        learn.solve_head()
    else:
        learn.load_checkpoint(resume)
    from_zero = learn.head_start is not None and learn.head_start.from_zero
    return EPOCHS_FROM_ZERO if from_zero else PHOTOS.freeze_epochs


def usual_size(photos: Sequence[Path]) -> int:
    """Return the size to which photos are resized by default: 320 pixels squared, or 160 if most are tiny."""
    some = photos[:: math.ceil(len(photos) / MOST_OPENED)]
    longer = statistics.median(max(photo_size(photo)) for photo in some)
    return SMALL_SIZE if longer <= SMALL_PHOTO else PHOTOS.size or SMALL_SIZE
