"""Locks between processes, as different disks have them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.core.locks import lock, lock_after_others, unlock
from gatera.recipes.unfinished.lock import only_run
from gatera.store.datasets.work.lock import one_at_a_time
from gatera.studio.desk.journal import Journal


@pytest.fixture
def opened(tmp_path: Path):
    handles = [os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2)]
    yield handles
    for handle in handles:
        os.close(handle)


def test_a_lock_is_given_up_though_a_child_keeps_the_file_open(opened):
    first, second = opened
    stays = os.dup(first)
    assert lock(first)
    with pytest.raises(BlockingIOError):
        lock(second)
    unlock(first)
    assert lock_after_others(second, patience=0)
    os.close(stays)


@pytest.fixture
def share(monkeypatch):
    """A share of Windows (SMB) since Linux 5.5: somebody else's lock is EACCES, and only the descriptor that has it can read the file."""
    real, held = __import__("fcntl").flock, set[int]()

    def flock(handle, how):
        try:
            real(handle, how)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None
        held.add(handle)

    def reader(read):
        def only_if_held(handle, *more):
            if handle not in held:
                raise PermissionError(errno.EACCES, "Permission denied")
            return read(handle, *more)

        return only_if_held

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("fcntl.flock", flock)
    for name in ("read", "pread"):
        monkeypatch.setattr(os, name, reader(getattr(os, name)))
    monkeypatch.setattr(Path, "read_bytes", refuse)


def test_commands_wait_for_each_other_on_a_share_of_windows(tmp_path, share):
    place = tmp_path / ".gatera" / "lock"
    with (
        one_at_a_time(place, print, None),
        pytest.raises(DataError, match=r"another process \(unknown\)"),
        one_at_a_time(place, print, None, 0.1),
    ):
        pass


def test_one_run_writes_a_program_on_a_share_of_windows(tmp_path, share):
    with (
        only_run(tmp_path / "lock", tmp_path / "a.gatera"),
        pytest.raises(ArgumentError, match=r"another run \(process unknown\)"),
        only_run(tmp_path / "lock", tmp_path / "a.gatera"),
    ):
        pass


def test_the_studio_opens_its_journal_on_a_share_of_windows(tmp_path, share):
    journal = Journal(tmp_path, "Ann", print)
    journal.append({"what": "label", "n": 1})
    with pytest.raises(DataError, match="Ann is working in another studio"):
        Journal(tmp_path, "Ann", print)
    journal.close()
    assert Journal(tmp_path, "Ann", print).entries == [{"what": "label", "n": 1}]
