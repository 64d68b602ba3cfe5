"""`gatera predict --save`: write the answers into a new folder. Nothing that exists is changed, moved or overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gatera.cli.given.web import name_in, scheme_of
from gatera.cli.inputs import Input
from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError, OutputExistsError
from gatera.core.files import check_can_write, naming
from gatera.data.show.spatial import PREDICTION_COLOR, class_colors, overlay
from gatera.program.prediction import Prediction
from gatera.program.program import Program
from gatera.program.raw.photo import read_photo
from gatera.program.tasks import NOT_SURE

#: What can be saved, and for which tasks.
WAYS = {
    "masks": ("segmentation",),
    "drawn": ("classification", "multilabel", "regression", "segmentation", "points"),
    "labels": ("classification", "multilabel"),
}

#: What is saved where no option says: masks as masks, points drawn, files by label.
USUAL = {"segmentation": "masks", "points": "drawn", "regression": "drawn"}

#: Longer side of photos with their answers, in pixels.
DRAWN_SIDE = 1024

#: What to do with rows.
INSTEAD = "Use --csv for an answer beside each row."

#: What the folder of files without a label is called.
NO_LABEL = "(none)"

#: What no folder's name can hold on some system.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


class Saver:
    """Writes one file for each answer.

    Args:
        folder: a new folder, or an empty one.
        way: "masks", "drawn", "labels", or "auto".
        program: what answers.

    Raises:
        OutputExistsError: if the folder holds something.
        ArgumentError: if the program's answers cannot be saved that way, or the folder cannot be written.
    """

    def __init__(self, folder: Path, way: str, program: Program) -> None:
        self.folder, self.program = folder, program
        self.way = USUAL.get(program.task, "labels") if way == "auto" else way
        first = program.preprocess.config[0]["op"]
        accepts = program.preprocess.accepts
        if accepts is not None and accepts.given_as == "rows":
            raise ArgumentError("save= is for files, and the program takes rows", remedy=INSTEAD)
        if program.task not in WAYS[self.way] or (self.way != "labels" and first != "read_photo"):
            possible = [
                name
                for name, tasks in WAYS.items()
                if program.task in tasks and (name == "labels" or first == "read_photo")
            ]
            raise ArgumentError(
                f"save_as={self.way} does not suit this program ({program.task})",
                available=listed(possible) or "nothing",
            )
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputExistsError(
                f"{folder} is not empty, and nothing in it was changed", remedy="Name a new folder."
            )
        check_can_write(folder / "file")
        self._write: Callable[[Input, Prediction], None] = {
            "masks": self._mask,
            "drawn": self._drawn,
            "labels": self._sorted,
        }[self.way]
        self.n = 0

    def __call__(self, each: Input, answer: Prediction) -> None:
        """Save the answer for one input.

        Raises:
            ArgumentError: if it is a row of a table: the text of a column, say.
        """
        if isinstance(each.raw, Mapping):
            raise ArgumentError(f"save= is for files, and {each} is a row", remedy=INSTEAD)
        self._write(each, answer)

    def line(self) -> str:
        """Return what was saved, in words."""
        what = {
            "masks": f"{counted(self.n, 'mask')} (PNG, class numbers)",
            "drawn": counted(self.n, "photo with its answer", "photos with their answers"),
            "labels": f"{counted(self.n, 'copy', 'copies')}, in a folder for each label",
        }
        return f"Saved {what[self.way]} in {self.folder}."

    def _mask(self, each: Input, answer: Prediction) -> None:
        image = Image.fromarray(np.asarray(answer.label, np.uint8))
        self._new(self.folder / f"{Path(_name(each)).stem}.png", lambda file: image.save(file, "PNG"))

    def _drawn(self, each: Input, answer: Prediction) -> None:
        picture = drawn(each.raw, answer, self.program)
        self._new(
            self.folder / f"{Path(_name(each)).stem}.jpg", lambda file: picture.save(file, "JPEG", quality=90)
        )

    def _sorted(self, each: Input, answer: Prediction) -> None:
        label = NOT_SURE if answer.reason else answer.label
        labels = label if isinstance(label, list) else [label]
        content = each.raw.read_bytes() if isinstance(each.raw, Path) else each.raw
        content = content.encode() if isinstance(content, str) else bytes(content)
        for label in labels or [NO_LABEL]:
            self._new(self.folder / folder_name(label) / _name(each), lambda file: file.write(content))

    def _new(self, path: Path, fill: Callable[[Any], object]) -> None:
        """Write a new file; where its name is taken, it gets a number."""
        path.parent.mkdir(parents=True, exist_ok=True)
        number, free = 2, path
        while True:
            try:
                file = free.open("xb")
            except FileExistsError:
                free, number = path.with_stem(f"{path.stem}_{number}"), number + 1
                continue
            try:
                with naming(free), file:
                    fill(file)
            except BaseException:
                free.unlink()  # half a photo looks like a whole one
                raise
            self.n += 1
            return


def folder_name(label: object) -> str:
    """Return a folder's name for a label.

    Example:
        >>> folder_name("cat"), folder_name("../cat"), folder_name("a/b"), folder_name("..")
        ('cat', '.._cat', 'a_b', '__')
    """
    name = FORBIDDEN.sub("_", str(label)).strip() or "_"
    return name.replace(".", "_") if set(name) <= {".", " "} else name[:200]


def drawn(raw: Any, answer: Prediction, program: Program) -> Image.Image:
    """Return a photo with its answer: a mask's colours with their names, points as dots, anything else in words below it."""
    photo = read_photo(raw, "RGB")
    picture = photo.copy()
    picture.thumbnail((DRAWN_SIDE, DRAWN_SIDE))
    if answer.task == "points":
        _dots(picture, np.asarray(answer.label) * picture.width / photo.width)
        return picture
    if answer.task != "segmentation":
        return _captioned(picture, [(_words(answer), "black")])
    mask = Image.fromarray(np.asarray(answer.label, np.uint8)).resize(picture.size, Image.Resampling.NEAREST)
    colors = class_colors(len(program.vocab))
    there = [k for k in np.unique(np.asarray(mask)).tolist() if k < len(colors)]
    painted = Image.fromarray(overlay(np.asarray(picture), np.asarray(mask), colors))
    return _captioned(painted, [(str(program.vocab[k]), "#%02x%02x%02x" % tuple(colors[k])) for k in there])  # noqa: UP031


def _dots(picture: Image.Image, points: np.ndarray) -> None:
    from PIL import ImageDraw

    draw, radius = ImageDraw.Draw(picture), max(3, max(picture.size) // 100)
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=PREDICTION_COLOR, outline="white")


def _words(answer: Prediction) -> str:
    if answer.reason:
        return NOT_SURE
    if answer.task == "classification":
        return f"{answer.label}  {answer.probability:.2f}"
    if answer.task == "multilabel":
        return ", ".join(map(str, answer.label)) or NO_LABEL
    return str(answer.label)


def _captioned(picture: Image.Image, entries: list[tuple[str, str]]) -> Image.Image:
    """Return a picture with a line for each entry below it, in the entry's colour on white."""
    from PIL import ImageDraw, ImageFont

    size = max(12, picture.width // 28)
    font, line = ImageFont.load_default(size), int(size * 1.5)
    whole = Image.new("RGB", (picture.width, picture.height + line * max(1, len(entries))), "white")
    whole.paste(picture, (0, 0))
    draw = ImageDraw.Draw(whole)
    for number, (words, colour) in enumerate(entries):
        top = picture.height + number * line + line // 8
        draw.rectangle((4, top + 2, size, top + size - 2), fill=colour)
        draw.text(
            (size + 8, top), "".join(c if c.isprintable() else "?" for c in words), fill="black", font=font
        )
    return whole


def _name(each: Input) -> str:
    file = str(each.where.get("file", "text.txt"))
    name = name_in(file) if scheme_of(file) else Path(file).name
    return "stdin" if name in ("-", "") else FORBIDDEN.sub("_", name)
