"""Nested plain values and tensors in one safetensors file: tensors as its entries, everything else as JSON in its header.

Reading such a file cannot run code, and a checksum finds every changed byte.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import DataError
from gatera.core.files import atomic_write

#: What the header calls our JSON, and the version of its form.
KEY, FORM = "gatera", 1


class OtherFormError(Exception):
    """A file is whole, and another version of Gatera wrote it."""


#: Names of dtypes in safetensors.
DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip


def write_tensors(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file; it gets its name only when it is complete and on the disk.

    Args:
        path: the file.
        content: dicts, lists, tuples, strings, numbers, None, arrays and tensors.

    Raises:
        OSError: if the disk is full or not writable; an earlier file is unchanged.
    """
    tensors: list[Tensor] = []
    tree, checksum = _packed(content, tensors), 0
    entries, end = {}, 0
    for number, tensor in enumerate(tensors):
        begin, end = end, end + tensor.nbytes
        entries[f"t{number}"] = {
            "dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end],
        }  # fmt: skip
        checksum = zlib.crc32(_bytes(tensor), checksum)
    about = json.dumps({"form": FORM, "checksum": checksum, "tree": tree})
    meta = {KEY: about, "checksum": str(zlib.crc32(about.encode()))}
    header = json.dumps({"__metadata__": meta, **entries}).encode()
    header += b" " * (-len(header) % 8)
    with atomic_write(path) as partial, partial.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for tensor in tensors:
            file.write(_bytes(tensor))
        file.flush()
        os.fsync(file.fileno())


def read_tensors(path: Path, device: torch.device | None = None) -> dict[str, Any]:
    """Read what `write_tensors` wrote.

    Raises:
        DataError: if the file is damaged, or another kind of file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            about = _about(file.metadata() or {})
            tensors = [file.get_tensor(f"t{number}") for number in range(len(file.keys()))]
    except OtherFormError as err:
        raise _of_another_version(path, err) from err
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as err:
        raise DataError(
            f"cannot read {path} as a checkpoint: it is damaged, or another kind of file"
        ) from err
    checksum = 0
    for tensor in tensors:
        checksum = zlib.crc32(_bytes(tensor), checksum)
    if checksum != about["checksum"]:
        raise DataError(f"cannot read {path} as a checkpoint: it is damaged (its checksum does not match)")
    found = _unpacked(about["tree"], [tensor.to(device or "cpu") for tensor in tensors])
    assert isinstance(found, dict)  # for the type checker: a mapping was written
    return found


def read_entry(path: Path, name: str) -> dict[str, Any]:
    """Return one entry of a file's content that holds no tensors, without reading these.

    Raises:
        DataError: if the file's beginning is damaged, it is another kind of file, or has no such entry.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tree = _about(file.metadata() or {})["tree"]
        return dict(_unpacked(next(value for key, value in tree["dict"] if key == name), []))
    except OtherFormError as err:
        raise _of_another_version(path, err) from err
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, StopIteration) as err:
        raise DataError(
            f"cannot read {path} as a checkpoint: it is damaged, or another kind of file"
        ) from err


def is_tensor_file(path: Path) -> bool:
    """Whether a file looks like one of these, by its first bytes; torch's own begin with those of a zip file."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _of_another_version(path: Path, err: OtherFormError) -> DataError:
    return DataError(f"the checkpoint {path} was written by another version of Gatera: {err}")


def _about(metadata: Mapping[str, str]) -> dict[str, Any]:
    text = metadata[KEY]
    about = json.loads(text)
    if metadata["checksum"] != str(zlib.crc32(text.encode())):
        raise ValueError("the header is damaged")
    if about["form"] != FORM:
        raise OtherFormError(f"it has the form {about['form']}, and this version reads {FORM}")
    return dict(about)


def _packed(value: Any, tensors: list[Tensor]) -> Any:
    """Return a value as JSON has it; tensors go to the list, and their number stands in their place."""
    if isinstance(value, Tensor):
        return _packed_tensor(value.detach().cpu(), tensors)
    if isinstance(value, Mapping):
        return {"dict": [[_packed(key, tensors), _packed(entry, tensors)] for key, entry in value.items()]}
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_packed(entry, tensors) for entry in value]}
    if isinstance(value, np.ndarray):
        return {"array": _packed(torch.from_numpy(value), tensors)["tensor"]}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    raise TypeError(f"a checkpoint cannot hold {type(value).__name__}: {value!r}")


def _packed_tensor(value: Tensor, tensors: list[Tensor]) -> dict[str, Any]:
    """Add a tensor to the list; one whose memory has another order (channels last) keeps that."""
    order = sorted(range(value.ndim), key=value.stride, reverse=True)
    dense = not value.is_contiguous() and value.permute(order).is_contiguous()
    tensors.append(value.permute(order) if dense else value.contiguous())
    number = len(tensors) - 1
    return {"permuted": [number, order]} if dense else {"tensor": number}


def _unpacked(value: Any, tensors: list[Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "permuted":
            number, order = content
            return tensors[number].permute([order.index(axis) for axis in range(len(order))])
        case "array":
            return tensors[content].cpu().numpy()
        case "float":
            return float(content)
        case "dict":
            return {_unpacked(key, tensors): _unpacked(entry, tensors) for key, entry in content}
        case "tuple":
            return tuple(_unpacked(entry, tensors) for entry in content)
        case _:
            return [_unpacked(entry, tensors) for entry in content]


def _bytes(tensor: Tensor) -> memoryview:
    """Return a contiguous tensor's bytes, without a copy."""
    return memoryview(tensor.reshape(-1).view(torch.uint8).numpy())  # type: ignore[arg-type]  # arrays are buffers
