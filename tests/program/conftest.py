"""Tiny programs, made without PyTorch: the mean colour of a photo, times a matrix."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from gatera.program.package import write_package

#: Red speaks for a cat, blue for a dog (as in the photos of tests/conftest.py). [3,K]
WEIGHTS = np.array([[4.0, -4.0], [0.0, 0.0], [-4.0, 4.0]], np.float32)
SIZE = 8

CARD = "# Cats and dogs\n\nMade for the tests.\n"

MakeProgram = Callable[..., Path]


def tiny_model(weights: np.ndarray = WEIGHTS) -> onnx.ModelProto:
    """uint8 [N,H,W,3] -> Cast -> Mul -> ReduceMean -> MatMul -> float32 [N,K]."""
    values = {
        "scale": np.array(1 / 255, np.float32), "axes": np.array([1, 2], np.int64), "weights": weights.astype(np.float32),
    }  # fmt: skip
    nodes = [
        helper.make_node("Cast", ["input"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled", "axes"], ["mean"], keepdims=0),  # [N,H,W,3] -> [N,3]
        helper.make_node("MatMul", ["mean", "weights"], ["output"]),  # [N,3] -> [N,K]
    ]
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", weights.shape[1]])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def description(**changes: Any) -> dict[str, Any]:
    """The program.json of a cat and dog classifier, with changes."""
    return {
        "gatera": "0.1.0", "created": "2026-11-23T21:00:00Z", "task": "classification",
        "preprocess": [
            {"op": "read_photo", "mode": "RGB", "at_least": [SIZE, SIZE]}, {"op": "resize", "size": [SIZE, SIZE]},
        ],
        "model": {
            "input": {"name": "input", "dtype": "uint8", "shape": ["N", SIZE, SIZE, 3]},
            "output": {"name": "output", "shape": ["N", 2]}, "opset": 18, "architecture": "tiny",
        },
        "decode": {"activation": "softmax", "vocab": ["cat", "dog"], "threshold": None, "temperature": 1.0},
        "training": {"error_rate": 0.0}, "versions": {"torch": "2.9.0"},
        **changes,
    }  # fmt: skip


@pytest.fixture(scope="session")
def model_bytes() -> bytes:
    return tiny_model().SerializeToString()


@pytest.fixture
def make_program(tmp_path: Path, model_bytes: bytes) -> MakeProgram:
    """Writes a program file: `make_program(name="x.gatera", model=..., card=..., weights=..., **changes of program.json)`."""

    def make(
        name: str = "cats.gatera",
        model: bytes = model_bytes,
        weights: bytes = bytes(range(256)),
        **changes: Any,
    ) -> Path:
        entries: dict[str, bytes | Path] = {
            "model.onnx": model, "card.md": CARD.encode(), "weights.safetensors": weights,
        }  # fmt: skip
        return write_package(tmp_path / name, description(**changes), entries)

    return make


@pytest.fixture
def program_file(make_program: MakeProgram) -> Path:
    """A cat and dog classifier that answers right for the generated photos."""
    return make_program()


#: The least that a program file says: for `pack`.
LEAST = {
    "format": 1,
    "gatera": "0.1.0",
    "entries": {"model.onnx": {"size": 5, "sha256": hashlib.sha256(b"model").hexdigest()}},
}


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """Packs a program file by hand, so that every rule can be broken: `pack([(name, content), ...], format=2)`."""

    def make(
        stored: list[tuple[str, bytes]] | None = None, text: bytes | None = None, comment: bytes | None = None,
        compression: int = zipfile.ZIP_STORED, **changes: Any,
    ) -> Path:  # fmt: skip
        text = json.dumps({**LEAST, **changes}).encode() if text is None else text
        path = tmp_path / "a.gatera"
        with zipfile.ZipFile(path, "w", compression) as target:
            target.comment = (
                b"sha256:" + hashlib.sha256(text).hexdigest().encode() if comment is None else comment
            )
            target.writestr("program.json", text)
            for name, content in [("model.onnx", b"model")] if stored is None else stored:
                target.writestr(name, content)
        return path

    return make
