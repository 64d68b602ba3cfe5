"""Find the folders of photos and of masks, at any usual place and under any usual name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatera.core.walk import is_hidden
from gatera.data.folders.split_folders import SIDE_OF, side_and_rest, side_word, sides_among
from gatera.data.sources.items import get_image_files
from gatera.data.splits.split import SIDES

#: Names of the two folders, in lower case and without blanks and dashes; of several beside each other the first is taken.
IMAGES = (
    "images", "photos", "imgs", "image", "photo", "img", "jpegimages", "leftimg8bit", "pictures", "originals", "original",
    "originalimages", "rawimages", "rgb", "inputs", "input", "frames", "imgdir",
)  # fmt: skip
MASKS = (
    "masks", "labels", "annotations", "annot", "mask", "label", "annotation", "annots", "segmentationclass",
    "segmentationclassaug", "segmentationclassraw", "segmentationclasspng", "gtfine", "gt", "groundtruth", "groundtruths",
    "anndir", "ann", "segmentations", "segmentation", "segs", "seg", "targets", "target", "trimaps", "maskimages", "labelimages",
)  # fmt: skip

#: So many of these names cannot mean anything else.
CLEAR = 7

#: Words that a folder of a side may begin with, the longest first.
SIDE_WORDS = sorted(SIDE_OF, key=len, reverse=True)

#: How deep folders that hold nothing but another one are looked through.
DEEPEST = 4


@dataclass(frozen=True)
class Place:
    """Photos and masks of one side of the split.

    Attributes:
        side: "train", "valid" or "test"; "" where it is not decided.
        images: the folder of photos.
        masks: the folder of masks.
    """

    side: str
    images: Path
    masks: Path


def find_places(folder: Path, depth: int = 0) -> list[Place]:
    """Return the folders of photos and of masks below a folder; empty where there are none."""
    if not folder.is_dir():
        return []
    children = folders_in(folder)
    whole = _pair(children, "")
    if whole is not None:
        return sides_of_pair(*whole)
    found: list[Place] = []
    for side in SIDES:
        pair = _pair(children, side)
        containers = [path for path in children if side_and_rest(path.name) == (side, ())]
        if pair is not None:
            found.append(Place(side, *pair))
        else:
            found += [
                Place(side, *place) for path in containers for place in _places(find_places(path, depth + 1))
            ]
    if found or depth >= DEEPEST:
        return found
    return [place for path in children for place in find_places(path, depth + 1)]


def is_clear(place: Place) -> bool:
    """Whether the names of both folders leave no doubt, as images and masks do."""
    roles = [_role(folder.name, place.side) for folder in (place.images, place.masks)]
    return roles[0] in (*IMAGES[:CLEAR], "") and roles[1] in MASKS[:CLEAR]


def _places(found: Sequence[Place]) -> list[tuple[Path, Path]]:
    return [(place.images, place.masks) for place in found]


def _pair(children: Sequence[Path], side: str) -> tuple[Path, Path] | None:
    """Return a side's folders of photos and of masks among the folders beside each other."""
    images = _of_role(children, side, IMAGES)
    if not images and side:  # train/ beside train_masks/
        images = [path for path in children if side_and_rest(path.name) == (side, ())]
    masks = [
        path for path in _of_role(children, side, MASKS) if path not in images and any(get_image_files(path))
    ]
    return (images[0], masks[0]) if images and masks else None


def _of_role(children: Sequence[Path], side: str, names: Sequence[str]) -> list[Path]:
    """Return the folders that are called by one of `names` and a side, those of the first name first."""
    found = []
    for path in children:
        role = _role(path.name, side)
        if role in names:
            found.append((names.index(role), path))
    return [path for _, path in sorted(found)]


def _role(name: str, side: str) -> str:
    """Return a folder's name without its side, blanks and dashes, in lower case: "images" of "Train_Images"."""
    bare = "".join(character for character in name.lower() if character.isalnum())
    if not side:
        return bare
    found, rest = side_and_rest(name)
    if found == side:
        return "".join(rest)
    begins = next((word for word in SIDE_WORDS if bare.startswith(word)), "")  # trainannot
    return bare.removeprefix(begins) if begins and side_word(begins) == side else ""


def sides_of_pair(images: Path, masks: Path) -> list[Place]:
    """Return one place, or those of the sides that both folders are divided into: images/train, masks/train."""
    halves = [{path.name: path for path in folders_in(folder)} for folder in (images, masks)]
    sides = [sides_among(list(half)) for half in halves]
    if not all(sides):
        return [Place("", images, masks)]
    by_side = [
        {side: half[name] for name, side in found.items()} for half, found in zip(halves, sides, strict=True)
    ]
    return [Place(side, by_side[0][side], by_side[1][side]) for side in by_side[0] if side in by_side[1]]


def folders_in(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted; none where it cannot be listed, which listing its photos will tell of."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir())
    except OSError:
        return []
    return [folder / name for name in names if not is_hidden(name)]
