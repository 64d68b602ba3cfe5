"""fastai's side of the other applications of the book's first chapter, on the same items with the same split.

Its U-Net gets the same pretrained body as ours, through the class that `unet_learner` uses itself: there is no way to hand
`unet_learner` weights from a file.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from fastai.collab import CollabDataLoaders, collab_learner
from fastai.tabular.all import Categorify, FillMissing, TabularDataLoaders, tabular_learner
from fastai.vision.all import (
    CrossEntropyLossFlat,
    DynamicUnet,
    Learner,
    Normalize,
    SegmentationDataLoaders,
    accuracy,
    get_image_files,
    params,
    set_seed,
)
from job import run_job
from safetensors.torch import load_file
from torch import nn


def tabular(csv: str, columns: dict[str, Any], valid: list[int], seed: int, epochs: int) -> dict[str, Any]:
    set_seed(seed)
    dls = TabularDataLoaders.from_csv(
        csv, path=Path(csv).parent, procs=[Categorify, FillMissing, Normalize], valid_idx=valid, **columns
    )
    learn = tabular_learner(dls, metrics=accuracy)
    seconds = _timed(learn, lambda: learn.fit_one_cycle(epochs))
    return {"seconds": seconds, "score": float(learn.recorder.values[-1][-1])}


def recommend(csv: str, seed: int, epochs: int) -> dict[str, Any]:
    set_seed(seed)
    learn = collab_learner(CollabDataLoaders.from_csv(csv, seed=seed), y_range=(0.5, 5.5))
    seconds = _timed(learn, lambda: learn.fine_tune(epochs))
    return {"seconds": seconds, "score": float(learn.recorder.values[-1][1])}


def segmentation(folder: str, weights: str, seed: int, epochs: int) -> dict[str, Any]:
    set_seed(seed)
    path = Path(folder)
    codes = np.loadtxt(path / "codes.txt", dtype=str)
    dls = SegmentationDataLoaders.from_label_func(
        path, bs=8, fnames=sorted(get_image_files(path / "images")), seed=seed,
        label_func=lambda photo: path / "labels" / f"{photo.stem}_P{photo.suffix}",
        codes=codes,
        batch_tfms=Normalize.from_stats([0.5] * 3, [0.5] * 3, cuda=False),
    )  # fmt: skip
    model = DynamicUnet(_body(weights), len(codes), (96, 128))
    learn = Learner(dls, model, CrossEntropyLossFlat(axis=1), splitter=_groups)
    seconds = _timed(learn, lambda: learn.fine_tune(epochs))
    return {"seconds": seconds, "score": float(learn.recorder.values[-1][1])}


def _body(weights: str) -> nn.Sequential:
    whole = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    whole.load_state_dict(load_file(weights))
    return nn.Sequential(whole.conv_stem, whole.bn1, *whole.blocks)


def _groups(model: nn.Module) -> list[list[torch.nn.Parameter]]:
    return [params(model.layers[0]), params(model.layers[1:])]


def _timed(learn: Learner, train: Any) -> float:
    with learn.no_bar(), learn.no_logging():
        start = time.perf_counter()
        train()
        return time.perf_counter() - start


if __name__ == "__main__":
    run_job({f.__name__: f for f in (tabular, recommend, segmentation)})
