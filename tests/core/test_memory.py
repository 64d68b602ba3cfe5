from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gatera.core import memory


class Malloc:
    """Stands in for glibc and writes down what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []

    def mallopt(self, parameter: int, value: int) -> None:
        self.calls.append((parameter, value))

    def malloc_trim(self, pad: int) -> None:
        self.calls.append((pad,))


def test_memory_is_kept_inside_and_given_back_after_even_on_errors(monkeypatch):
    malloc = Malloc()
    monkeypatch.setattr(memory, "_glibc", lambda: malloc)
    with pytest.raises(KeyError), memory.reuse_memory():
        assert malloc.calls == [(memory.M_MMAP_MAX, 0), (memory.M_TRIM_THRESHOLD, memory.NEVER)]
        raise KeyError
    assert malloc.calls[2:] == [
        (memory.M_MMAP_MAX, 65536), (memory.M_MMAP_THRESHOLD, 32 * 2**20), (memory.M_TRIM_THRESHOLD, 64 * 2**20), (0,),
    ]  # fmt: skip


def test_without_glibc_the_block_runs_as_it_is(monkeypatch):
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    ran = []
    with memory.reuse_memory():
        ran.append("the block")
    assert ran == ["the block"]


def test_other_systems_have_no_glibc(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert memory._glibc.__wrapped__() is None


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_a_library_without_mallopt_counts_as_none(monkeypatch):
    monkeypatch.setattr(memory, "_has", lambda library, name: name != "mallopt")
    assert memory._glibc.__wrapped__() is None


#: Takes and frees 16 MB twenty times; prints the page faults of it, in MB.
FAULTS = """
import resource
from gatera.core import memory
{before}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt * 4096 / 1e6
before = faults()
for _ in range(20):
    bytearray(16_000_000)
print(faults() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is of the GNU C library")
def test_a_process_that_ends_soon_asks_the_system_once():
    def faults(before: str, **more: str) -> float:
        code = FAULTS.format(before=before)
        found = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | more, capture_output=True, text=True, check=True
        )
        return float(found.stdout)

    if memory._glibc() is not None:
        assert faults("memory.give_memory_back()") > 300
        assert faults("memory.take_memory_at_once()") < 100
        chosen = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "1000000000"}
        assert faults("memory.give_memory_back()", **chosen) < 100  # what people have set stays
