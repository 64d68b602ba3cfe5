"""Whatever is read by its name: a pipe that nobody writes to is refused and not waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatera.core.errors import DataError, GateraError
from gatera.data.blocks.mask import PILMask
from gatera.program.program import load_program
from gatera.program.raw.photo import photo_size, read_photo, stored_size
from gatera.program.raw.read_csv import csv_rows
from gatera.program.raw.sound import load_sound, sound_facts
from gatera.program.raw.text import read_text

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


def rows(path: Path) -> None:
    list(csv_rows(path))


@pytest.mark.parametrize(
    "read",
    [
        read_photo,
        photo_size,
        stored_size,
        load_sound,
        sound_facts,
        read_text,
        rows,
        load_program,
        PILMask.create,
    ],
)
def test_a_pipe_is_refused(read, tmp_path):
    path = tmp_path / "x.csv"
    os.mkfifo(path)
    with pytest.raises(GateraError) as err:
        read(path)
    assert str(path) in str(err.value) and "it is a pipe, not a file" in str(err.value)


def test_a_photo_says_what_to_do(tmp_path):
    os.mkfifo(tmp_path / "x.jpg")
    with pytest.raises(DataError) as err:
        read_photo(str(tmp_path / "x.jpg"))
    assert str(err.value) == f"{tmp_path / 'x.jpg'} cannot be read (it is a pipe, not a file). Pass a file."
