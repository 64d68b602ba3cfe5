"""One side of a comparison in a process of its own: how long it took, how much memory it had, what it said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: A side that takes longer hangs (seconds).
LIMIT_SECONDS = 3600


class SideFailed(RuntimeError):
    """One side of a comparison ended with an error."""


@dataclass(frozen=True)
class Finished:
    """What a process left.

    Attributes:
        seconds: from its start to its end, as somebody who waits for it sees it.
        peak_bytes: the most memory it held at once.
        output: what it printed on stdout.
    """

    seconds: float
    peak_bytes: int
    output: str


def run_process(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    log: Path,
    limit_seconds: float = LIMIT_SECONDS,
) -> Finished:
    """Run a command to its end, in a session of its own, and end all of it on Ctrl-C or when it takes too long.

    Args:
        command: program and arguments.
        environment: variables on top of this process's own.
        log: what it prints goes here; its errors into the same name with `.err`.
        limit_seconds: how long it may take.

    Raises:
        SideFailed: if it ends with an error or does not end in time; the message has the last line that it printed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    errors = log.with_suffix(".err")
    with log.open("wb") as out, errors.open("wb") as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            env={**os.environ, **environment}, start_new_session=True,
        )  # fmt: skip
        late = threading.Timer(limit_seconds, _end, [child])
        late.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            late.cancel()
            if child.returncode is None:
                _end(child)
    if child.returncode != 0:
        raise SideFailed(_why(child.returncode, errors))
    # Linux counts in kilobytes, macOS in bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Finished(seconds, peak, log.read_text(errors="replace"))


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.returncode is None:
        os.killpg(child.pid, signal.SIGKILL)


def _why(status: int, errors: Path) -> str:
    lines = errors.read_text(errors="replace").strip().splitlines() or ["it printed no error"]
    ended = f"ended by signal {-status}" if status < 0 else f"exit status {status}"
    return f"{ended}: {lines[-1][:300]}"
