"""Who drew a mask otherwise than others did."""

from __future__ import annotations

from collections.abc import Iterable

from gatera.studio.desk.desk import Desk
from gatera.studio.masks.drawn import Drawn, drawn_of
from gatera.studio.masks.found import MaskFiles

#: So many digits of a drawing's hash tell it from another one.
DIGITS = 6


def differing_masks(
    masks: MaskFiles, desk: Desk, by: str, others: Iterable[tuple[str, Desk]], name: str
) -> list[tuple[str, str]]:
    """Return the drawings of a photo that differ: (name, the beginning of its hash) of all who drew; none where they agree."""
    said = [
        (who, drawn) for who, each in ((by, desk), *others) if (drawn := _drawing(each, name)) is not None
    ]
    found = [(who, drawn.file[:DIGITS]) for who, drawn in said]
    if said and said[0][0] == by:
        now, mine = masks.stamp(name), said[0][1]
        if is_stale(mine, now):
            found.append((masks.name_of(masks.masks[name]), now[:DIGITS]))
    return found if len({digits for _, digits in found}) > 1 else []


def is_stale(mine: Drawn, now: str) -> bool:
    """Whether somebody changed a mask since a person drew it: its file has the hash `now`, "" without a file."""
    return now not in ("", mine.base, mine.file.removesuffix(".png"))


def _drawing(desk: Desk, name: str) -> Drawn | None:
    said = desk.said["mask"].get(name)
    drawn = None if said is None else drawn_of(said.value)
    return drawn if drawn is not None and drawn.file else None
