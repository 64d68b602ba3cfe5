"""Output that nobody reads any more: `gatera train photos | head -1` trains to its end, and so does a run whose terminal is closed."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from gatera.cli.commands.every import COMMANDS
from gatera.cli.terminal.unread import outlived


def test_what_is_written_after_the_reader_left_goes_nowhere(monkeypatch, capsys):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with outlived("gatera train"):
            print("epoch")
            sys.stdout.flush()
            sys.stdout.write("more " * 100_000)
        assert sys.stdout is stream
    said = capsys.readouterr().err
    assert said == "Note: the output is no longer read; gatera train continues without it.\n"


def test_what_is_written_after_the_terminal_closed_goes_nowhere(monkeypatch):
    ours, its = pty.openpty()
    with os.fdopen(its, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with outlived("gatera train"):
            os.close(ours)  # a write fails with EIO now, whether SIGHUP has arrived or not
            print("epoch", file=sys.stderr, flush=True)
            sys.stderr.write("more " * 100_000)
            sys.stderr.flush()


def test_a_disk_that_fails_is_told_though_output_may_outlive_its_reader(monkeypatch, tmp_path: Path):
    def fails(text: str) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with (tmp_path / "log").open("w") as stream:
        monkeypatch.setattr(stream, "write", fails, raising=False)
        monkeypatch.setattr(sys, "stdout", stream)
        with outlived("gatera train"), pytest.raises(OSError, match=os.strerror(errno.EIO)):
            print("epoch")


def test_commands_that_write_files_or_answer_others_go_on():
    assert sorted(name for name, command in COMMANDS.items() if command.goes_on) == [
        "explain", "export", "label apply", "report", "serve", "studio", "train"
    ]  # fmt: skip


@pytest.mark.slow
def test_a_command_saves_its_files_though_its_reader_left(program, photo_folder: Path, tmp_path: Path):
    out = tmp_path / "sorted"
    command = [sys.executable, "-m", "gatera", "predict", program, photo_folder, "--json", "--save", out]
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert ran.returncode == 0 and "the output is no longer read; gatera predict continues" in ran.stderr
    assert sum(1 for path in out.rglob("*.jpg")) == 24
    assert json.dumps("cat") not in ran.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(("words", "status"), [(["predict", "--nope"], 2), (["info", "nope.gatera"], 1)])
@pytest.mark.parametrize("full", [True, False])
def test_an_error_that_nobody_can_read_has_its_exit_status(full, words, status):
    """Python's own status is 120 where it cannot write what it has buffered."""
    reader, writer = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("w") as device:
        line = [sys.executable, "-m", "gatera", *words]
        ran = subprocess.run(line, stderr=device if full else writer, check=False)
    os.close(writer)
    assert ran.returncode == status


@pytest.mark.slow
def test_answers_are_printed_though_nobody_reads_the_errors(program, photo_folder: Path):
    """`gatera predict ... 2>&1 >answers.csv | head -1` lost every answer behind the second error, with the exit status of one error."""
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", "gatera", "predict", program, "no.jpg", photo_folder, "--csv"]
    ran = subprocess.run(line, stdout=subprocess.PIPE, stderr=writer, text=True, check=False)
    os.close(writer)
    assert ran.returncode == 1 and len(ran.stdout.splitlines()) == 25
