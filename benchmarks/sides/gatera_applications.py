"""Gatera's side of the other applications of the book's first chapter, with the import lines changed and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from job import run_job

from gatera.collab.all import CollabDataLoaders, collab_learner
from gatera.tabular.all import Categorify, FillMissing, Normalize, TabularDataLoaders, tabular_learner
from gatera.vision.all import (
    Learner,
    SegmentationDataLoaders,
    accuracy,
    efficientnet_lite0,
    get_image_files,
    set_seed,
    unet_learner,
)


def tabular(csv: str, columns: dict[str, Any], valid: list[int], seed: int, epochs: int) -> dict[str, Any]:
    set_seed(seed)
    dls = TabularDataLoaders.from_csv(
        csv,
        path=Path(csv).parent,
        procs=[Categorify, FillMissing, Normalize],
        valid_idx=valid,
        seed=seed,
        **columns,
    )
    learn = tabular_learner(dls, metrics=accuracy)
    seconds = _timed(learn, lambda: learn.fit_one_cycle(epochs))
    return {"seconds": seconds, "score": float(learn.history["accuracy"].iloc[-1]), **_counts(learn)}


def recommend(csv: str, seed: int, epochs: int) -> dict[str, Any]:
    set_seed(seed)
    learn = collab_learner(CollabDataLoaders.from_csv(csv, seed=seed), y_range=(0.5, 5.5))
    seconds = _timed(learn, lambda: learn.fine_tune(epochs))
    return {"seconds": seconds, "score": float(learn.history["valid_loss"].iloc[-1]), **_counts(learn)}


def segmentation(folder: str, seed: int, epochs: int) -> dict[str, Any]:
    set_seed(seed)
    path = Path(folder)
    dls = SegmentationDataLoaders.from_label_func(
        path, bs=8, fnames=get_image_files(path / "images"), seed=seed,
        label_func=lambda photo: path / "labels" / f"{photo.stem}_P{photo.suffix}",
        codes=np.loadtxt(path / "codes.txt", dtype=str),
    )  # fmt: skip
    learn = unet_learner(dls, efficientnet_lite0)
    seconds = _timed(learn, lambda: learn.fine_tune(epochs))
    return {"seconds": seconds, "score": float(learn.history["valid_loss"].iloc[-1]), **_counts(learn)}


def _counts(learn: Learner) -> dict[str, int]:
    return {"n_train": learn.dls.train.n, "n_held_out": learn.dls.valid.n}


def _timed(learn: Learner, train: Callable[[], None]) -> float:
    with learn.no_bar(), learn.no_logging():
        start = time.perf_counter()
        train()
        return time.perf_counter() - start


if __name__ == "__main__":
    run_job({f.__name__: f for f in (tabular, recommend, segmentation)})
