"""Tensors in lists and dicts: moved, detached, joined; and the picture that shows itself."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image as pillow

from gatera.compat.tensors import (
    Image,
    TensorImage,
    array,
    concat,
    one_hot,
    to_cpu,
    to_detach,
    to_device,
    to_float,
    to_half,
    to_np,
)


@pytest.fixture
def nested() -> dict:
    weight = torch.ones(2, requires_grad=True)
    return {"x": [weight * 2, torch.tensor([1, 2])], "name": "batch", "pair": (weight * 3, None)}


def test_what_holds_tensors_keeps_its_shape(nested):
    for move in (to_cpu, to_detach, to_float, to_half, lambda b: to_device(b, "cpu")):
        moved = move(nested)
        assert moved["name"] == "batch" and moved["pair"][1] is None
        assert type(moved["x"]) is list and type(moved["pair"]) is tuple
        assert moved["x"][0].tolist() == [2, 2] and moved["x"][1].dtype is torch.int64


def test_only_fractions_change_their_precision(nested):
    assert to_half(nested)["x"][0].dtype is torch.float16
    assert to_float(to_half(nested))["x"][0].dtype is torch.float32


def test_detached_tensors_pass_no_gradients_on(nested):
    assert nested["x"][0].requires_grad and to_cpu(nested)["x"][0].requires_grad
    assert not to_detach(nested)["x"][0].requires_grad
    assert not to_detach(nested, cpu=False)["pair"][0].requires_grad


def test_without_a_device_tensors_go_to_the_best_one(monkeypatch):
    monkeypatch.setattr("gatera.compat.tensors.default_device", lambda: torch.device("meta"))
    assert to_device([torch.ones(1)])[0].device.type == "meta"


def test_arrays(nested):
    found = to_np(nested)
    assert isinstance(found["x"][0], np.ndarray) and found["pair"][0].tolist() == [3, 3]
    assert array([1, 2], dtype=np.int8).dtype == np.int8


def test_tensors_arrays_and_lists_are_joined():
    assert concat(torch.ones(1), torch.zeros(2)).tolist() == [1, 0, 0]
    assert concat(np.ones(1), np.zeros(2)).tolist() == [1, 0, 0]
    assert concat([1], (2, 3), []) == [1, 2, 3]


def test_one_hot():
    assert one_hot(2, 4).tolist() == [0, 0, 1, 0] and one_hot([0, 3], 4).tolist() == [1, 0, 0, 1]


def test_a_picture_shows_itself():
    axes = TensorImage(torch.rand(3, 4, 6)).show(title="a cat")
    assert axes.get_title() == "a cat" and axes.images[0].get_array().shape[:2] == (4, 6)
    plt.close(axes.figure)


def test_pillow_s_module_opens_pictures_with_thumbs(tmp_path):
    pillow.new("RGB", (40, 20), "red").save(tmp_path / "a.png")
    opened = Image.open(tmp_path / "a.png")
    assert opened.format == "PNG" and max(opened.to_thumb(10).size) == 10
    assert Image.new is pillow.new and "fromarray" in dir(Image)
