"""What a frozen network makes of photos and of pictures of recordings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image
from torch import Tensor, nn

import gatera
from gatera.core.errors import DataError
from gatera.core.files import code_sha256
from gatera.core.threads import usable_processors
from gatera.learn.arithmetic import Arithmetic
from gatera.models.vision.linear_head import LinearHead, LinearHeadOptions
from gatera.models.vision.model import create_vision_model
from gatera.program.raw.photo import read_photo
from gatera.program.raw.resize import resize_photo
from gatera.program.raw.sound import load_sound, resample
from gatera.program.raw.spectrogram import SoundReader
from gatera.vision.task_defaults import ARCHITECTURE

#: (height, width) in which photos are looked at: smaller than in `gatera train`, since a person waits.
SIZE = (224, 224)

#: Of a recording: samples per second, seconds, length of a frame in seconds.
RATE, SECONDS, WINDOW = 16_000, 3.0, 0.025


class Pictures:
    """A pretrained network without its head.

    Args:
        sounds: whether items are recordings.

    Raises:
        PretrainedError: if its weights are not found.
    """

    def __init__(self, sounds: bool) -> None:
        self.name = f"{ARCHITECTURE}-{SIZE[0]}{'-sound' if sounds else ''}"
        self.made_by = f"{gatera.__version__} {PIL.__version__} {code_sha256('program/raw', 'models/vision')}"
        self._reader = SoundReader(RATE, SECONDS, SIZE, WINDOW) if sounds else None
        self._arithmetic = Arithmetic(torch.device("cpu"), "float32")

    @cached_property
    def _network(self) -> nn.Sequential:
        """The network: made only where features are missing."""
        return self._made(1)

    @staticmethod
    def _made(n_out: int) -> nn.Sequential:
        return create_vision_model(ARCHITECTURE, n_out, head=LinearHeadOptions()).eval()

    def encode(self, path: Path) -> Tensor:
        """Return an item as the network takes it, float32 [1,3,H,W] in 0..1.

        Raises:
            DataError: if it cannot be read.
        """
        return torch.from_numpy(self._array(path)).permute(2, 0, 1)[None].float() / 255

    def _array(self, path: Path) -> np.ndarray:
        if self._reader is None:
            return np.array(resize_photo(read_photo(path, at_least=SIZE), SIZE, "squish"))
        sound = load_sound(path)
        levels = self._reader.levels(resample(sound.samples[: round(SECONDS * sound.rate)], sound.rate, RATE))
        return np.array(Image.fromarray(levels).convert("RGB"))

    def compute(self, paths: Sequence[Path]) -> np.ndarray:
        """Return the features of items, float32 [n,F]; a row of NaN for one that cannot be read."""

        def read(path: Path) -> np.ndarray | None:
            try:
                return self._array(path)
            except DataError:
                return None

        with ThreadPoolExecutor(usable_processors()) as pool:
            arrays = list(pool.map(read, paths))
        whole = [array for array in arrays if array is not None]
        head = self._network[1]
        assert isinstance(head, LinearHead)
        fixed = nn.Sequential(self._network[0], head.features)
        found = np.full((len(paths), head.linear.in_features), np.nan, np.float32)
        if whole:
            x = torch.from_numpy(np.stack(whole)).permute(0, 3, 1, 2).float() / 255  # [N,H,W,C] -> [N,C,H,W]
            with torch.inference_mode(), self._arithmetic.kernels(fixed):
                found[[array is not None for array in arrays]] = fixed(x).numpy()
        return found

    def with_head(self, weight: Tensor, bias: Tensor) -> nn.Sequential:
        """Return the whole network with a linear head: weight [F,K], bias [K]."""
        model = self._made(weight.shape[1])
        head = model[1]
        assert isinstance(head, LinearHead)
        with torch.no_grad():
            head.linear.weight.copy_(weight.T)
            head.linear.bias.copy_(bias)
        return model
