"""Labels and sides of files from the folders they are in: photos/cat/1.jpg, archive/Train/cat/1.jpg, cat/test/2.jpg."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from os.path import commonpath
from pathlib import Path

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.walk import without_spread
from gatera.data.folders.levels import Way, choose_level
from gatera.data.folders.split_folders import SIDE_OF, TRAIN_NAMES, sides_among
from gatera.program.tables.notes import Note

#: Where at least this share of the files is in folders of sides, the others are left out; else the folder is refused.
MOST = 0.5

#: Names of folders that show the same things in two ways, one of the first list and one of the second.
VIEWS = (
    frozenset(["rgb", "color", "colour", "images", "image", "photos", "photo", "input", "inputs", "source", "hr", "highres", "clean", "gt", "traina", "visible", "vis"]),
    frozenset(["depth", "depths", "disparity", "thermal", "ir", "infrared", "nir", "lr", "lowres", "noisy", "target", "targets", "output", "outputs", "trainb", "sketch", "sketches", "edges"]),
)  # fmt: skip


@dataclass
class Placed:
    """Files by what their folders say.

    Attributes:
        labels: the label of each file that has one, in the files' order.
        sides: its side; "" where that is not decided.
        loose: files beside the class folders, where the folder is not split.
        stray: files that are not used: the folder to name -> the files, and whether it is that of a side.
        copies: files that stand in a class folder a second time.
        notes: what was decided.
        is_split: whether there are folders of sides.
    """

    labels: dict[Path, str] = field(default_factory=dict)
    sides: dict[Path, str] = field(default_factory=dict)
    loose: list[Path] = field(default_factory=list)
    stray: dict[tuple[Path, bool], list[Path]] = field(default_factory=lambda: defaultdict(list))
    copies: list[Path] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    is_split: bool = False


def place_files(folder: Path, files: Sequence[Path], things: str, class_level: int | None = None) -> Placed:
    """Read labels and sides off the folders of files.

    Args:
        folder: the source.
        files: the files below it.
        things: what messages call them.
        class_level: which folder names the class, from 1 on, or from -1 on counted from the file; None to find out.

    Raises:
        DataError: if there are folders of a validation and a test set, and none to train on.
    """
    ways = {path: path.relative_to(folder).parts[:-1] for path in files}
    if class_level is None:
        shorter = without_spread((way, path.stem) for path, way in ways.items())
        ways = {path: shorter[way] for path, way in ways.items()}
    else:
        _check_level(folder, ways.values(), things, class_level)
    placed = Placed()
    at, sides = _side_level(folder, list(ways.values()), class_level)
    beside = {} if at is not None or class_level is not None else _sides_beside_classes(list(ways.values()))
    used = dict(ways)
    if at is not None:
        placed.is_split = True
        for path, way in ways.items():
            if len(way) <= at or way[at] not in sides:
                placed.stray[folder.joinpath(*way[: at + 1]), False].append(path)
                del used[path]
    for path, way in ways.items():
        if way and way[0] in beside:
            del used[path]
    _label(folder, placed, used, (at, sides), (things, class_level))
    _place_beside(folder, placed, ways, beside)
    placed.notes += _views(placed.labels, things)
    return placed


def _views(labels: dict[Path, str], things: str) -> list[Note]:
    """Return a note if the two classes look like two views of the same things: called so, with files of the same names."""
    stems: dict[str, set[str]] = defaultdict(set)
    for path, label in labels.items():
        stems[label].add(path.stem)
    if len(stems) != 2:
        return []
    names = sorted(stems, key=lambda name: name.lower() not in VIEWS[0])
    if (
        any(name.lower() not in words for name, words in zip(names, VIEWS, strict=True))
        or stems[names[0]] != stems[names[1]]
    ):
        return []
    said = f"{names[0]} and {names[1]} have {things} of the same names: if they show the same things in two ways, they are not classes"
    return [Note(f"{said}; pass one of the folders, with its labels in labels.csv (columns file,label)")]


def _check_level(folder: Path, ways: Iterable[Way], things: str, level: int) -> None:
    """Raise ArgumentError if `class_level` means a folder that no file has, where there are folders."""
    deepest = max(map(len, ways), default=0)
    if deepest and not 1 <= abs(level) <= deepest:
        lowest = "" if deepest == 1 else f" to {deepest}, or -{deepest} to -1"
        raise ArgumentError(
            f"class_level names no folder of the {things} in {folder}",
            got=level,
            expected=f"1{lowest or ' or -1'}: 1 is the first below {folder}, -1 the one that holds the file",
        )


def sides_by_folders(folder: Path, files: Sequence[Path], labels: Sequence[str]) -> dict[Path, str]:
    """Return the sides that folders name of files whose labels something else tells; nothing where they name none.

    Files outside these folders are on no side, or trained on where there is a validation set.

    Args:
        folder: the source.
        files: the files: below it, or where a table names them.
        labels: their labels. Folders called as their files are labelled ("valid" beside "invalid") are those of classes.
    """
    ways = {
        path: path.relative_to(folder).parts[:-1] if path.is_relative_to(folder) else () for path in files
    }
    level, names = 0, _held_out_beside(list(ways.values()))
    for deeper in range(max(map(len, ways.values()), default=0)):
        if names:
            break
        level, names = (
            deeper,
            sides_among(sorted({way[deeper] for way in ways.values() if len(way) > deeper})),
        )
    named = [
        (ways[path][level], label)
        for path, label in zip(files, labels, strict=True)
        if len(ways[path]) > level
    ]
    is_class = {
        name: {label.lower() for at, label in named if at == name} == {name.lower()} for name in names
    }
    if not names or any(is_class.values()):
        return {}
    rest = "train" if "valid" in names.values() else ""
    return {path: names.get(way[level], rest) if len(way) > level else rest for path, way in ways.items()}


def tell_of_sides(files: Sequence[Path], labels: Sequence[str]) -> None:
    """Warn if folders name sides of files that are split at random all the same, as fastai does: test items are trained on then.

    Args:
        files: the files, in any folders.
        labels: their labels.
    """
    folders = {str(path.absolute().parent) for path in files}
    if len(folders) < 2:
        return
    root, whole = Path(commonpath(folders)), [path.absolute() for path in files]
    sides = sides_by_folders(root, whole, labels)
    held = [path for path, side in sides.items() if side in ("valid", "test")]
    if held:
        named = next(
            part for part in held[0].relative_to(root).parts if SIDE_OF.get(part.lower(), "train") != "train"
        )
        warnings.warn(
            f"All files are split at random, so the {len(held):,} in folders such as {named!r} may be trained on, too. "
            "To leave them out, do not pass them; gatera.train measures on them.",
            stacklevel=4,
        )


def _held_out_beside(ways: Sequence[Way]) -> dict[str, str]:
    """Return folders of a validation or test set beside other files, where none is called train: 1.jpg, test/2.jpg."""
    names = sorted({way[0] for way in ways if way})
    found = {name: side for name in names if (side := SIDE_OF.get(name.lower(), "train")) != "train"}
    others = any(not way or way[0] not in found for way in ways)
    return found if others and not sides_among(names) else {}


def _label(
    folder: Path, placed: Placed, ways: dict[Path, Way], split: tuple[int | None, dict[str, str]], how: tuple[str, int | None]
) -> None:  # fmt: skip
    """Give files their label, and their side if the folder is `split` at a level by names."""
    (at, sides), (things, class_level) = split, how
    side_of = {path: "" if at is None else sides[way[at]] for path, way in ways.items()}
    levels = _levels(list(ways.values()), list(side_of.values()), at)
    level = class_level
    if class_level is None:
        there = [way for way in ways.values() if len(way) > levels[0]]
        chosen = choose_level(there, levels, things) if there else None
        level = 1 + (chosen.level if chosen else levels[0])
        if chosen and chosen.other is not None:
            placed.notes.append(Note(chosen.text, "class_level", chosen.other + 1))
    assert level is not None  # for the type checker
    known = (
        {way[level - 1] for way in ways.values() if len(way) == max(level, 1)}
        if class_level is None
        else set[str]()
    )
    seen = {(way[-1], path.name) for path, way in ways.items() if len(way) == level}
    for path, way in ways.items():
        if len(way) < abs(level):
            _left(placed, folder, path, way, at)
        elif len(way) > level > 0 and way[-1] in known and at is None and way[level - 1] not in known:
            # a folder in the folder, with the same classes in it: Kaggle's archives often hold everything twice
            if (way[-1], path.name) in seen:
                placed.copies.append(path)
            else:
                placed.labels[path], placed.sides[path] = way[-1], side_of[path]
        else:
            label = (
                way[-1]
                if len(way) > level > 0 and way[-1] in known
                else way[level if level < 0 else level - 1]
            )
            placed.labels[path], placed.sides[path] = label, side_of[path]


def _left(placed: Placed, folder: Path, path: Path, way: Way, at: int | None) -> None:
    if at is None:
        placed.loose.append(path)
    else:
        placed.stray[folder.joinpath(*way[: at + 1]), True].append(path)


def _place_beside(folder: Path, placed: Placed, ways: dict[Path, Way], beside: dict[str, str]) -> None:
    """Give files in folders of sides that stand beside the class folders their side: cat/1.jpg, dog/2.jpg, test/cat/3.jpg."""
    classes = set(placed.labels.values())
    for path, way in ways.items():
        if not way or way[0] not in beside:
            continue
        placed.is_split = True
        if way[-1] in classes and len(way) > 1:
            placed.labels[path], placed.sides[path] = way[-1], beside[way[0]]
        else:
            placed.stray[folder / way[0], True].append(path)
    if beside:
        names = listed(beside)
        text = f"{names} beside the class folders {'is' if len(beside) == 1 else 'are'} not trained on"
        placed.notes.append(Note(text, "class_level", 1))
    if "valid" in beside.values():
        placed.sides = {path: side or "train" for path, side in placed.sides.items()}


def _side_level(
    folder: Path, ways: Sequence[Way], class_level: int | None
) -> tuple[int | None, dict[str, str]]:
    """Return at which level the folder is split, and the side of each name there; None where it is not."""
    for level in range(max(map(len, ways), default=0)):
        if class_level in (level + 1, level - max(map(len, ways))):
            continue
        names = sorted({way[level] for way in ways if len(way) > level})
        found = sides_among(names)
        if found and (_is_wrapped(ways, level) or _share(ways, level, found) >= MOST):
            return level, found
        if found and class_level is None:
            _refuse_part(folder, ways, level, found)
        given = {SIDE_OF.get(name.lower()) for name in names}
        if given == {"valid", "test"}:
            raise DataError(
                f"{folder.joinpath(*ways[0][:level])} has folders for validation and testing ({listed(names)}) but none for "
                "training",
                expected=f"also a folder named {' or '.join(TRAIN_NAMES)}",
            )
    return None, {}


def _share(ways: Sequence[Way], level: int, found: dict[str, str]) -> float:
    """Return the share of the files that are in a folder of a side at a level; the others are left out and counted."""
    return sum(len(way) > level and way[level] in found for way in ways) / len(ways)


def _refuse_part(folder: Path, ways: Sequence[Way], level: int, found: dict[str, str]) -> None:
    """Raise DataError where only few files are split: the test set among them would be trained on."""
    inside = next(way[:level] for way in ways if len(way) > level and way[level] in found)
    raise DataError(
        f"Only a part of {folder} is split: {folder.joinpath(*inside)} has the folders {listed(found)}, most photos are outside",
        remedy="Pass that folder, or say which folder names the class: class_level=.",
    )


def _is_wrapped(ways: Sequence[Way], level: int) -> bool:
    """Whether there is one folder only at each level above, and most files are in it."""
    above = {way[:level] for way in ways if len(way) > level}
    return len(above) == 1 and sum(way[:level] in above for way in ways) >= MOST * len(ways)


def _sides_beside_classes(ways: Sequence[Way]) -> dict[str, str]:
    """Return folders of a test or validation set that stand beside two classes or more, where nothing is called train."""
    names = {way[0] for way in ways if way}
    found = {
        name: SIDE_OF[name.lower()] for name in sorted(names) if SIDE_OF.get(name.lower(), "train") != "train"
    }
    return found if len(names - set(found)) > 1 else {}


def _levels(ways: Sequence[Way], sides: Sequence[str], at: int | None) -> list[int]:
    """Return the levels that may be the class: not that of the sides, and not those with one folder only."""
    levels = [level for level in range(max(map(len, ways), default=0)) if level != at] or [
        0 if at is None else at + 1
    ]
    while len(levels) > 1:
        names = {
            (side, way[levels[0]]) for side, way in zip(sides, ways, strict=True) if len(way) > levels[0]
        }
        if len(names) > len(set(sides)) or not any(len(way) > levels[1] for way in ways):
            break
        levels = levels[1:]
    return levels
