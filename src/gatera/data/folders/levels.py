"""Which of the folders on the way to a file names its class, where there are several: cat/front/1.jpg, day1/cat/1.jpg."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gatera.core.checks import listed

#: Folders on the way to a file, the outermost first.
Way = tuple[str, ...]

#: Names of folders that say how something was seen, not what it is.
VIEWS = frozenset((
    "front", "back", "left", "right", "side", "top", "bottom", "up", "down", "rear", "profile", "above", "below", "day", "night",
    "indoor", "indoors", "outdoor", "outdoors", "inside", "outside", "images", "image", "img", "imgs", "photos", "pictures", "original",
    "originals", "augmented", "aug", "raw", "cropped", "crop", "crops", "resized", "color", "colour", "gray", "grey", "grayscale", "rgb",
    "small", "large", "close", "far", "near", "bright", "dark", "clean", "noisy", "old", "new",
))  # fmt: skip

#: Words of folders that hold what belongs to one occasion, person or place; a number follows.
OCCASIONS = frozenset((
    "subject", "person", "user", "writer", "speaker", "patient", "participant", "session", "day", "date", "week", "month", "batch",
    "fold", "part", "chunk", "camera", "cam", "site", "location", "video", "clip", "seq", "sequence", "run", "scene", "trial", "take",
    "recording", "folder", "dir", "group", "set", "sample", "s", "p", "id",
))  # fmt: skip

#: Files at another depth than most are not an accident if they make up this share.
ENOUGH = 0.1


@dataclass(frozen=True)
class Chosen:
    """The folder that names the class.

    Attributes:
        level: its position on the way, from 0 on.
        other: the position of the one that might have been meant instead; None where there is no doubt.
        text: the choice in words, where there is a doubt.
    """

    level: int
    other: int | None = None
    text: str = ""


def choose_level(ways: Sequence[Way], levels: Sequence[int], things: str) -> Chosen:
    """Choose the level of the class.

    Folders called by a number, an occasion ("day 1") or a view ("front") give way to others. Of two others the inner one is
    taken if each of its names is in one outer folder only (animals/cat, plants/rose), else the outer one (cat/wild, dog/wild).

    Args:
        ways: the folders to each file.
        levels: positions that may be the class.
        things: what messages call the files.

    Example:
        >>> choose_level([("cat", "front"), ("cat", "side"), ("dog", "front")], [0, 1], "photos").level
        0
        >>> choose_level([("day1", "cat"), ("day2", "cat"), ("day2", "dog")], [0, 1], "photos").level
        1
    """
    reach = _reach(ways, levels)
    deep = [way for way in ways if len(way) > reach[-1]]
    varied = [level for level in reach if len({way[level] for way in deep}) > 1]
    if len(varied) < 2:
        return Chosen(varied[0] if varied else reach[-1])
    ranks = {level: _rank({way[level] for way in deep}) for level in varied}
    best = [level for level in varied if ranks[level] == min(ranks.values())]
    outer, inner = best[0], best[-1]
    level = inner if len(best) > 1 and _nested(deep, outer, inner) else outer
    other = next(each for each in reversed(varied) if each != level)
    names, others = ([*dict.fromkeys(way[at] for way in deep)] for at in (level, other))
    text = (
        f"The class of {things} is their folder at level {level + 1} below the source ({listed(names, 3)}), not that at level "
        f"{other + 1} ({listed(others, 3)})"
    )
    return Chosen(level, other, text)


def _reach(ways: Sequence[Way], levels: Sequence[int]) -> list[int]:
    """Return the levels that are there on the way to all files, but for a few."""
    depths = Counter(len(way) for way in ways)
    least = min(depth for depth, n in depths.items() if n >= ENOUGH * len(ways) or n == max(depths.values()))
    return [level for level in levels if level < least] or list(levels[:1])


def _rank(names: set[str]) -> int:
    """Return 0 for names that may be those of classes, 1 for numbers, 2 for occasions and views."""
    if all(name.lower().strip() in VIEWS for name in names):
        return 2
    # names such as n02085620 are WordNet's classes
    numbered = [name for name in names if re.search(r"\d", name) and not re.fullmatch(r"n\d{8}", name)]
    stems = {"".join(re.findall(r"[^\W\d_]+", name.lower())) for name in numbered}
    if len(numbered) < 0.8 * len(names) or len(stems) > max(1, 0.2 * len(names)):
        return 0
    return 2 if stems <= OCCASIONS else 1


def _nested(ways: Sequence[Way], outer: int, inner: int) -> bool:
    """Whether each name of the inner level is in one folder of the outer level only."""
    above: dict[str, set[str]] = defaultdict(set)
    for way in ways:
        above[way[inner]].add(way[outer])
    return all(len(names) == 1 for names in above.values())
