"""Memory that is about to be needed again is kept, not given back to the system and asked for anew."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# Parameters of glibc's mallopt (malloc.h).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
NEVER = 2**31 - 1
#: Where glibc's own adaptation ends up once a program has freed blocks of 32 MiB (mallopt(3), "dynamic mmap threshold").
DEFAULT_MMAP_MAX, WARM_MMAP_THRESHOLD = 65536, 32 * 2**20


@cache
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    found = all(_has(library, name) for name in ("mallopt", "malloc_trim"))
    return library if found else None  # musl has neither


def _has(library: ctypes.CDLL, name: str) -> bool:
    try:
        library[name]
    except AttributeError:
        return False
    return True


@contextmanager
def reuse_memory() -> Iterator[None]:
    """Run a block in which freed memory stays with the process; what is free at its end goes back to the system.

    glibc gives blocks of more than 32 MiB back as soon as they are freed, and the system hands out pages anew, zeroed,
    one fault each. The activations of a convolutional net are such blocks: for 38 MB a fault-ridden write took 11 ms
    where the convolution that writes them takes 1.4. Without glibc the block runs as it is.
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, NEVER)
    try:
        yield
    finally:
        libc.mallopt(M_MMAP_MAX, DEFAULT_MMAP_MAX)
        libc.mallopt(M_MMAP_THRESHOLD, WARM_MMAP_THRESHOLD)
        libc.mallopt(M_TRIM_THRESHOLD, 2 * WARM_MMAP_THRESHOLD)
        libc.malloc_trim(0)
