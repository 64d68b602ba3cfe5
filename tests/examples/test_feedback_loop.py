from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "examples" / "feedback_loop.py"
SPEC = importlib.util.spec_from_file_location("feedback_loop", PATH)
loops = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(loops)


@pytest.mark.parametrize(
    ("title", "simulate", "shown", "truth"), loops.LOOPS, ids=[loop[0] for loop in loops.LOOPS]
)
def test_the_loop_runs_away_and_the_cure_brings_it_back(title, simulate, shown, truth):
    off = [np.mean([abs(simulate(cured, seed)[-1] - truth) for seed in range(6)]) for cured in (False, True)]
    assert off[0] > 0.15
    assert off[1] < 0.1
