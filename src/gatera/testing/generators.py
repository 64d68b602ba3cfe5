"""Observe, seed and restore the global random generators of Python, numpy and torch."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from gatera.core.random import set_seed


def states() -> dict[str, Any]:
    """Return the state of each global generator, comparable with `==`."""
    numpy: Any = np.random.get_state(legacy=False)
    twister = numpy["state"]
    return {
        "random": random.getstate(),
        "numpy.random": (twister["key"].tobytes(), twister["pos"], numpy["has_gauss"], numpy["gauss"]),
        "torch": torch.get_rng_state().numpy().tobytes(),
    }


def moved(before: dict[str, Any]) -> list[str]:
    """Return the names of the generators that were used or seeded since `before = states()`."""
    now = states()
    return [name for name in now if now[name] != before[name]]


@contextmanager
def globally_seeded(seed: int) -> Iterator[None]:
    """Run a block with all global generators seeded; they are restored afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            set_seed(seed)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
