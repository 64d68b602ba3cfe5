"""Small pictures of items with their answers, for the report page: photos, masks, points, sounds; words for texts and rows."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from gatera.core.errors import GateraError, shorten
from gatera.data.show.spatial import PREDICTION_COLOR, TARGET_COLOR, class_colors, overlay
from gatera.evaluate.outcomes import Outcome
from gatera.program.program import Program
from gatera.program.raw.photo import read_photo
from gatera.program.raw.text import read_text
from gatera.program.tables.notes import shown_cell

#: Longer side of a picture in pixels, and the quality of its JPEG.
SIDE, QUALITY = 176, 72

#: Characters of a text or a row that are shown.
EXCERPT = 240


@dataclass(frozen=True)
class Shown:
    """An item as the page shows it.

    Attributes:
        outcome: the item with its answer.
        jpeg: a small picture, or None.
        excerpt: the beginning of a text, or the cells of a row; "" for pictures.
    """

    outcome: Outcome
    jpeg: bytes | None = None
    excerpt: str = ""


def shown(program: Program, outcome: Outcome) -> Shown:
    """Return an item with its picture or excerpt; with neither if it can no longer be read."""
    first = program.preprocess.config[0]["op"]
    try:
        if first in ("read_text", "read_row", "read_pair"):
            return Shown(outcome, excerpt=excerpt(outcome.example.raw))
        return Shown(outcome, jpeg(_picture(program, outcome)))
    except (GateraError, OSError):
        return Shown(outcome)


def excerpt(raw: Any) -> str:
    """Return the beginning of a text, or the cells of a row."""
    if isinstance(raw, Path):
        raw = read_text(raw)
    elif isinstance(raw, str | bytes):
        raw = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    else:
        raw = ", ".join(f"{name}: {shown_cell(cell)}" for name, cell in dict(raw).items())
    return shorten(" ".join(raw.split()), EXCERPT)


def jpeg(picture: Image.Image) -> bytes:
    """Return a picture as a JPEG file."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def photos_beside(one: Any, other: Any) -> bytes:
    """Return two photos side by side, as a small JPEG file."""
    left, right = (_small(read_photo(raw, "RGB", (SIDE, SIDE))) for raw in (one, other))
    both = Image.new("RGB", (left.width + right.width + 4, max(left.height, right.height)), "white")
    both.paste(left, (0, 0))
    both.paste(right, (left.width + 4, 0))
    return jpeg(both)


def legend(program: Program) -> list[tuple[str, str]]:
    """Return what the colours in pictures mean: (CSS colour, words); empty where there are none to explain."""
    if program.task == "points":
        return [(TARGET_COLOR, "labelled"), (PREDICTION_COLOR, "predicted")]
    if program.task == "segmentation":
        colors = class_colors(len(program.vocab))
        return [("#%02x%02x%02x" % tuple(color), str(name)) for color, name in zip(colors, program.vocab)]  # noqa: UP031
    return []


def _picture(program: Program, outcome: Outcome) -> Image.Image:
    raw = outcome.example.raw
    if program.preprocess.config[0]["op"] == "read_sound":
        array = np.asarray(program.preprocess(raw))  # [H,W,C]: what the network gets
        return _small(Image.fromarray(array.squeeze() if array.shape[-1] == 1 else array))
    if program.task == "segmentation":
        return _masks(program, outcome)
    photo = read_photo(raw, "RGB", None if program.task == "points" else (SIDE, SIDE))
    small = _small(photo)
    if program.task == "points":
        scale = small.width / photo.width
        answer = program.predict(raw).label
        _dots(small, outcome.example.truth, scale, TARGET_COLOR)
        _dots(small, answer, scale, PREDICTION_COLOR)
    return small


def _small(picture: Image.Image) -> Image.Image:
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    return small


def _masks(program: Program, outcome: Outcome) -> Image.Image:
    """Return the labelled mask and the predicted one over the photo, side by side."""
    raw, truth = outcome.example.raw, outcome.example.truth
    photo, found = read_photo(raw, "RGB"), np.asarray(program.predict(raw).label)
    actual, colors = np.asarray(truth() if callable(truth) else truth), class_colors(len(program.vocab))
    small = _small(photo)
    sides = []
    for mask in (actual, found):
        numbers = np.where((mask >= 0) & (mask < len(colors)), mask, 255).astype(np.uint8)
        fitted = np.asarray(Image.fromarray(numbers).resize(small.size, Image.Resampling.NEAREST))
        sides.append(Image.fromarray(overlay(np.asarray(small), fitted, colors)))
    both = Image.new("RGB", (2 * small.width + 4, small.height), "white")
    both.paste(sides[0], (0, 0))
    both.paste(sides[1], (small.width + 4, 0))
    return both


def _dots(picture: Image.Image, points: Any, scale: float, colour: str) -> None:
    draw, radius = ImageDraw.Draw(picture), max(2, SIDE // 50)
    for x, y in np.asarray(points, np.float64).reshape(-1, 2) * scale:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline="white")


def caption_of(outcome: Outcome) -> str:
    """Return what stands below the explanation of an answer."""
    return f"Labelled {outcome.truth}, answered {outcome.answer} ({outcome.how})."
