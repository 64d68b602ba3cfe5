"""Trainings with nothing said that a newcomer would not say."""

from __future__ import annotations

import random
import time
from typing import Any

from job import run_job

import gatera
from gatera.vision.all import ImageDataLoaders, Resize, error_rate, get_image_files, set_seed, vision_learner


def few_photos(folder: str, n: int, seed: int) -> dict[str, Any]:
    """Learn cats (names in capitals, as the data set has it) from `n` photos drawn at random, a fifth of them held out."""
    files = random.Random(seed).sample(sorted(get_image_files(folder)), n)
    set_seed(seed)
    dls = ImageDataLoaders.from_name_func(
        folder, files, valid_pct=0.2, seed=seed, label_func=lambda name: name[0].isupper(),
        item_tfms=Resize(224),
    )  # fmt: skip
    learn = vision_learner(dls, metrics=error_rate)
    with learn.no_bar():
        learn.fine_tune(1)
    error = float(learn.history["error_rate"].iloc[-1])
    return {"wrong": round(error * dls.valid.n), "n_train": dls.train.n, "n_held_out": dls.valid.n}


def digits(folder: str, out: str, seed: int, quick: bool) -> dict[str, Any]:
    """Train on DIGIT_SPEAKER_NUMBER.wav as `gatera train` does, the recordings held out at random as in the book's cell."""
    start = time.perf_counter()
    trained = gatera.train(
        folder, label_from=r"^(\d)_", split="random", seed=seed, out=out, force=True,
        events=gatera.Events(), **({"epochs": 1} if quick else {}),
    )  # fmt: skip
    dls = trained.learner.dls
    return {
        "accuracy": 1 - trained.report.error, "seconds": time.perf_counter() - start,
        "n_train": dls.train.n, "n_held_out": dls.valid.n,
    }  # fmt: skip


if __name__ == "__main__":
    run_job({f.__name__: f for f in (few_photos, digits)})
