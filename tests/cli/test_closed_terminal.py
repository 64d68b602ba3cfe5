"""A terminal that is closed while `gatera train` runs in it: the run keeps what it has, and goes on by itself afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole

#: The row of the second epoch. Before it a terminal gets the sequences that clear the bar, so it is not a line of its own.
SECOND_ROW = rb"(?<![0-9.])1 +[0-9]+\.[0-9]{6} "


def in_terminal(command: list[str], hangup: int = signal.SIG_DFL) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command whose terminal is a new one, as a window does; return it and our end of the terminal.

    Args:
        command: the command.
        hangup: what SIGHUP does to it: SIG_IGN as after `nohup`.
    """

    def in_child() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, hangup)

    ours, its = pty.openpty()
    run = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, start_new_session=True, env=os.environ | {"TERM": "xterm"},
        preexec_fn=in_child,
    )  # fmt: skip
    os.close(its)
    return run, ours


def read_until(ours: int, pattern: bytes, seconds: float = 120) -> bytes:
    """Return what a terminal shows until a pattern is in it; AssertionError if it takes too long or the process ends."""
    shown, end = b"", time.monotonic() + seconds
    while not re.search(pattern, shown):
        ready = select.select([ours], [], [], max(0, end - time.monotonic()))[0]
        assert ready, shown
        try:
            shown += os.read(ours, 10_000)
        except OSError as err:  # nobody has the other end open any more
            raise AssertionError(shown) from err
    return shown


def test_a_closed_terminal_loses_nothing_and_the_run_goes_on(long_run: list[str], tmp_path: Path):
    run, ours = in_terminal(long_run)
    shown = read_until(ours, SECOND_ROW)
    os.close(ours)  # the kernel sends SIGHUP, and every further write fails
    assert run.wait(timeout=120) == 129
    assert b"Starting ..." in shown and b"Reading " in shown
    assert (tmp_path / "a-unfinished" / "training.safetensors").is_file()
    again, ours = in_terminal(long_run)
    shown = read_until(ours, rb"--restart\s+starts\s+over\.[\s\S]*[0-9] +[0-9]+\.[0-9]{6} ")
    again.send_signal(signal.SIGTERM)
    read_until(ours, rb"it\s+resumes\s+automatically\.")
    assert again.wait(timeout=120) == 143
    os.close(ours)
    epoch = re.search(rb"Resuming\s+the\s+run\s+that\s+was\s+stopped\s+in\s+epoch\s+(\d+)", shown)
    assert epoch and int(epoch[1]) >= 1


def test_a_run_without_hangups_outlives_its_terminal(long_run: list[str], tmp_path: Path):
    epochs = long_run.index("--epochs") + 1
    run, ours = in_terminal([*long_run[:epochs], "40", *long_run[epochs + 1 :]], hangup=signal.SIG_IGN)
    read_until(ours, SECOND_ROW)
    os.close(ours)
    assert run.wait(timeout=120) == 0
    assert (tmp_path / "a.gatera").is_file() and not (tmp_path / "a-unfinished").exists()
