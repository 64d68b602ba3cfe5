"""Fixtures that several rooms share: small photographs made on the spot, and the bundled sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

#: Colour (RGB) that tells the classes of the generated photos apart.
CLASS_COLOURS = {"cat": (200, 120, 40), "dog": (40, 90, 200)}


def make_photo(path: Path, colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (40, 32)) -> Path:
    """Write a noisy JPEG of one colour; `size` is (width, height)."""
    noise = np.random.default_rng(seed).integers(-30, 30, (size[1], size[0], 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `cat/` and `dog/` of 12 generated JPEGs each, easy to tell apart."""
    folder = tmp_path_factory.mktemp("photos")
    for label, colour in CLASS_COLOURS.items():
        for number in range(12):
            make_photo(folder / label / f"{label}_{number}.jpg", colour, seed=number)
    return folder


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point GATERA_HOME at an empty folder, so that no test sees or touches the user's cache."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GATERA_HOME", str(folder))
    return folder
