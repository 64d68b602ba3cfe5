"""Ask a changed program on the command line, in this process, and say what is wrong with how it behaves."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from gatera.cli.main import main

MOST_SECONDS, MOST_BYTES = 10, 10**9
#: What a process takes that has imported everything and asked a sound program: it counts even where others ran before in it.
AT_REST = 300_000_000

#: What our own printing does on a terminal: colours, and clearing the line of the progress bar.
_OURS = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[K")
#: Wider than what the library escapes, and written down here anew: C0 and C1 controls, bidirectional marks, line separators.
_ESCAPES = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class _Terminal(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def fileno(self) -> int:
        raise io.UnsupportedOperation


def faults(program: Path, question: str, engine: str, terminal: bool, as_json: bool) -> tuple[list[str], str]:
    """Return what is wrong, and the answer or the error in short."""
    wrong: list[str] = []
    said = ""
    for words in (
        ["info", str(program), *(["--json"] if as_json else [])],
        ["predict", str(program), "--engine", engine, *(["--json"] if as_json else []), "--", question],
    ):
        began = time.monotonic()
        _forget_peak()
        before = _memory("VmRSS")
        out, err = _Terminal(terminal), _Terminal(terminal)
        raw = ""
        try:
            with (
                _stderr_of_libraries() as lines,
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore")
                main(words)
            raw = "".join(lines)
        except SystemExit as exit:
            if exit.code not in (0, 1):
                wrong.append(f"{words[0]}: exit status {exit.code}")
            raw = "".join(lines)
        except BaseException as error:  # noqa: BLE001  # this is what is looked for
            wrong.append(f"{words[0]}: {type(error).__name__}: {error}"[:300])
        seconds, peak = time.monotonic() - began, _memory("VmHWM") - before + AT_REST
        if seconds > MOST_SECONDS:
            wrong.append(f"{words[0]}: {seconds:.0f} s")
        if peak > MOST_BYTES:
            wrong.append(f"{words[0]}: {peak / 1e9:.1f} GB")
        text = _OURS.sub("", out.getvalue() + err.getvalue())
        found = _ESCAPES.search(text + raw)
        if found:
            wrong.append(f"{words[0]}: prints {found[0]!r}")
        if as_json:
            wrong += [f"{words[0]}: {fault}" for fault in _bad_lines(out.getvalue(), words[0])]
        said = (out.getvalue() or err.getvalue())[:200]
    return wrong, said


def _bad_lines(text: str, command: str) -> Iterator[str]:
    def refuse(word: str) -> None:
        raise ValueError(word)

    for line in [text] if command == "info" else text.splitlines():
        try:
            if line.strip():
                json.loads(line, parse_constant=refuse)
        except ValueError as err:
            yield f"JSON that is none ({err})"


@contextlib.contextmanager
def _stderr_of_libraries() -> Iterator[list[str]]:
    """Collect what libraries write to the file descriptor of stderr, past Python."""
    lines: list[str] = []
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines.append(file.read(100_000).decode("utf-8", "replace"))


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    found = re.search(name + r":\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
