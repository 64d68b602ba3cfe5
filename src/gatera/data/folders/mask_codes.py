"""Decide which number or colour of the masks is which class, and say so.

In this order: what the user says (`mask_values=`), a file beside the masks that names numbers or colours, the values themselves.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.mask_values import (
    MOST_COLOURS,
    VOID,
    Values,
    colour_levels,
    hex_name,
    levels,
    may_be_levels,
)
from gatera.program.tables.encoding import read_lines
from gatera.program.tables.notes import Note

#: Files that may name the classes, one a line in the order of their numbers; and those that name colours.
CODES = ("codes.txt", "classes.txt", "class_names.txt", "labels.txt")
COLOURS = ("class_dict.csv", "label_colors.txt", "labelmap.txt", "color_map.csv", "colormap.csv")

#: Classes with these names mark pixels without a label; metrics ignore them.
IGNORED = frozenset({"void", "ignore", "ignored", "unlabeled", "unlabelled", "border", "unknown"})

#: Numbers of classes that count from 0 are below this, in masks that have a void; grey levels reach it: of three the middle is 127 or 128.
MOST_COUNTED = 127

#: The colour of borders in masks painted as PASCAL VOC's are, where it counts as nothing; and what its other colours are made of.
VOC_BORDER, VOC_LEVELS = (224, 224, 192), frozenset((0, 64, 128, 192))


@dataclass(frozen=True)
class Codes:
    """What the pixels of masks mean.

    Attributes:
        codes: as `MaskBlock` takes them.
        nearest: whether other values count as the nearest of them.
        notes: what was decided.
    """

    codes: Any
    nearest: bool = False
    notes: tuple[Note, ...] = ()


def find_codes(folders: Sequence[Path], found: Values, given: str | None) -> Codes:
    """Return the classes of masks.

    Args:
        folders: where a file may name the classes, the nearest to the masks first.
        found: the values of all masks.
        given: what the user says: "0=background,255=thing" or "#000000=background,#ff0000=thing".

    Raises:
        DataError: if values and names do not fit, or the masks' values cannot be told apart.
        ArgumentError: if `given` is not such a list.
    """
    if given is not None:
        codes = parse_values(given)
        blurred = levels(found.numbers, False) is not None or {*codes} <= {
            *(may_be_levels(found.numbers) or ())
        }
        return Codes(codes, found.lossy or blurred)
    by_name = _files(folders)
    colours = next((read_colours(by_name[name]) for name in COLOURS if name in by_name), {})
    names = next((read_lines(by_name[name]) for name in CODES if name in by_name), list(colours.values()))
    if not found.read:
        return Codes(names or {0: "0", 1: "1"})  # checking the masks says what is wrong with them
    if not found.numbers:
        return _coloured(found, colours, names)
    return _named(found, names) if names else _numbered(found, folders[-1])


def parse_values(given: str) -> dict[Any, str]:
    """Return "0=background,255=thing" as {0: "background", 255: "thing"}; colours as keys (255, 0, 0).

    Raises:
        ArgumentError: if it is not such a list.
    """
    parsed: dict[Any, str] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", given))):
        value, equals, name = (word.strip() for word in part.partition("="))
        colour = re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", value)
        if not equals or not name or not (colour or value.isdecimal()):
            raise ArgumentError(
                f"mask_values= does not say which value is which class in {part!r}", got=given,
                expected="numbers, or colours as #rrggbb, each with = and a name, separated by commas",
                remedy='For example "0=background,255=thing"; a class called void is not counted.',
            )  # fmt: skip
        key = tuple(int(digits, 16) for digits in colour.groups()) if colour else int(value)
        if parsed.setdefault(key, name) != name:
            raise ArgumentError(
                f"mask_values= has two classes for {value}: {parsed[key]} and {name}",
                got=given,
                remedy="Leave one out.",
            )
    if len({type(key) for key in parsed}) != 1 or len(set(parsed.values())) < len(parsed):
        raise ArgumentError(
            "mask_values= needs numbers only or colours only, each with a name of its own", got=given
        )
    return parsed


def read_colours(path: Path) -> dict[tuple[int, int, int], str]:
    """Return the colours of classes that a file names: rows of a name and three numbers, in either order.

    Columns may be separated by commas, blanks or tabs, or as "name:red,green,blue::"; lines without three numbers are skipped.
    """
    colours: dict[tuple[int, int, int], str] = {}
    for line in read_lines(path):
        cells = [cell.strip() for cell in next(csv.reader([re.sub(r"[:;\t]", ",", line)]))]
        if len(cells) < 4:
            cells = line.split()
        numbers = [int(cell) for cell in cells if cell.isdecimal()]
        words = [cell for cell in cells if cell and not cell.isdecimal()]
        if len(numbers) == 3 and words and max(numbers) <= 255:
            colours[numbers[0], numbers[1], numbers[2]] = words[0]
    return colours


def is_ignored(name: object) -> bool:
    """Whether a class of this name marks pixels without a label."""
    return str(name).lower() in IGNORED


def _files(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the files of folders by their name in lower case; of several, that of the first folder."""
    files = [path for folder in reversed(folders) for path in sorted(folder.iterdir()) if path.is_file()]
    return {path.name.lower(): path for path in files}


def _named(found: Values, names: Sequence[str]) -> Codes:
    """Return the codes of numbers whose classes have names."""
    if len(set(names)) < len(names):
        raise DataError("the file that names the masks' classes has a name twice", got=list(names))
    numbers, nearest = sorted(found.numbers), False
    steps = levels(found.numbers, found.lossy) if found.lossy or len(numbers) > 2 * len(names) + 8 else None
    if steps is not None:
        numbers, nearest = steps, True
    elif found.lossy:
        raise _blurred(found)
    beyond = [number for number in numbers if number >= len(names)]
    if not beyond and not nearest:
        return Codes(list(names))
    in_order = dict(zip(numbers, names, strict=False))
    if len(numbers) == len(names):
        text = f"Masks hold {listed(numbers)}, which are {listed(names)} in this order"
        return Codes(in_order, nearest, (Note(text, "mask_values", _written(in_order)),))
    if beyond == [VOID] and not any(map(is_ignored, names)) and not nearest:
        codes = {**dict(enumerate(names)), VOID: "void"}
        text = f"The number {VOID}, which no class has, marks pixels that are not counted (void)"
        return Codes(codes, False, (Note(text, "mask_values", _written({**codes, VOID: "other"})),))
    if nearest:
        raise _blurred(found)
    return Codes(list(names))  # checking the masks names the numbers that are none


def _numbered(found: Values, folder: Path) -> Codes:
    """Return the codes of numbers that nothing names."""
    steps = levels(found.numbers, found.lossy)
    if steps is not None and len(steps) > 1:
        codes = _things(steps)
        why = (
            "are kept as JPEG, which changes numbers" if found.lossy else "were resized, which blurs outlines"
        )
        text = f"Masks {why}: each pixel counts as the nearest of {_listed(codes)}"
        return Codes(codes, True, (Note(text, "mask_values", _written(codes)),))
    if found.lossy:
        raise _blurred(found)
    numbers = sorted(found.numbers)
    if len(numbers) < 2:
        raise DataError(
            f"the masks in {folder} have fewer than two different numbers", got=numbers,
            expected="one number per class, e.g. 0 for the background and 1 for the object",
        )  # fmt: skip
    if numbers == [0, VOID]:
        codes = _things(numbers)
        text = f"Masks hold {_listed(codes)}; both are counted"
        return Codes(codes, False, (Note(text, "mask_values", "0=background,255=void"),))
    codes = {number: str(number) for number in numbers}
    few = may_be_levels(found.numbers)
    if few is not None:
        named = _things(few)
        text = f"Masks hold {len(numbers)} numbers, each a class, though nearly all pixels are {_listed(named)}: are outlines blurred?"
        return Codes(codes, False, (Note(text, "mask_values", _written(named)),))
    if VOID not in codes:
        return Codes(codes)
    is_void = len(numbers) > 2 and numbers[-2] < MOST_COUNTED and found.together > 0
    text = f"The number {VOID} of masks " + (
        "marks pixels that are not counted (void)" if is_void else "is a class that is counted"
    )
    other = {**codes, VOID: "thing" if is_void else "void"}
    note = Note(text, "mask_values", _written(other) if len(other) <= 8 else f"0=...,{VOID}={other[VOID]}")
    return Codes({**codes, VOID: "void"} if is_void else codes, False, (note,))


def _coloured(found: Values, colours: Mapping[tuple[int, int, int], str], names: Sequence[str]) -> Codes:
    """Return the codes of masks that are painted in colours."""
    if colours:
        return Codes(dict(colours), found.lossy)
    if names:
        raise DataError(
            f"masks are painted in colours, and a file beside them names {len(names)} classes by number",
            remedy=f'Say which colour is which: mask_values="#000000={names[0]},#ff0000={names[-1]}".',
        )
    exact = not found.lossy and len(found.colours) <= MOST_COLOURS
    known = colour_levels(found.colours, exact)
    if known is None or len(known) < 2:
        raise DataError(
            f"masks hold {len(found.colours):,} different colours, more than classes have",
            expected="one colour, or better one number, per class, in a format that keeps it, such as PNG",
            remedy='Name the colours: mask_values="#000000=background,#ff0000=thing".',
        )
    codes = {colour: hex_name(colour) for colour in known}
    blurred = "" if exact else ", and each pixel counts as the nearest of them"
    text = (
        f"Masks are painted in {len(codes)} colours: each is a class ({listed(codes.values(), 6)}){blurred}"
    )
    if VOC_BORDER in codes and len(codes) > 2 and VOC_LEVELS.issuperset(chain(*codes.keys() - {VOC_BORDER})):
        text = f"{text}, but {codes[VOC_BORDER]}, VOC's colour of borders, is not counted (void)"
        codes[VOC_BORDER] = "void"
    first, *_, last = map(hex_name, codes)
    return Codes(codes, not exact, (Note(text, "mask_values", f"{first}=background,{last}=thing"),))


def _things(numbers: Sequence[int]) -> dict[int, str]:
    """Name two levels background and thing, more by their number."""
    if len(numbers) == 2 and numbers[0] == 0:
        return {0: "background", numbers[1]: "thing"}
    return {number: str(number) for number in numbers}


def _blurred(found: Values) -> DataError:
    return DataError(
        "masks are kept in a format that changes numbers, as JPEG does, and their classes cannot be told apart",
        got=listed(sorted(found.numbers), 12), expected="numbers far apart, such as 0 and 255, or a format that keeps them",
        remedy='Save the masks as PNG, or name the numbers: mask_values="0=background,255=thing".',
    )  # fmt: skip


def _listed(codes: Mapping[int, str]) -> str:
    parts = [f"{number} ({name})" if name != str(number) else name for number, name in codes.items()]
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"


def _written(codes: Mapping[int, str]) -> str:
    return ",".join(f"{number}={name}" for number, name in codes.items())
