"""The masks of a folder, found as `gatera train` finds them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from PIL import Image

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.core.files import sha256_file
from gatera.data.blocks.mask_pixels import load_mask
from gatera.data.folders.mask_codes import find_codes
from gatera.data.folders.mask_pairs import BESIDE, Pairs, all_pairs, holds_masks, places_in, roots_of
from gatera.data.folders.mask_values import scan
from gatera.program.raw.photo import photo_size, stored_size
from gatera.studio.masks.classes import MaskClasses, classes_of

#: So many masks are read to find the classes; what others hold besides is found when they are shown.
SCANNED = 100

#: So many names of a folder tell whether masks may stand beside their photos.
LOOKED_AT = 400


def has_masks(folder: Path) -> bool:
    """Whether `gatera train` would take the photos of a folder for photos with masks; quick for folders of many photos."""
    if places_in(folder):
        return holds_masks(folder)
    with os.scandir(folder) as entries:
        stems = [Path(entry.name).stem.lower() for entry in islice(entries, LOOKED_AT)]
    beside = sum(stem.endswith(BESIDE) for stem in stems)
    return beside > 0 and holds_masks(folder)


@dataclass
class MaskFiles:
    """Photos and their masks.

    Attributes:
        root: the folder.
        masks: the mask of each photo, by the photo's name; of a photo without one the file where it would be.
        classes: what pixels are.
        example: a mask that new ones are made like.
    """

    root: Path
    masks: dict[str, Path]
    classes: MaskClasses
    example: Path

    @property
    def names(self) -> list[str]:
        """The photos, sorted."""
        return sorted(self.masks)

    def name_of(self, mask: Path) -> str:
        """Return what a mask is called: its path below the folder."""
        return mask.relative_to(self.root).as_posix()

    def stamp(self, name: str) -> str:
        """Return what changes when a photo's mask does: the SHA-256 of its file; "" without one."""
        path = self.masks[name]
        as_png = path.with_suffix(".png")
        if not path.exists() and as_png.exists():  # somebody corrected it in another process
            path = self.masks[name] = as_png
        try:
            return sha256_file(path)
        except OSError:
            return ""

    def check(self, name: str) -> None:
        """Raise DataError where a mask does not lie on its photo."""
        photo, mask = photo_size(self.root / name), stored_size(self.masks[name])
        if photo != mask:
            raise DataError(
                f"the mask {self.name_of(self.masks[name])} is {mask[1]} x {mask[0]} pixels, and its photo {photo[1]} x {photo[0]}",
                remedy="A mask has one class for each pixel of its photo: resize one of them.",
            )

    @cached_property
    def like(self) -> Image.Image:
        """The picture that new masks are made like."""
        return load_mask(self.example)[0]


def find_masks(folder: Path, say: Callable[[str], None]) -> MaskFiles:
    """Find photos and masks in a folder, and the classes of the masks.

    Args:
        folder: laid out as `gatera train` reads it.
        say: takes each line about what was decided.

    Raises:
        DataError: if there are no photos with masks, or their classes cannot be told apart.
    """
    pairs, _ = all_pairs(folder)
    if not pairs.good:
        raise DataError(
            f"{folder} holds no photos with masks",
            expected="photos in a folder named images, masks of the same names in one named masks",
            remedy="Check the path, or see them as photos: --kind photos.",
        )
    masks = [mask for _, mask in pairs.good]
    some = masks[:: -(-len(masks) // SCANNED)]
    try:
        codes = find_codes(roots_of(folder, pairs), scan(some), None)
    except DataError as err:
        raise DataError(
            err.problem, got=err.got, expected=err.expected,
            remedy="Name the classes in codes.txt beside images and masks, one a line, or label whole photos: --kind photos.",
        ) from err  # fmt: skip
    for note in (*pairs.notes, *codes.notes):
        say(note.text + ".")
    classes = classes_of(codes)
    without = _without(pairs)
    _say_found(pairs, classes, say)
    files = {photo.relative_to(folder).as_posix(): mask for photo, mask in (*pairs.good, *without)}
    return MaskFiles(folder, files, classes, masks[0])


def _say_found(pairs: Pairs, classes: MaskClasses, say: Callable[[str], None]) -> None:
    more = f", {counted(len(pairs.without), 'photo')} without" if pairs.without else ""
    say(
        f"{counted(len(pairs.good), 'photo')} with a mask{more}; classes: {listed(classes.names)}. To label whole photos instead: --kind photos."
    )
    left = len(pairs.bad) - len(pairs.without)
    if left:
        bare = {photo for photo, _ in pairs.without}
        first = next(bad.reason for bad in pairs.bad if bad.path not in bare)
        say(f"{counted(left, 'file')} left out, e.g. {first}")


def _without(pairs: Pairs) -> list[tuple[Path, Path]]:
    """Return photos without a mask, and the files where theirs would be, called as those of the others are."""
    photo, mask = pairs.good[0]
    stem = mask.stem if photo.stem in mask.stem else photo.stem
    taken = {each for _, each in pairs.good}
    found = []
    for bare, home in pairs.without:
        path = home / f"{stem.replace(photo.stem, bare.stem)}.png"
        if path not in taken and not path.exists():
            found.append((bare, path))
            taken.add(path)
    return found
