"""Photos with masks that are on both sides of the split as copies: kept together, or named where the folder says the sides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from gatera.core.threads import thread_pool
from gatera.data.folders.masks import MaskSet
from gatera.data.sources.looks import look_at_photo
from gatera.data.splits.split import SIDES
from gatera.evaluate.items import item_name
from gatera.evaluate.leaking.contents import copies_among_photos
from gatera.evaluate.leaking.find import Side, find_leaks
from gatera.evaluate.leaking.found import Leaks
from gatera.measure.duplicates.pairs import Pair, groups_of
from gatera.recipes.events import Events
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.files import say_copies, warn_of_seen_test_items


def keep_copies_together(
    found: MaskSet, settings: TrainSettings, events: Events
) -> tuple[MaskSet, Leaks | None]:
    """Return photos of which copies are on one side: those drawn at random for another side are trained on, which is said.

    Where the folder says the sides, or nothing would be left to measure with, copies on both sides are named in a warning, and returned; None
    where nobody looked, or copies were kept together. Photos of a test set that the folder has stay in it.

    Args:
        found: the photos, split.
        settings: whether to look.
        events: where to report.
    """
    if not settings.check_leaks:
        return found, None
    with thread_pool() as pool:
        looks = list(pool.map(look_at_photo, found.photos))
    names = [item_name(photo, place, settings.source) for place, photo in enumerate(found.photos)]
    given = set() if "test" in found.at_random else {*found.indices("test")}
    pairs = [pair for pair in copies_among_photos(looks) if not {pair.first, pair.second} & given]
    split = _together(found.split, pairs, found.groups, given)
    if "valid" in found.at_random and {*split} == {*found.split}:
        if split != list(found.split):
            say_copies("photos", pairs, names.__getitem__, events, ("check_leaks", False))
        found = replace(found, split=split)
        if not given:
            return found, None
    sides = {}
    for side in SIDES:
        if places := found.indices(side):
            sides[side] = Side([looks[i] for i in places], [names[i] for i in places])
    leaks = find_leaks(sides, "photos")
    if leaks:
        events.on_warning("\n".join([*leaks.lines(), "  The error on photos that are new may be larger."]))
        events.on_event("leaks", leaks.to_dict())
    warn_of_seen_test_items(sides, "photos", leaks, events)
    return found, leaks


def _together(
    split: Sequence[str], pairs: Sequence[Pair], groups: Sequence[str], stay: Collection[int] = ()
) -> list[str]:
    """Return the side of each photo such that copies are on one, with their groups: the training set where one of them is there.

    Photos that are to stay do, also where others of their group are elsewhere.
    """
    first: dict[str, int] = {}
    linked = [
        (first.setdefault(group, place), place) for place, group in enumerate(groups) if place not in stay
    ]
    joined = groups_of(len(split), [*((pair.first, pair.second) for pair in pairs), *linked]).tolist()
    members: dict[int, set[str]] = {}
    for group, side in zip(joined, split, strict=True):
        members.setdefault(group, set()).add(side)
    chosen = {group: next(side for side in SIDES if side in there) for group, there in members.items()}
    return [chosen[group] for group in joined]
