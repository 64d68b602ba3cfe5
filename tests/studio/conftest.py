from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gatera.studio.studio import Studio, open_place


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six photos without labels."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        Image.new("RGB", (24, 16), (40 * number, 90, 120)).save(folder / f"{number}.jpg")
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, words in enumerate(("A joy to see.", "A waste of time.", "Fresh and fast.", "Slow.")):
        (folder / f"{number}.txt").write_text(words)
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("age,job,label\n31,nurse,\n45,baker,old\n22,clerk,\n")
    return path


@pytest.fixture
def studio_of(said):
    opened = []

    def make(folder: Path, **options) -> Studio:
        made = Studio(open_place(folder, say=said.append), say=said.append, **options)
        opened.append(made)
        return made

    yield make
    for each in opened:
        each.close()
