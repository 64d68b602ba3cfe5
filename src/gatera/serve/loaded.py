"""A program in service: its name, what it takes, an example of that, and how long an answer takes."""

from __future__ import annotations

import io
import math
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gatera.core.errors import ArgumentError, DataError, ProgramFileError, as_value, parts_of
from gatera.program.prediction import Prediction
from gatera.program.program import Program, load_program
from gatera.program.raw.cells import hearing
from gatera.program.raw.photo import explaining, open_image
from gatera.program.raw.row import PairReader
from gatera.program.tables.numbers import CLOCK, is_time
from gatera.program.tasks import TASKS
from gatera.web.memory import PIXEL_LIMIT, Pixels

#: How much a new measurement of the time of an answer counts.
NEW = 0.1

#: What people give a program: see `Accepts.things`; "ratings" are pairs of a user and an item.
PHOTOS, SOUNDS, TEXTS, ROWS, RATINGS = "photos", "recordings", "texts", "rows", "ratings"


class Answered(NamedTuple):
    """What became of an input.

    Attributes:
        found: the prediction, or why there is none.
        plain: the same as JSON values.
    """

    found: Prediction | DataError
    plain: dict[str, Any]


@dataclass
class Loaded:
    """A program in service.

    Attributes:
        name: what it is called in addresses.
        program: answers.
        pixels: how many may be decoded, of one photo and at the same time.
        batch: how many inputs are computed at once.
        seconds_each: how long an input takes, in a batch of that size.
        example: an input that it has answered: a made one, later the first real one.
    """

    name: str
    program: Program
    pixels: Pixels = field(default_factory=Pixels)
    batch: int = 1
    seconds_each: float = 0.01
    example: Any = None
    example_is_real: bool = False

    def __post_init__(self) -> None:
        self.things = things_of(self.program)
        self.fields = fields_of(self.program)
        self.files = self.things in (PHOTOS, SOUNDS)
        self.sha256: str = self.program.info["sha256"]
        #: How a label that comes from its answers names it: NAME@HASH8.
        self.version = f"{self.name}@{self.sha256[:8]}"
        at_least = self.program.preprocess.config[0].get("at_least")
        self._side = None if at_least is None else max(at_least)
        if self.example is None:
            self.example = example_for(self.program, self.pixels.limit)

    @property
    def can_be_unsure(self) -> bool:
        """Whether it knows how sure it is of its answers."""
        return self.program.certainty.labels is not None or self.program.certainty.numbers is not None

    def answers(self, raws: Sequence[Any], sure: float | None) -> list[Answered]:
        """Answer each input; called in threads. A DataError in the place of an input is its own answer."""
        sizes = [self.size_checked(raw) for raw in raws]
        good = [raw for raw, size in zip(raws, sizes, strict=True) if not isinstance(size, DataError)]
        # they are decoded one after the other, and only kept as small as the model takes them
        held = self.pixels.held(max((size for size in sizes if not isinstance(size, DataError)), default=0))
        with held, hearing() as heard:
            together = self.program.predict_together(good, "return", sure)
        found = iter([each for each in together if each is not None])
        answers = [each if isinstance(each, DataError) else next(found) for each in sizes]
        if (
            not self.example_is_real
            and isinstance(answers[0], Prediction)
            and type(raws[0]) in (bytes, str, dict)
        ):
            self.example, self.example_is_real = raws[0], True
        plain = [
            {"error": parts_of(each)} if isinstance(each, DataError) else each.to_dict() for each in answers
        ]
        if heard:  # what was decided about rows that training did not know, such as an unseen category
            places = [place for place, each in enumerate(answers) if not isinstance(each, DataError)]
            notes = self.program.preprocess.reader.notes([raws[place] for place in places])
            for place, said in zip(places, notes, strict=True):
                plain[place] |= {"notes": said} if said else {}
        return [Answered(each, values) for each, values in zip(answers, plain, strict=True)]

    def took(self, seconds: float, inputs: int) -> None:
        """Note how long some inputs took."""
        if inputs:
            self.seconds_each += NEW * (seconds / inputs - self.seconds_each)

    def prepared(self, raw: Any) -> np.ndarray:
        """Return a photo as the model takes it, uint8 [H,W,C].

        Raises:
            DataError: if it cannot be read, or is too large.
        """
        size = self.size_checked(raw)
        if isinstance(size, DataError):
            raise size
        with self.pixels.held(size):
            return self.program.preprocess(raw)

    def size_checked(self, raw: Any) -> int | DataError:
        """Return how many pixels of a photo are decoded, or the DataError that says why they may not be; only its head is read."""
        if self.things != PHOTOS or not isinstance(raw, bytes):
            return raw if isinstance(raw, DataError) else 0
        try:
            # not `photo_size`: whether a PNG lies on its side is only known when it is decoded
            with explaining(raw) as name, open_image(raw, name) as image:
                width, height = image.size
                if self._side is not None and not image.info.get("progressive"):
                    # of a JPEG of the usual kind; a progressive one is in memory as a whole before it is made smaller
                    image.draft(None, (self._side, self._side))
                decoded = image.width * image.height
        except DataError as err:
            return as_value(err)
        if height * width > self.pixels.limit:
            return DataError(
                f"the photo has {height * width:,} pixels ({width} x {height}) and was not decoded",
                expected=f"at most {self.pixels.limit:,}",
                remedy="Send it smaller, or start the server with a larger --pixel-limit.",
            )
        return decoded


def things_of(program: Program) -> str:
    """Return what people give a program.

    Raises:
        ProgramFileError: if nobody can say.
    """
    accepts = program.preprocess.accepts
    if accepts is None:
        raise ProgramFileError(
            "the program does not say what people give it", got=program.preprocess.config[0]["op"]
        )
    return RATINGS if isinstance(program.preprocess.reader, PairReader) else accepts.things


def load(name: str, path: str | Path, *, trusted: bool = False, pixels: Pixels | None = None) -> Loaded:
    """Load a program for service: one session, whose runs take one thread each, and never spin.

    It answers an example before it is returned.

    Raises:
        ProgramFileError: if it cannot be used, or does not answer.
    """
    program = load_program(path, engine="onnxruntime", threads=1, trusted=trusted)
    loaded = Loaded(name, program, pixels or Pixels())
    start = time.perf_counter()
    check_answers(loaded, loaded.example)
    loaded.example_is_real = False
    loaded.seconds_each = time.perf_counter() - start  # the first run is a slow one; measured again soon
    return loaded


def check_answers(loaded: Loaded, example: Any) -> None:
    """Let a program answer an example.

    Raises:
        ProgramFileError: if it does not.
    """
    try:
        ((found, _),) = loaded.answers([example], None)
    except ArgumentError as err:
        raise ProgramFileError(
            f"{loaded.program.info['path']} cannot answer an example ({err.problem})"
        ) from err
    if isinstance(found, DataError):
        raise ProgramFileError(f"{loaded.program.info['path']} cannot answer an example ({found.problem})")


def example_for(program: Program, pixels: int = PIXEL_LIMIT) -> Any:
    """Return an input that a program should be able to answer; a photo of at most so many pixels."""
    things = things_of(program)
    config = program.preprocess.config[0]
    if things == PHOTOS:
        return _photo(pixels)
    if things == SOUNDS:
        return _sound(float(config["seconds"]), int(config["rate"]))
    if things == TEXTS:
        return "This is a sentence of ordinary words, about as long as many others are."
    if things == RATINGS:
        names = config["columns"]
        return {names[0]: config["users"][0], names[1]: config["items"][0]}
    return {each["name"]: each["example"] for each in fields_of(program)}


def _photo(most: int) -> bytes:
    scale = min(1.0, math.sqrt(most / (256 * 320)))
    height, width = max(1, int(256 * scale)), max(1, int(320 * scale))
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x % 256, y % 256, (x * y // 64) % 256], axis=-1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=85)
    return file.getvalue()


def _sound(seconds: float, rate: int) -> bytes:
    rate = max(1_000, min(rate, 48_000))
    count = int(min(max(seconds, 0.1), 60.0) * rate)
    samples = (8_000 * np.sin(2 * math.pi * 440 * np.arange(count) / rate)).astype("<i2").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16,
                       b"data", len(samples))  # fmt: skip
    return head + samples


def fields_of(program: Program) -> list[dict[str, Any]]:
    """Return what a form for a row asks: {"name", "type", "example", and for choices "choices"}, in the order of training.

    Types are "choice", "number", "date", and "datetime" where the hour counts, or training had time zones (the example has one); for ratings, user and item are choices. Numbers that
    training had with a unit, as times or with a decimal comma have also "written": the example as it is written there, "70 kg", "7:30" or "0,5".
    """
    config = program.preprocess.config[0]
    if config["op"] == "read_pair":
        return [
            {"name": name, "type": "choice", "choices": list(labels), "example": labels[0] if labels else ""}
            for name, labels in zip(config["columns"], (config["users"], config["items"]), strict=True)
        ]
    if config["op"] != "read_row":
        return []
    found: dict[str, dict[str, Any]] = {}
    for each in config["categories"]:
        if "labels" in each:
            labels = each["labels"]
            found[each["name"]] = {
                "name": each["name"], "type": "choice", "choices": list(labels), "example": labels[0] if labels else "",
                "may_be_empty": each["had_empty"],
            }  # fmt: skip
    timed = {each["date"] for each in config["numbers"] if each.get("part") == "Hour"}
    zoned = {each["date"] for each in config["numbers"] if each.get("zoned")}
    for each in config["numbers"]:
        name = each.get("date", each["name"])
        kind, example = (
            ("number", _round(each["fill"])) if "date" not in each
            else ("datetime", "2026-01-15T12:00Z") if name in zoned
            else ("datetime", "2026-01-15T12:00") if name in timed else ("date", "2026-01-15")
        )  # fmt: skip
        plain = not each.get("unit") and each.get("decimal", ".") == "."
        written = {} if plain else {"written": _written(each["fill"], each)}
        found.setdefault(
            name,
            {"name": name, "type": kind, "example": example, "may_be_empty": each["had_empty"], **written},
        )
    return [found[name] for name in program.preprocess.reader.columns if name in found]


def _round(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 1e15 else float(f"{value:.6g}")


def _written(value: float, number: dict[str, Any]) -> str:
    unit = number.get("unit", "")
    if is_time(unit):
        minutes, seconds = divmod(round(value * 3600), 60)
        rest = "" if unit == CLOCK else f":{seconds:02}"
        return f"{minutes // 60}:{minutes % 60:02}{rest}"
    return f"{_round(value)}".replace(".", number["decimal"]) + f" {unit}".rstrip()


def described(loaded: Loaded, logs: bool) -> dict[str, Any]:
    """Return what a page or client needs to know of a program, as JSON values."""
    program, kind = loaded.program, TASKS[loaded.program.task]
    return {
        "name": loaded.name,
        "version": loaded.version,
        "sha256": loaded.sha256,
        "task": program.task,
        "takes": loaded.things,
        "labels": list(program.vocab),
        "fields": loaded.fields,
        "text_column": program.preprocess.config[0].get("column") if loaded.things == TEXTS else None,
        "spatial": kind.spatial,
        "shows_where": loaded.things == PHOTOS and program.task == "classification",
        "can_be_unsure": loaded.can_be_unsure,
        "knows_odd_inputs": program.certainty.novelty is not None,
        "batch": loaded.batch,
        "keeps_answers": logs,
        "preprocessing": program.preprocess.words,
    }
