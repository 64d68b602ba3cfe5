"""Files of boxes or outlines of things beside photos, as YOLO, Pascal VOC, COCO and LabelMe write them: told, not learned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from gatera.core.errors import DataError
from gatera.data.sources.items import get_files

#: So many files of each ending are looked into, and so much of each.
LOOKED_AT, MOST_CHARACTERS = 3, 100_000

#: What a file of boxes holds, by its ending: YOLO's lines of a class and four numbers or more, Pascal VOC's XML, COCO's and LabelMe's JSON.
HOLDS = {
    ".txt": re.compile(r"\s*\d+( -?\d*\.?\d+(e-?\d+)?){4,}\s*(\n|$)"),
    ".xml": re.compile(r"\s*(<\?xml[^>]*>\s*)?<annotation\b"),
    ".json": re.compile(
        r'\s*\{(?=.*"(images|imagePath)"\s*:)(?=.*"(annotations|categories|shapes)"\s*:)', re.DOTALL
    ),
}


def file_of_boxes(folder: Path) -> Path | None:
    """Return a file below a folder that holds boxes or outlines of things; None if there is none."""
    files = get_files(folder, on_left_out=lambda path, reason: None)
    for ending, holds in HOLDS.items():
        for path in islice((path for path in files if path.suffix.lower() == ending), LOOKED_AT):
            with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
                if holds.match(file.read(MOST_CHARACTERS)):
                    return path
    return None


@contextmanager
def telling_of_boxes(folder: Path) -> Iterator[None]:
    """Let an error about the labels of photos say that there are boxes, where there are."""
    try:
        yield
    except DataError as err:
        if not folder.is_dir() or (path := file_of_boxes(folder)) is None:
            raise
        said = (
            f"{path} looks like boxes or outlines of things (object detection), which are not learned here."
        )
        remedy = f"{err.remedy} {said}" if err.remedy else said
        raise DataError(err.problem, got=err.got, expected=err.expected, remedy=remedy) from err
