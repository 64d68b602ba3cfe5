"""Augmentation sampled for the items of a batch, and how it is applied: one resampling pass and one pass over the colours.

A `SampledAugmentation` is plain numbers: it moves anything that lies on the photo (a mask, points, boxes) in the same way. Two
ways lead to the same pixels: `photos` works on a whole batch, for a GPU; `photo` on one photo with numpy, in the loader's
threads, for a CPU (measured on 2 cores, 64 photos of 224 pixels: 260 ms for the batch, 67 ms one by one, because big
temporary arrays cost more than the arithmetic).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

#: Colours are kept this far from 0 and 1, where their logits would be infinite.
EPSILON = 1e-6

#: The same where channels are mixed: half a step of 8 bits. Nearer to 0, black and almost black would be worlds apart, and
#: the noise of dark places would turn into colour.
HALF_STEP = 0.5 / 255

#: Every 8-bit value as float32 0..1.
LEVELS = np.arange(256, dtype=np.float32) / np.float32(255)

Values = TypeVar("Values", np.ndarray, Tensor)


@dataclass(frozen=True)
class Sampling:
    """How pixels are computed between pixels and beyond the edge.

    Args:
        mode: "bilinear", "nearest" or "bicubic".
        pad_mode: "reflection", "zeros" or "border".
        align_corners: whether -1 and 1 are the centres of the outermost pixels (else their outer edges).
    """

    mode: str = "bilinear"
    pad_mode: str = "reflection"
    align_corners: bool = True


@dataclass(frozen=True)
class SampledAugmentation:
    """The changes sampled for N items.

    Attributes:
        to_input: where each output point comes from: matrices on homogeneous (x, y, 1), both in -1..1 from left to
            right and top to bottom; float64 [N,3,3]. None for photos that keep their geometry.
        size: (height, width) of the output; None for that of the input.
        colors: affine maps of the logits of the colours, float64 [N,4,4] on (r, g, b, 1); None for no change.
        mixes: whether `colors` mixes channels; else all channels share entry [0,0] and [0,3].
        sampling: how pixels are interpolated.
    """

    to_input: np.ndarray | None
    size: tuple[int, int] | None
    colors: np.ndarray | None
    mixes: bool
    sampling: Sampling

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return (height, width) of the output for an input of this size."""
        return self.size or (height, width)

    def photos(self, x: Tensor) -> Tensor:
        """Apply the changes to a whole batch.

        Args:
            x: uint8 or float 0..1 [N,C,H,W].

        Returns:
            float32 [N,C,h,w] in 0..1.
        """
        x = x.to(torch.float32).div_(255) if x.dtype == torch.uint8 else x.to(torch.float32)
        if self.colors is not None and not self.mixes:
            gain, odds = (_like(values, x)[:, None, None, None] for values in _tone(self.colors))
            x = relight(x, gain, odds)
        if self.to_input is not None:
            x = self._resample(x, self.to_input)
        if self.colors is not None and self.mixes:
            x = mix_colors(x, _like(self.colors, x))
        return x

    def photo(self, i: int, photo: np.ndarray, out: np.ndarray, tables: np.ndarray) -> None:
        """Apply the changes of item `i` to its photo.

        Args:
            i: which item.
            photo: uint8 [H,W,C].
            out: float32 [h,w,C], filled with values in 0..1.
            tables: float32 [N,256] from `tone_tables`.
        """
        if self.to_input is None:
            # mode="clip" lets numpy write straight into `out`; the indices are in range anyway
            np.take(tables[i], photo, out=out, mode="clip")
        else:
            x = torch.from_numpy(np.take(tables[i], photo)).permute(2, 0, 1)[None]  # [H,W,C] -> [1,C,H,W]
            x = self._resample(x, self.to_input[i : i + 1], in_numpy=True)
            np.copyto(out, x[0].permute(1, 2, 0).numpy())  # [C,h,w] -> [h,w,C]
        if self.colors is not None and self.mixes:
            x = torch.from_numpy(out).permute(2, 0, 1)[None]
            np.copyto(out, mix_colors(x, _like(self.colors[i : i + 1], x))[0].permute(1, 2, 0).numpy())

    def mask(self, i: int, mask: np.ndarray, zero: int = 0) -> np.ndarray:
        """Move a mask as the photo of item `i` is moved: each pixel takes the value of the nearest one.

        Args:
            i: which item.
            mask: uint8 [H,W], of the photo's size.
            zero: the value beyond the photo where padding is "zeros".

        Returns:
            uint8 [h,w].
        """
        if self.to_input is None:
            return mask
        size = self.output_size(mask.shape[0], mask.shape[1])
        grid = _grid_numpy(self.to_input[i : i + 1], size, self.sampling.align_corners)
        # One is added, so that 0 can mean "beyond"; float32 holds these numbers exactly.
        values = torch.from_numpy(mask.astype(np.float32) + 1)[None, None]  # [H,W] -> [1,1,H,W]
        found = F.grid_sample(values, grid, "nearest", self.sampling.pad_mode, self.sampling.align_corners)
        moved = found[0, 0].numpy() - 1
        return np.where(moved < 0, zero, moved).astype(np.uint8)

    def points(self, i: int, points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return where points of item `i`'s photo are in the output; those that leave it keep their true place, outside.

        Args:
            i: which item.
            points: (x, y) in pixels, (0, 0) being the outer corner of the first pixel; float64 [P,2].
            size: (height, width) of the photo.

        Returns:
            float64 [P,2], in pixels of the output.
        """
        if self.to_input is None:
            return points
        before, after = (
            _spans(*some, self.sampling.align_corners) for some in (size, self.output_size(*size))
        )
        places = np.column_stack([2 * (points - 0.5) / before[0] - before[1], np.ones(len(points))])  # -1..1
        x, y, w = np.linalg.solve(self.to_input[i], places.T)
        return (np.column_stack([x / w, y / w]) + after[1]) * after[0] / 2 + 0.5

    def tone_tables(self, n: int) -> np.ndarray:
        """Return what every 8-bit value becomes for each of `n` items, float32 [n,256] in 0..1."""
        if self.colors is None or self.mixes:
            return np.broadcast_to(LEVELS, (n, 256))
        gain, odds = (values.astype(np.float32)[:, None] for values in _tone(self.colors))
        return relight(LEVELS[None], gain, odds)

    def _resample(self, x: Tensor, to_input: np.ndarray, in_numpy: bool = False) -> Tensor:
        """Sample x [N,C,H,W] where the matrices [N,3,3] say; photos that shrink a lot are averaged first."""
        size = self.output_size(*x.shape[2:])
        factors = shrink_factors(to_input, (x.shape[2], x.shape[3]), size)
        aligned = self.sampling.align_corners
        grid = _grid_numpy(to_input, size, aligned) if in_numpy else _grid(to_input, size, aligned, x.device)
        if (factors == factors[0]).all():
            return self._sample(x, grid, int(factors[0]))
        out = x.new_empty((len(x), x.shape[1], *size))
        # each photo by its own factor, so that it does not depend on its neighbours
        for factor in np.unique(factors):
            chosen = torch.from_numpy(np.flatnonzero(factors == factor)).to(x.device)
            out[chosen] = self._sample(x[chosen], grid[chosen], int(factor))
        return out

    def _sample(self, x: Tensor, grid: Tensor, factor: int) -> Tensor:
        return F.grid_sample(
            average(x, factor), grid, self.sampling.mode, self.sampling.pad_mode, self.sampling.align_corners
        )


def _tone(colors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor of the logits and the factor of the odds, float64 [N] each."""
    return colors[:, 0, 0], np.exp(colors[:, 0, 3])


def relight(x: Values, gain: Values, odds: Values) -> Values:
    """Multiply the logits of values in 0..1 by `gain`, and their odds by `odds`: contrast and brightness that stay in 0..1.

    Written in odds, x / (1 - x), because these few operators are the same in numpy and torch.
    """
    x = x.clip(EPSILON, 1 - EPSILON)
    changed = (x / (1 - x)) ** gain * odds
    return changed / (1 + changed)


def mix_colors(x: Tensor, colors: Tensor) -> Tensor:
    """Apply an affine map to the logits of the three channels.

    Args:
        x: float [N,3,H,W] in 0..1; photos with one channel are returned as they are.
        colors: [N,4,4].
    """
    if x.shape[1] != 3:
        return x
    logits = torch.logit(x, HALF_STEP).flatten(2)  # [N,3,H,W] -> [N,3,HW]
    return torch.baddbmm(colors[:, :3, 3:], colors[:, :3, :3], logits).sigmoid_().view_as(x)


def shrink_factors(to_input: np.ndarray, in_size: tuple[int, int], out_size: tuple[int, int]) -> np.ndarray:
    """Return by which whole number to average each photo before it is sampled, int64 [N].

    Bilinear sampling looks at 2 x 2 pixels; where an output pixel covers k x k input pixels, those are averaged first.
    """
    # Area of input per area of output at the centre of the photo: the determinant of the matrix's upper left corner.
    area = (
        np.abs(np.linalg.det(to_input[:, :2, :2])) * (in_size[0] * in_size[1]) / (out_size[0] * out_size[1])
    )
    return np.maximum(1, np.floor(np.sqrt(area) + 1e-6)).astype(np.int64)


def average(x: Tensor, factor: int) -> Tensor:
    """Average blocks of `factor` x `factor` pixels, [N,C,H,W] -> [N,C,H/factor,W/factor]."""
    if factor == 1:
        return x
    height, width = x.shape[2] // factor * factor, x.shape[3] // factor * factor
    parts = [x[:, :, i:height:factor, j:width:factor] for i in range(factor) for j in range(factor)]
    total = parts[0] + parts[1]
    for part in parts[2:]:
        total += part
    return total.div_(factor**2)


def _grid(to_input: np.ndarray, size: tuple[int, int], align_corners: bool, device: torch.device) -> Tensor:
    """Return where each output pixel of each item is sampled, float32 [N,h,w,2]."""
    ys, xs = (torch.from_numpy(_axis(n, align_corners)).to(device) for n in size)
    m = torch.from_numpy(to_input.astype(np.float32)).to(device)[:, :, :, None, None]  # [N,3,3,1,1]
    points = m[:, :, 0] * xs + m[:, :, 1] * ys[:, None] + m[:, :, 2]  # [N,3,h,w]
    return torch.stack([points[:, 0] / points[:, 2], points[:, 1] / points[:, 2]], -1)


def _grid_numpy(to_input: np.ndarray, size: tuple[int, int], align_corners: bool) -> Tensor:
    """Do the same with numpy: torch would start its own threads within those of the loader."""
    ys, xs = (_axis(n, align_corners) for n in size)
    grid = np.empty((len(to_input), *size, 2), np.float32)
    for rows, m in zip(grid, to_input.astype(np.float32), strict=True):
        np.add((m[0, 0] * xs)[None], (m[0, 1] * ys + m[0, 2])[:, None], out=rows[..., 0])
        np.add((m[1, 0] * xs)[None], (m[1, 1] * ys + m[1, 2])[:, None], out=rows[..., 1])
        if m[2, 0] or m[2, 1] or m[2, 2] != 1:
            rows /= ((m[2, 0] * xs)[None] + (m[2, 1] * ys + m[2, 2])[:, None])[..., None]
    return torch.from_numpy(grid)


def _axis(n: int, align_corners: bool) -> np.ndarray:
    """Return the places of n pixels along one side, in -1..1, float32 [n]."""
    end = 1.0 if align_corners else 1 - 1 / n
    return np.linspace(-end, end, n, dtype=np.float32) if n > 1 else np.zeros(1, np.float32)


def _spans(height: int, width: int, align_corners: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return (pixels from -1 to 1, place of the first pixel's centre before -1) of both axes, (x, y) each.

    With them a pixel's number n lies at `2 * n / pixels - place`: see `_axis`.
    """
    sides = np.array([width, height], np.float64)
    if align_corners:
        return np.maximum(sides - 1, 1), np.where(sides > 1, 1.0, 0.0)
    return sides, 1 - 1 / sides


def _like(values: np.ndarray, x: Tensor) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).to(x.device)
