"""A keeper writes often enough to lose little, and seldom enough to cost nothing."""

from __future__ import annotations

import errno

import pytest

from gatera.learn.checkpoints import keeper
from gatera.learn.checkpoints.keeper import Keeper, slimmed


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def disk(monkeypatch):
    """Replace the disk and the clock: writing takes half a second, places in `full` cannot be written."""
    clock = Clock()
    clock.written, clock.full = [], set()

    def write(path, content):
        if path in clock.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        clock.now += 0.5
        clock.written.append((path, content))

    monkeypatch.setattr(keeper, "time", clock)
    monkeypatch.setattr(keeper, "write_tensors", write)
    return clock


@pytest.mark.parametrize("batch", [0.05, 3.0])
def test_at_most_a_hundredth_of_the_time_is_spent(tmp_path, disk, batch):
    kept = Keeper([tmp_path / "a"], {}, print)
    while disk.now < 1000:
        disk.now += batch
        kept.offer(dict, n_bytes=10**8)
    assert kept.spent == 0.5 * len(disk.written)
    assert 0.008 * disk.now < kept.spent <= 0.01 * disk.now


def test_small_ones_are_written_at_most_once_a_second(tmp_path, disk, monkeypatch):
    monkeypatch.setattr(keeper, "write_tensors", lambda path, content: disk.written.append(path))
    kept = Keeper([tmp_path / "a"], {}, print)
    for _ in range(1000):
        disk.now += 0.01
        kept.offer(dict, n_bytes=100)
    assert len(disk.written) in (9, 10)


def test_a_finished_fit_is_written_once_by_flush_and_not_after_forget(tmp_path, disk):
    kept = Keeper([tmp_path / "a"], {"run": 1}, print)
    assert kept.flush() is None
    kept.keep_result(lambda: {"x": 2}, n_bytes=10**9)
    assert disk.written == []
    assert kept.flush() == kept.flush() == tmp_path / "a"
    assert disk.written == [(tmp_path / "a", {"x": 2, "run": 1})]
    kept.keep_result(lambda: {"x": 3}, n_bytes=10**9)
    kept.forget()
    assert kept.flush() == tmp_path / "a" and len(disk.written) == 1


def test_where_no_disk_can_be_written_training_goes_on_and_a_line_says_what_that_means(tmp_path, disk):
    lines: list[str] = []
    kept = Keeper([tmp_path / "a", tmp_path / "b"], {}, lines.append)
    disk.full = {tmp_path / "a", tmp_path / "b"}
    assert kept.write({}) is None
    assert lines == [
        f"Cannot write the checkpoint {tmp_path / 'a'} (No space left on device): it goes to {tmp_path / 'b'}.",
        f"Cannot write the checkpoint {tmp_path / 'b'} (No space left on device): if this run is stopped, its training is "
        "lost from the last checkpoint on.",
    ]
    disk.now += 1000
    kept.offer(dict, n_bytes=1)
    assert len(lines) == 2


def test_one_without_what_only_a_further_fit_needs():
    content = {"model": 1, "opt": {"a": 2}, "callbacks": [{"best": 0.1, "kept": {"w": 1}}, {}]}
    assert slimmed(content) == {"model": 1, "opt": {}, "callbacks": [{"best": 0.1, "kept": None}, {}]}
