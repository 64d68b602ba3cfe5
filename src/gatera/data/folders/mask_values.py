"""What the masks of a folder hold, all together: which numbers, which colours, how often, and beside which others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gatera.core.errors import DataError
from gatera.core.progress import track
from gatera.data.blocks.mask_pixels import colours_of, is_lossy, load_mask, numbers_of, packed, unpacked

#: Numbers and parts of colours this near to a level belong to it, blurred; those this near to its middle stand for it.
AROUND, MIDDLE = 24, 4

#: A level has this share of all pixels, and between two levels there are at most this many times as few pixels as in the lower one.
LEAST_SHARE, VALLEY = 0.002, 0.35

#: How many different numbers resizing leaves between two levels, at least, over the whole range.
LEAST_BETWEEN = 8

#: Share of the pixels that levels must explain in masks that a format changed.
NEAR = 0.85

#: The same, without any blur, in masks that were resized: with two levels, the most usual; and with more.
EXACTLY_TWO, EXACTLY_MORE = 0.8, 0.95

#: The number of unlabelled pixels in masks of classes that count from 0. Source: Pascal VOC.
VOID = 255

#: Of more levels than this, other numbers may well be classes.
MOST_LEVELS = 4

#: More colours than this are not those of classes, but a picture.
MOST_COLOURS = 64


@dataclass
class Values:
    """The values of all masks.

    Attributes:
        numbers: number -> how many pixels; empty where masks are painted in colours.
        colours: colour as one number (see `packed`) -> how many pixels.
        together: masks in which 255 stands beside another number than 0.
        lossy: whether a mask is kept in a format that changes numbers, as JPEG does.
        read: masks that could be read.
    """

    numbers: Counter[int] = field(default_factory=Counter)
    colours: Counter[int] = field(default_factory=Counter)
    together: int = 0
    lossy: bool = False
    read: int = 0


def scan(masks: Sequence[Path]) -> Values:
    """Read all masks once. Those that cannot be read are passed over: checking them says why."""
    found, palette, coloured = Values(), dict[int, int](), False
    for path in track(masks, "Reading masks"):
        try:
            found.lossy |= is_lossy(path)
            image, name = load_mask(path)
        except DataError:
            continue
        found.read += 1
        try:
            numbers = numbers_of(image, name)
        except DataError:
            coloured = True
            _add(found.colours, packed(colours_of(image)))
            continue
        present = _add(found.numbers, numbers)
        found.together += VOID in present and bool(set(present) - {0, VOID})
        if image.mode == "P":
            colours = packed(colours_of(image))
            coloured |= not _agrees(palette, numbers, colours)
            _add(found.colours, colours)
        else:
            _add(found.colours, packed(np.repeat(numbers[..., None], 3, axis=2)))
    if coloured:
        found.numbers = Counter()
    return found


def levels(values: Counter[int], lossy: bool) -> list[int] | None:
    """Return the few numbers that blurred masks were made of, rising; None where the masks are not such.

    Args:
        values: number 0..255 -> how many pixels.
        lossy: whether the format changed numbers. Otherwise they must stand in nearly all pixels, with the others in between
            everywhere, as resizing leaves them.
    """
    found, counts = _usual(values)
    total = counts.sum()
    if not total:
        return None
    if lossy:
        near = sum(counts[max(0, level - AROUND) : level + AROUND + 1].sum() for level in found) / total
        return found if near >= NEAR else None
    spread = {0, 3} <= {number // 64 for number in set(values) - set(found)}
    return found if spread and _are_few(values, found) and {0, 255} <= set(found) else None


def may_be_levels(values: Counter[int]) -> list[int] | None:
    """Return the few numbers that hold nearly all pixels, where many others are far beyond those of classes: outlines may be blurred."""
    if not values:
        return None
    found, _ = _usual(values)
    return found if 2 <= len(found) <= MOST_LEVELS and max(values) >= 64 and _are_few(values, found) else None


def _are_few(values: Counter[int], found: Sequence[int]) -> bool:
    """Whether levels hold nearly all pixels, and there are many other numbers."""
    exact = sum(values[level] for level in found) / values.total()
    enough = exact >= (EXACTLY_TWO if len(found) == 2 else EXACTLY_MORE)
    return enough and len(set(values) - set(found)) >= LEAST_BETWEEN


def _usual(values: Counter[int]) -> tuple[list[int], np.ndarray]:
    """Return the peaks of a histogram, each the most frequent number around it, and the histogram."""
    counts = np.zeros(256)
    counts[list(values)] = list(values.values())
    total = counts.sum()
    found = _peaks(np.convolve(counts, np.ones(2 * MIDDLE + 1), "same"), LEAST_SHARE * total)
    found = sorted(
        {
            max(range(max(0, top - MIDDLE), min(256, top + MIDDLE + 1)), key=lambda v: counts[v])
            for top in found
        }
    )
    return found, counts


def _peaks(smooth: np.ndarray, least: float) -> list[int]:
    """Return where a histogram has its peaks: each with a valley on the way to the others."""
    found: list[int] = []
    for top in np.argsort(-smooth, kind="stable").tolist():
        if smooth[top] < least:
            break
        valleys = (smooth[min(top, other) : max(top, other) + 1].min() for other in found)
        if all(valley <= VALLEY * smooth[top] for valley in valleys):
            found.append(top)
    return found


def colour_levels(values: Counter[int], exact: bool) -> list[tuple[int, int, int]] | None:
    """Return the colours that masks were painted in, most frequent first; None where there are too many.

    Args:
        values: packed colour -> how many pixels.
        exact: whether every colour is one of its own; otherwise near ones are one, blurred.
    """
    if exact:
        return [unpacked(number) for number in sorted(values)] if len(values) <= MOST_COLOURS else None
    total, found = sum(values.values()), list[tuple[int, int, int]]()
    colours = np.array([unpacked(number) for number in values], np.int64)  # [P,3]
    counts = np.array(list(values.values()), np.float64)
    rest = counts.copy()
    for _ in range(10 * MOST_COLOURS):
        top = int(rest.argmax())
        distance = np.abs(colours - colours[top]).max(axis=1)
        middle, around = (counts[distance <= reach].sum() for reach in (AROUND // 2, 2 * AROUND))
        if rest[top] == 0:
            break
        if middle >= max(LEAST_SHARE * total, 0.5 * around):
            red, green, blue = colours[top].tolist()
            found.append((red, green, blue))
            rest[distance <= 2 * AROUND] = 0
        rest[distance <= AROUND // 2] = 0
    near = sum(counts[(np.abs(colours - level).max(axis=1) <= 2 * AROUND)].sum() for level in found) / max(
        total, 1
    )
    return sorted(found) if near >= NEAR and len(found) <= MOST_COLOURS else None


def _add(counts: Counter[int], pixels: np.ndarray) -> list[int]:
    present, how_often = np.unique(pixels, return_counts=True)
    for value, n in zip(present.tolist(), how_often.tolist(), strict=True):
        counts[value] += n
    return present.tolist()


def _agrees(palette: dict[int, int], numbers: np.ndarray, colours: np.ndarray) -> bool:
    """Whether a mask's palette gives every number the colour that it has in the masks before; remembers new ones."""
    present, first = np.unique(numbers, return_index=True)
    of_numbers = dict(zip(present.tolist(), colours.ravel()[first].tolist(), strict=True))
    agrees = all(palette.get(number, colour) == colour for number, colour in of_numbers.items())
    palette.update(of_numbers)
    return agrees


def hex_name(colour: Iterable[int]) -> str:
    """Return a colour as "#ff0000"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
