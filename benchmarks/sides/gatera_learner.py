"""Gatera's side, the half that trains: the same job with the import line changed, all other settings default."""

from __future__ import annotations

import time
from typing import Any

import torch
from job import milliseconds_each, run_job
from safetensors.torch import save_file

from gatera.models.backbones.architectures import get_architecture
from gatera.models.weights.efficientnet_lite import to_timm_names
from gatera.models.weights.find import find_weights
from gatera.vision.all import (
    ImageDataLoaders,
    Learner,
    Resize,
    efficientnet_lite0,
    error_rate,
    set_seed,
    vision_learner,
)


def weights(out: str) -> dict[str, Any]:
    """Write the published weights under timm's names, for the other side."""
    found = find_weights(get_architecture(efficientnet_lite0))
    save_file({name: value.contiguous() for name, value in to_timm_names(found.state_dict).items()}, out)
    return {"source": found.source}


def make_learner(photos: str, device: str, bs: int | None, size: int, seed: int = 42) -> Learner:
    set_seed(seed)
    dls = ImageDataLoaders.from_folder(
        photos, train="train", valid="valid", seed=seed, item_tfms=Resize(size), bs=bs, device=device
    )
    return vision_learner(dls, efficientnet_lite0, metrics=error_rate)


def fine_tune(**settings: Any) -> dict[str, Any]:
    """Train as the book's lines do, which name no batch size: fastai's is 64, ours suits the data."""
    learn = make_learner(**{**settings, "bs": None})
    start = time.perf_counter()
    with learn.no_bar():
        learn.fine_tune(1)
    seconds = time.perf_counter() - start
    error = float(learn.history["error_rate"].iloc[-1])
    return {"seconds": seconds, "error": error, "n_train": learn.dls.train.n, "n_held_out": learn.dls.valid.n}


def export(out: str, **settings: Any) -> dict[str, Any]:
    """Write an untrained program; return what its body makes of one photo, so that the weights can be compared."""
    learn = make_learner(**settings)
    photo = torch.linspace(0, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)
    body = learn.model[0].cpu().eval()
    with torch.no_grad():
        features = body(photo).mean((2, 3))[0]  # normalises by itself; [1,F,H,W] -> [F]
    learn.export(out)
    return {"features": features[:16].tolist()}


def learner_predict(predicted: list[str], **settings: Any) -> dict[str, Any]:
    learn = make_learner(**settings)
    return {"milliseconds": milliseconds_each(learn.predict, predicted)}


def loader(**settings: Any) -> dict[str, Any]:
    """Return photos a second of the training loader: first epoch, second, and an epoch of the head on kept features."""
    learn = make_learner(**settings)
    train = learn.dls.train
    speeds = {}
    for number, name in enumerate(("first epoch", "cached epoch")):
        train.set_epoch(number)
        start, photos = time.perf_counter(), 0
        for x, _ in train:
            photos += len(x)
        speeds[name] = photos / (time.perf_counter() - start)
    learn.freeze()
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(1)  # makes the features
        start = time.perf_counter()
        learn.fit_one_cycle(1)
    photos = len(train) * settings["bs"] + learn.dls.valid.n
    return {
        **speeds,
        "head epoch on stored features": photos / (time.perf_counter() - start),
        "photos": train.n,
    }


if __name__ == "__main__":
    run_job({f.__name__: f for f in (weights, fine_tune, export, learner_predict, loader)})
