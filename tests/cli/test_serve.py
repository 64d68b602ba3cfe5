"""`gatera serve`: what is refused before it starts, and how a process of it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from gatera.web.launch import listen


@pytest.fixture
def cats(tiny_programs: Any, tmp_path) -> str:
    return str(tiny_programs.write("photos", tmp_path / "cats.gatera"))


def test_what_cannot_start_says_why(gatera, cats, tmp_path, monkeypatch):
    monkeypatch.delenv("GATERA_TOKEN", raising=False)
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ran = gatera("serve", cats, "--port", port)
        assert (ran.status, f"port {port} of 127.0.0.1 is in use" in ran.err) == (1, True)
    ran = gatera("serve", cats, "--host", "0.0.0.0", "--port", 0)
    assert (ran.status, "GATERA_TOKEN" in ran.err) == (1, True)
    ran = gatera("serve", tmp_path / "none.gatera", "--port", 0)
    assert (ran.status, "does not exist" in ran.err) == (1, True)
    broken = tmp_path / "broken.gatera"
    broken.write_bytes(b"no program")
    assert gatera("serve", broken, "--port", 0).status == 1
    monkeypatch.setenv("GATERA_TOKEN", "short")
    ran = gatera("serve", cats, "--port", 0)
    assert (ran.status, "the token in GATERA_TOKEN is not usable" in ran.err) == (1, True)
    assert gatera("serve", cats, "--log", cats, "--port", 0).status == 1


@pytest.mark.parametrize(
    "words",
    [["--port", "x"], ["--port", "70000"], ["--body-limit", "much"], ["--body-limit", "0"], ["--prefix", "cats"],
     ["--max-wait", "0"], ["--sure", "95"], ["--allow-origin", ","], ["--allow-origin", "example.org"], ["--allow-origin", "https://a.org/b"],
     ["--host-name", "https://a.org"], ["--host-name", "*.a.org"], ["--batch-size", "0"], ["--drain", "-1"]],
)  # fmt: skip
def test_options_that_are_not_understood(gatera, cats, words):
    assert gatera("serve", cats, *words).status == 2


def test_a_missing_extra_is_named(gatera, cats, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    ran = gatera("serve", cats)
    assert (ran.status, 'pip install "gatera[serve]"' in ran.err) == (1, True)


@pytest.fixture
def started(cats) -> Any:
    """Start a process: `started("--drain", "1")` gives it and its address."""
    processes = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "gatera", "serve", cats, "--port", "0", *options]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        return process, line.partition(" at ")[2].split()[0]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as err:
        with err:
            return err.code


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])  # SIGHUP: its terminal was closed
def test_sigterm_is_said_to_who_asks_before_the_end_and_ctrl_c_ends_it(
    started: Callable[..., Any], number: signal.Signals
):
    before = signal.signal(number, signal.SIG_DFL)  # where these tests run by nohup, SIGHUP would be ignored
    try:
        process, address = started("--drain", "2")
    finally:
        signal.signal(number, before)
    assert status(f"{address}health/ready") == 200
    process.send_signal(number)
    end = time.monotonic() + 1.5  # on a busy machine the signal comes late
    while (ready := status(f"{address}health/ready")) == 200 and time.monotonic() < end:
        time.sleep(0.05)
    assert ready == 503
    assert status(f"{address}programs") == 200
    assert process.wait(10) == 0
    process, address = started("--drain", "60")
    assert status(f"{address}health/live") == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert "Stopping: open requests are finished first." in process.stderr.read()
