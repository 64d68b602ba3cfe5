"""Recognise a folder of photos with masks: which mask belongs to which photo, and the classes of its values.

streets/images/1.jpg        streets/masks/1.png            masks called as their photos are, or with an ending of their own
streets/images/img_1.png    streets/labels/mask_1.png      (the folders may have any name in `mask_places`, in any case)
streets/train/images/1.jpg  streets/train/masks/1.png      the same in train, valid (or val) and maybe test; or the other way
streets/images/train/1.jpg  streets/masks/train/1.png      round
streets/train/1.png         streets/trainannot/1.png       the same as SegNet keeps CamVid
VOC2012/JPEGImages/1.jpg    VOC2012/SegmentationClass/1.png, split by VOC2012/ImageSets/Segmentation/val.txt
streets/1.jpg               streets/1_mask.png             masks beside their photos

`codes.txt` beside them names the classes, one a line, in the order of their numbers; `class_dict.csv` names colours. `valid.txt`
lists the photos to validate on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.core.escape import composed
from gatera.core.progress import track
from gatera.data.blocks.mask import MaskBlock
from gatera.data.folders.mask_codes import Codes, find_codes, is_ignored
from gatera.data.folders.mask_pairs import Pairs, all_pairs, roots_of
from gatera.data.folders.mask_values import scan
from gatera.data.folders.split_folders import Sides, side_word, with_validation_set
from gatera.data.sources.items import BadFile, check_photos
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.splits.by_value import GroupSplitter
from gatera.data.splits.split import Splits
from gatera.program.raw.photo import photo_size
from gatera.program.tables.encoding import read_lines
from gatera.program.tables.notes import Note

#: Where lists of the photos of each side may be: beside the folders, or as Pascal VOC keeps them.
LISTS = (".", "ImageSets/Segmentation", "splits", "splits/segmentation")


class GivenMask(NamedTuple):
    """A photo with its mask.

    Attributes:
        photo: the photo.
        mask: its mask.
        side: "train", "valid" or "test"; "" where that is not decided.
        group: what it belongs to (a film, a patient); photos of one group are held out together; "" for none.
    """

    photo: Path
    mask: Path
    side: str = ""
    group: str = ""


@dataclass(frozen=True)
class MaskSet(Sides):
    """Photos with masks, split for training.

    Attributes:
        photos: the files, sorted.
        masks: the mask of each.
        split: "train", "valid" or "test" for each.
        codes: the names of the classes, as `MaskBlock` takes them.
        nearest: whether other values of masks count as the nearest of the codes.
        groups: the group of each photo, its own name where it has none; empty where no photo has one.
        layout: how the folder was understood, in words.
        skipped: photos that are not used, and why.
        split_by: how the photos were split, in words.
        at_random: the sides that were drawn at random, so that photos may still change sides.
    """

    photos: Sequence[Path]
    masks: Sequence[Path]
    split: Sequence[str]
    codes: Any
    layout: str
    skipped: Sequence[BadFile] = ()
    split_by: str = ""
    at_random: Sequence[str] = ()
    nearest: bool = False
    groups: Sequence[str] = ()

    @property
    def block(self) -> MaskBlock:
        """How the masks are read."""
        return MaskBlock(self.codes, self.nearest)

    @property
    def ignored_class(self) -> str | None:
        """The class of pixels without a label, if there is one."""
        found = [name for name in self.block.vocab if is_ignored(name)]
        return found[0] if found else None

    @cached_property
    def common_size(self) -> tuple[int, int] | None:
        """The (height, width) of all photos; None if they differ."""
        sizes = {photo_size(photo) for photo in self.photos}
        return sizes.pop() if len(sizes) == 1 else None


def read_mask_folder(
    folder: Path,
    valid_pct: float,
    seed: int,
    mask_values: str | None = None,
    test_pct: float = 0.0,
    on_note: Callable[[Note], None] | None = None,
    given: Sequence[GivenMask] | None = None,
) -> MaskSet:
    """Find photos and masks, check all of them, and choose a validation set unless the folder has one.

    Photos that cannot be used (unreadable, without a mask, with a mask of another size or unknown numbers) are skipped.

    Args:
        folder: laid out in one of the ways above.
        valid_pct: the share to hold out at random, between 0 and 1.
        seed: of the random choice.
        mask_values: which value of a mask is which class: "0=background,255=thing"; None to find out.
        test_pct: the share to hold out as a test set besides, where the folder has none.
        on_note: is called with each decision.
        given: the photos with their masks, where something else than the layout of the folder says them.

    Raises:
        DataError: if the folder has none of these layouts, or too few photos for a training and a validation set.
        ArgumentError: if `mask_values` is not such a list.
    """
    pairs, split, codes = _read(folder, mask_values, on_note, given)
    reasons = _reasons(pairs.good, codes)
    bad = [*pairs.bad, *(BadFile(path, reason) for path, reason in reasons.items())]
    good = [(photo, mask, split[photo]) for photo, mask in pairs.good if photo not in reasons]
    if not good:
        raise DataError(
            f"none of the {len(pairs.good)} photos with masks can be used, e.g. {next(iter(reasons.values()))}"
        )
    photos, masks, sides = ([*column] for column in zip(*good, strict=True))
    if "valid" in sides and "train" not in sides:
        raise DataError(f"{folder} has {len(sides)} photos for validation but none for training")
    named = sorted({*sides} - {""})
    layout = "folders of photos and masks" + (f" in {listed(named)}" if named else "")
    split_by = "by the folders train and valid" if given is None else "by labels.csv"
    groups = _groups(photos, given)
    pictures = MaskSet(
        photos, masks, sides, codes.codes, layout, bad, split_by, nearest=codes.nearest, groups=groups
    )
    return _listed_or_held_out(roots_of(folder, pairs), pictures, valid_pct, seed, test_pct)


def labelled_masks(
    folder: Path,
    on_note: Callable[[Note], None] | None = None,
    given: Sequence[GivenMask] | None = None,
) -> MaskSet:
    """Find photos with masks without splitting them: `split` says what the folder says, "" where it says nothing.

    Args:
        folder: laid out in one of the ways above.
        on_note: is called with each decision.
        given: the photos with their masks, where something else than the folder's layout says which they are.

    Raises:
        DataError: if there are no photos with masks.
    """
    pairs, split, codes = _read(folder, None, on_note, given)
    photos, masks = ([*column] for column in zip(*pairs.good, strict=True))
    sides = [split[photo] for photo in photos]
    groups = _groups(photos, given)
    return MaskSet(
        photos,
        masks,
        sides,
        codes.codes,
        "photos with masks",
        pairs.bad,
        nearest=codes.nearest,
        groups=groups,
    )


def _groups(photos: Sequence[Path], given: Sequence[GivenMask] | None) -> list[str]:
    """Return the group of each photo, its own path where it has none; [] where no photo has one."""
    known = {each.photo: each.group for each in given or () if each.group}
    return (
        [f"group {known[photo]}" if photo in known else f"photo {photo}" for photo in photos] if known else []
    )


def _read(
    folder: Path,
    mask_values: str | None,
    on_note: Callable[[Note], None] | None,
    given: Sequence[GivenMask] | None,
) -> tuple[Pairs, dict[Path, str], Codes]:
    """Return photos with their masks, the side of each photo, and the classes of the masks; decisions are told.

    Raises:
        DataError: if there are no photos with masks.
    """
    if given is None:
        pairs, split = all_pairs(folder)
    else:
        pairs = Pairs([(each.photo, each.mask) for each in given])
        split = {each.photo: each.side for each in given}
    if not pairs.good:
        raise DataError(
            f"there are no photos with masks in {folder}",
            got=f"{len(pairs.bad)} photos without a mask, e.g. {pairs.bad[0].reason}" if pairs.bad else None,
            expected="photos in a folder named images, photos or imgs, masks in one named masks, labels, annotations or annot; "
            "also inside train and valid",
        )  # fmt: skip
    say = on_note or (lambda note: None)
    for note in pairs.notes:  # before an error that what was taken for masks may bring
        say(note)
    codes = find_codes(roots_of(folder, pairs), scan([mask for _, mask in pairs.good]), mask_values)
    for note in codes.notes:
        say(note)
    return pairs, split, codes


def _reasons(pairs: Sequence[tuple[Path, Path]], codes: Codes) -> dict[Path, str]:
    """Return why photos cannot be used: photo -> sentence."""
    reasons = {bad.path: bad.reason for bad in check_photos([photo for photo, _ in pairs])}
    block = MaskBlock(codes.codes, codes.nearest)
    for photo, mask in track(pairs, "Checking masks"):
        if photo in reasons:
            continue
        try:
            block.check_fit(mask, str(photo), photo_size(photo))
            block.encode(block.read(mask))
        except DataError as err:
            reasons[photo] = str(err)
    return reasons


def _listed_or_held_out(
    roots: Sequence[Path], found: MaskSet, valid_pct: float, seed: int, test_pct: float
) -> MaskSet:
    """Return photos split by lists beside them, else at random."""
    lists = dict(_lists(roots)) if set(found.split) <= {""} else {}
    if "valid" in lists:
        found = _by_lists(found, lists)
    if "valid" not in found.split:
        found = _hold_out(found, valid_pct, seed)
    if not test_pct or "test" in found.split:
        return found
    n = len(found.split) - len(found.indices("valid"))
    share = test_pct * len(found.split) / n
    if not 0 < int(share * n) < n:
        raise _too_few("test_pct", test_pct, int(share * n), len(found.split))
    split = with_validation_set(found.split, _drawn(found, share, seed + 1), "test")
    split_by = f"{found.split_by}; {100 * test_pct:.0f} % at random for the test set"
    return replace(found, split=split, split_by=split_by, at_random=(*found.at_random, "test"))


def _lists(roots: Sequence[Path]) -> Iterator[tuple[str, list[str]]]:
    """Yield each side of which a file lists the photos, with its lines."""
    for place in [root / name for root in roots for name in LISTS]:
        found = [path for path in sorted(place.glob("*.txt")) if side_word(path.stem)]
        if any(side_word(path.stem) == "valid" for path in found):
            for path in found:
                yield side_word(path.stem), read_lines(path)
            return


def _by_lists(found: MaskSet, lists: Mapping[str, Sequence[str]]) -> MaskSet:
    names = [{composed(photo.name), composed(photo.stem)} for photo in found.photos]
    known = set().union(*names)
    named = {side: {_named_by(line, known) for line in lines} for side, lines in lists.items()}
    sides = [
        next((side for side in ("valid", "test", "train") if own & named.get(side, set())), "")
        for own in names
    ]
    if "valid" not in sides:
        return found
    listed_all = "train" in lists and "train" in sides
    kept = [index for index, side in enumerate(sides) if side or not listed_all]
    left = [
        BadFile(photo, f"{photo} is in none of the lists of photos.")
        for photo, side in zip(found.photos, sides, strict=True)
        if listed_all and not side
    ]
    return replace(
        found, photos=[found.photos[i] for i in kept], masks=[found.masks[i] for i in kept],
        split=[sides[i] or "train" for i in kept], skipped=[*found.skipped, *left], split_by="by lists of the photos of each side",
        groups=[found.groups[i] for i in kept] if found.groups else (),
    )  # fmt: skip


def _named_by(line: str, known: Collection[str]) -> str:
    """Return the photo that a line of a list names, with or without an ending, alone or before other words; "" for none of `known`."""
    whole, first = (
        composed(words).replace("\\", "/").rpartition("/")[2] for words in (line, line.split()[0])
    )
    # "two words.jpg" is one name, "images/1.jpg masks/2.png" is about 1.jpg, and so is "two words/1.jpg"
    for name in (whole, first) if len(whole.split()) > 1 else (first, whole):
        has_ending = Path(name).suffix[1:2].isalpha()  # "2007.00032" has none
        if found := next((each for each in (name, Path(name).stem)[: 1 + has_ending] if each in known), ""):
            return found
    return ""


def _hold_out(found: MaskSet, valid_pct: float, seed: int) -> MaskSet:
    n = len(found.split) - len(found.indices("test"))
    chosen = int(valid_pct * n)
    if n < 2 or chosen >= n:
        raise _too_few("valid_pct", valid_pct, chosen, n)
    share = valid_pct if chosen else 1 / n
    split = with_validation_set(found.split, _drawn(found, share, seed))
    together = "; groups kept together" if found.groups else ""
    split_by = f"{100 * valid_pct:.0f} % at random, seed {seed}{together}"
    return replace(found, split=split, split_by=split_by, at_random=("valid",))


def _drawn(found: MaskSet, share: float, seed: int) -> Callable[[Sequence[int]], Splits]:
    """Return what holds out a share of photos at random: whole groups, where they are in groups."""
    if not found.groups:
        return RandomSplitter(share, seed)

    def choose(others: Sequence[int]) -> Splits:
        groups = [found.groups[index] for index in others]
        if len(set(groups)) < 2:
            raise DataError(
                f"the {len(others):,} photos to choose from are all of one group, and a group stays on one side of the split",
                got=groups[0],
                remedy="Add photos of another group, or clear the column group of labels.csv.",
            )
        return GroupSplitter(groups, share, seed)(others)

    return choose


def _too_few(argument: str, share: float, chosen: int, n: int) -> DataError:
    side = "validation" if argument == "valid_pct" else "test"
    return DataError(
        f"with {argument}={share:g}, the {side} set would have {chosen} of {n} photos with masks",
        expected=f"at least one photo for training and one for {side}",
        remedy=f"Add photos, or change {argument}=.",
    )
