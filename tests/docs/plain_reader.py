"""A reader of program files that knows nothing but docs/program-format.md: photos and table rows, one label per input."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

EMPTY = {"", "#div/0!", "#name?", "#null!", "#num!", "#ref!", "#value!", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>", "n/a", "na", "nan",
         "none", "null", "?", "-", "."}  # fmt: skip


def open_program(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return program.json and the model, both checked against their hashes."""
    with zipfile.ZipFile(path) as archive:
        entries, comment = {name: archive.read(name) for name in archive.namelist()}, archive.comment
    assert comment == b"sha256:" + hashlib.sha256(entries["program.json"]).hexdigest().encode()
    program = json.loads(entries.pop("program.json"))
    assert program["format"] == 1 and set(program["entries"]) == set(entries)
    for name, facts in program["entries"].items():
        assert (len(entries[name]), hashlib.sha256(entries[name]).hexdigest()) == (
            facts["size"],
            facts["sha256"],
        )
    return program, entries["model.onnx"]


def prepare(steps: list[dict[str, Any]], raw: Any) -> np.ndarray:
    """Return the model's input for a photo (bytes of a file) or a row (a dict of strings, numbers plain)."""
    value = raw
    for step in steps:
        value = OPERATIONS[step["op"]](value, step)
    array = np.asarray(value)
    return array[:, :, None] if isinstance(value, Image.Image) and array.ndim == 2 else array


def read_photo(raw: bytes, step: dict[str, Any]) -> Image.Image:
    photo = Image.open(io.BytesIO(raw))
    if step.get("at_least"):
        photo.draft(None, (max(step["at_least"]),) * 2)
    return ImageOps.exif_transpose(photo).convert(step.get("mode", "RGB"))


def resize(photo: Image.Image, step: dict[str, Any]) -> Image.Image:
    assert step.get("method", "crop") == "crop" and step.get("resample", "bilinear") == "bilinear"
    (h, w), (width, height) = step["size"], photo.size
    scale = min(width / w, height / h)
    left, top = max(0.0, (width - w * scale) / 2), max(0.0, (height - h * scale) / 2)
    box = (left, top, min(width, left + w * scale), min(height, top + h * scale))
    left, top, right, bottom = box
    photo = photo.resize((w, photo.height), Image.Resampling.BILINEAR, box=(left, 0, right, photo.height))
    return photo.resize((w, h), Image.Resampling.BILINEAR, box=(0, top, w, bottom))


def read_row(row: dict[str, str], step: dict[str, Any]) -> np.ndarray:
    values = []
    for column in step["categories"]:
        cell = row[column.get("missing_in", column["name"])].strip()
        labels = [str(label) for label in column.get("labels", [])]
        code = labels.index(cell) + 1 if cell in labels else 0
        values.append(1 + (number_in(cell) is None) if "missing_in" in column else code)
    for column in step["numbers"]:
        number = number_in(row[column["name"]].strip())
        number = column["fill"] if number is None else number
        values.append((number - column["mean"]) / column["std"])
    return np.array(values, np.float32)


def number_in(cell: str) -> float | None:
    """Return the number in a cell; None where it counts as empty."""
    empty = cell.lower() in EMPTY or abs(float(cell)) > float(np.finfo(np.float32).max)
    return None if empty else float(cell)


OPERATIONS = {"read_photo": read_photo, "resize": resize, "read_row": read_row}


def predict(path: Path, raw: Any) -> tuple[Any, np.ndarray]:
    """Return the label and the probabilities, float32 [K]."""
    program, model = open_program(path)
    session = onnxruntime.InferenceSession(model)
    batch = prepare(program["preprocess"], raw)[None]
    logits = session.run(None, {session.get_inputs()[0].name: batch})[0][0].astype(np.float64)
    decode = program["decode"]
    assert program["task"] == "classification" and decode["activation"] == "softmax"
    raised = np.exp((logits - logits.max()) / (decode.get("temperature") or 1))
    scores = raised / raised.sum()
    return decode["vocab"][scores.argmax()], scores.astype(np.float32)
