"""What a process does with memory that it frees: keep it for the next use, or give it back to the system."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# Parameters of glibc's mallopt (malloc.h).
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -2, -3, -4
NEVER = 2**31 - 1
#: What glibc's dynamic mmap threshold reaches once a program has freed blocks of 32 MiB, see mallopt(3).
DEFAULT_MMAP_MAX, WARM_MMAP_THRESHOLD = 65536, 32 * 2**20
#: Bytes that a process takes at once which opens one program and ends: a model of 14 MB needs about six times its size.
AT_ONCE = 96 * 2**20
#: For a server: blocks of at least so many bytes go back as soon as they are free (pixels of a large photo, a large body); below
#: it they are kept for the next request, for asking the system takes time. And the bytes that may be free at the end of a heap.
LARGE, SPARE = 4_000_000, 16_000_000
#: What people set who know better.
SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES")


@cache
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux" or any(name in os.environ for name in SETTINGS):
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
    """Run a block in which freed memory stays with the process; free memory goes back to the system at its end.

    glibc returns blocks of more than 32 MiB to the system as soon as they are freed, and new ones arrive zeroed, with one
    page fault per page. Activations of a convolutional net are such blocks: writing 38 MB took 11 ms with page faults,
    while the convolution itself takes 1.4 ms. Without glibc this does nothing.
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


def take_memory_at_once() -> None:
    """Let this process, which ends soon, ask the system for memory seldom and return none.

    Opening a program of 14 MB copies its weights several times, and each copy arrives zeroed, with one page fault per page:
    16,700 of them. With this the first answer of `gatera predict` comes 15 ms sooner, of 360. Without glibc this does nothing.
    """
    if (libc := _glibc()) is not None:
        libc.mallopt(M_MMAP_THRESHOLD, WARM_MMAP_THRESHOLD)
        libc.mallopt(M_TRIM_THRESHOLD, NEVER)
        libc.mallopt(M_TOP_PAD, AT_ONCE)


def give_memory_back() -> bool:
    """Let this process, which goes on for long, give large blocks back when they are free; return whether it does now.

    By default glibc raises its limit for "large" to the largest block that was ever freed, up to 32 MB, and keeps what is smaller:
    one photo of 72 million pixels in each thread left a server 500 MB larger for good. Other C libraries are left as they are.
    """
    libc = _glibc()
    if libc is None:
        return False
    return bool(libc.mallopt(M_MMAP_THRESHOLD, LARGE)) and bool(libc.mallopt(M_TRIM_THRESHOLD, SPARE))
