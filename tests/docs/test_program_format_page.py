from __future__ import annotations

import io
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import plain_reader
import pytest
from onnx import TensorProto, helper, numpy_helper
from pages import ROOT, read, section, spans
from PIL import Image
from torch import nn

from gatera.core.errors import DataError
from gatera.data.transforms.item import Resize
from gatera.learn.learner import Learner
from gatera.program.archive import LARGEST
from gatera.program.decode import ACTIVATIONS
from gatera.program.operations import LARGEST_SIDE, OPERATIONS
from gatera.program.package import FORMAT, read_package, write_package
from gatera.program.preprocess import Preprocessing
from gatera.program.program import load_program
from gatera.program.raw.photo import MAX_PIXELS
from gatera.program.raw.row import RowReader
from gatera.program.raw.text import _CAPITAL_WORD, _LINE_BREAK, _SAME_CHARACTER, _SAME_WORD, _TAG
from gatera.program.raw.tokens import MARGIN_CHARACTERS
from gatera.program.tables.known_texts import MISSING_WORDS
from gatera.program.tables.numbers import _AROUND, _GROUPED, _INDIAN, _PLAIN
from gatera.program.tasks import TASKS
from gatera.vision.data import ImageDataLoaders

FORMAT1 = ROOT / "tests" / "fixtures" / "format1.gatera"
PAGE = read("docs/program-format.md")
NAMED = set(spans(PAGE))


# -- what the page names


def fields_on_the_page(operation: str) -> dict[str, str]:
    """Return field -> default as the operation's own section shows them."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.+) \|$", section(PAGE, f"### {operation}"), re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_and_field_is_on_the_page(name):
    fields, on_page = OPERATIONS[name].fields, fields_on_the_page(name)
    assert set(on_page) == set(fields)
    for field, about in fields.items():
        default = "required" if about.required else json.dumps(about.default)
        assert on_page[field].strip("`") == default, field


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_page_says_what_an_operation_takes_and_gives(name):
    row = re.search(rf"^\|.*`{name}`.*\| (\w+)[^|]* \| (\w+)[^|]* \|$", PAGE, re.MULTILINE)
    assert row is not None and row.groups() == (OPERATIONS[name].takes, OPERATIONS[name].gives)


def test_choices_entries_tasks_and_activations_are_on_the_page():
    for row in OPERATIONS.values():
        for field in row.fields.values():
            for choice in re.findall(r"[A-Za-z]+", field.allowed.removeprefix("one of ")):
                assert not field.allowed.startswith("one of ") or f'"{choice}"' in NAMED, choice
    tasks = section(PAGE, "## From the model's output to the answer")
    assert all(f"| `{name}` |" in tasks for name in (*TASKS, *ACTIVATIONS))
    for name, largest in LARGEST.items():
        assert re.search(rf"^\| `{re.escape(name)}` .*\| {largest:,} \|", PAGE, re.MULTILINE), name


def test_constants_are_on_the_page():
    assert all(f"`{text}`" in PAGE for text in MISSING_WORDS - {""})
    for pattern in (
        _LINE_BREAK,
        _TAG,
        _CAPITAL_WORD,
        _SAME_CHARACTER,
        _SAME_WORD,
        _AROUND,
        _GROUPED,
        _INDIAN,
        _PLAIN,
    ):
        assert pattern.pattern in NAMED
    for number in (f"{LARGEST_SIDE:,}", f"{MAX_PIXELS:,}", str(MARGIN_CHARACTERS), f"format {FORMAT}"):
        assert number in PAGE, number


def test_white_space_is_what_the_page_says():
    """Other languages take U+FEFF for white space, and not U+0085."""
    (listed,) = re.findall(r"takes: (U\+.*?)\. U\+FEFF", PAGE, re.DOTALL)
    places = [[int(each, 16) for each in re.findall(r"U\+(\w+)", part)] for part in re.split(",|and", listed)]
    assert {place for ends in places for place in range(ends[0], ends[-1] + 1)} == {
        place for place in range(sys.maxunicode + 1) if re.match(r"\s", chr(place))
    }


def test_true_is_1_and_false_is_0():
    number = {"name": "n", "fill": 0.5, "had_empty": False, "mean": 0, "std": 1}
    read_row = RowReader([{"name": "c", "labels": [0, 1], "had_empty": False}], [number])
    assert read_row({"c": True, "n": True}).tolist() == [2, 1]
    assert "`true` equals 1 and `false` equals 0" in PAGE


@pytest.mark.slow
def test_every_field_of_an_exported_program_is_on_the_page(photo_folder: Path, tmp_path: Path) -> None:
    dls = ImageDataLoaders.from_folder(
        photo_folder, valid_pct=0.5, seed=1, item_tfms=Resize(32), bs=4, device="cpu"
    )
    learn = Learner(dls, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)))
    program = read_package(learn.export(tmp_path / "a.gatera")).program
    names = {
        *program,
        *program["model"],
        *program["model"]["input"],
        *program["decode"],
        *program["training"],
    }
    assert names <= NAMED, names - NAMED


# -- a reader that knows only the page


def photo(width: int, height: int, kind: str = "JPEG", orientation: int = 1) -> bytes:
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    pixels = np.stack([across * 255 / width, down * 255 / height, 255 - across * 255 / width], axis=-1)
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(pixels.astype(np.uint8)).save(file, kind, exif=exif)
    return file.getvalue()


def check_same(path: Path, raw: Any) -> None:
    label, probabilities = plain_reader.predict(path, raw)
    ours = load_program(path, engine="onnxruntime").predict(raw)
    assert label == ours.label
    assert np.array_equal(probabilities, ours.probabilities)


@pytest.mark.parametrize(
    "raw", [photo(9, 31), photo(640, 480), photo(64, 100, orientation=6), photo(40, 20, "PNG")]
)
def test_the_plain_reader_answers_as_gatera_for_a_photo(raw: bytes) -> None:
    check_same(FORMAT1, raw)


@pytest.mark.filterwarnings("ignore:Unseen category 'pilot'")
def test_the_plain_reader_answers_as_gatera_for_a_row(tmp_path: Path) -> None:
    path = row_program(tmp_path / "rows.gatera")
    ages = ("30", "", "71.5", "n/a", "inf", "-1e39", "#REF!")
    for job, age in zip(("nurse", " cook", "pilot", "", "cook", "nurse", "cook"), ages, strict=True):
        check_same(path, {"job": job, "age": age})


def row_program(path: Path) -> Path:
    """Write a program for rows: codes and numbers, float32 [N,3] -> MatMul -> float32 [N,2]."""
    weights = np.array([[0.5, -0.25], [1, 0], [-0.75, 0.125]], np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["input", "weights"], ["output"])], "rows",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(weights, "weights")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    step = {
        "op": "read_row",
        "categories": [{"name": "job", "labels": ["cook", "nurse"], "had_empty": True}, {"name": "age_na", "missing_in": "age"}],
        "numbers": [{"name": "age", "fill": 40.0, "had_empty": True, "mean": 38.5, "std": 12.25}],
    }  # fmt: skip
    program = {
        "task": "classification", "preprocess": [step], "decode": {"activation": "softmax", "vocab": ["no", "yes"]},
    }  # fmt: skip
    return write_package(path, program, {"model.onnx": model.SerializeToString()})


# -- the arithmetic of the page, written out


def weights_of_the_page(length: int, start: float, stop: float, n: int, name: str) -> np.ndarray:
    """Return what each output pixel takes of each input pixel, int64 [n, length]."""
    scale = (stop - start) / n
    wide = max(scale, 1)
    support = wide * {"bilinear": 1, "bicubic": 2}[name]
    table = np.zeros((n, length), np.int64)
    for i in range(n):
        centre = start + (i + 0.5) * scale
        first, last = max(0, int(centre - support + 0.5)), min(length, int(centre + support + 0.5))
        x = np.abs((np.arange(last - first) + first - centre + 0.5) / wide)
        if name == "bilinear":
            weight = np.maximum(0, 1 - x)
        else:
            a = -0.5
            near, far = ((a + 2) * x - (a + 3)) * x * x + 1, (((x - 5) * x + 8) * x - 4) * a
            weight = np.where(x < 1, near, np.where(x < 2, far, 0))
        weight /= weight.sum()
        table[i, first:last] = np.trunc(weight * 2**22 + np.where(weight < 0, -0.5, 0.5))
    return table


def resampled(pixels: np.ndarray, box: tuple[float, ...], size: tuple[int, int], name: str) -> np.ndarray:
    """Resample uint8 [H,W,C] as the page says."""
    box = tuple(float(np.float32(side)) for side in box)
    (height, width), (h, w) = pixels.shape[:2], size
    across = weights_of_the_page(width, box[0], box[2], w, name)
    down = weights_of_the_page(height, box[1], box[3], h, name)
    passed = np.einsum("ij,hjc->hic", across, pixels.astype(np.int64))
    middle = np.clip((2**21 + passed) >> 22, 0, 255)
    return np.clip((2**21 + np.einsum("ij,jwc->iwc", down, middle)) >> 22, 0, 255)


@pytest.mark.parametrize("name", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(37, 53), (5, 9), (80, 31)])
def test_the_resampling_of_the_page_is_the_one_that_runs(name: str, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (41, 60, 3), dtype=np.uint8)
    scale = min(60 / size[1], 41 / size[0])
    left, top = max(0.0, (60 - size[1] * scale) / 2), max(0.0, (41 - size[0] * scale) / 2)
    box = (left, top, min(60, left + size[1] * scale), min(41, top + size[0] * scale))
    step = OPERATIONS["resize"].function
    done = np.asarray(step(Image.fromarray(noise), size, "crop", resample=name))
    assert np.array_equal(resampled(noise, box, size, name), done)


def test_the_grey_of_the_page_is_the_one_that_runs() -> None:
    noise = np.random.default_rng(8).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    grey = (noise.astype(np.int64) @ [19595, 38470, 7471] + 32768) // 65536
    assert np.array_equal(np.asarray(OPERATIONS["read_photo"].function(noise, "L")), grey)


def test_the_decoding_scale_of_the_page_is_the_one_that_runs() -> None:
    for width, height, at_least in ((640, 480, (50, 100)), (641, 999, (70, 80)), (100, 90, (60, 60))):
        side = max(at_least)
        s = next((s for s in (8, 4, 2, 1) if s <= min(width // side, height // side)), 1)
        found = OPERATIONS["read_photo"].function(photo(width, height), "RGB", at_least)
        assert found.size == (-(-width // s), -(-height // s))


def number_of_the_page(text: str, decimal: str, thousands: str, unit: str = "") -> float | None:
    """Return the number that a string is, by the five steps of the page."""
    expressions = [
        span for span in spans(section(PAGE, "### read_row")) if "(?:" in span or span.startswith("^(")
    ]
    time, around, grouped, indian, plain = (re.compile(expression, re.ASCII) for expression in expressions)
    text = text.strip()
    if (
        unit in ("h:mm", "h:mm:ss")
        and (read := time.fullmatch(text))
        and bool(read[3]) == (unit == "h:mm:ss")
        and not (read[4] and text[0] in "+-\u2212")
    ):
        late = read[4] in ("P", "p")
        hour = int(read[1]) % 12 + 12 * late if read[4] else int(read[1])
        size = hour + int(read[2]) / 60 + float(read[3] or 0) / 3600
        return -size if text[0] in "-\u2212" else size
    text = text.removesuffix(unit).rstrip()
    in_brackets = text[:1] == "(" and text[-1:] == ")"
    found = around.match(text[1:-1].strip() if in_brackets else text)
    if found is None or (found[1] and (found[2] or in_brackets)):
        return None
    body, sign = found[3], -1 if in_brackets or {"-", "\u2212"} & {found[1], found[2]} else 1

    def read(decimal: str, thousands: str) -> float | None:
        whole, point, fraction = body.partition(decimal)
        if thousands and thousands in whole:
            if whole.startswith("0" + thousands):
                return None
            if not (grouped.fullmatch(whole) or indian.fullmatch(whole)) or set(whole) - set(
                "0123456789"
            ) != {thousands}:
                return None
            whole = whole.replace(thousands, "")
        elif not point:
            return None
        joined = whole + ("." + fraction if point else "")
        return float(joined) if plain.fullmatch(joined) else None

    value = None if (decimal, thousands) == (".", "") else read(decimal, thousands)
    if value is None and plain.fullmatch(body):
        value = float(body)
    if (
        value is None
        and (decimal, thousands) == (".", "")
        and text.count(",") == 1
        and not grouped.fullmatch(body)
    ):
        value = read(",", "")
    return None if value is None else sign * value


@pytest.mark.filterwarnings("ignore:.* is read without its percent sign")
@pytest.mark.parametrize(("decimal", "thousands"), [(".", ""), (",", "."), (".", ","), (",", ""), (".", "'")])
def test_the_numbers_of_the_page_are_those_that_are_read(decimal: str, thousands: str) -> None:
    texts = ["1", "-1.5", "+ 2e3", "$5", "- $5", "38,8", "16,000", "1.234,5", "1,234.5", "12 %", ".5", "1'000", "x", "1,2,3",
             "--1", "1.000.000", "0,5 €", "12.345", "1,23,456", "(1,200)", "(-5)", "\u22125", "12,34,567", "0.285", "-0,285"]  # fmt: skip
    format = {"decimal": decimal, "thousands": thousands} if (decimal, thousands) != (".", "") else {}
    column = {"name": "a", "fill": 0.0, "had_empty": True, "mean": 0.0, "std": 1.0, **format}
    read_row = Preprocessing([{"op": "read_row", "categories": [], "numbers": [column]}])
    for text in texts:
        expected = number_of_the_page(text, decimal, thousands)
        try:
            found = float(read_row({"a": text})[0])
        except DataError:
            found = None
        assert found == (None if expected is None else float(np.float32(expected))), text


@pytest.mark.parametrize("unit", ["kg", "%", "h:mm", "h:mm:ss"])
def test_so_are_its_units_and_times(unit: str) -> None:
    column = {
        "name": "a",
        "fill": 0.0,
        "had_empty": True,
        "mean": 0.0,
        "std": 1.0,
        "decimal": ",",
        "thousands": ".",
    }
    read_row = RowReader([], [{**column, "unit": unit}])
    for text in (
        "12 kg",
        "1.200,5kg",
        "45%",
        "4,5 %",
        "14:35",
        "2:05 pm",
        "12:00 AM",
        "1:30:36",
        "123:00",
        "-0:15",
        "\u22121:02:30",
        "+7:45",
        "-2:05 pm",
        "9:61",
        "7",
        "5 m",
    ):
        expected = number_of_the_page(text, ",", ".", unit)
        try:
            found = float(read_row.examine({"a": text})[0][0])
        except DataError:
            found = None
        assert found == (None if expected is None else float(np.float32(expected))), text


def sound_of_the_page(samples: np.ndarray, r: int, step: dict[str, Any]) -> np.ndarray:
    """Return the picture of a recording, float32 [T] with r samples a second, by the six steps of the page."""
    w, seconds, (height, width) = step["rate"], step["seconds"], step["size"]
    n = max(1, round(seconds * r))
    if len(samples) > n:
        sums = [
            float(np.square(samples[i : i + n], dtype=np.float64).sum()) for i in range(len(samples) - n + 1)
        ]
        samples = samples[int(np.argmax(sums)) :][:n]
    samples = samples * np.float32(2.0 ** -math.frexp(float(np.abs(samples).max()))[1])
    if r != w:
        stride = r // math.gcd(r, w)
        length = math.ceil(len(samples) / stride + 1) * stride
        lines = np.fft.rfft(samples, length)
        out = length // stride * (w * stride // r)
        k = np.arange(min(len(lines) - 1, out // 2) + 1)
        edge = min(length, out) / 2
        fade = np.clip((edge - k) / (0.05 * edge), 0, 1)
        back = np.fft.irfft(lines[: len(k)] * (0.5 - 0.5 * np.cos(np.pi * fade)), out)
        samples = (back[: math.ceil(len(samples) * w / r)] * out / length).astype(np.float32)
    total, frame = round(seconds * w), max(4, round(step["window_seconds"] * w))
    room, samples = np.zeros(total + frame, np.float32), samples[:total]
    room[frame // 2 + (total - len(samples)) // 2 :][: len(samples)] = samples
    window = (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(frame) + 1) / (frame + 1))).astype(np.float32)
    starts = [math.floor((i + 0.5) * total / width) for i in range(width)]
    frames = np.stack([room[start : start + frame] * window for start in starts])

    def mel(hertz: float) -> float:
        return 2595 * math.log10(1 + hertz / 700)

    def hertz(mels: Any) -> Any:
        return 700 * (10 ** (mels / 2595) - 1)

    narrow = hertz(mel(w / 2) / (height + 1))
    size = min(32768, 2 ** math.ceil(math.log2(max(frame, 2 * w / narrow))))
    power = np.abs(np.fft.rfft(frames, size)) ** 2
    edges, places = hertz(np.linspace(0, mel(w / 2), height + 2)), np.linspace(0, w / 2, size // 2 + 1)
    bands = np.zeros((width, height))
    for b, (low, middle, high) in enumerate(zip(edges, edges[1:], edges[2:])):
        weights = np.maximum(
            0, np.minimum((places - low) / (middle - low), (high - places) / (high - middle))
        )
        if not weights.any():
            weights[np.abs(places - middle).argmin()] = 1
        bands[:, b] = power @ (weights / weights.sum())
    top = max(bands.max(), 1e-6 * float(np.abs(samples).max()) ** 2, 2.0**-126)
    return np.round((10 * np.log10(np.maximum(bands / top, 1e-8)) / 80 + 1) * 255).T[::-1]


@pytest.mark.parametrize(("rate", "length"), [(8000, 5000), (11025, 20000), (4000, 900)])
@pytest.mark.filterwarnings("ignore:Recordings with 4000")
def test_the_spectrogram_of_the_page_is_the_one_that_runs(rate: int, length: int) -> None:
    step = {"op": "read_sound", "rate": 8000, "seconds": 0.75, "size": [40, 30], "window_seconds": 0.03}
    time = np.arange(length) / rate
    samples = (0.4 * np.sin(2 * np.pi * (300 + 900 * time) * time) * np.hanning(length)).astype(np.float32)
    samples += np.random.default_rng(9).normal(0, 0.001, length).astype(np.float32)
    done = Preprocessing([step])((samples, rate))[:, :, 0]
    assert np.abs(sound_of_the_page(samples, rate, step) - done).max() <= 1  # the last bit of float32 sums
