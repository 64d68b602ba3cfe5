"""Find pictures that are copies beyond what thumbnails tell: features propose pairs, their pixels decide.

Features of a trained network change little when a photo is cropped, turned or mirrored, but they are alike for other photos of
the same thing, too. So each picture is compared with the one whose features are most like its own, and only if that one can be
laid over it, they are copies.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gatera.measure.duplicates.aligned import align
from gatera.measure.duplicates.pairs import Pair
from gatera.measure.duplicates.pictures import LEAST_FINE, Thumbnails, colours_fit, tells

#: Pairs are compared whose features are that much alike (cosine, without what all have in common). Of crops that leave 36 % of
#: a photo a twentieth is less like it; of other photos most are.
LEAST_LIKE = 0.4

#: Copies agree that much in their details (correlation), and in those of the worst quarter of their squares. Of 14,000 pairs of
#: nearest photos none that were others agreed in more than 0.77, and of 2,000 copies hardly any in less than 0.83. See LOG.md.
LEAST_WHOLE, LEAST_PARTS = 0.82, 0.3

#: Features of fewer numbers, as a program for few photos has, tell the right one less surely: the more pictures are compared, however
#: far they are.
ENOUGH_NUMBERS = 64

#: Rows compared at once.
_BLOCK = 1024


def proposed_pictures(
    some: Thumbnails, others: Thumbnails, features: np.ndarray, other_features: np.ndarray
) -> list[Pair]:
    """Return the pictures that are copies of the one that their features are most like, the most alike first; each at most once.

    With few features of each, several of those that are most like it are compared.

    Small and plain pictures, such as pages and drawings, are left out: their shapes can be laid over many others.

    Args:
        some: pictures.
        others: those to compare them with.
        features: of `some`, float32 [N,F].
        other_features: of `others`, float32 [M,F].
    """
    found: dict[int, Pair] = {}
    for rows, places in _nearest(some, others, features, other_features):
        whole, parts = align(some.grey[rows], others.grey[places])
        for at in np.flatnonzero((whole >= LEAST_WHOLE) & (parts >= LEAST_PARTS)).tolist():
            pair = Pair(int(rows[at]), int(places[at]), min(float(whole[at]), 1.0))
            best = found.get(pair.first)
            if colours_fit(some, others, pair[:2]) and (best is None or pair.likeness > best.likeness):
                found[pair.first] = pair
    return sorted(found.values(), key=lambda pair: (-pair.likeness, pair))


def _nearest(
    some: Thumbnails, others: Thumbnails, features: np.ndarray, other_features: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield positions in `some`, and beside each the position of one of the nearest of `others`, block by block."""
    mean = other_features.mean(axis=0)
    there = _unit(other_features - mean)
    kept = np.flatnonzero(_usable(some))
    allowed = _usable(others)
    most = min(-(-ENOUGH_NUMBERS // max(1, features.shape[1])), int(allowed.sum()))
    if not most:
        return
    least = LEAST_LIKE if features.shape[1] >= ENOUGH_NUMBERS else -1.0
    for start in range(0, len(kept), _BLOCK):
        rows = kept[start : start + _BLOCK]
        alike = _unit(features[rows] - mean) @ there.T
        alike[:, ~allowed] = -2
        places = np.argpartition(-alike, most - 1, axis=1)[:, :most]
        at, which = np.nonzero(np.take_along_axis(alike, places, 1) >= least)
        if len(at):
            yield rows[at], places[at, which]


def _usable(pictures: Thumbnails) -> np.ndarray:
    """Return which pictures have details enough to be laid over others, bool [N]."""
    return tells(pictures.grey) & (pictures.needed(np.arange(len(pictures))) <= LEAST_FINE)


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), np.float32)
