"""Writes the log of answers in a thread of its own; what a full disk does not take waits in memory until there is room again."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gatera.core.checks import counted
from gatera.core.files import atomic_write, disk_full
from gatera.core.locks import lock_after_others

#: The most answers that wait, and the most bytes of their inputs; what comes beyond is not logged, rather than filling the memory.
MOST_WAITING, MOST_BYTES = 50_000, 64_000_000

#: The most answers that are written in one go.
MOST_AT_ONCE = 1_000

#: Seconds between two attempts on a disk that takes nothing.
AGAIN_SECONDS = 1.0

#: Seconds that another server of the same log may write.
LOCK_SECONDS = 1.0


class Line(NamedTuple):
    """An answer on its way to the disk.

    Attributes:
        day: YYYY-MM-DD, in UTC.
        value: the answer, for JSON.
        input: where its input goes, beneath the folder; content: the input, None where it is not kept.
    """

    day: str
    value: dict[str, object]
    input: str
    content: bytes | None


class LogWriter:
    """Writes answers, in the order in which they come.

    Args:
        folder: of the log.
        complain: is told that the disk takes nothing, and when it does again.
        on_failure: called for each answer that is not written when it comes, whether it is later or never.
    """

    def __init__(self, folder: Path, complain: Callable[[str], None], on_failure: Callable[[], None]) -> None:
        self.folder = folder
        self._complain, self._on_failure = complain, on_failure
        self._new: queue.Queue[Line | None] = queue.Queue(MOST_WAITING)
        self._waiting: list[Line] = []
        self._held = self._late = self._lost = 0
        self._trouble, self._next_attempt = "", 0.0
        self._thread = threading.Thread(target=self._run, name="gatera-log", daemon=True)
        self._thread.start()

    def put(self, line: Line) -> None:
        """Take an answer; no request waits for the disk."""
        try:
            self._new.put_nowait(line)
        except queue.Full:
            self._lost += 1
            self._on_failure()

    @property
    def waiting(self) -> int:
        """How many answers are not written yet, at most."""
        return self._new.qsize() + len(self._waiting) + 1

    def close(self) -> None:
        """Write what is left, and say what could not be."""
        self._new.put(None)
        self._thread.join(10)
        lost = self._lost + len(self._waiting)
        if lost:
            self._complain(
                f"{counted(lost, 'prediction')} could not be logged in {self.folder} ({self._trouble}): they are lost."
            )
        self._waiting, self._lost = [], 0

    def _run(self) -> None:
        ending = False
        while not ending:
            ending, fresh = self._gather()
            if ending or not self._trouble or time.monotonic() >= self._next_attempt:
                self._attempt(fresh)
            else:
                self._too_late(fresh)

    def _gather(self) -> tuple[bool, int]:
        """Take what came: whether it is the end, and how many answers."""
        fresh = 0
        try:
            line = self._new.get(timeout=AGAIN_SECONDS if self._waiting else None)
        except queue.Empty:
            return False, 0
        while line is not None:
            fresh += self._take(line)
            if fresh == MOST_AT_ONCE or self._new.empty():
                return False, fresh
            line = self._new.get()
        return True, fresh

    def _take(self, line: Line) -> int:
        """Let an answer wait to be written; return 1, or 0 where too much waits."""
        size = len(line.content or b"")
        if len(self._waiting) >= MOST_WAITING or (self._held and self._held + size > MOST_BYTES):
            self._lost += 1
            self._on_failure()
            return 0
        self._waiting.append(line)
        self._held += size
        return 1

    def _attempt(self, fresh: int) -> None:
        """Write what waits; the last `fresh` of it for the first time."""
        try:
            self._write()
        except OSError as err:
            why = err.strerror or str(err)
            if not self._trouble:
                self._complain(
                    f"Answers cannot be logged in {self.folder} ({why}). The server continues, and keeps them in memory until they can be written; /metrics counts them."
                )
            self._trouble, self._next_attempt = why, time.monotonic() + AGAIN_SECONDS
            self._too_late(min(fresh, len(self._waiting)))
            return
        if self._trouble:
            lost = (
                f"; {counted(self._lost, 'prediction')} were too many to keep, and are lost"
                if self._lost
                else ""
            )
            self._complain(
                f"Predictions are logged in {self.folder} again: {counted(self._late, 'prediction')} came late{lost}."
            )
            self._trouble, self._late, self._lost = "", 0, 0

    def _too_late(self, n: int) -> None:
        self._late += n
        for _ in range(n):
            self._on_failure()

    def _write(self) -> None:
        """Write what waits, a day after the other; what is written waits no more.

        Raises:
            OSError: if some of it could not be.
        """
        for day, group in groupby([*self._waiting], key=lambda line: line.day):
            lines = [*group]
            kept, failed = self._keep_inputs(lines)
            text = [
                json.dumps(line.value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace") + b"\n"
                for line in lines[:kept]
            ]  # fmt: skip
            if text:
                _append(self.folder / "answers" / f"{day}.jsonl", b"".join(text))
            self._held -= sum(len(line.content or b"") for line in lines[:kept])
            del self._waiting[:kept]
            if failed is not None:
                raise failed

    def _keep_inputs(self, lines: list[Line]) -> tuple[int, OSError | None]:
        """Write inputs, before the lines that name them; return of how many answers, and what stopped it."""
        for n, line in enumerate(lines):
            path = self.folder / line.input
            if line.content is None or path.exists():
                continue
            try:
                with atomic_write(path) as partial:
                    partial.write_bytes(line.content)
            except OSError as err:
                return n, err
        return len(lines), None


def _append(path: Path, lines: bytes) -> None:
    """Add whole lines to a file: all of them, or none. Behind a line that was cut off, by a crash, a new one begins."""
    path.parent.mkdir(
        parents=True, exist_ok=True
    )  # somebody may have moved the folder away, to begin a new one
    with path.open("ab+", buffering=0) as file:
        _alone(file)
        size = file.seek(0, os.SEEK_END)
        whole = lines if _ends_a_line(file) else b"\n" + lines
        try:
            if file.write(whole) != len(whole):
                raise disk_full()
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise


def _alone(file: BinaryIO) -> None:
    """Wait until no other server of the same log writes, where the system has locks; the lock ends with the file.

    Who holds it for long is stopped, or gone without a word from a network disk: what is written then is written beside it.
    """
    with suppress(BlockingIOError):
        lock_after_others(file.fileno(), LOCK_SECONDS)


def _ends_a_line(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
