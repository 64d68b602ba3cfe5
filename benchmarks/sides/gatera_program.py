"""Gatera's side, the half that predicts: no PyTorch in this process."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from job import WARM_UP_CALLS, milliseconds, milliseconds_each, run_job
from PIL import Image

from gatera import load_program


def saved_predict(saved: str, predicted: list[str], engine: str) -> dict[str, Any]:
    program = load_program(saved, engine=engine)
    return {"milliseconds": milliseconds_each(program.predict, predicted)}


def overhead(saved: str, predicted: list[str], engine: str) -> dict[str, Any]:
    """Time `Program.predict` and a hand-written line of Pillow and the engine, photo by photo in turn."""
    program, size = load_program(saved, engine=engine), 224
    with zipfile.ZipFile(saved) as package:
        run = BARE_ENGINES[engine](package.read("model.onnx"))

    def bare(photo: str) -> np.ndarray:
        return run(bare_array(photo, size)[None])

    for photo in predicted:  # a comparison means something only if both compute the same
        mine, theirs = program.preprocess(photo), bare_array(photo, size)
        apart = np.abs(mine.astype(int) - theirs).max()
        if apart > 1:
            raise AssertionError(f"the two ways of reading {photo} differ by {apart} levels")
    sides: dict[str, Callable[[str], object]] = {"bare": bare, "gatera": program.predict}
    for photo in predicted[:WARM_UP_CALLS]:
        for call in sides.values():
            call(photo)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number, photo in enumerate(predicted):
        # Whoever comes second finds the photo in the processor's cache: take turns.
        for name in sorted(sides, reverse=number % 2 == 1):
            times[name].append(milliseconds(sides[name], photo))
    return times


def bare_array(photo: str, size: int) -> np.ndarray:
    """Return uint8 [H,W,C]: decoded at reduced scale, middle square, one resize. What one would write by hand."""
    with Image.open(photo) as image:
        image.draft("RGB", (size, size))
        image = image.convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=box))


def bare_onnxruntime(model: bytes) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(None, {"input": batch})[0]


def bare_openvino(model: bytes) -> Callable[[np.ndarray], np.ndarray]:
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    core = openvino.Core()
    request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
    return lambda batch: request.infer({0: batch}, share_inputs=True)[0]


BARE_ENGINES = {"onnxruntime": bare_onnxruntime, "openvino": bare_openvino}


if __name__ == "__main__":
    run_job({f.__name__: f for f in (saved_predict, overhead)})
