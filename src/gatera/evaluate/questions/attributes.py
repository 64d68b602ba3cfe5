"""What items can be cut by, to find where a model errs most."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.threads import thread_pool
from gatera.program.raw.photo import photo_size, read_photo


def attributes_of_photos(photos: Sequence[Any]) -> dict[str, list[Any]]:
    """Return brightness, contrast, sharpness, size and shape of photos: name -> a number for each."""
    with thread_pool() as pool:
        looks = list(pool.map(_of_photo, photos))
    return {name: [look[name] for look in looks] for name in looks[0]} if looks else {}


def folders_of(items: Sequence[Any], classes: Sequence[str]) -> dict[str, list[Any]]:
    """Return the folder of each file, where all items are files and their folders are not just their classes."""
    parents = [raw.parent.name for raw in items if isinstance(raw, Path)]
    return {"folder": parents} if len(parents) == len(items) and parents != list(classes) else {}


def _of_photo(raw: Any) -> dict[str, float]:
    photo = read_photo(raw, "L", at_least=(96, 96))
    high, wide = photo_size(raw)
    grey = np.asarray(photo.resize((96, 96)), np.float32)
    edges = np.diff(grey, axis=0)[:, :-1] ** 2 + np.diff(grey, axis=1)[:-1] ** 2
    spread = float(grey.std())
    return {
        "brightness": float(grey.mean()), "contrast": spread, "sharpness": float(np.sqrt(edges.mean()) / max(spread, 1.0)),
        "pixels": float(high * wide), "width to height": wide / high,
    }  # fmt: skip
