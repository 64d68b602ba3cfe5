"""A folder of photos with masks as people really keep it: which mask belongs to which photo, and what its numbers mean.

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
from gatera.data.folders.labelled import TEST_NAMES, TRAIN_NAMES, VALID_NAMES
from gatera.data.sources.items import BadFile, check_photos, get_image_files
from gatera.data.splits.by_position import RandomSplitter
from gatera.program.raw.photo import photo_size
from gatera.program.tables.encoding import read_lines

IMAGES, MASKS = ("images", "photos", "imgs"), ("masks", "labels", "annotations", "annot")

#: Files that may name the classes.
CODES = ("codes.txt", "classes.txt")

#: Classes of these names mean that nobody decided: they are left out of the figures.
UNDECIDED = frozenset({"void", "ignore", "ignored", "unlabeled", "unlabelled", "border", "unknown"})

#: The number that masks without named classes hold where nobody decided. Source: Pascal VOC.
NOBODY = {255: "void"}


@dataclass(frozen=True)
class MaskSet:
    """Photos with masks, divided.

    Attributes:
        photos: the files, sorted.
        masks: the mask of each.
        split: "train", "valid" or "test" for each.
        codes: the names of the classes, as `MaskBlock` takes them.
        layout: how the folder was understood, in words.
        bad: photos that were left out, and why.
    """

    photos: Sequence[Path]
    masks: Sequence[Path]
    split: Sequence[str]
    codes: Any
    layout: str
    bad: Sequence[BadFile] = ()

    def indices(self, side: str) -> list[int]:
        """Return the positions of one side."""
        return [index for index, on in enumerate(self.split) if on == side]

    @property
    def undecided(self) -> str | None:
        """The class that says that nobody decided, if there is one."""
        found = [name for name in MaskBlock(self.codes).vocab if str(name).lower() in UNDECIDED]
        return found[0] if found else None

    @property
    def common_size(self) -> tuple[int, int] | None:
        """The (height, width) that all photos have; None if they differ."""
        sizes = {photo_size(photo) for photo in self.photos}
        return sizes.pop() if len(sizes) == 1 else None


def holds_masks(folder: Path) -> bool:
    """Whether a folder looks like one of photos with masks: beside photos it has pictures where masks lie."""
    return any(get_image_files(masks) for _, _, masks in _sides(folder))


def read_mask_folder(folder: Path, valid_pct: float, seed: int) -> MaskSet:
    """Find photos and masks, check all of them, and divide them.

    Photos that cannot be used (unreadable, without a mask, with a mask of another size or with unknown numbers) are left out.

    Args:
        folder: laid out in one of the ways above.
        valid_pct: share that is held out at random where no folder decides, 0..1.
        seed: of that draw.

    Raises:
        DataError: if the folder is laid out in no such way, or one of the sides is empty.
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
            expected=f"photos in a folder {listed(IMAGES)}, their masks in {listed(MASKS)}, also within train and valid",
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
    layout = "folders of photos and masks" + (
        "" if set(split) == {""} else f" in {listed(sorted(set(split)))}"
    )
    return _divided(MaskSet(photos, masks_, split, codes, layout, bad), valid_pct, seed)


def _sides(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Yield (side, folder of photos, folder of masks); the side is "" where it has not been decided."""
    both = _both(folder)
    if both is not None:
        yield ("", *both)
        return
    for side, names in (("train", TRAIN_NAMES), ("valid", VALID_NAMES), ("test", TEST_NAMES)):
        for name in names:
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
    """Return photos with their masks, and those that have none or more than one."""
    named: dict[str, list[Path]] = {}
    photos = get_image_files(images)
    stems = {photo.stem for photo in photos}
    for mask in get_image_files(masks):
        # 1.png belongs to 1.jpg, and so does 1_P.png, unless there is a photo 1_P of its own.
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
            continue  # it is left out, with the reason, when all are checked
    if len(numbers) < 2:
        raise DataError(
            f"the masks in {masks[0].parent} hold fewer than two different numbers", got=sorted(numbers),
            expected="one number for each class, e.g. 0 for the background and 1 for the thing",
        )  # fmt: skip
    return {number: NOBODY.get(number, str(number)) for number in sorted(numbers)}


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


def _divided(found: MaskSet, valid_pct: float, seed: int) -> MaskSet:
    """Hold photos out at random where the folders did not decide."""
    split = list(found.split)
    if "valid" not in split:
        free = [index for index, side in enumerate(split) if side != "test"]
        held_out = {free[int(index)] for index in RandomSplitter(valid_pct, seed)(free).valid}
        split = [
            "valid" if n in held_out else "test" if side == "test" else "train"
            for n, side in enumerate(split)
        ]
    for side in ("train", "valid"):
        if side not in split:
            raise DataError(
                f"no photo with a mask is left to {'learn from' if side == 'train' else 'measure with'}",
                got=f"{len(split)} photos", remedy="Add photos, or change --valid-pct.",
            )  # fmt: skip
    return replace(found, split=split)
