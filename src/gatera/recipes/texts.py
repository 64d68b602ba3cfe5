"""The job of texts: what they are about, or what they think of it."""

from __future__ import annotations

from typing import cast

from gatera.data.folders.labelled import Kind
from gatera.measure.metrics.standard import error_rate
from gatera.program.raw.text import read_text
from gatera.recipes.events import Saying
from gatera.recipes.files import file_loaders, find_files
from gatera.recipes.photos import split_words
from gatera.recipes.run import Job, Measured, fine_tuning, measure_classes, options_for
from gatera.recipes.settings import TrainSettings
from gatera.text.baseline import tfidf_baseline
from gatera.text.block import TextBlock
from gatera.text.data import get_text_files
from gatera.text.learner import text_classifier_learner
from gatera.text.loaders import TextLoaders

TEXTS = Kind(get_text_files, "text", ".txt")

ARCHITECTURE, EPOCHS, FREEZE_EPOCHS = "MiniLM", 2, 1

#: fine_tune's own default is for heads on photos; texts take the book's.
RATE = 1e-2


def text_job(settings: TrainSettings, say: Saying) -> Job:
    """Prepare a job of texts.

    Raises:
        DataError: for whatever is wrong with the folder.
    """
    found = find_files(settings, say, TEXTS, read_text)
    dls = cast(TextLoaders, file_loaders(found, TextBlock(), settings))
    arch = settings.arch or ARCHITECTURE
    learn = text_classifier_learner(
        dls, arch, pretrained=settings.weights or True, metrics=error_rate, path=settings.out.parent,
        options=options_for(settings),
    )  # fmt: skip
    fit = fine_tuning(learn, settings, EPOCHS, FREEZE_EPOCHS, RATE)

    def measure(side: str) -> Measured:
        words = tfidf_baseline(dls, 1 if side == "valid" else 2)
        return measure_classes(learn, side, "texts", {"TF-IDF with logistic regression": 1 - words.accuracy})

    return Job(
        learn, fit, measure, things="texts", data=f"{settings.source} ({found.layout})", weights=f"the weights of {arch}",
        split=split_words(found.layout, settings), example=[str(found.photos[found.indices("valid")[0]])],
        architecture=arch, facts={"left_out": len(found.bad)},
    )  # fmt: skip
