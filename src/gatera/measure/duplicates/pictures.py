"""Find pictures that are copies: re-encoded, resized, mirrored, cropped or recoloured.

Every picture is a small grey thumbnail. Candidates are pairs whose coarse thumbnails agree, also mirrored or cropped; a pair is
kept if its details agree, too, once the best crop of one has been laid over the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.measure.duplicates.pairs import Pair

#: Side of a thumbnail in pixels, of the picture that candidates are found by, and of the one that decides.
SIDE, COARSE, FINE = 48, 12, 24

#: Candidates are the pictures whose coarse versions agree best, if they agree that much (correlation).
MOST_CANDIDATES, LEAST_COARSE = 2, 0.42

#: Copies agree that much in their details (correlation); small pictures, which have hardly any, as good as wholly.
LEAST_FINE, LEAST_SMALL = 0.84, 0.985

#: Pictures with that share of their pixels within two levels of one another are plain: a page, a drawing, an icon on a flat ground.
#: Only a small part of them tells anything, and it must agree as that of small ones.
PLAIN = 0.6

#: ... and that much in their middle: frames and margins are alike in many pictures.
LEAST_INSIDE = 0.6

#: Pictures of a single spot (a lamp at night, a cell, the moon) have that share of their details in a square of that side (of
#: `FINE`). Any two spots agree once one is moved over the other, so they must lie at the same place, to that share of a pixel.
SPOT, SPOT_SIDE, SAME_PLACE = 0.9, 9, 0.12

#: Edges are moved a second time where the first brought that much agreement.
WORTH_ANOTHER = 0.5

#: Grey levels by which a picture must vary for its details to tell anything.
LEAST_CONTRAST = 3.0

#: Mean colours of copies differ by at most this many levels in a channel.
MOST_RECOLOURED = 90.0

#: How much of a side may be cut off at either end, in the steps that are tried.
CUTS = (0.0, 0.025, 0.05, 0.075, 0.1, 0.125)

#: Rows compared at once.
_BLOCK = 1024


@dataclass(frozen=True)
class Thumbnails:
    """Small versions of pictures.

    Attributes:
        grey: uint8 [N,48,48]; any aspect ratio is squeezed into the square.
        colour: mean of each channel, 0..255, float32 [N,3]; empty [0,3] where it is unknown.
        small: which pictures had too few pixels to show details, bool [N]; empty where none had.
        mirrors: whether copies may be mirrored; False for spectrograms.
    """

    grey: np.ndarray
    colour: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    small: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    mirrors: bool = True

    def __post_init__(self) -> None:
        if self.grey.ndim != 3 or self.grey.shape[1:] != (SIDE, SIDE):
            raise ArgumentError(
                "thumbnails have another shape", got=list(self.grey.shape), expected=f"[N, {SIDE}, {SIDE}]"
            )

    def __len__(self) -> int:
        return len(self.grey)

    def take(self, positions: np.ndarray | list[int]) -> Thumbnails:
        """Return the thumbnails at some positions."""
        where = np.asarray(positions, np.int64)
        colour, small = (kept[where] if len(kept) else kept for kept in (self.colour, self.small))
        return Thumbnails(self.grey[where], colour, small, self.mirrors)

    def needed(self, positions: np.ndarray) -> np.ndarray:
        """Return how alike pictures at some positions must be to their copies, float64 [P]."""
        small = self.small[positions] if len(self.small) else np.zeros(len(positions), bool)
        return np.where(small | self._plain[positions] | self.spots[positions], LEAST_SMALL, LEAST_FINE)

    @cached_property
    def _plain(self) -> np.ndarray:
        """Which pictures are mostly of one grey, bool [N]."""
        return self._told(lambda block: _commonest(block) >= PLAIN)

    @cached_property
    def spots(self) -> np.ndarray:
        """Which pictures show a single spot, bool [N]."""
        return self._told(lambda block: _within_a_square(block) >= SPOT)

    def _told(self, tell: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        blocks = [tell(self.grey[start : start + _BLOCK]) for start in range(0, len(self), _BLOCK)]
        return np.concatenate([*blocks, np.zeros(0, bool)])


def near_pictures(some: Thumbnails, others: Thumbnails | None = None) -> list[Pair]:
    """Return the pairs of pictures that are copies of each other, the most alike first.

    Args:
        some: pictures.
        others: the pictures to compare them with; None for `some` themselves.
    """
    within = others is None
    target = some if others is None else others
    found: dict[tuple[int, int], float] = {}
    for rows, candidates, mirrored in _candidates(some, target, within):
        likeness = _alignment(some.grey[rows], target.grey[candidates], mirrored)
        at = np.flatnonzero(some.spots[rows] | target.spots[candidates])
        if len(at):
            lie_alike = _lie_alike(_turned(some.grey[rows[at]], mirrored[at]), target.grey[candidates[at]])
            likeness[at[~lie_alike]] = 0.0
        enough = likeness >= np.maximum(some.needed(rows), target.needed(candidates))
        for pair, value in zip(
            zip(rows[enough].tolist(), candidates[enough].tolist(), strict=True),
            likeness[enough].tolist(), strict=True,
        ):  # fmt: skip
            found[pair] = max(value, found.get(pair, 0.0))
    kept = [Pair(*pair, value) for pair, value in found.items() if colours_fit(some, target, pair)]
    return sorted(kept, key=lambda pair: (-pair.likeness, pair))


def _commonest(grey: np.ndarray) -> np.ndarray:
    """Return the share of each picture's pixels that are in its fullest bin of four levels, float64 [P]."""
    flat = grey.reshape(len(grey), -1).astype(np.int64)
    fullest = np.zeros(len(grey))
    for shift in (0, 2):  # a ground at the edge of a bin is in the middle of one of the other bins
        bins = (flat + shift) // 4 + 65 * np.arange(len(grey))[:, None]
        counts = np.bincount(bins.ravel(), minlength=65 * len(grey)).reshape(len(grey), 65)
        fullest = np.maximum(fullest, counts.max(axis=1) / flat.shape[1])
    return fullest


def _within_a_square(grey: np.ndarray) -> np.ndarray:
    """Return the largest share of each picture's details that a square of `SPOT_SIDE` holds, float32 [P]."""
    loudness = np.square(_whole_details(grey)).reshape(-1, FINE, FINE)
    starts, pixels = np.arange(FINE - SPOT_SIDE + 1)[:, None], np.arange(FINE)
    held = ((pixels >= starts) & (pixels < starts + SPOT_SIDE)).astype(np.float32)
    return np.asarray((held @ loudness @ held.T).max(axis=(1, 2)))


def colours_fit(some: Thumbnails, others: Thumbnails, pair: tuple[int, int]) -> bool:
    """Whether the mean colours of a pair are those of copies, or unknown."""
    if not len(some.colour) or not len(others.colour):
        return True
    return bool(np.abs(some.colour[pair[0]] - others.colour[pair[1]]).max() <= MOST_RECOLOURED)


def _candidates(
    some: Thumbnails, others: Thumbnails, within: bool
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield (positions in `some`, positions in `others`, whether mirrored), block by block."""
    whole, cropped = descriptors(others.grey), descriptors(_cropped(others.grey))
    told = tells(some.grey), tells(others.grey)
    for start in range(0, len(some), _BLOCK):
        block = some.grey[start : start + _BLOCK]
        views = [(block, False), (block[:, :, ::-1], True)][: 2 if some.mirrors else 1]
        agreement = [np.maximum.reduce(_compared(view, whole, cropped)) for view, _ in views]
        mirrored = agreement[1] > agreement[0] if len(views) == 2 else np.zeros_like(agreement[0], bool)
        best = np.maximum.reduce(agreement)
        best[~told[0][start : start + _BLOCK]] = -1
        best[:, ~told[1]] = -1
        if within:
            columns = np.arange(best.shape[1])
            best[columns[None] <= start + np.arange(len(block))[:, None]] = -1
        keep = min(MOST_CANDIDATES, best.shape[1])
        top = np.argpartition(-best, keep - 1, axis=1)[:, :keep]
        rows, places = np.nonzero(np.take_along_axis(best, top, 1) >= LEAST_COARSE)
        columns = top[rows, places]
        if len(rows):
            yield rows + start, columns, mirrored[rows, columns]


def _compared(view: np.ndarray, whole: np.ndarray, cropped: np.ndarray) -> list[np.ndarray]:
    """Return how well pictures agree with others: both whole, and either of them cropped."""
    plain, cut = descriptors(view), descriptors(_cropped(view))
    return [plain @ whole.T, cut @ whole.T, plain @ cropped.T]


def tells(grey: np.ndarray) -> np.ndarray:
    """Whether pictures vary enough for copies to be told from others."""
    return np.asarray(grey.reshape(len(grey), -1).std(axis=1) >= LEAST_CONTRAST)


def _cropped(grey: np.ndarray) -> np.ndarray:
    """Return the middle of pictures, a twentieth cut off on every side, at their old size."""
    cut = _resampling(2, 2, SIDE)
    return cut @ grey.astype(np.float32) @ cut.T


def descriptors(grey: np.ndarray) -> np.ndarray:
    """Return coarse pictures with less weight on what is large, as unit vectors, float32 [N,F]."""
    n, step = len(grey), SIDE // COARSE
    coarse = grey.reshape(n, COARSE, step, COARSE, step).mean(axis=(2, 4), dtype=np.float32)
    return _unit(coarse - 0.7 * _blurred(coarse))


def _blurred(pictures: np.ndarray) -> np.ndarray:
    """Return pictures averaged over 5 x 5 pixels."""
    smooth = _smoothing(pictures.shape[-1])
    return np.asarray(smooth @ pictures @ smooth.T)


@cache
def _smoothing(side: int) -> np.ndarray:
    """Return the matrix that averages five neighbours, fewer at the ends, float32 [side,side]."""
    near = np.abs(np.arange(side)[:, None] - np.arange(side)[None]) <= 2
    return (near / near.sum(axis=1, keepdims=True)).astype(np.float32)


def _unit(pictures: np.ndarray) -> np.ndarray:
    flat = pictures.reshape(len(pictures), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6), np.float32)


def _alignment(some: np.ndarray, others: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Return how well details of pairs agree at the best crop of either, float32 [P].

    Args:
        some: grey pictures, uint8 [P,48,48].
        others: those to compare them with.
        mirrored: which pairs are compared mirrored, bool [P].
    """
    some = _turned(some, mirrored)
    return np.maximum(_best_crop(some, others), _best_crop(others, some))


def _lie_alike(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether what stands out lies at the same place in both pictures of pairs, or they agree without a crop, bool [P]."""
    details, wanted = _whole_details(some), _whole_details(others)
    moved = np.hypot(*(_place(details) - _place(wanted)).T)
    return np.asarray((moved <= SAME_PLACE) | ((details * wanted).sum(axis=1) >= LEAST_SMALL))


def _place(details: np.ndarray) -> np.ndarray:
    """Return the middle of what stands out most, in pixels of `FINE`, float32 [P,2]."""
    loudness = (details**4).reshape(-1, FINE, FINE)
    both = [loudness.sum(axis=axis) @ np.arange(FINE) for axis in (1, 2)]
    return np.asarray(np.stack(both, axis=1) / loudness.sum(axis=(1, 2))[:, None])


def _turned(pictures: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    return np.where(mirrored[:, None, None], pictures[:, :, ::-1], pictures)


def _whole_details(grey: np.ndarray) -> np.ndarray:
    """Return the details of whole pictures as unit vectors, float32 [P,F]."""
    return _details(_resized(grey.astype(np.float32), np.zeros((len(grey), 4), np.int64)))


def _best_crop(whole: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return how well `part` agrees with the best crop of `whole`: one edge after the other is moved, twice."""
    pictures = whole.astype(np.float32)
    wanted = _whole_details(part)
    cuts = np.zeros((len(whole), 4), np.int64)  # of the left, right, upper and lower edge
    best = _agreement(pictures, cuts, wanted)
    _move_edges(pictures, wanted, cuts, best)
    near = np.flatnonzero(best >= WORTH_ANOTHER)
    result = np.zeros(len(whole), np.float32)
    if len(near):
        pictures, wanted, cuts, best = pictures[near], wanted[near], cuts[near], best[near]
        _move_edges(pictures, wanted, cuts, best)
        inner = _unit(_middle(_details(_resized(pictures, cuts))))
        inside = (inner * _unit(_middle(wanted))).sum(axis=1)
        result[near] = np.where(inside >= LEAST_INSIDE, best, 0.0)
    return result


def _move_edges(pictures: np.ndarray, wanted: np.ndarray, cuts: np.ndarray, best: np.ndarray) -> None:
    """Move one edge of the crops after the other to where they agree best; `cuts` and `best` are changed."""
    for edge in range(4):
        for step in range(len(CUTS)):
            tried = cuts.copy()
            tried[:, edge] = step
            agreement = _agreement(pictures, tried, wanted)
            better = agreement > best
            best[better], cuts[better] = agreement[better], tried[better]


def _middle(details: np.ndarray) -> np.ndarray:
    """Return the details of pictures without a fifth on every side, float32 [P,14,14]."""
    return details.reshape(-1, FINE, FINE)[:, 5:-5, 5:-5]


def _agreement(pictures: np.ndarray, cuts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return np.asarray((_details(_resized(pictures, cuts)) * wanted).sum(axis=1))


def _details(pictures: np.ndarray) -> np.ndarray:
    return _unit(pictures - 0.9 * _blurred(pictures))


def _resized(pictures: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return crops of pictures at the size that is compared, float32 [P,24,24]."""
    table = _resamplings()
    across, down = table[cuts[:, 0], cuts[:, 1]], table[cuts[:, 2], cuts[:, 3]]
    return np.asarray(down @ pictures @ across.transpose(0, 2, 1))


@cache
def _resamplings() -> np.ndarray:
    """Return the matrix of every pair of cuts, float32 [C,C,24,48]."""
    steps = range(len(CUTS))
    return np.stack([np.stack([_resampling(low, high, FINE) for high in steps]) for low in steps])


@cache
def _resampling(low: int, high: int, side: int) -> np.ndarray:
    """Return the matrix that averages what is left of 48 pixels to `side`, float32 [side,48]."""
    edges = np.linspace(CUTS[low] * SIDE, (1 - CUTS[high]) * SIDE, side + 1)
    pixels = np.arange(SIDE)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    overlap = np.clip(overlap, 0, None)
    return (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
