"""The map of where an answer comes from, as JSON."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from gatera.program.program import load_program
from gatera.serve.loaded import Answered
from gatera.serve.occlusion import ACROSS, as_map, hidden_copies


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grey_photo_has_a_map_as_one_in_colours_has(tiny_programs, tmp_path, channels):
    program = load_program(tiny_programs.write("photos", tmp_path / "tiny.gatera"))
    photo = np.full((8, 8, channels), 200, np.uint8)
    answers = [Answered(found, {}) for found in program.predict_batch(hidden_copies(photo))]
    found = as_map(photo, answers)
    assert np.shape(found["falls"]) == (ACROSS, ACROSS)
    shown = Image.open(io.BytesIO(base64.b64decode(found["photo"].partition(",")[2])))
    assert (shown.size, shown.mode) == ((8, 8), "L" if channels == 1 else "RGB")
    assert abs(int(np.asarray(shown).mean()) - 200) <= 2
