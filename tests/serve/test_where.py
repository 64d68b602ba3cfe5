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


def test_the_squares_lie_evenly_from_edge_to_edge():
    photo = np.zeros((70, 140, 3), np.uint8)
    hidden = np.stack([(copy != 0).any(axis=2) for copy in hidden_copies(photo)[1:]])
    assert hidden.any(axis=0).all()  # every pixel is hidden by one
    rows, columns = (
        [int(place) for place in found]
        for found in (hidden.any(axis=2).argmax(1), hidden.any(axis=1).argmax(1))
    )
    assert rows[0] == columns[0] == 0 and hidden[-1][-1, -1] and not hidden[-1][0, 0]
    for places in (sorted(set(rows)), sorted(set(columns))):
        steps = np.diff(places)
        assert len(places) == 7 and steps.max() - steps.min() <= 1
