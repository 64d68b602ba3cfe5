"""The job of recordings: what is heard in them."""

from __future__ import annotations

from gatera.audio.block import AudioBlock
from gatera.audio.data import get_audio_files
from gatera.data.folders.labelled import Kind
from gatera.measure.metrics.standard import error_rate
from gatera.program.raw.sound import load_sound
from gatera.recipes.events import Saying
from gatera.recipes.files import file_loaders, find_files
from gatera.recipes.photos import ARCHITECTURE, split_words, weights_source
from gatera.recipes.run import Job, fine_tuning, measure_classes, options_for
from gatera.recipes.settings import TrainSettings
from gatera.vision.learner import vision_learner

RECORDINGS = Kind(get_audio_files, "recording", ".wav, .flac, .mp3")

#: The whole body learns from the start, so there is nothing to freeze. Rate, batch size and augmentation are those that the
#: learner and `AudioBlock` use by themselves.
EPOCHS, FREEZE_EPOCHS = 5, 0


def sound_job(settings: TrainSettings, say: Saying) -> Job:
    """Prepare a job of recordings.

    Raises:
        DataError: for whatever is wrong with the folder.
    """
    found = find_files(settings, say, RECORDINGS, load_sound)
    dls = file_loaders(found, AudioBlock(), settings)
    learn = vision_learner(
        dls, settings.arch or ARCHITECTURE, pretrained=settings.weights or True, metrics=error_rate,
        path=settings.out.parent, options=options_for(settings),
    )  # fmt: skip
    fit = fine_tuning(learn, settings, EPOCHS, FREEZE_EPOCHS)
    split = split_words(found.layout, settings)
    if settings.group_by is not None:
        split = f"by whole groups ({found.layout.partition('; ')[2]})"
    return Job(
        learn, fit, lambda side: measure_classes(learn, side, "recordings"), things="recordings",
        data=f"{settings.source} ({found.layout})", split=split, weights=weights_source(learn),
        example=[str(found.photos[found.indices("valid")[0]])], facts={"left_out": len(found.bad)},
    )  # fmt: skip
