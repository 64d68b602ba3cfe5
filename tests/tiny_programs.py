"""Programs of every kind, a few kB each, made without PyTorch: for tests of what serves and shows programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gatera.program.certain.arrays import pack
from gatera.program.package import write_package

SIDE = 8

#: Red speaks for a cat, blue for a dog. [3,K]
COLOURS = np.array([[4.0, -4.0], [0.0, 0.0], [-4.0, 4.0]], np.float32)

_FLOAT, _UINT8, _INT64 = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT64
_PHOTO = [{"op": "read_photo", "mode": "RGB"}, {"op": "resize", "size": [SIDE, SIDE], "method": "squish"}]


def _model(nodes: list[Any], values: dict[str, np.ndarray], taken: tuple[int, list[Any]], given: list[Any]) -> bytes:
    graph = helper.make_graph(
        nodes, "tiny", [helper.make_tensor_value_info("input", *taken)],
        [helper.make_tensor_value_info("output", _FLOAT, given)],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def _mean_model(weights: np.ndarray, size: tuple[int, int] = (SIDE, SIDE), channels: int = 3) -> bytes:
    """uint8 [N,H,W,C] -> the mean colour, times a matrix -> float32 [N,K]."""
    nodes = [
        helper.make_node("Cast", ["input"], ["float"], to=_FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["output"]),
    ]
    values = {"scale": np.array(1 / 255, np.float32), "axes": np.array([1, 2], np.int64), "weights": weights}
    return _model(nodes, values, (_UINT8, ["N", *size, channels]), ["N", weights.shape[1]])


def _matrix_model(weights: np.ndarray, kind: int = _FLOAT) -> bytes:
    """[N,F] times a matrix -> float32 [N,K]."""
    nodes = [
        helper.make_node("Cast", ["input"], ["float"], to=_FLOAT),
        helper.make_node("MatMul", ["float", "weights"], ["output"]),
    ]
    return _model(nodes, {"weights": weights}, (kind, ["N", weights.shape[0]]), ["N", weights.shape[1]])


def photos(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    return _described("classification", _PHOTO, ["cat", "dog"], **changes), {"model.onnx": _mean_model(COLOURS)}


def careful(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Photos, by a program that has seen no right answer below 0.97."""
    right = np.linspace(0.97, 1, 30)
    known = {"held_out": 30, "labels": {"scores": pack(np.linspace(0, 0.03, 30)), "right": pack(right), "wrong": pack(right[:0])}}
    described, entries = photos(**changes)
    return {**described, "certainty": known}, entries


def several(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    described = _described("multilabel", _PHOTO, ["red", "blue"], **changes)
    described["decode"] |= {"activation": "sigmoid", "threshold": 0.5}
    return described, {"model.onnx": _mean_model(COLOURS)}


def masks(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    nodes = [
        helper.make_node("Cast", ["input"], ["float"], to=_FLOAT),
        helper.make_node("MatMul", ["float", "weights"], ["last"]),
        helper.make_node("Transpose", ["last"], ["output"], perm=[0, 3, 1, 2]),
    ]
    model = _model(nodes, {"weights": COLOURS}, (_UINT8, ["N", SIDE, SIDE, 3]), ["N", 2, SIDE, SIDE])
    return _described("segmentation", _PHOTO, ["cat", "sky"], **changes), {"model.onnx": model}


def points(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    described = _described("points", _PHOTO, None, "none", **changes)
    return described, {"model.onnx": _mean_model(np.full((3, 4), 0.1, np.float32))}


def sounds(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    step = {"op": "read_sound", "rate": 8000, "seconds": 0.5, "size": [16, 20], "window_seconds": 0.025}
    model = _mean_model(np.array([[3.0, -3.0]], np.float32), (16, 20), 1)
    return _described("classification", [step], ["loud", "quiet"], **changes), {"model.onnx": model}


def texts(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    words = ["[pad]", "?", "good", "fine", "bad", "poor", "film"]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)}, "unk_token": "?"},
    }  # fmt: skip
    values = np.zeros((len(words), 2), np.float32)
    values[2:4] = [-3, 3]
    values[4:6] = [3, -3]
    nodes = [
        helper.make_node("Gather", ["words", "input"], ["found"]),
        helper.make_node("ReduceSum", ["found", "axes"], ["output"], keepdims=0),
    ]
    model = _model(nodes, {"words": values, "axes": np.array([1], np.int64)}, (_INT64, ["N", "T"]), ["N", 2])
    steps = [{"op": "read_text"}, {"op": "tokenize", "first": 64, "pad": 0}]
    described = _described("classification", steps, ["negative", "positive"], **changes)
    return described, {"model.onnx": model, "tokenizer.json": json.dumps(tokenizer).encode()}


def rows(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A job, an age, and a date: who began late is rich here."""
    weights = np.array([[-1, 1], [0, 0.5], [-3, 3]], np.float32)
    return _described("classification", [_row()], ["poor", "rich"], **changes), {"model.onnx": _matrix_model(weights)}


def numbers(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    weights = np.array([[10], [1], [0.1]], np.float32)
    return _described("regression", [_row()], None, "none", **changes), {"model.onnx": _matrix_model(weights)}


def ratings(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    step = {"op": "read_pair", "columns": ["user", "film"], "users": [7, 9], "items": ["Alien", "Brazil", "Cube"], "rated": [[1], []]}
    model = _matrix_model(np.array([[1], [0.5]], np.float32), _INT64)
    return _described("regression", [step], None, "none", **changes), {"model.onnx": model}


def _row() -> dict[str, Any]:
    return {
        "op": "read_row",
        "categories": [{"name": "job", "labels": ["cook", "nurse"], "had_empty": True}],
        "numbers": [
            {"name": "age", "fill": 40.0, "had_empty": True, "mean": 40.0, "std": 10.0},
            {"name": "since_Year", "date": "since", "part": "Year", "fill": 2020.0, "had_empty": True, "mean": 2020.0, "std": 1.0},
        ],
    }  # fmt: skip


def _described(
    task: str, steps: list[dict[str, Any]], vocab: list[str] | None, activation: str = "softmax", **changes: Any
) -> dict[str, Any]:
    return {
        "gatera": "0.1.0", "created": "2026-11-23T21:00:00Z", "task": task, "preprocess": steps,
        "decode": {"activation": activation, "vocab": vocab, "threshold": None, "temperature": 1.0},
        "training": {"error_rate": 0.0}, "versions": {},
        **changes,
    }  # fmt: skip


KINDS: dict[str, Callable[..., tuple[dict[str, Any], dict[str, bytes]]]] = {
    made.__name__: made for made in (photos, careful, several, masks, points, sounds, texts, rows, numbers, ratings)
}


def write(kind: str, path: Path, **changes: Any) -> Path:
    """Write a program of a kind; changes are of its program.json."""
    described, entries = KINDS[kind](**changes)
    return write_package(path, described, {"card.md": f"# {path.stem}\n\nMade for tests.\n".encode(), **entries}, force=True)
