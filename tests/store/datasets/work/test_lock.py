"""The lock of a repository, and who works under it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from gatera.core.errors import DataError
from gatera.core.locks import lock as lock_file
from gatera.store.datasets.work.lock import handed_down, one_at_a_time


def held(lock, patience=0.1):
    with one_at_a_time(lock, print, None, patience) as handle:
        return handle


@pytest.fixture
def lock(tmp_path):
    return tmp_path / ".gatera" / "lock"


@pytest.mark.parametrize("closed", [False, True], ids=["inherited", "closed on the way"])
def test_a_child_works_under_the_lock_of_its_parent(lock, monkeypatch, closed):
    with one_at_a_time(lock, print, None) as handle:
        [(name, said)] = handed_down(handle).items()
        monkeypatch.setenv(name, f"9999 {said.partition(' ')[2]}" if closed else said)
        before = set(Path("/dev/fd").iterdir())
        held(lock)
        assert set(Path("/dev/fd").iterdir()) == before
        assert handed_down(handle) == {name: said}  # the parent has it still
        monkeypatch.delenv(name)
        with pytest.raises(DataError, match=f"another process \\({os.getpid()}\\)"):
            held(lock)


@pytest.mark.parametrize("closed", [False, True], ids=["number used again", "closed on the way"])
def test_a_child_that_is_left_over_waits_as_others_do(lock, monkeypatch, closed):
    """It runs on in the background, and its parent, a server say, holds the lock another time."""
    with one_at_a_time(lock, print, None) as handle:
        [(name, said)] = handed_down(handle).items()
    monkeypatch.setenv(name, f"9999 {said.partition(' ')[2]}" if closed else said)
    with one_at_a_time(lock, print, None) as again:
        assert closed or again == handle
        with pytest.raises(DataError, match="another process"):
            held(lock)
    held(lock)


@pytest.mark.parametrize("fails", [False, True])
def test_who_stays_in_the_background_keeps_no_lock_of_a_command_that_has_ended(lock, monkeypatch, fails):
    """Git tidies up in the background, and a hook or git's memory of passwords may start what stays for long."""
    with suppress(ValueError), one_at_a_time(lock, print, None) as handle:
        [(name, said)] = handed_down(handle).items()
        stays = os.dup(handle)
        if fails:
            raise ValueError
    held(lock)
    monkeypatch.setenv(name, f"{stays} {said.partition(' ')[2]}")  # ... and it waits for others
    other = os.open(lock, os.O_RDWR)
    assert lock_file(other)
    with pytest.raises(DataError, match="another process"):
        held(lock)
    os.close(other)
    held(lock)
    os.close(stays)


def test_what_git_still_does_after_ctrl_c_keeps_the_lock(lock):
    with suppress(KeyboardInterrupt), one_at_a_time(lock, print, None) as handle:
        stays = os.dup(handle)
        raise KeyboardInterrupt
    with pytest.raises(DataError, match="another process"):
        held(lock)
    os.close(stays)
    held(lock)


def test_a_parent_that_was_killed_holds_nothing(lock, monkeypatch):
    lock.parent.mkdir()
    lock.write_text("4194303 0123abcd")
    monkeypatch.setenv("GATERA_HELD_LOCK", "9999 4194303 0123abcd")
    held(lock)
    assert lock.read_text() == ""


def test_on_a_disk_without_locks_nothing_is_taken_for_the_rest_of_a_killed_command(
    lock, monkeypatch, tmp_path
):
    """Whoever wrote the lock may be at work: its lock of git was removed under it."""

    def refuse(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    (tmp_path / ".git").mkdir()
    with one_at_a_time(lock, print, tmp_path / ".git"):
        (tmp_path / ".git" / "index.lock").touch()
        with one_at_a_time(lock, print, tmp_path / ".git"):
            assert (tmp_path / ".git" / "index.lock").exists()
