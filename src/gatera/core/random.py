"""Random numbers that depend only on a key, never on the order of calls.

The same (seed, epoch, index) gives the same numbers, independent of the number of workers, the order in which items are
read, and anything the program did before. Torch is imported only where its generators are meant: measuring a program needs
none.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

#: Held while torch's global generators, or the mode of a model's layers, are as one thread needs them: the others wait.
TURN = threading.RLock()

if hasattr(os, "register_at_fork"):  # a copy of the process has none of its other threads
    os.register_at_fork(after_in_child=getattr(TURN, "_at_fork_reinit"))  # noqa: B009


def rng(*key: int) -> np.random.Generator:
    """Return a numpy generator keyed by non-negative integers, e.g. (seed, epoch, index).

    Source: Philox with `SeedSequence`, which is designed to give independent streams.
    """
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))


def seed_from(*key: int) -> int:
    """Return a 63-bit seed keyed by non-negative integers, for generators that take a single number."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> np.uint64(1))


def fresh_seed() -> int:
    """Draw a 31-bit seed from torch's global generator, so that `set_seed` determines it."""
    import torch

    return int(torch.randint(0, 2**31 - 1, (1,)).item())


def seed_torch(*key: int) -> None:
    """Seed torch's global generators by `key`, as `torch.manual_seed` does.

    Without CUDA, `torch.manual_seed` formats a traceback at every call (0.24 ms), too slow for a training loop that seeds
    every step.
    """
    import torch

    seed = seed_from(*key)
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed % 2**32)


@contextmanager
def torch_seeded(*key: int) -> Iterator[None]:
    """Run a block with torch's generators seeded by `key`; the caller's state is restored afterwards."""
    import torch

    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    with TURN, torch.random.fork_rng(devices=devices):
        seed_torch(*key)
        yield


@contextmanager
def torch_state_kept(devices: Sequence[Any]) -> Iterator[None]:
    """Run a block, and give torch's generators the state back that they had before, in a moment when no other thread draws.

    Args:
        devices: those whose generators are meant, besides the CPU's.
    """
    import torch

    forked = torch.random.fork_rng(devices=devices)
    with TURN:
        forked.__enter__()
    try:
        yield
    finally:
        with TURN:
            forked.__exit__(None, None, None)


def set_seed(seed: int, reproducible: bool = False) -> None:
    """Seed Python's, numpy's and torch's global generators.

    Args:
        seed: any non-negative integer.
        reproducible: also restrict cuDNN to deterministic kernels (slower on a GPU).
    """
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    if reproducible:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
