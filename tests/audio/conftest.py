"""The bundled digits, and recordings that are made on the spot."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gatera.samples import sample_path

DIGITS = sample_path("spoken_digits_tiny") / "recordings"

MakeSound = Callable[..., Path]


@pytest.fixture
def make_sound(tmp_path: Path) -> MakeSound:
    """Return a function that writes a WAV file of one tone."""

    def make(name: str, frequency: float = 440, seconds: float = 0.2, rate: int = 8000) -> Path:
        time = np.arange(round(seconds * rate)) / rate
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes((10_000 * np.sin(2 * np.pi * frequency * time)).astype("<i2").tobytes())
        return path

    return make
