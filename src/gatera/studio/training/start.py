"""Start a training where PyTorch is installed; without it, say so."""

from __future__ import annotations

from functools import partial

from gatera.core.checks import require
from gatera.core.lazy import later
from gatera.studio.jobs import Job
from gatera.studio.studio import Studio
from gatera.studio.trained import Trained


def start_training(studio: Studio, by: str, job: Job) -> None:
    """Train on the labels that a person sees, in the background.

    Raises:
        MissingExtraError: if PyTorch is not installed.
        ArgumentError: if a training runs already.
    """
    require("torch", "train", "to train again; labelling needs none of it")
    job.start(partial(_train, studio, by))


def _train(studio: Studio, by: str, job: Job) -> str:
    trained: Trained = later("gatera.studio.training.again", "train_again")(studio, by, job)
    studio.guesses, studio.trained = trained.guesses, trained
    return trained.sentence
