"""Checkpoint files give back what was written, and never anything else."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gatera.core.errors import DataError
from gatera.learn.checkpoints import tensor_file
from gatera.learn.checkpoints.tensor_file import is_tensor_file, read_entry, read_tensors, write_tensors

TIED = torch.arange(6.0)

CONTENT = {
    "tensors": {"a": torch.randn(2, 3), "bf16": torch.ones(2, dtype=torch.bfloat16), "scalar": torch.tensor(3.5)},
    "tied": [TIED, TIED, TIED.view(2, 3).t()], "empty": torch.empty(0, 4), "flags": torch.tensor([True, False]),
    "numbers": [1, 2.5, 1e-310, math.inf, -math.inf, True, None], "tuple": (1, (2, "x")), "by number": {1: "one", 2: "two"},
    "array": np.arange(3), "of numpy": np.float32(0.1), "text": 'a "quoted" ünïcode\n', "nothing": {},
}  # fmt: skip


def same(a, b) -> bool:
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b


def test_what_was_written_is_read(tmp_path):
    write_tensors(tmp_path / "a", CONTENT)
    assert is_tensor_file(tmp_path / "a")
    assert same(CONTENT, read_tensors(tmp_path / "a"))
    assert math.isnan(_again(tmp_path, {"x": math.nan})["x"])


def test_the_order_in_memory_is_kept(tmp_path):
    last = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    found = _again(tmp_path, {"x": last, "part": last[:, 1:]})
    assert torch.equal(found["x"], last) and found["x"].stride() == last.stride()
    assert torch.equal(found["part"], last[:, 1:])


def _again(tmp_path, content):
    write_tensors(tmp_path / "b", content)
    return read_tensors(tmp_path / "b")


def test_one_entry_is_read_without_the_tensors(tmp_path):
    write_tensors(tmp_path / "a", {"x": torch.zeros(3), "run": {"seed": 42}})
    assert read_entry(tmp_path / "a", "run") == {"seed": 42}
    with pytest.raises(DataError):
        read_entry(tmp_path / "a", "other")


def test_a_kind_of_value_that_cannot_be_kept_is_named(tmp_path):
    with pytest.raises(TypeError, match="set"):
        write_tensors(tmp_path / "a", {"x": {1, 2}})
    assert not (tmp_path / "a").exists()


def test_every_changed_byte_is_found(tmp_path):
    file = tmp_path / "a"
    write_tensors(file, {"x": torch.arange(8.0), "n": 3})
    whole = file.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        file.write_bytes(changed)
        try:
            found = read_tensors(file)
        except DataError:
            continue
        assert same(found, {"x": torch.arange(8.0), "n": 3}), place  # a blank of the header's end, say
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(DataError):
            read_tensors(file)


def test_a_file_of_another_form_is_not_said_to_be_damaged(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    with monkeypatch.context() as later:
        later.setattr(tensor_file, "FORM", 2)
        write_tensors(path, {"run": {"n": 1}})
    for read in (read_tensors, lambda file: read_entry(file, "run")):
        with pytest.raises(DataError, match="was written by another version of Gatera: it has the form 2"):
            read(path)
