"""Small sound programs, one for each kind of input, made without training."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper
from PIL import Image

from gatera.program.package import write_package


class Seed(NamedTuple):
    """A sound program, and what it is asked on the command line."""

    name: str
    path: Path
    question: str


def make_seeds(folder: Path) -> list[Seed]:
    """Write the programs and their inputs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(np.random.default_rng(0).integers(-9999, 9999, 4000).astype("<i2").tobytes())
    (folder / "rows.csv").write_text("job,age\ncook,30\nnurse,41\n")
    asked = {
        "photo": "photo.png", "mask": "photo.png", "sound": "sound.wav", "table": "rows.csv",
        "text": "I really liked that movie, twice!", "rating": '{"user": "ann", "film": "Heat"}',
    }  # fmt: skip
    seeds = []
    for name, make in _KINDS.items():
        described, model, more = make()
        path = write_package(
            folder / f"{name}.gatera", {"gatera": "0.1.0", "created": "2026-11-23T21:00:00Z", **described},
            {"model.onnx": model.SerializeToString(), "card.md": f"# `{name}`\n\n- error: **3 %**\n".encode(), **more},
            force=True,
        )  # fmt: skip
        question = asked[name]
        seeds.append(Seed(name, path, str(folder / question) if (folder / question).exists() else question))
    return seeds


def _decode(activation: str = "softmax", vocab: list[Any] | None = None) -> dict[str, Any]:
    return {"activation": activation, "vocab": vocab or [], "threshold": None, "temperature": 1.0}


def _weights(*shape: int) -> np.ndarray:
    return (np.random.default_rng(1).standard_normal(shape) / 4).astype(np.float32)


def _model(
    nodes: list[Any], dtype: int, shape: list[Any], output: list[Any], values: dict[str, np.ndarray]
) -> ModelProto:
    graph = helper.make_graph(
        nodes, "seed", [helper.make_tensor_value_info("input", dtype, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, output)],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


_IN = [
    helper.make_node("Cast", ["input"], ["float"], name="cast", to=TensorProto.FLOAT),
    helper.make_node("Transpose", ["float"], ["first"], name="transpose", perm=[0, 3, 1, 2]),
    helper.make_node(
        "Conv", ["first", "kernel", "bias"], ["conv"], name="conv", pads=[1, 1, 1, 1], strides=[2, 2]
    ),
    helper.make_node("Clip", ["conv", "low", "high"], ["clip"], name="clip"),
]


def _photos(channels: int, out: int) -> ModelProto:
    nodes = [
        *_IN,
        helper.make_node("MaxPool", ["clip"], ["pool"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("ReduceMean", ["pool", "axes"], ["mean"], name="mean", keepdims=0),
        helper.make_node("Gemm", ["mean", "head", "shift"], ["output"], name="head", transB=1),
    ]
    values = {
        "kernel": _weights(4, channels, 3, 3), "bias": _weights(4), "low": np.float32(0), "high": np.float32(6),
        "axes": np.array([2, 3]), "head": _weights(out, 4), "shift": _weights(out),
    }  # fmt: skip
    values = {name: np.asarray(value) for name, value in values.items()}
    return _model(nodes, TensorProto.UINT8, ["N", 16, 16, channels], ["N", out], values)


def _photo() -> tuple[dict[str, Any], ModelProto, dict[str, bytes]]:
    steps = [
        {"op": "read_photo", "mode": "RGB", "at_least": [16, 16]},
        {"op": "resize", "size": [16, 16], "method": "crop"},
    ]
    return (
        {"task": "classification", "preprocess": steps, "decode": _decode(vocab=["cat", "dog"])},
        _photos(3, 2),
        {},
    )


def _sound() -> tuple[dict[str, Any], ModelProto, dict[str, bytes]]:
    steps = [{"op": "read_sound", "rate": 8000, "seconds": 0.5, "size": [16, 16], "window_seconds": 0.02}]
    described = {
        "task": "multilabel",
        "preprocess": steps,
        "decode": _decode("sigmoid", ["one", "two", "three"]),
    }
    return described, _photos(1, 3), {}


def _mask() -> tuple[dict[str, Any], ModelProto, dict[str, bytes]]:
    nodes = [
        *_IN,
        helper.make_node("Shape", ["first"], ["sizes"], name="sizes", start=2),
        helper.make_node("Shape", ["clip"], ["batch"], name="batch", end=2),
        helper.make_node("Concat", ["batch", "sizes"], ["target"], name="target", axis=0),
        helper.make_node("Resize", ["clip", "", "", "target"], ["up"], name="resize", mode="nearest"),
        helper.make_node("Conv", ["up", "last"], ["output"], name="last"),
    ]
    values = {
        "kernel": _weights(4, 3, 3, 3), "bias": _weights(4), "low": np.asarray(np.float32(0)),
        "high": np.asarray(np.float32(6)), "last": _weights(3, 4, 1, 1),
    }  # fmt: skip
    steps = [
        {"op": "read_photo", "mode": "RGB", "at_least": [16, 16]},
        {"op": "resize", "size": [16, 16], "method": "pad"},
    ]
    model = _model(nodes, TensorProto.UINT8, ["N", 16, 16, 3], ["N", 3, 16, 16], values)
    return (
        {"task": "segmentation", "preprocess": steps, "decode": _decode(vocab=["sky", "road", "car"])},
        model,
        {},
    )


def _table() -> tuple[dict[str, Any], ModelProto, dict[str, bytes]]:
    nodes = [
        helper.make_node("Slice", ["input", "zero", "one", "one"], ["codes"], name="codes"),
        helper.make_node("Slice", ["input", "one", "two", "one"], ["numbers"], name="numbers"),
        helper.make_node("Cast", ["codes"], ["whole"], name="whole", to=TensorProto.INT64),
        helper.make_node("Gather", ["rows", "whole"], ["found"], name="embedding"),
        helper.make_node("Squeeze", ["found", "one"], ["row"], name="squeeze"),
        helper.make_node("Concat", ["row", "numbers"], ["both"], name="both", axis=1),
        helper.make_node("Gemm", ["both", "head"], ["hidden"], name="hidden"),
        helper.make_node(
            "BatchNormalization", ["hidden", "scale", "shift", "shift", "scale"], ["normal"], name="norm"
        ),
        helper.make_node("Relu", ["normal"], ["output"], name="relu"),
    ]
    values = {
        "zero": np.array([0]), "one": np.array([1]), "two": np.array([2]), "rows": _weights(3, 4), "head": _weights(5, 1),
        "scale": np.ones(1, np.float32), "shift": np.zeros(1, np.float32),
    }  # fmt: skip
    steps = [{
        "op": "read_row",
        "categories": [{"name": "job", "labels": ["cook", "nurse"], "had_empty": False}],
        "numbers": [{"name": "age", "fill": 40.0, "had_empty": True, "mean": 40.0, "std": 10.0}],
    }]  # fmt: skip
    model = _model(nodes, TensorProto.FLOAT, ["N", 2], ["N", 1], values)
    return {"task": "regression", "preprocess": steps, "decode": _decode("none")}, model, {}


def _rating() -> tuple[dict[str, Any], ModelProto, dict[str, bytes]]:
    nodes = [
        helper.make_node("Gather", ["input", "zero"], ["user"], name="user", axis=1),
        helper.make_node("Gather", ["input", "one"], ["item"], name="item", axis=1),
        helper.make_node("Gather", ["users", "user"], ["left"], name="left"),
        helper.make_node("Gather", ["items", "item"], ["right"], name="right"),
        helper.make_node("Mul", ["left", "right"], ["both"], name="both"),
        helper.make_node("ReduceSum", ["both", "axes"], ["sum"], name="sum", keepdims=0),
        helper.make_node("Sigmoid", ["sum"], ["share"], name="sigmoid"),
        helper.make_node("Mul", ["share", "top"], ["output"], name="output"),
    ]
    values = {
        "zero": np.array([0]), "one": np.array([1]), "axes": np.array([2]), "users": _weights(3, 4),
        "items": _weights(3, 4), "top": np.asarray(np.float32(5.5)),
    }  # fmt: skip
    steps = [
        {"op": "read_pair", "columns": ["user", "film"], "users": ["ann", "bob"], "items": ["Heat", "Alien"]}
    ]
    model = _model(nodes, TensorProto.INT64, ["N", 2], ["N", 1], values)
    return {"task": "regression", "preprocess": steps, "decode": _decode("none")}, model, {}


def _text() -> tuple[dict[str, Any], ModelProto, dict[str, bytes]]:
    nodes = [
        helper.make_node("Shape", ["input"], ["sizes"], name="sizes"),
        helper.make_node("Gather", ["sizes", "first"], ["length"], name="length"),
        helper.make_node("Range", ["none", "length", "step"], ["places"], name="places"),
        helper.make_node("Gather", ["rows", "places"], ["where"], name="where"),
        helper.make_node("Gather", ["rows", "input"], ["what"], name="what"),
        helper.make_node("Add", ["what", "where"], ["both"], name="add"),
        helper.make_node("Equal", ["input", "none"], ["empty"], name="empty"),
        helper.make_node("Unsqueeze", ["empty", "last"], ["gone"], name="gone"),
        helper.make_node("Where", ["gone", "low", "both"], ["left"], name="mask"),
        helper.make_node("Transpose", ["both"], ["turned"], name="turned", perm=[0, 2, 1]),
        helper.make_node("MatMul", ["left", "turned"], ["scores"], name="scores"),
        helper.make_node("Softmax", ["scores"], ["shares"], name="softmax", axis=-1),
        helper.make_node("MatMul", ["shares", "both"], ["mixed"], name="mixed"),
        helper.make_node("LayerNormalization", ["mixed", "scale", "shift"], ["normal"], name="norm"),
        helper.make_node("ReduceMax", ["normal", "axes"], ["top"], name="top", keepdims=0),
        helper.make_node("Gemm", ["top", "head"], ["output"], name="head"),
    ]
    values = {
        "first": np.asarray(1), "none": np.asarray(0), "step": np.asarray(1), "rows": _weights(64, 4),
        "last": np.array([2]), "low": np.asarray(np.float32(-9)), "scale": np.ones(4, np.float32),
        "shift": np.zeros(4, np.float32), "axes": np.array([1]), "head": _weights(4, 2),
    }  # fmt: skip
    words = [
        "[PAD]",
        "[UNK]",
        "i",
        "really",
        "liked",
        "that",
        "movie",
        "twice",
        ",",
        "!",
        "##s",
        "xxbos",
        "xxmaj",
    ]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{
            "id": 0, "content": "[PAD]", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
            "special": True,
        }],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": {word: number for number, word in enumerate(words)},
        },
    }  # fmt: skip
    steps = [
        {"op": "read_text", "html": True, "form": "NFC"},
        {"op": "tokenize", "tokenizer": "tokenizer.json", "first": 40, "last": 10, "pad": 0},
    ]
    model = _model(nodes, TensorProto.INT64, ["N", "T"], ["N", 2], values)
    described = {"task": "classification", "preprocess": steps, "decode": _decode(vocab=["bad", "good"])}
    return described, model, {"tokenizer.json": json.dumps(tokenizer).encode()}


_KINDS: dict[str, Callable[[], tuple[dict[str, Any], ModelProto, dict[str, bytes]]]] = {
    "photo": _photo, "mask": _mask, "sound": _sound, "table": _table, "rating": _rating, "text": _text,
}  # fmt: skip
