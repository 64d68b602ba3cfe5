"""Gatera's side of the questions about the inside of a network: EfficientNet-Lite0 with a trained head."""

from __future__ import annotations

import resource
import time
from typing import Any

from gatera_learner import make_learner
from job import run_job


def units(layer: str, **settings: Any) -> dict[str, Any]:
    """Draw the units of one layer over the validation photos."""
    learn = make_learner(**settings)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with learn.no_bar():
        found = learn.units(layer)
    found._repr_png_()
    seconds = time.perf_counter() - start
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    return {"seconds": seconds, "photos": learn.dls.valid.n, "channels": len(found.channels), "more_mb": more}


def occlusion(patch: int, stride: int, **settings: Any) -> dict[str, Any]:
    """Make the maps of five photos, after one to warm up."""
    learn = make_learner(**settings)
    seconds = []
    with learn.no_bar():
        for number in range(6):
            start = time.perf_counter()
            found = learn.occlusion(number, patch=patch, stride=stride)
            seconds.append(time.perf_counter() - start)
    return {"seconds": seconds[1:], "squares": found.probability.size}


if __name__ == "__main__":
    run_job({"units": units, "occlusion": occlusion})
