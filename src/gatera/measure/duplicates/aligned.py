"""Lay one picture over another: cropped, mirrored, stretched or turned a little; then say how well the two agree.

`near_pictures` tries crops of an eighth. This finds larger ones and turned pictures, too, and takes longer: it is for pairs that
something else proposes. A coarse search over sizes, turns and mirrors finds about where one lies in the other; Gauss and
Newton's method then moves it, as an affine map, to where the details agree best.

Source: Evangelidis and Psarakis 2008, "Parametric Image Alignment Using Enhanced Correlation Coefficient Maximization".
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

#: Side of the pictures in the search, and of the field in which one is moved over the other: by up to half a side.
COARSE, FIELD = 24, 36

#: How much smaller one may lie in the other, and by how many degrees turned, in the steps that are tried.
SIZES, TURNS = (1.0, 0.88, 0.77, 0.68, 0.6), (-9.0, 0.0, 9.0)

#: Pairs that agree less than this (correlation) after they are moved coarsely are given up.
PROMISING = 0.55

#: The least share of either picture that the other shows.
LEAST_SHARED = 0.25

#: How often a map is corrected: coarsely, and then finely.
COARSE_STEPS, FINE_STEPS = 6, 8

#: Sides of the squares that details are compared with their surroundings in: of coarse and of fine pictures.
NEAR_COARSE, NEAR_FINE = 5, 9

#: A correction moves an edge by at most this share of half a side.
LONGEST_STEP = 0.15

#: Grey levels below which what varies is noise.
NOISE = 3.0

#: Squares along a side, of which each is compared alone, and the share of its pixels that both pictures must show.
SQUARES, LEAST_OF_SQUARE = 4, 0.4

#: Pairs aligned at once.
_BLOCK = 64


class Alignment(NamedTuple):
    """How well pairs of pictures agree where one lies over the other best.

    Attributes:
        whole: correlation of all details that both show, float32 [P]; 0 where no place was found.
        parts: the same of the worst quarter of sixteen squares, float32 [P]: low where only a frame or a background agrees.
    """

    whole: np.ndarray
    parts: np.ndarray


@torch.no_grad()
def align(some: np.ndarray, others: np.ndarray) -> Alignment:
    """Lay pictures over others, pair by pair.

    Args:
        some: grey pictures, uint8 [P,48,48].
        others: those that they are compared with, uint8 [P,48,48].

    Example:
        >>> picture = np.random.default_rng(0).integers(0, 256, (1, 48, 48)).astype(np.uint8)
        >>> align(picture, picture[:, :, ::-1]).whole.round(2)
        array([1.], dtype=float32)
    """
    blocks = [
        _aligned(*(torch.from_numpy(np.array(side[start : start + _BLOCK], np.float32)) for side in (some, others)))
        for start in range(0, len(some), _BLOCK)
    ]  # fmt: skip
    if not blocks:
        return Alignment(np.zeros(0, np.float32), np.zeros(0, np.float32))
    whole, parts = (torch.cat(found).numpy() for found in zip(*blocks, strict=True))
    return Alignment(whole, parts)


def _aligned(some: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return both figures for a block of pairs, float32 [P]; grey pictures are float32 [P,48,48]."""
    found = [_moved_coarsely(some, others), _moved_coarsely(others, some)]
    swapped = found[1][0] > found[0][0]
    one, other = swapped[:, None, None], ~swapped[:, None, None]
    agreement = torch.where(swapped, found[1][0], found[0][0])
    maps = torch.where(one, found[1][1], found[0][1])
    part, whole = torch.where(other, some, others), torch.where(other, others, some)
    result = torch.zeros(2, len(some))
    rows = torch.nonzero(agreement >= PROMISING)[:, 0]
    if len(rows):
        part, whole = part[rows], whole[rows]
        maps = _moved(part, whole, maps[rows], FINE_STEPS, NEAR_FINE)[1]
        result[:, rows] = torch.stack(_judged(part, whole, maps))
    return result[0], result[1]


def _moved_coarsely(part: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
    """Return how well `part` agrees with `whole` at the best place in it, [P], and the map to there, [P,2,3]."""
    part, whole = (F.adaptive_avg_pool2d(side, COARSE) for side in (part, whole))
    return _moved(part, whole, _searched(part, whole), COARSE_STEPS, NEAR_COARSE)


def _details(pictures: Tensor, near: int) -> Tensor:
    """Return what pictures [P,S,S] have beyond their surroundings, as loud in the shade as in the light."""
    rest = pictures - _mean(pictures, near)
    return rest / (_mean(rest * rest, near + 2).sqrt() + NOISE)


def _mean(pictures: Tensor, near: int) -> Tensor:
    return F.avg_pool2d(pictures, near, 1, near // 2, count_include_pad=False)


@cache
def _tried() -> Tensor:
    """Return the maps of the search: from places of `whole` to places of `part` that is smaller, turned or mirrored, [H,2,3]."""
    maps = []
    for mirrored in (1, -1):
        for size in SIZES:
            for turn in TURNS:
                across, along = math.cos(math.radians(turn)) / size, math.sin(math.radians(turn)) / size
                maps.append([[mirrored * across, -mirrored * along, 0.0], [along, across, 0.0]])
    return torch.tensor(maps)


def _searched(part: Tensor, whole: Tensor) -> Tensor:
    """Return the map that makes `part` agree best with `whole`, among all that are tried at all places, [P,2,3]."""
    n, tried = len(part), _tried()
    h = len(tried)
    grid = F.affine_grid(tried, [h, 1, COARSE, COARSE], align_corners=False)
    inside = _inside(grid)
    there = _details(whole, NEAR_COARSE)  # [P,S,S]
    stack = _details(part, NEAR_COARSE)[None].expand(h, n, COARSE, COARSE)
    moved = _sampled(stack, grid).transpose(0, 1)  # [P,H,S,S]
    field = (FIELD, FIELD)
    spectrum = torch.fft.rfft2(there, s=field)[:, None] * torch.fft.rfft2(moved, s=field).conj()
    best, place = torch.fft.irfft2(spectrum, s=field).flatten(2).max(2)  # [P,H]
    loudness = (moved * moved).sum((2, 3)) * (there * there).sum((1, 2))[:, None] * inside.mean((1, 2))
    chosen = (best / loudness.sqrt().clamp_min(1e-6)).argmax(1)
    place = place.gather(1, chosen[:, None])[:, 0]
    steps = torch.stack([place % FIELD, place // FIELD], 1)
    steps = torch.where(steps > FIELD // 2, steps - FIELD, steps) * 2 / COARSE  # of half a side
    maps = tried[chosen].clone()
    maps[:, :, 2] = -(maps[:, :, :2] @ steps[:, :, None])[:, :, 0]
    return maps


def _inside(grid: Tensor) -> Tensor:
    """Return which places of a grid [P,S,S,2] lie in the picture that is looked up, 0 or 1, [P,S,S]."""
    return (grid.abs() <= 1).all(-1).float()


def _sampled(stack: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(stack, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _correlated(one: Tensor, other: Tensor, shown: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the correlation over what is shown, and both without their means, over the last two axes."""
    n = shown.sum((-2, -1), keepdim=True).clamp_min(1)
    one, other = ((side - (side * shown).sum((-2, -1), keepdim=True) / n) * shown for side in (one, other))
    loudness = (one * one).sum((-2, -1)) * (other * other).sum((-2, -1))
    return (one * other).sum((-2, -1)) / loudness.sqrt().clamp_min(1e-6), one, other


def _moved(part: Tensor, whole: Tensor, maps: Tensor, steps: int, near: int) -> tuple[Tensor, Tensor]:
    """Correct maps step by step: each is moved to where the linear change of the details says that they agree best.

    Args:
        part: [P,S,S].
        whole: [P,S,S].
        maps: from places of `whole` to those of `part`, [P,2,3].
        steps: how often.
        near: see `_details`.

    Returns:
        The best agreement on the way, -1 where too little is shared, and its map.
    """
    n, side = len(maps), part.shape[-1]
    details, wanted = _details(part, near), _details(whole, near)
    down, across = torch.gradient(details, dim=(1, 2))
    stack = torch.stack([details, across * side / 2, down * side / 2], 1)
    places = F.affine_grid(torch.eye(2, 3)[None], [1, 1, side, side], align_corners=False)
    places = torch.cat([places, torch.ones(1, side, side, 1)], -1)  # x, y and 1
    best, chosen = torch.full((n,), -1.0), maps
    for step in range(steps):
        grid = F.affine_grid(maps, [n, 1, side, side], align_corners=False)
        seen, shown = _sampled(stack, grid), _inside(grid)
        agreement, ours, theirs = _correlated(seen[:, 0], wanted, shown)
        share = shown.mean((1, 2))
        enough = torch.minimum(share, share * _area(maps)) >= LEAST_SHARED
        better = enough & (agreement > best)
        best = torch.where(better, agreement, best)
        chosen = torch.where(better[:, None, None], maps, chosen)
        if step < steps - 1:
            slopes = seen[:, 1:, :, :, None] * places[:, None] * shown[:, None, :, :, None]  # [P,2,S,S,3]
            maps = maps + _correction(slopes.permute(0, 2, 3, 1, 4).reshape(n, -1, 6), ours, theirs)
    return best, chosen


def _correction(slopes: Tensor, ours: Tensor, theirs: Tensor) -> Tensor:
    """Return how to change maps, [P,2,3]; `slopes` is how details change with the six numbers of a map, [P,S*S,6]."""
    slopes = slopes - slopes.mean(1, keepdim=True)
    one, other = ours.flatten(1), theirs.flatten(1)
    louder = ((one * one).sum(1) / (one * other).sum(1).clamp_min(1e-3)).clamp(0.3, 3)
    normal = slopes.transpose(1, 2) @ slopes
    normal = normal + torch.diag_embed(0.02 * normal.diagonal(dim1=1, dim2=2) + 1e-3)
    missing = slopes.transpose(1, 2) @ (other * louder[:, None] - one)[..., None]
    return torch.linalg.solve(normal, missing)[..., 0].clamp(-LONGEST_STEP, LONGEST_STEP).view(-1, 2, 3)


def _area(maps: Tensor) -> Tensor:
    """Return how many times as large as `whole` the place in `part` is that a map looks up, [P]."""
    return torch.linalg.det(maps[:, :, :2]).abs()


def _judged(part: Tensor, whole: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return how well all details agree, and those of the worst quarter of the squares, [P] each."""
    n, side = len(part), part.shape[-1]
    grid = F.affine_grid(maps, [n, 1, side, side], align_corners=False)
    middle = part.mean((1, 2), keepdim=True)
    moved = _sampled((part - middle)[:, None], grid)[:, 0]
    shown = -F.max_pool2d(-_inside(grid), 5, 1, 2)  # details at the edge know nothing of what lies beyond
    ours, theirs = _details(moved, NEAR_FINE), _details(whole, NEAR_FINE)
    agreement = _correlated(ours, theirs, shown)[0]
    squares = _squares(shown)
    used = squares.mean((2, 3)) >= LEAST_OF_SQUARE
    each = _correlated(_squares(ours), _squares(theirs), squares)[0]
    ordered = torch.where(used, each, 2.0).sort(1).values
    quarter = ordered.gather(1, (used.sum(1) // 4).clamp_max(SQUARES**2 - 1)[:, None])[:, 0]
    return agreement, torch.where(used.any(1), quarter, 0.0)


def _squares(pictures: Tensor) -> Tensor:
    """Return pictures [P,S,S] cut into squares, [P,16,S/4,S/4]."""
    size = pictures.shape[-1] // SQUARES
    return pictures.unfold(1, size, size).unfold(2, size, size).flatten(1, 2)
