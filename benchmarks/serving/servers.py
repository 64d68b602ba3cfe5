"""Start servers in processes of their own, and read what they use."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children."""
    total, waiting = 0.0, [pid]
    while waiting:
        each = waiting.pop()
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) / 1000
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return total


def peak_mb(pid: int) -> float:
    """The most resident memory that a process has had."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1000
    return 0.0


def wait_for(url: str, seconds: float = 60.0) -> float:
    """Wait until an address answers 200; return the seconds it took."""
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return time.perf_counter() - start
        except (OSError, urllib.error.URLError):
            time.sleep(0.005)
    raise TimeoutError(url)


class Running:
    """A server that runs: its address, process, and the seconds until it answered."""

    def __init__(self, command: list[str], port: int, ready: str, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        start = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )
        wait_for(self.url + ready)
        self.seconds = time.perf_counter() - start

    @property
    def memory_mb(self) -> float:
        return memory_mb(self.process.pid)

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(40)
        finally:
            self.log.close()


@contextlib.contextmanager
def gatera(*programs: str, options: tuple[str, ...] = ()) -> Iterator[Running]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gatera",
        "serve",
        *programs,
        "--port",
        str(port),
        "--drain",
        "0",
        *options,
    ]
    running = Running(command, port, "/health/ready")
    try:
        yield running
    finally:
        running.stop()


@contextlib.contextmanager
def other(command: list[str], port: int, ready: str, **environment: str) -> Iterator[Running]:
    running = Running(command, port, ready, **environment)
    try:
        yield running
    finally:
        running.stop()
