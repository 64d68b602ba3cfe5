"""The recipe for recordings: which class each of them is."""

from __future__ import annotations

from pathlib import Path

from gatera.audio.block import AudioBlock
from gatera.audio.data import get_audio_files
from gatera.audio.task_defaults import RECORDINGS
from gatera.data.folders.labelled import Kind
from gatera.data.sources.looks import look_at_sound
from gatera.evaluate.questions.frozen_baselines import frozen_baselines
from gatera.measure.metrics.standard import error_rate
from gatera.program.raw.sound import load_sound
from gatera.recipes.evaluation import evaluate_classes
from gatera.recipes.events import Events
from gatera.recipes.job import Job, fine_tuning, first_arch, options_for, weights_source
from gatera.recipes.labelled_files import file_loaders, find_files
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.files import facts_of_files, file_leaks, groups_of_files
from gatera.vision.learner import vision_learner
from gatera.vision.task_defaults import ARCHITECTURE

KIND = Kind(get_audio_files, "recording", ".wav, .flac or .mp3", load_sound, look_at_sound)


def sound_job(settings: TrainSettings, events: Events) -> Job:
    """Prepare training on recordings.

    Raises:
        DataError: if something is wrong with the folder.
    """
    found = find_files(settings, events, KIND)
    dls = file_loaders(found, AudioBlock(), settings, events)
    learn = vision_learner(
        dls, first_arch(settings, ARCHITECTURE), pretrained=settings.weights or True, metrics=error_rate,
        path=settings.out.parent, options=options_for(settings, RECORDINGS),
    )  # fmt: skip
    simpler: dict[str, dict[str, float]] = {}
    fine_tune = fine_tuning(learn, settings, RECORDINGS)

    def fit(resume: Path | None) -> None:
        simpler.update(frozen_baselines(learn))
        fine_tune(resume)

    return Job(
        learn, fit, lambda side: evaluate_classes(learn, side, simpler.get(side)),
        data=f"{settings.source} ({found.layout})", split_by=found.split_by, at_random=found.at_random, weights=weights_source(learn),
        example=[str(found.files[found.indices("valid")[0]])], skipped=found.skipped, facts=facts_of_files(found), leaks=file_leaks(found, settings, events),
        groups=groups_of_files(lambda: found, settings),
    )  # fmt: skip
