"""The recipe for texts: which class each of them is."""

from __future__ import annotations

from typing import cast

from gatera.data.folders.labelled import Kind
from gatera.measure.metrics.standard import error_rate
from gatera.program.raw.text import read_text
from gatera.recipes.evaluation import Evaluation, evaluate_classes
from gatera.recipes.events import Events
from gatera.recipes.files import file_loaders, find_files
from gatera.recipes.job import Job, fine_tuning, options_for
from gatera.recipes.settings import TrainSettings
from gatera.text.baseline import tfidf_baseline
from gatera.text.block import TextBlock
from gatera.text.data import get_text_files
from gatera.text.defaults import TEXTS
from gatera.text.learner import text_classifier_learner
from gatera.text.loaders import TextLoaders

KIND = Kind(get_text_files, "text", ".txt", read_text)


def text_job(settings: TrainSettings, events: Events) -> Job:
    """Prepare training on texts.

    Raises:
        DataError: if something is wrong with the folder.
    """
    found = find_files(settings, events, KIND)
    dls = cast(TextLoaders, file_loaders(found, TextBlock(), settings, events))
    arch = settings.arch or str(TEXTS.arch)
    learn = text_classifier_learner(
        dls, arch, pretrained=settings.weights or True, metrics=error_rate, path=settings.out.parent,
        options=options_for(settings, TEXTS),
    )  # fmt: skip

    def evaluate(side: str) -> Evaluation:
        words = tfidf_baseline(dls, 1 if side == "valid" else 2)
        return evaluate_classes(learn, side, {"TF-IDF with logistic regression": 1 - words.accuracy})

    return Job(
        learn, fine_tuning(learn, settings, TEXTS), evaluate, data=f"{settings.source} ({found.layout})",
        split_by=found.split_by, weights=f"the weights of {arch}", architecture=arch,
        example=[str(found.files[found.indices("valid")[0]])], skipped=found.skipped, facts={"skipped": len(found.skipped)},
    )  # fmt: skip
