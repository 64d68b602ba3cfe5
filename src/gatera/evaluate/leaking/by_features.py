"""Photos that are also in the training set, cropped or turned so far that only features tell which: these propose, pixels decide."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gatera.evaluate.leaking.contents import thumbnails
from gatera.evaluate.leaking.find import Side, counts_of, leak_of
from gatera.evaluate.leaking.found import Leak, Leaks
from gatera.measure.duplicates.pairs import Pair
from gatera.measure.duplicates.proposed import proposed_pictures

#: What was done to copies that only features propose.
CHANGED = "cropped, stretched or turned"


def leaks_by_features(
    sides: Mapping[str, Side], features: Mapping[str, np.ndarray], known: Leaks | None = None
) -> Leaks:
    """Find the photos that are also on the side "train", beyond those that are known.

    Args:
        sides: "train", and "valid", "test" or both; their contents are looks.
        features: what a network makes of the photos of a side, float32 [n,F]; a side without any is passed over.
        known: what `find_leaks` found already.
    """
    found: list[Leak] = []
    counts = counts_of(sides)
    for name, side in sides.items():
        if name == "train" or name not in features or not side.contents or not sides["train"].contents:
            continue
        done = np.zeros(0, np.int64) if known is None else known.places(name)
        rest = np.setdiff1d(np.arange(len(side.contents)), done)
        if not len(rest):
            continue
        looks = thumbnails([side.contents[place] for place in rest.tolist()])
        for pair in proposed_pictures(
            looks, thumbnails(sides["train"].contents), features[name][rest], features["train"]
        ):
            found.append(leak_of(name, sides, Pair(int(rest[pair.first]), pair.second, pair.likeness)))
    return Leaks(sorted(found, key=lambda leak: -leak.likeness), counts, "photos", CHANGED)
