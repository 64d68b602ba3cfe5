"""Files that hold several pictures: animations, and documents of several pages."""

from __future__ import annotations

import warnings
from functools import partial

from PIL import Image

from gatera.core.threads import in_turn

#: Formats whose further pictures are others. The second one in a phone's MPO is a map of depths, or the same from beside.
MOVING = frozenset(("GIF", "WEBP", "PNG", "TIFF", "AVIF"))

#: The formats of which it was said.
_said: set[str] = set()


def kind_of_several(image: Image.Image) -> str | None:
    """Return the format of a file that holds several pictures, if that is to be said; its pixels need not be decoded."""
    kind = image.format
    several = kind in MOVING and kind not in _said and getattr(image, "is_animated", False)
    return kind if several else None


def say_first_counts(name: str, kind: str) -> None:
    """Say that only the first picture of a file counts: once for each format.

    Args:
        name: what messages call the file.
        kind: its format.
    """
    in_turn(partial(_say, name, kind))


def _say(name: str, kind: str) -> None:
    if kind not in _said:
        _said.add(kind)
        several = "pages" if kind == "TIFF" else "frames"
        warnings.warn(
            f"{name} has several {several}: the first counts, as in every {kind} file", stacklevel=6
        )
