"""Change program files as an attacker, or an accident, might. Hashes are made anew, so that the checks behind them are reached."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, helper

STRINGS = (
    "", "\x1b[2J\x1b[H", "\x1b]52;c;ZWNobyBoaQ==\x07", "cat\nphoto.png  cat  1.0000", "a\rb", "\u202ecod.exe", "[bold red]x[/]",
    "<script>alert(1)</script>", "\x00", "\ud800", "\u2028", "\x9b31m", "a" * 100_000, "../../etc/passwd", "{n}{labels}{0}",
    "%s%n", "\U000e0041", "nan", "1e999",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2, 3, 255, 256, 2**31 - 1, 2**31, 2**32, 2**53, 2**62, 2**63 - 1, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e-320, 1e308, -1e308,
    float("nan"), float("inf"), float("-inf"), 1e-9, 16384, 4096,
)  # fmt: skip


def deep(levels: int) -> Any:
    """Return a list in a list in a list."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def hostile_value(r: random.Random, old: Any) -> Any:
    """Return something that should not stand where `old` does."""
    kind = r.randrange(10)
    if kind < 3:
        return r.choice(NUMBERS)
    if kind < 5:
        return r.choice(STRINGS)
    if kind == 5:
        return r.choice([None, True, False, [], {}, [None], {"": None}])
    if kind == 6:
        return deep(r.choice([5, 50, 500]))
    if kind == 7:
        return [old] * r.choice([0, 2, 3, 1000])
    if kind == 8 and isinstance(old, int | float) and not isinstance(old, bool):
        return r.choice([old + 1, old - 1, -old, old * 1000, float(old)])
    if kind == 8 and isinstance(old, str):
        return r.choice([old.upper(), old + r.choice(STRINGS[1:8]), old[:-1], r.choice(STRINGS[1:8]) + old])
    return {"op": old}


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        found.append((value, key))
        _places(inner, found)
    return found


def mutate_json(r: random.Random, content: bytes) -> bytes:
    """Change one to three values of a JSON document: replace, remove, rename, repeat."""
    value = json.loads(content)
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        places = _places(value, [])
        if not places:
            break
        parent, key = r.choice(places)
        action = r.randrange(8)
        if action == 0:
            del parent[key]
        elif action == 1 and isinstance(parent, dict):
            parent[r.choice(STRINGS)] = parent.pop(key)
        elif action == 2 and isinstance(parent, list):
            parent.append(parent[key])
        elif action == 3:
            other, place = r.choice(places)
            parent[key] = json.loads(json.dumps(other[place]))
        else:
            parent[key] = hostile_value(r, parent[key])
    return json.dumps(value).encode()


def mutate_bytes(r: random.Random, content: bytes) -> bytes:
    """Flip, cut, insert, repeat or zero some bytes."""
    changed = bytearray(content)
    for _ in range(r.choice([1, 1, 2, 4, 16])):
        if not changed:
            break
        at, length = r.randrange(len(changed)), r.choice([1, 1, 2, 4, 8, 64, 1000])
        action = r.randrange(7)
        if action == 0:
            changed[at] ^= 1 << r.randrange(8)
        elif action == 1:
            changed[at] = r.choice([0, 1, 127, 128, 255, r.randrange(256)])
        elif action == 2:
            del changed[at : at + length]
        elif action == 3:
            changed[at:at] = r.randbytes(length)
        elif action == 4:
            changed[at:at] = changed[at : at + length]
        elif action == 5:
            changed[at : at + length] = bytes(min(length, len(changed) - at))
        elif r.random() < 0.2:
            del changed[at:]
        else:
            changed[at : at + 8] = r.choice([2**31, 2**32, 2**62, 2**63 - 1]).to_bytes(8, "little")
    return bytes(changed)


OPERATORS = ["Add", "Sub", "Mul", "Div", "Pow", "MatMul", "Gemm", "Conv", "ConvTranspose", "MaxPool", "AveragePool", "Resize", "Pad", "Tile", "Expand", "Reshape", "Transpose", "Concat", "Split", "Slice", "Gather", "GatherElements", "GatherND", "Where", "Range", "ConstantOfShape", "OneHot", "TopK", "NonZero", "CumSum", "LSTM", "GRU", "RNN", "Softmax", "Shape", "Size", "Squeeze", "Unsqueeze", "ReduceSum", "ReduceMax", "ArgMax", "DepthToSpace", "SpaceToDepth", "GridSample", "Einsum", "Loop", "If", "Scan", "Identity", "Cast", "Clip", "Erf", "BatchNormalization", "LayerNormalization", "InstanceNormalization", "GroupNormalization", "Mod", "Trilu", "EyeLike", "ScatterND", "ScatterElements", "QuantizeLinear", "DequantizeLinear", "NonMaxSuppression", "StringNormalizer", "RandomNormal", "Dropout", "Flatten", "GlobalAveragePool", "LRN", "Nope"]  # fmt: skip


def _tensor_values(r: random.Random, tensor: TensorProto) -> None:
    action = r.randrange(6)
    if action == 0 and tensor.dims:
        tensor.dims[r.randrange(len(tensor.dims))] = int(r.choice([0, 1, 2, -1, 2**31, 2**40, 2**62, 10**6]))
    elif action == 1:
        tensor.data_type = r.randrange(24)
    elif action == 2:
        tensor.dims.append(r.choice([1, 2, 0, 2**33]))
    elif action == 3:
        width = max(1, len(tensor.raw_data) // 8)
        value = int(r.choice([0, 1, -1, 2, 5, 100, 2**31, 2**40, 2**62, -(2**63)]))
        if tensor.data_type == TensorProto.INT64:
            tensor.raw_data = value.to_bytes(8, "little", signed=True) * width
        else:
            tensor.raw_data = bytes(
                r.choice([b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f", b"\0\0\0\0"])
            ) * (len(tensor.raw_data) // 4)
    elif action == 4:
        tensor.raw_data = tensor.raw_data[: r.randrange(len(tensor.raw_data) + 1)]
    else:
        tensor.name = r.choice(STRINGS[1:9])


def _attribute_values(r: random.Random, node: NodeProto) -> None:
    numbers = [0, -1, 1, 2, 3, 7, 1000, 2**20, 2**31, 2**40, 2**62, -(2**63)]
    if not node.attribute or r.random() < 0.2:
        name = r.choice(
            [
                "axis",
                "axes",
                "pads",
                "strides",
                "dilations",
                "group",
                "perm",
                "to",
                "keepdims",
                "hidden_size",
                "mode",
                "blocksize",
            ]
        )
        node.attribute.append(
            helper.make_attribute(
                name, r.choice([r.choice(numbers), [r.choice(numbers) for _ in range(4)], "x", 1.5])
            )
        )
        return
    attribute = r.choice(node.attribute)
    action = r.randrange(4)
    if action == 0:
        attribute.i = r.choice(numbers)
    elif action == 1 and attribute.ints:
        attribute.ints[r.randrange(len(attribute.ints))] = r.choice(numbers)
    elif action == 2:
        attribute.type = r.randrange(15)
    else:
        attribute.ints.append(r.choice(numbers))


def mutate_graph(r: random.Random, content: bytes) -> bytes:
    """Change nodes, attributes, tensors, links, types and versions of a model."""
    model = ModelProto.FromString(content)
    graph = model.graph
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        if not graph.node:
            break
        node, action = r.choice(graph.node), r.randrange(14)
        names = [name for each in graph.node for name in (*each.input, *each.output)] + [
            each.name for each in graph.initializer
        ]
        if action == 0:
            node.op_type = r.choice(OPERATORS)
        elif action in (1, 2):
            _attribute_values(r, node)
        elif action in (3, 4, 5) and graph.initializer:
            _tensor_values(r, r.choice(graph.initializer))
        elif action == 6 and node.input:
            node.input[r.randrange(len(node.input))] = r.choice([*names, ""])
        elif action == 7 and node.output:
            node.output[r.randrange(len(node.output))] = r.choice([*names, ""])
        elif action == 8:
            graph.node.remove(node)
        elif action == 9:
            graph.node.add().CopyFrom(node)
        elif action == 10:
            _insert(r, graph, node)
        elif action == 11:
            kind = graph.input[0].type.tensor_type
            if r.random() < 0.5 or not kind.shape.dim:
                kind.elem_type = r.randrange(18)
            else:
                r.choice(kind.shape.dim).dim_value = r.choice([0, 1, 2, 16, 10**6, -1, 2**40])
        elif action == 12 and model.opset_import:
            model.opset_import[0].version = r.choice([0, 1, 7, 11, 13, 15, 17, 21, 26, 99, -5])
        else:
            node.domain = r.choice(["", "com.microsoft", "ai.onnx", "ai.onnx.ml", "x\x1b[2J"])
    return model.SerializeToString()


def _insert(r: random.Random, graph: Any, node: NodeProto) -> None:
    """Put an operator of any kind behind the output of a node, with numbers for sizes."""
    if not node.output:
        return
    value, sizes = node.output[0], f"sizes{r.randrange(10**9)}"
    numbers = [
        r.choice([1, 1, 2, 3, 16, 1000, 10**6, 2**31, 2**40, -1, 0]) for _ in range(r.choice([1, 2, 3, 4]))
    ]
    graph.initializer.append(helper.make_tensor(sizes, TensorProto.INT64, [len(numbers)], numbers))
    added = helper.make_node(r.choice(OPERATORS), [value, sizes], [f"{value}_"])
    if added.op_type == "ConstantOfShape":
        added.input[:] = [sizes]
    places = list(graph.node)
    place = places.index(node) + 1
    for later in places[place:]:
        for number, name in enumerate(later.input):
            if name == value and r.random() < 0.7:
                later.input[number] = f"{value}_"
    del graph.node[:]
    graph.node.extend([*places[:place], added, *places[place:]])


#: Entry -> what can be done to it.
WAYS: dict[str, tuple[Callable[[random.Random, bytes], bytes], ...]] = {
    "program.json": (mutate_json, mutate_json, mutate_json, mutate_bytes),
    "model.onnx": (mutate_graph, mutate_graph, mutate_graph, mutate_bytes),
    "tokenizer.json": (mutate_json, mutate_json, mutate_bytes),
    "card.md": (
        lambda r, content: content + r.choice(STRINGS).encode("utf-8", "surrogatepass") + content,
        mutate_bytes,
    ),
}


def mutated(r: random.Random, original: bytes) -> tuple[bytes, str]:
    """Return a changed program file, and what was changed."""
    if r.random() < 0.12:
        return mutate_bytes(r, original), "zip"
    with zipfile.ZipFile(BytesIO(original)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    weights = {"program.json": 8, "model.onnx": 9, "tokenizer.json": 6, "card.md": 1}
    names = [name for name in entries if name in weights]
    name = r.choices(names, [weights[each] for each in names])[0]
    way = r.choice(WAYS[name])
    entries[name] = way(r, entries[name])
    return packed(entries), f"{name} by {way.__name__}"


def packed(entries: dict[str, bytes]) -> bytes:
    """Return entries as a program file; sizes and hashes are made anew where program.json still has a place for them."""
    text = entries["program.json"]
    try:
        program = json.loads(text)
        facts = {
            name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in entries.items()
            if name != "program.json"
        }
        if isinstance(program.get("entries"), dict):
            text = json.dumps({**program, "entries": facts}).encode()
    except (ValueError, AttributeError, RecursionError):
        pass
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = b"sha256:" + hashlib.sha256(text).hexdigest().encode()
        for name, content in {**entries, "program.json": text}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def case(seed: int, number: int, programs: list[Path]) -> tuple[Path, bytes, str]:
    """Return the program that is changed, the changed file, and what was changed; the same for the same numbers."""
    r = random.Random(f"{seed}:{number}")
    path = programs[number % len(programs)]
    content, what = mutated(r, path.read_bytes())
    return path, content, what
