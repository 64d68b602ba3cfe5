"""Random numbers that depend only on a key, never on the order of calls.

The same (seed, epoch, index) gives the same numbers, independent of the number of workers, the order in which items are
read, and anything the program did before. Torch is imported only where its generators are meant: measuring a program needs
none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


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
    with torch.random.fork_rng(devices=devices):
        seed_torch(*key)
        yield


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
