"""fastai's side, as its documentation teaches it: `vision_learner` with a timm name, all other settings default.

The weights come from a file instead of the hub, through timm's own argument for that.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from fastai.vision.all import (
    ImageDataLoaders,
    Learner,
    Resize,
    error_rate,
    load_learner,
    set_seed,
    vision_learner,
)
from job import milliseconds_each, run_job


def make_learner(
    photos: str, arch: str, weights: str, device: str, bs: int, size: int, seed: int = 42
) -> Learner:
    set_seed(seed)
    dls = ImageDataLoaders.from_folder(
        photos,
        train="train",
        valid="valid",
        seed=seed,
        item_tfms=Resize(size),
        bs=bs,
        device=torch.device(device),
    )
    return vision_learner(dls, arch, metrics=error_rate, pretrained_cfg_overlay={"file": weights})


def fine_tune(tuned: bool, **settings: Any) -> dict[str, Any]:
    learn = make_learner(**settings)
    if tuned:
        learn.to_channelslast(use_amp=settings["device"] == "cuda")
    start = time.perf_counter()
    with learn.no_bar():
        learn.fine_tune(1)
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "error": float(learn.recorder.values[-1][-1]),
        "valid": len(learn.dls.valid_ds),
    }


def export(out: str, **settings: Any) -> dict[str, Any]:
    """Save an untrained learner; return what its body makes of one photo, so that the weights can be compared."""
    learn = make_learner(**settings)
    photo = torch.linspace(0, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)
    body = learn.model[0].cpu().eval()
    with torch.no_grad():
        features = body((photo - 0.5) / 0.5).mean((2, 3))[0]  # [1,F,H,W] -> [F]
    learn.export(out)
    return {"features": features[:16].tolist()}


def learner_predict(predicted: list[str], **settings: Any) -> dict[str, Any]:
    learn = make_learner(**settings)
    with learn.no_bar():
        return {"milliseconds": milliseconds_each(learn.predict, predicted)}


def saved_predict(saved: str, predicted: list[str]) -> dict[str, Any]:
    learn = load_learner(saved)
    with learn.no_bar():
        return {"milliseconds": milliseconds_each(learn.predict, predicted)}


if __name__ == "__main__":
    run_job({f.__name__: f for f in (fine_tune, export, learner_predict, saved_predict)})
