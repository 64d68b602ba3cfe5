"""The cat door: open for the cat, and shut for everything else, for doubt and for every error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay import Relay

from gatera import load_program


@dataclass(frozen=True)
class Rules:
    cat: str = "cat"  # the label that opens
    sure: float = 0.95  # the level below which the program says "I don't know"
    looks: int = 3  # so many frames in a row must show the cat
    hold_seconds: float = 10.0  # the door stays open so long after the last of them


class CatDoor:
    def __init__(
        self, program: Path, relay: Relay, log: Path, rules: Rules, clock: Callable[[], float] = time.time
    ) -> None:
        self.path, self.relay, self.log, self.rules, self.clock = program, relay, log, rules, clock
        self.program, self.stamp = self.loaded(), self.stamp_now()
        self.in_a_row, self.last_frame, self.open_until, self.is_open, self.last_line = 0, 0.0, 0.0, False, ""
        self.set_relay(False)

    def look(self, frame: Any = None) -> None:
        """Judge one frame: a path, bytes or an array; None where there is none. It never raises."""
        try:
            self.swap_program()
            answer = None if frame is None else self.program.predict(frame, sure=self.rules.sure)
            seen, why = (None, "") if answer is None else (answer.label, answer.reason or "")
        except Exception as err:  # a corrupt frame, a program that fails: whatever it is, the door shuts
            seen, why = "error", f"{type(err).__name__}: {err}"
        if frame is not None:
            recent = 0 <= self.clock() - self.last_frame <= self.rules.hold_seconds
            self.in_a_row = (self.in_a_row * recent + 1) if seen == self.rules.cat else 0
            self.last_frame = self.clock()
        if seen == self.rules.cat and self.in_a_row >= self.rules.looks:
            self.open_until = self.clock() + self.rules.hold_seconds
        elif seen not in (
            self.rules.cat,
            None,
        ):  # someone else, or an error; doubt only lets the time run out
            self.open_until = 0.0
        left = self.open_until - self.clock()
        self.set_relay(0 < left <= self.rules.hold_seconds)  # more is left only where the clock was put back
        self.write(str(seen or ("unsure" if why else "nobody")), why)

    def set_relay(self, is_open: bool) -> None:
        try:
            self.relay.set(is_open)
            self.is_open = is_open
        except Exception as err:  # a loose wire; it is tried again with the next frame
            self.is_open, self.open_until = False, 0.0
            self.write("relay", f"{type(err).__name__}: {err}")

    def swap_program(self) -> None:
        """Take a new program that was moved into the place of the old one; a bad file never replaces a good one."""
        if (stamp := self.stamp_now()) == self.stamp:
            return
        self.stamp = stamp
        try:
            self.program = self.loaded()
            self.write("program", f"now {self.program.info['sha256'][:12]}")
        except Exception as err:
            self.write("program", f"the old one stays: {err}")

    def loaded(self) -> Any:
        program = load_program(self.path)
        if self.rules.cat not in program.vocab:
            raise ValueError(f"{self.path} does not know the label {self.rules.cat!r}, only {program.vocab}")
        program.certainty.level(
            "sure", self.rules.sure
        )  # says now, not at the door, that it cannot be that sure
        return program

    def stamp_now(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
            return (found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError:
            return ()

    def write(self, seen: str, why: str) -> None:
        """Log what changed. A full disk is said once and changes nothing: the door is worth more than its log."""
        line = json.dumps({"seen": seen, "open": self.is_open, "why": why})
        if line == self.last_line:
            return
        self.last_line = line
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(
                    json.dumps(
                        {"time": round(self.clock(), 3), "seen": seen, "open": self.is_open, "why": why}
                    )
                    + "\n"
                )
        except OSError as err:
            print(f"the log cannot be written ({err})", file=sys.stderr)
