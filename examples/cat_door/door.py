"""The cat door: open for the cat, and shut for everything else, for doubt and for every error."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changes import Changes
from fresh import Fresh
from relay import Relay

from gatera import load_program


@dataclass(frozen=True)
class Rules:
    cat: str = "cat"  # the label that opens
    sure: float = 0.95  # the level below which the program says "I don't know"
    looks: int = 3  # so many frames in a row must show the cat
    hold_seconds: float = 10.0  # the door stays open so long after the last of them

    def load(self, path: Path) -> Any:
        program = load_program(path)
        if self.cat not in program.vocab:
            raise ValueError(f"{path} does not know the label {self.cat!r}, only {program.vocab}")
        program.certainty.level("sure", self.sure)  # says now, not at the door, that it cannot be that sure
        return program


class CatDoor:
    def __init__(
        self, program: Path, relay: Relay, log: Path, rules: Rules, clock: Callable[[], float] = time.time
    ) -> None:
        self.relay, self.rules, self.clock, self.log = relay, rules, clock, Changes(log, clock)
        self.program = Fresh(program, rules.load, lambda why: self.write("program", why))
        self.in_a_row, self.last_cat, self.opened, self.open_until = 0, 0.0, 0.0, 0.0
        if failed := self.move(False):
            self.write(*failed)

    def look(self, frame: Any = None, lost: str = "") -> None:
        """Judge one frame, a path, bytes or an array; None where there is none, or the camera is lost, and why. It never raises."""
        seen, why = self.judge(frame)
        now, hold = self.clock(), self.rules.hold_seconds
        if seen == self.rules.cat:
            self.in_a_row = self.in_a_row + 1 if 0 <= now - self.last_cat <= hold else 1
            self.last_cat = now
            if self.in_a_row >= self.rules.looks:
                self.opened, self.open_until = now, now + hold
        elif seen is not None:  # someone else, or an error
            self.in_a_row, self.open_until = 0, 0.0
        elif frame is not None:  # doubt only lets the time run out
            self.in_a_row = 0
        # A clock that was put back shuts it, too. What has run out does not come back with it.
        if not self.opened <= now < self.open_until:
            self.open_until = 0.0
        failed = self.move(self.open_until > 0)
        sight = seen or ("camera" if lost else "no frame" if frame is None else "unsure")
        self.write(*(failed or (sight, why or lost)))

    def judge(self, frame: Any) -> tuple[str | None, str]:
        try:
            program = self.program.newest()
            answer = None if frame is None else program.predict(frame, sure=self.rules.sure)
        except Exception as err:  # a corrupt frame, a program that fails: whatever it is, the door shuts
            return "error", f"{type(err).__name__}: {err}"
        return (None, "") if answer is None else (answer.label, answer.reason or "")

    def move(self, to_open: bool) -> tuple[str, str] | None:
        try:
            self.relay.set(to_open)
            self.is_open = to_open
        except Exception as err:  # a loose wire; it is tried again with the next frame
            self.is_open, self.open_until = False, 0.0
            return "relay", f"{type(err).__name__}: {err}"
        return None

    def write(self, seen: str, why: str) -> None:
        self.log.write(seen=seen, open=self.is_open, why=why)
