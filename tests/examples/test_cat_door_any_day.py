"""Whatever frames, errors, swapped programs and clocks come, in any order: the door opens only for the third frame of the cat in a row."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from PIL import Image

FOLDER = Path(__file__).parents[2] / "examples" / "cat_door"
MODULES = ("door", "changes", "fresh", "relay")
HOLD = 10.0


def frame(red: int, green: int, blue: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 9), (red, green, blue)).save(file, "PNG")
    return file.getvalue()


CAT, DOG, DUSK = frame(235, 15, 15), frame(15, 15, 235), frame(120, 120, 120)
FRAMES = {
    "cat": CAT,
    "dog": DOG,
    "unsure": DUSK,
    "corrupt": CAT[:40],
    "no photo": b"\0",
    "nothing": b"",
    "number": 3,
    "none": None,
}


class Days(RuleBasedStateMachine):
    """A door, and a model of it: how many frames of the cat in a row, and when the last one was."""

    made: Any = None  # programs by name, and the modules of the example

    def __init__(self) -> None:
        super().__init__()
        programs, door, relay = self.made
        self.programs = programs
        self.folder = tempfile.TemporaryDirectory()
        self.program, self.log = Path(self.folder.name, "cats.gatera"), Path(self.folder.name, "log.jsonl")
        self.program.write_bytes(programs["good"])
        self.now, self.fails = 1_000_000.0, False
        self.relay = relay.SimulatedRelay(quiet=True)
        truly = self.relay.set

        def set_or_fail(is_open: bool) -> None:
            if self.fails:
                raise OSError("a loose wire")
            truly(is_open)

        self.relay.set = set_or_fail
        self.door = door.CatDoor(
            self.program, self.relay, self.log, door.Rules(hold_seconds=HOLD), lambda: self.now
        )
        self.row, self.seen, self.since, self.until = 0, -1e9, 0.0, 0.0

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(
        what=st.sampled_from(sorted(FRAMES)), seconds=st.sampled_from([0.0, 0.2, 1.0, 4.0, 9.9, 10.1, 3600.0])
    )
    def look(self, what: str, seconds: float) -> None:
        self.now += seconds
        before = self.relay.is_open
        self.door.look(FRAMES[what])
        if what == "cat":
            self.row = self.row + 1 if 0 <= self.now - self.seen <= HOLD else 1
            self.seen = self.now
            if self.row >= 3:
                self.since, self.until = self.now, self.now + HOLD
        elif what == "unsure":
            self.row = 0
        elif what != "none":
            self.row, self.until = 0, 0.0
        if self.fails or not self.since <= self.now < self.until:
            self.until = 0.0  # it begins anew
        if self.fails:
            assert self.relay.is_open == before
        else:
            assert self.relay.is_open == (self.until > 0)
            assert what == "cat" or before or not self.relay.is_open

    @rule(times=st.integers(2, 4))
    def the_cat_comes(self, times: int) -> None:
        for _ in range(times):
            self.look("cat", 0.2)

    @rule(seconds=st.sampled_from([-1e6, -3600.0, -11.0, 11.0, 1e6]))
    def clock_jumps(self, seconds: float) -> None:
        self.now += seconds

    @rule(name=st.sampled_from(["good", "better", "broken", "other", "empty"]))
    def swap(self, name: str) -> None:
        partial = self.program.with_suffix(".partial")
        partial.write_bytes(self.programs[name])
        partial.replace(self.program)

    @rule()
    def remove(self) -> None:
        self.program.unlink(missing_ok=True)

    @rule(fails=st.booleans())
    def wire(self, fails: bool) -> None:
        self.fails = fails

    @invariant()
    def log_is_whole(self) -> None:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        assert all(one["open"] in (False, True) and one["seen"] for one in lines)


@pytest.fixture(autouse=True)
def example(monkeypatch: pytest.MonkeyPatch, tiny_programs: Any, tmp_path: Path) -> Any:
    """The modules of the example, and programs: good ones, one of other labels, one that is damaged."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    import door
    import relay

    good = tiny_programs.write("careful", tmp_path / "a.gatera").read_bytes()
    better = tiny_programs.write(
        "careful", tmp_path / "b.gatera", created="2026-11-24T21:00:00Z"
    ).read_bytes()
    other = tiny_programs.write("texts", tmp_path / "c.gatera").read_bytes()
    programs = {"good": good, "better": better, "broken": good[:300], "other": other, "empty": b""}
    monkeypatch.setattr(Days, "made", (programs, door, relay))
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("example")
class TestDays(Days.TestCase):  # type: ignore[misc,name-defined]
    settings = settings(stateful_step_count=20)
