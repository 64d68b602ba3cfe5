"""What is done to whole batches of photos: 8-bit to float, random changes while training, normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


class BatchPipeline:
    """Turns a collated batch into the model's input.

    Attributes:
        random: whether anything in it draws random numbers while training.
        normalize: the user's normalisation, or None.
    """

    def __init__(self) -> None:
        self.random = False
        self.normalize: Any = None

    def __call__(self, x: Tensor, index: np.ndarray, key: tuple[int, int] | None) -> Tensor:
        """Return the model's input, float32 [N,C,H,W] in 0..1 (before normalisation).

        Args:
            x: uint8 [N,C,H,W].
            index: dataset positions of the items, int64 [N].
            key: (seed, epoch) while training, None otherwise.
        """
        return x.to(torch.float32).div_(255) if x.dtype == torch.uint8 else x
