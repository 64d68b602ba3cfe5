"""What a page asks about masks: the classes of a photo's pixels, and a drawing that is to be kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from gatera.core.errors import ArgumentError
from gatera.data.blocks.mask_pixels import load_mask
from gatera.program.raw.photo import photo_size
from gatera.studio.desk.desk import Desk
from gatera.studio.masks.classes import MaskClasses
from gatera.studio.masks.drawn import Drawn, drawn_of
from gatera.studio.masks.found import MaskFiles
from gatera.studio.masks.pixels import blank, corrected
from gatera.studio.page_requests import Asked
from gatera.studio.studio import Studio
from gatera.web.errors import Refused

#: What to do where a mask is another one than a page shows.
AGAIN = "Look at it again, then draw."


class Seen(NamedTuple):
    """A mask as a person sees it.

    Attributes:
        positions: the class of each pixel, uint8 [H,W], as positions in `classes`.
        classes: the classes of all masks, and those that only this one has.
        base: SHA-256 of the mask's file; "" where there is none.
        file: the picture that corrections begin with.
        guess: NAME@HASH8 of the program that proposed what is seen, or what the person drew on; "" without.
        drawing: the person's own drawing that is seen; "" without.
    """

    positions: np.ndarray
    classes: MaskClasses
    base: str
    file: Image.Image
    guess: str = ""
    drawing: str = ""


def masks_of(studio: Studio) -> MaskFiles:
    """Return the masks of a studio.

    Raises:
        ArgumentError: if its photos have none.
    """
    if studio.place.masks is None:
        raise ArgumentError("the photos here have no masks")
    return studio.place.masks


def mask_seen(studio: Studio, desk: Desk, by: str, name: str) -> Seen:
    """Return a photo's mask: what a person drew, else its file, else what a program proposes, else all ground.

    Raises:
        DataError: if it cannot be read, or does not lie on its photo.
    """
    masks = masks_of(studio)
    base, mine = masks.stamp(name), decided(desk, name)
    if base:
        masks.check(name)
        file = load_mask(masks.masks[name])[0]
    else:
        height, width = photo_size(studio.place.home / name)
        file = blank(masks.like, (width, height), masks.classes)
    positions, classes = masks.classes.positions(file, name)
    if mine is not None and mine.file:
        studio.check_there()
        drawing = load_mask(studio.drawings.path(by, mine.file))[0]
        positions, classes = classes.positions(drawing, name)
        if mine.base != base or drawing.size != file.size:
            file = drawing
        return Seen(positions, classes, base, file, mine.guess, mine.file)
    if not base and studio.proposals is not None:
        return Seen(studio.proposals.of(studio.place.home / name), classes, base, file, studio.proposals.name)
    return Seen(positions, classes, base, file)


def decided(desk: Desk, name: str) -> Drawn | None:
    """Return what a person decided about a mask; None where they did not."""
    said = desk.said["mask"].get(name)
    return None if said is None else drawn_of(said.value)


def draw(
    studio: Studio,
    by: str,
    position: int,
    painted: bytes,
    base: str,
    seconds: float = 0.0,
    id: str = "",
    drawing: str | None = None,
) -> list[int]:
    """Keep a drawing; it is on the disk when this returns.

    Args:
        studio: the studio.
        by: the person.
        position: of the photo.
        painted: the class of each pixel, one byte each, row by row; empty where the mask, or what a program proposes, is right as it is.
        base: the mask that the person saw, as `Seen.base`.
        seconds: how long it took.
        id: sent again with the same id, it is done once.
        drawing: the drawing of theirs that the person saw, as `Seen.drawing`; None for the last one.

    Returns:
        The positions of the items that changed.

    Raises:
        ArgumentError: if that is not a drawing of this mask.
        DataError: if it cannot be kept.
        Refused: 409, if the mask changed meanwhile.
    """
    with studio.lock:
        desk, name = studio.people.desk(by), studio.place.names[position]
        if id and id in desk.ids:
            return [position]
        studio.check_there()
        seen = mask_seen(studio, desk, by, name)
        if base != seen.base:
            raise Refused(409, f"somebody else has changed the mask of {name} in the meantime", remedy=AGAIN)
        if drawing not in (None, seen.drawing):
            raise Refused(409, f"you changed the mask of {name} in another tab", remedy=AGAIN)
        mine = decided(desk, name)
        file = mine.file if mine is not None else ""
        if not painted and not file and seen.guess:
            painted = seen.positions.tobytes()
        if painted:
            file = studio.drawings.keep(by, _drawn(seen, painted, name))
        elif not file and not base:
            raise ArgumentError(f"{name} has no mask yet", remedy="Draw it first.")
        return studio.act(
            by,
            Asked(
                "mask", {position: {"file": file, "base": base, "guess": seen.guess}}, seconds=seconds, id=id
            ),
        )


def _drawn(seen: Seen, painted: bytes, name: str) -> bytes:
    height, width = seen.positions.shape
    after = np.frombuffer(painted, np.uint8)
    if after.size != height * width or after.max(initial=0) >= len(seen.classes.keys):
        raise ArgumentError(
            "the drawing does not fit the mask", got=f"{after.size:,} bytes, the highest {after.max(initial=0)}",
            expected=f"{height * width:,} bytes below {len(seen.classes.keys)}",
        )  # fmt: skip
    return corrected(seen.file, name, after.reshape(height, width), seen.classes)
