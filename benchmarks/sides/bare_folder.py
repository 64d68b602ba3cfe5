"""The best loops that one would write by hand over a folder of photos: Pillow and ONNX Runtime, no checks, no answers printed.

    python bare_folder.py WAY PROGRAM PHOTO ...
    python bare_folder.py WAY PROGRAM @NAMES      a file with a name on each line

WAY is "alone": one photo after the other, the engine on all cores; "side:N": N threads, each reads and computes its own photo;
"batch:B": B photos are computed at once while threads read the next ones. Prints a sum of all outputs.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image


class Bare:
    """The model of a program with `threads` threads (0: one per core), and its input's size."""

    def __init__(self, program: str, threads: int) -> None:
        with zipfile.ZipFile(program) as package:
            model, facts = package.read("model.onnx"), json.loads(package.read("program.json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        self.height, self.width = facts["preprocess"][1]["size"]

    def read(self, photo: str) -> np.ndarray:
        with Image.open(photo) as image:
            side = max(self.height, self.width)
            image.draft("RGB", (side, side))
            image = image.convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
        return np.asarray(image.resize((self.width, self.height), Image.Resampling.BILINEAR, box=box))

    def run(self, batch: np.ndarray) -> np.ndarray:
        return self.session.run(None, {self.input: batch})[0]

    def one(self, photo: str) -> np.ndarray:
        return self.run(self.read(photo)[None])[0]


def loop(way: str, program: str, photos: list[str]) -> Iterator[np.ndarray]:
    """Yield the output for each photo."""
    kind, _, number = way.partition(":")
    bare = Bare(program, 1 if kind == "side" else 0)
    if kind == "alone":
        yield from map(bare.one, photos)
    elif kind == "side":
        with ThreadPoolExecutor(int(number)) as pool:
            yield from pool.map(bare.one, photos)
    else:
        size = int(number)
        chunks = [photos[start : start + size] for start in range(0, len(photos), size)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            following = [pool.submit(bare.read, photo) for photo in chunks[0]]
            for number_of_next in range(1, len(chunks) + 1):
                arrays = [one.result() for one in following]
                following = [
                    pool.submit(bare.read, photo)
                    for chunk in chunks[number_of_next : number_of_next + 1]
                    for photo in chunk
                ]
                yield from bare.run(np.stack(arrays))


if __name__ == "__main__":
    way, program, *photos = sys.argv[1:]
    if len(photos) == 1 and photos[0].startswith("@"):
        photos = Path(photos[0][1:]).read_text(encoding="utf-8").split("\n")
    print(sum(float(output.sum()) for output in loop(way, program, photos)))
