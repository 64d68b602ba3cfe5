"""Find each photo's mask: by its name, by the name with an ending, or by its number."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import DataError, GateraError
from gatera.data.blocks.mask_pixels import colours_of, load_mask, packed
from gatera.data.folders.mask_codes import find_codes
from gatera.data.folders.mask_places import (
    DEEPEST,
    Place,
    find_places,
    folders_in,
    is_clear,
    sides_of_pair,
)
from gatera.data.folders.mask_values import scan
from gatera.data.folders.split_folders import sides_among
from gatera.data.sources.items import BadFile, get_image_files
from gatera.program.tables.notes import Note

#: Words in names of photos and masks that say which of the two it is.
WORDS = frozenset((
    "img", "image", "images", "photo", "pic", "picture", "frame", "rgb", "leftimg", "8bit", "original", "input", "raw", "mask", "masks",
    "label", "labels", "lbl", "seg", "segmentation", "gt", "groundtruth", "truth", "annot", "annotation", "ann", "target", "matte",
    "labelids", "gtfine", "binary", "sat", "png", "jpg", "p", "l", "m",
))  # fmt: skip

#: Of several masks of one photo, the one with this word in its name is that of the classes; those with the others are not.
BEST, OTHERS = (
    ("labelids", "labeltrainids"),
    ("color", "colors", "colour", "instance", "instanceids", "overlay", "vis"),
)

#: Words at the end of a mask's name that stands beside its photo.
BESIDE = ("mask", "seg", "segmentation", "label", "annotation", "groundtruth", "gt", "matte")

#: Where folders' names say nothing: so many pairs are looked at, this share of the pictures has a partner, so many colours have
#: most pixels (that share) of each mask at most, of each photo at least, and this share of a mask's pixels equal the next one.
LOOKED_AT, PAIRED, MOST_PIXELS, FEW_COLOURS, MANY_COLOURS, SMOOTH = 8, 0.9, 0.8, 16, 40, 0.6

Key = Callable[[Path, Path], Any]


@dataclass
class Pairs:
    """Photos with their masks.

    Attributes:
        good: photo and mask.
        bad: photos with no mask or with several, and masks without a photo.
        notes: how they were paired, where not by name.
        without: those of the bad that are photos with no mask, with the folder where it would be.
    """

    good: list[tuple[Path, Path]] = field(default_factory=list)
    bad: list[BadFile] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    without: list[tuple[Path, Path]] = field(default_factory=list)


def holds_masks(folder: Path) -> bool:
    """Whether a folder has photos and masks that belong together, or folders that are clearly meant for them."""
    places = places_in(folder)
    if any(is_clear(place) or pair(place.images, place.masks).good for place in places):
        return True
    return not places and folder.is_dir() and bool(pair_beside(folder).good)


def all_pairs(folder: Path) -> tuple[Pairs, dict[Path, str]]:
    """Return all photos of a folder with their masks, and the side of each photo: "train", "valid", "test", "" where none is said."""
    whole, split = Pairs(), dict[Path, str]()
    by_name = find_places(folder)
    places = by_name or _places_by_looks(folder)
    looks = [] if by_name or not places else [_note_of_looks(places[0], folder)]
    for place in places:
        found = pair(place.images, place.masks)
        whole.good += found.good
        whole.bad += found.bad
        whole.without += found.without
        whole.notes += [note for note in found.notes if not whole.notes]
        split |= {photo: place.side for photo, _ in found.good}
    if not places:
        whole = pair_beside(folder)
        split = {photo: "" for photo, _ in whole.good}
    whole.notes = [*looks, *whole.notes]
    return whole, split


def places_in(folder: Path) -> list[Place]:
    """Return the folders of photos and of masks below a folder: by their names, else by what they hold; empty where there are none."""
    return find_places(folder) or _places_by_looks(folder)


def _places_by_looks(folder: Path, depth: int = 0) -> list[Place]:
    """Return the folders, of any name, whose pictures have the same names and sizes as photos beside them, and few colours."""
    children = folders_in(folder)
    if len(children) == 1 and depth < DEEPEST:
        return _places_by_looks(children[0], depth + 1)
    if sides := sides_among([path.name for path in children]):
        train = next(folder / name for name, side in sides.items() if side == "train")
        found = [
            Place(side, *(folder / name / path.relative_to(train) for path in (place.images, place.masks)))
            for place in _places_by_looks(train, DEEPEST)
            for name, side in sides.items()
        ]
        return [place for place in found if place.images.is_dir() and place.masks.is_dir()]
    if len(children) == 2:
        files = {child: get_image_files(child) for child in children}
        for images, masks in (children, children[::-1]):
            if _look_like_masks(images, masks, files[images], files[masks]):
                return sides_of_pair(images, masks)
    return []


def _look_like_masks(images: Path, masks: Path, photos: Sequence[Path], drawn: Sequence[Path]) -> bool:
    fewest, most = sorted((len(photos), len(drawn)))
    if not fewest or fewest < PAIRED * most or not _alike([*zip(photos[:2], drawn[:2])], sizes=False):
        return False  # pairing by names takes seconds where there are many
    matched = (_match(photos, drawn, images, masks, keys)[0] for keys in (_NAMES, _WITHOUT_WORDS))
    good = next(filter(None, matched), [])
    some = good[:: math.ceil(len(good) / LOOKED_AT)] if good else []
    return (
        len(good) >= PAIRED * most
        and _alike(some, sizes=True)
        and _hold_classes([mask for _, mask in some], masks)
    )


def _hold_classes(masks: Sequence[Path], folder: Path) -> bool:
    """Whether numbers or colours of masks can be told apart as classes: not those of black frames, photos at night or things on white."""
    try:
        find_codes([folder], scan(masks), None)
    except DataError:
        return False
    return True


def _alike(pairs: Sequence[tuple[Path, Path]], sizes: bool) -> bool:
    """Whether pictures look like photos and their masks; `sizes` says whether they must have the same size."""
    try:
        looks = [(_look(photo), _look(mask)) for photo, mask in pairs]
    except GateraError:
        return False
    return all(
        (size == its_size or not sizes) and n >= MANY_COLOURS and its_n <= FEW_COLOURS and equal >= SMOOTH
        for (size, n, _), (its_size, its_n, equal) in looks
    )


def _look(path: Path) -> tuple[tuple[int, ...], int, float]:
    """Return the size of a picture, how many colours most of its pixels have, and the share of pixels that equal the next one."""
    colours = packed(colours_of(load_mask(path)[0]))
    counts = np.sort(np.unique(colours, return_counts=True)[1])[::-1].cumsum()
    equal = np.mean(colours[:, 1:] == colours[:, :-1]) if colours.shape[1] > 1 else 0.0
    return colours.shape, int(np.searchsorted(counts, MOST_PIXELS * counts[-1])) + 1, float(equal)


def _note_of_looks(place: Place, folder: Path) -> Note:
    images, masks = (path.relative_to(folder).as_posix() for path in (place.images, place.masks))
    return Note(
        f"{masks} is taken for the masks of the photos in {images}: its pictures have their names and sizes, and few colours",
        "task",
        "photos",
    )


def roots_of(folder: Path, pairs: Pairs) -> list[Path]:
    """Return where files that belong to all masks may lie: the lowest folder above photos and masks, and those up to `folder`."""
    above = [set(path.parents) for both in pairs.good for path in both]
    common = set[Path].intersection(*above)
    return sorted((path for path in common if folder in (path, *path.parents)), reverse=True)


def pair(images: Path, masks: Path) -> Pairs:
    """Return the photos of a folder with their masks in another one."""
    photos, found = get_image_files(images), get_image_files(masks)
    result = Pairs()
    for keys in (_NAMES, _WITHOUT_WORDS, _NUMBERS):
        good, bad = _match(photos, found, images, masks, keys)
        if good or keys is _NUMBERS:
            result.good, result.bad = good, bad
            result.without = _without(bad, lambda photo: masks)
            break
    if result.good and keys is not _NAMES:
        photo, mask = result.good[0]
        by = "by their numbers" if keys is _NUMBERS else "by their names without words such as mask"
        result.notes.append(Note(f"Masks are paired with photos {by}: {mask.name} is that of {photo.name}"))
    return result


def pair_beside(folder: Path) -> Pairs:
    """Return photos with the masks that stand beside them: 1.jpg and 1_mask.png. Nothing unless most photos have one."""
    files = get_image_files(folder)
    masks = {path: key for path in files if (key := _named_beside(path))}
    by_name = {(path.parent, path.stem.lower()): path for path in files if path not in masks}
    several: dict[Path, list[Path]] = defaultdict(list)
    for mask, key in masks.items():
        if (mask.parent, key) in by_name:
            several[by_name[mask.parent, key]].append(mask)
    if not several or len(several) < 0.5 * len(by_name):
        return Pairs()
    result = Pairs()
    for photo in by_name.values():
        _decide(result.good, result.bad, [photo], several.get(photo, []), photo.parent)
    result.without = _without(result.bad, lambda photo: photo.parent)
    return result


def _without(bad: Sequence[BadFile], home: Callable[[Path], Path]) -> list[tuple[Path, Path]]:
    """Return the photos that have no mask, with the folder where it would be."""
    return [
        (each.path, home(each.path)) for each in bad if each.reason == _no_mask(each.path, home(each.path))
    ]


def _no_mask(photo: Path, folder: Path) -> str:
    return f"{photo} has no mask in {folder}."


def _named_beside(path: Path) -> str:
    stem, joint, word = re.fullmatch(r"(.*?)([\W_]?)([a-zA-Z]*)", path.stem, re.DOTALL).groups()  # type: ignore[union-attr]  # fits all
    return stem.strip().lower() if joint and word.lower() in BESIDE else ""


def _match(
    photos: Sequence[Path], masks: Sequence[Path], images: Path, folder: Path, keys: Sequence[Key]
) -> tuple[list[tuple[Path, Path]], list[BadFile]]:
    """Pair photos and masks whose keys are the same: by the first key, what is left by the next."""
    good: list[tuple[Path, Path]] = []
    bad: list[BadFile] = []
    left_photos, left_masks = list(photos), list(masks)
    for key in keys:
        by_key: dict[Any, tuple[list[Path], list[Path]]] = defaultdict(lambda: ([], []))
        for photo in left_photos:
            by_key[key(photo, images)][0].append(photo)
        known = frozenset(value for value in by_key if value)
        for mask in left_masks:
            value = _shortened(mask.stem, known) if key is _stem else key(mask, folder)
            if value in known:
                by_key[value][1].append(mask)
        done: set[Path] = set()
        for value, (here, there) in by_key.items():
            if value and there:
                _decide(good, bad, here, there, folder)
                done |= {*here, *there}
        left_photos = [photo for photo in left_photos if photo not in done]
        left_masks = [mask for mask in left_masks if mask not in done]
    bad += [BadFile(photo, _no_mask(photo, folder)) for photo in left_photos]
    bad += [BadFile(mask, f"{mask} has no photo in {images}.") for mask in left_masks]
    return sorted(good), bad


def _decide(
    good: list[tuple[Path, Path]], bad: list[BadFile], photos: Sequence[Path], masks: Sequence[Path], folder: Path
) -> None:  # fmt: skip
    """Put photos and masks of one name where they belong."""
    chosen = list(masks)
    for keep in (
        lambda words: not words & set(OTHERS),
        *(lambda words, best=best: best in words for best in BEST),
    ):
        fewer = [mask for mask in chosen if keep(set(_words(mask.stem)))]
        chosen = fewer if fewer else chosen
    if len(photos) == 1 and len(chosen) == 1:
        good.append((photos[0], chosen[0]))
    elif len(photos) == 1:
        several = f"{photos[0]} has several masks: {listed([mask.name for mask in chosen])}."
        bad.append(BadFile(photos[0], several if chosen else _no_mask(photos[0], folder)))
    else:
        names = listed([photo.name for photo in photos])
        bad += [
            BadFile(photo, f"{photo} shares the mask {chosen[0].name} with another photo: {names}.")
            for photo in photos
        ]


def _place(path: Path, folder: Path) -> Any:
    return path.relative_to(folder).with_suffix("")


def _stem(path: Path, folder: Path) -> Any:
    return path.stem.lower()


def _bare(path: Path, folder: Path) -> Any:
    return tuple(word for word in _words(path.stem) if word not in WORDS)


def _number(path: Path, folder: Path) -> Any:
    return tuple(map(int, re.findall(r"\d+", path.stem)))


_NAMES: tuple[Key, ...] = (_place, _stem)
_WITHOUT_WORDS: tuple[Key, ...] = (_bare,)
_NUMBERS: tuple[Key, ...] = (_number,)


def _words(stem: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+|(?<=\D)(?=\d)", stem.lower()) if word]


def _shortened(stem: str, known: frozenset[str]) -> str:
    """Return the name of a photo that a mask's name begins with: 1 of 1_P, unless there is also a photo 1_P."""
    stem = stem.lower()
    while stem not in known and any(joint in stem for joint in "_-. "):
        stem = stem[: max(stem.rfind(joint) for joint in "_-. ")]
    return stem
