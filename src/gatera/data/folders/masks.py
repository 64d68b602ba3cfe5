"""Recognise a folder of photos with masks: which mask belongs to which photo, and the classes of its numbers.

streets/images/1.jpg        streets/masks/1.png            masks called as their photos are, or with an ending of their own
streets/images/1.png        streets/labels/1_P.png         (the folders may have any name in `IMAGES` and `MASKS`)
streets/train/images/1.jpg  streets/train/masks/1.png      the same in train, valid (or val) and maybe test
streets/train/1.png         streets/trainannot/1.png       the same as SegNet keeps CamVid

`codes.txt` beside them names the classes, one a line, in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.core.progress import track
from gatera.data.blocks.mask import MaskBlock, PILMask
from gatera.data.folders.sides import SIDE_OF, Sides, with_validation_set
from gatera.data.sources.items import BadFile, check_photos, get_image_files
from gatera.data.splits.by_position import RandomSplitter
from gatera.program.raw.photo import photo_size
from gatera.program.tables.encoding import read_lines

IMAGES, MASKS = ("images", "photos", "imgs"), ("masks", "labels", "annotations", "annot")

#: Files that may name the classes.
CODES = ("codes.txt", "classes.txt")

#: Classes with these names mark pixels without a label; metrics ignore them.
IGNORED = frozenset({"void", "ignore", "ignored", "unlabeled", "unlabelled", "border", "unknown"})

#: The number of unlabelled pixels in masks whose classes have no names. Source: Pascal VOC.
VOID = {255: "void"}


@dataclass(frozen=True)
class MaskSet(Sides):
    """Photos with masks, split for training.

    Attributes:
        photos: the files, sorted.
        masks: the mask of each.
        split: "train", "valid" or "test" for each.
        codes: the names of the classes, as `MaskBlock` takes them.
        layout: how the folder was understood, in words.
        skipped: photos that are not used, and why.
        split_by: how the photos were split, in words.
    """

    photos: Sequence[Path]
    masks: Sequence[Path]
    split: Sequence[str]
    codes: Any
    layout: str
    skipped: Sequence[BadFile] = ()
    split_by: str = ""

    @property
    def ignored_class(self) -> str | None:
        """The class of pixels without a label, if there is one."""
        found = [name for name in MaskBlock(self.codes).vocab if str(name).lower() in IGNORED]
        return found[0] if found else None

    @property
    def common_size(self) -> tuple[int, int] | None:
        """The (height, width) of all photos; None if they differ."""
        sizes = {photo_size(photo) for photo in self.photos}
        return sizes.pop() if len(sizes) == 1 else None


def holds_masks(folder: Path) -> bool:
    """Whether a folder has photos and masks: beside the photos, a folder of masks that is not empty."""
    return any(get_image_files(masks) for _, _, masks in _sides(folder))


def read_mask_folder(folder: Path, valid_pct: float, seed: int) -> MaskSet:
    """Find photos and masks, check all of them, and choose a validation set unless the folder has one.

    Photos that cannot be used (unreadable, without a mask, with a mask of another size or unknown numbers) are skipped.

    Args:
        folder: laid out in one of the ways above.
        valid_pct: the share to hold out at random, between 0 and 1.
        seed: of the random choice.

    Raises:
        DataError: if the folder has none of these layouts, or too few photos for a training and a validation set.
    """
    pairs: list[tuple[Path, Path, str]] = []
    bad: list[BadFile] = []
    for side, images, masks in _sides(folder):
        found, without = _pairs(images, masks)
        pairs += [(photo, mask, side) for photo, mask in found]
        bad += without
    if not pairs:
        raise DataError(
            f"there are no photos with masks in {folder}", got=f"{len(bad)} photos without a mask" if bad else None,
            expected=f"photos in a folder named {_or(IMAGES)}, masks in one named {_or(MASKS)}; also inside train and valid",
        )  # fmt: skip
    codes = _codes(folder, [mask for _, mask, _ in pairs])
    reasons = _reasons(pairs, codes)
    bad += [BadFile(path, reason) for path, reason in reasons.items()]
    good = [pair for pair in pairs if pair[0] not in reasons]
    if not good:
        raise DataError(
            f"none of the {len(pairs)} photos with masks can be used, e.g. {next(iter(reasons.values()))}"
        )
    photos, masks_, split = ([*column] for column in zip(*good, strict=True))
    if "valid" in split and "train" not in split:
        raise DataError(f"{folder} has {len(split)} photos for validation but none for training")
    named = sorted({*split} - {""})
    layout = "folders of photos and masks" + (f" in {listed(named)}" if named else "")
    pictures = MaskSet(photos, masks_, split, codes, layout, bad, "by the folders train and valid")
    return pictures if "valid" in split else _hold_out(pictures, valid_pct, seed)


def _sides(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Yield (side, folder of photos, folder of masks); the side is "" where it is not decided."""
    both = _both(folder)
    if both is not None:
        yield ("", *both)
        return
    for name, side in SIDE_OF.items():
        inside = _both(folder / name)
        beside = [
            folder / f"{name}{joint}{mask}"
            for joint in ("", "_")
            for mask in MASKS
            if (folder / f"{name}{joint}{mask}").is_dir()
        ]
        if inside is not None:
            yield (side, *inside)
        elif beside and (folder / name).is_dir():
            yield side, folder / name, beside[0]


def _both(folder: Path) -> tuple[Path, Path] | None:
    images = [folder / name for name in IMAGES if (folder / name).is_dir()]
    masks = [folder / name for name in MASKS if (folder / name).is_dir()]
    return (images[0], masks[0]) if images and masks else None


def _pairs(images: Path, masks: Path) -> tuple[list[tuple[Path, Path]], list[BadFile]]:
    """Return photos with their masks, and those with none or several."""
    named: dict[str, list[Path]] = {}
    photos = get_image_files(images)
    stems = {photo.stem for photo in photos}
    for mask in get_image_files(masks):
        # 1.png belongs to 1.jpg, and so does 1_P.png, unless there is also a photo 1_P.
        stem = mask.stem
        while stem not in stems and any(joint in stem for joint in "_-."):
            stem = stem[: max(stem.rfind(joint) for joint in "_-.")]
        named.setdefault(stem, []).append(mask)
    good, bad = [], []
    for photo in photos:
        found = named.get(photo.stem, [])
        if len(found) == 1:
            good.append((photo, found[0]))
        else:
            what = (
                f"has no mask in {masks}"
                if not found
                else f"has several masks: {listed([mask.name for mask in found])}"
            )
            bad.append(BadFile(photo, f"{photo} {what}."))
    return good, bad


def _codes(folder: Path, masks: Sequence[Path]) -> Any:
    """Return the names of the classes: from a file, or the numbers that the masks hold."""
    for name in CODES:
        if (folder / name).is_file():
            return read_lines(folder / name)
    numbers: set[int] = set()
    for mask in track(masks, "Reading masks"):
        try:
            numbers.update(np.unique(np.asarray(PILMask.create(mask))).tolist())
        except DataError:
            continue  # `_reasons` skips it and gives the reason
    if len(numbers) < 2:
        raise DataError(
            f"the masks in {masks[0].parent} have fewer than two different numbers", got=sorted(numbers),
            expected="one number per class, e.g. 0 for the background and 1 for the object",
        )  # fmt: skip
    return {number: VOID.get(number, str(number)) for number in sorted(numbers)}


def _reasons(pairs: Sequence[tuple[Path, Path, str]], codes: Any) -> dict[Path, str]:
    """Return why photos cannot be used: photo -> sentence."""
    reasons = {bad.path: bad.reason for bad in check_photos([photo for photo, _, _ in pairs])}
    block = MaskBlock(codes)
    for photo, mask, _ in track(pairs, "Checking masks"):
        if photo in reasons:
            continue
        try:
            block.check_fit(mask, str(photo), photo_size(photo))
            block.encode(block.read(mask))
        except DataError as err:
            reasons[photo] = str(err)
    return reasons


def _hold_out(found: MaskSet, valid_pct: float, seed: int) -> MaskSet:
    n = len(found.split) - len(found.indices("test"))
    if not 0 < int(valid_pct * n) < n:
        raise DataError(
            f"with valid_pct={valid_pct:g}, the validation set would have {int(valid_pct * n)} of {n} photos with masks",
            expected="at least one photo for training and one for validation",
            remedy="Add photos, or change valid_pct=.",
        )
    split = with_validation_set(found.split, RandomSplitter(valid_pct, seed))
    return replace(found, split=split, split_by=f"{valid_pct:.0%} at random, seed {seed}")


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
