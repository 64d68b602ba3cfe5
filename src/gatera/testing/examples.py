"""Synthetic photos and predictions for the checks: always the same, small, and with the usual edge cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gatera.core.checks import check_choice

Task = Literal["classification", "multilabel", "regression"]
TASKS = ("classification", "multilabel", "regression")

#: Number of items in the example predictions.
N_ITEMS = 48

#: (width, height) of the photos: landscape, portrait, square, panorama, and a single pixel.
PHOTO_SIZES = ((40, 32), (32, 40), (36, 36), (90, 7), (1, 1))


def example_predictions(task: Task = "classification", n_outputs: int | None = None) -> tuple[Tensor, Tensor]:
    """Return raw model outputs, and labels that they match about half of the time.

    Args:
        task: "classification", "multilabel" or "regression".
        n_outputs: K; by default 6 classes, 6 labels or 1 number.

    Returns:
        Predictions float32 [48,K] (logits; positive numbers for regression), and labels: int64 [48] in which every
        class occurs, or float32 [48,K].
    """
    check_choice("task", task, TASKS)
    k = n_outputs if n_outputs is not None else 1 if task == "regression" else 6
    draw = np.random.default_rng(0)
    if task == "regression":
        labels = draw.uniform(0.1, 2.0, (N_ITEMS, k))
        return _float32(labels + draw.uniform(0, 0.5, (N_ITEMS, k))), _float32(labels)
    noise = draw.normal(0, 1, (N_ITEMS, k))
    if task == "classification":
        classes = draw.permutation(np.arange(N_ITEMS) % k)
        return _float32(noise + 1.5 * np.eye(k)[classes]), torch.from_numpy(classes)
    # half of the items have each label
    present = draw.permuted(np.arange(N_ITEMS)[:, None] % 2 * np.ones(k), axis=0)
    return _float32(noise + present - 0.5), _float32(present)


def example_photos(sizes: Sequence[tuple[int, int]] = PHOTO_SIZES, mode: str = "RGB") -> list[Image.Image]:
    """Return smooth photos; no two positions and no two photos look alike.

    Args:
        sizes: (width, height) of each.
        mode: "RGB" or "L".
    """
    return [_photo(size, number).convert(mode) for number, size in enumerate(sizes)]


def _photo(size: tuple[int, int], number: int) -> Image.Image:
    across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    red = 40 + 150 * across + 10 * number
    green = 60 + 140 * down
    blue = 128 + 90 * np.sin(2 * np.pi * (across + 0.5 * down) + number)
    return Image.fromarray(np.stack([red, green, blue], -1).clip(0, 255).astype(np.uint8))  # [H,W,3]


def _float32(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
