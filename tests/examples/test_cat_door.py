"""The cat door, with a simulated relay and clock: a week of visits, faults included, and each rule alone."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "examples" / "cat_door"


def frame(red: int, green: int, blue: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (12, 9), (red, green, blue)).save(file, "PNG")
    return file.getvalue()


CAT, DOG, DUSK = frame(235, 15, 15), frame(15, 15, 235), frame(120, 120, 120)
CORRUPT = CAT[:40]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Setup:
    """A door, its relay, clock and log."""

    def __init__(self, modules, program, log) -> None:
        self.door_module, self.relay_module = modules
        self.clock, self.relay, self.program = Clock(), self.relay_module.SimulatedRelay(quiet=True), program
        self.door = self.door_module.CatDoor(program, self.relay, log, self.door_module.Rules(), self.clock)
        self.log = log

    def look(self, seen=None, seconds: float = 1.0) -> bool:
        self.clock.now += seconds
        self.door.look(seen)
        return self.relay.is_open

    def looks_at_once(self, *frames) -> list[bool]:
        return [self.look(each, 0.0) for each in frames]

    def looks(self, *frames) -> list[bool]:
        return [self.look(each) for each in frames]

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def made(monkeypatch, tiny_programs, tmp_path):
    """Make a door."""
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("door", "changes", "fresh", "relay", "cameras", "watchdog"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import door
    import relay

    program = tiny_programs.write("careful", tmp_path / "cats.gatera")
    yield lambda: Setup((door, relay), program, tmp_path / "log.jsonl")
    for name in ("door", "changes", "fresh", "relay", "cameras", "watchdog"):
        sys.modules.pop(name, None)


def test_it_opens_for_the_cat_after_three_frames_and_shuts_when_it_is_gone(made):
    door = made()
    assert door.looks(CAT, CAT, CAT, CAT) == [False, False, True, True]
    assert [door.look(None, 4) for _ in range(4)] == [True, True, False, False]
    assert [(line["seen"], line["open"]) for line in door.lines()] == [
        ("cat", False), ("cat", True), ("no frame", True), ("no frame", False),
    ]  # fmt: skip


@pytest.mark.parametrize("hold", [0.7, 4.2, 10.1, 1e-3])
def test_it_opens_however_long_it_is_held_and_whatever_the_time(hold, made):
    """Adding the seconds to the time of day, and taking it away again, gives a little more than the seconds, or less."""
    door = made()
    door.door.rules = dataclasses.replace(door.door.rules, hold_seconds=hold)
    for now in (1_764_490_000.123456, 0.1, 12345.678):
        door.clock.now, door.door.in_a_row = now, 0
        assert door.looks_at_once(CAT, CAT, CAT) == [False, False, True]
        assert not door.look(DOG)


@pytest.mark.parametrize("other", [DOG, DUSK, CORRUPT, b""])
def test_it_stays_shut_for_everything_else(made, other):
    door = made()
    assert door.looks(*[other] * 6) == [False] * 6
    assert door.looks(CAT, CAT, other, CAT, CAT, other) == [False] * 6


@pytest.mark.parametrize("other, stays", [(DOG, False), (CORRUPT, False), (DUSK, True)])
def test_what_comes_while_it_is_open(made, other, stays):
    door = made()
    door.looks(CAT, CAT, CAT)
    assert door.look(other) is stays
    assert not door.look(other, 11)


def test_frames_that_are_far_apart_are_not_in_a_row(made):
    door = made()
    assert [door.look(CAT, 60) for _ in range(5)] == [False] * 5


def test_a_clock_that_is_put_back_shuts_it(made):
    door = made()
    door.looks(CAT, CAT, CAT)
    assert not door.look(None, -3600)


def test_a_new_program_is_taken_and_a_bad_one_refused(made, tiny_programs, tmp_path):
    door = made()
    bad = tmp_path / "bad"
    bad.write_bytes(b"half a file")
    bad.replace(door.program)
    assert door.looks(CAT, CAT, CAT)[-1]
    assert "the old one stays" in next(line["why"] for line in door.lines() if line["seen"] == "program")
    tiny_programs.write("texts", tmp_path / "other").replace(door.program)
    door.look(DOG)
    assert "does not know the label 'cat'" in door.lines()[-2]["why"]
    door.program.unlink()
    assert door.looks(CAT, CAT, CAT)[-1]
    swapped = tiny_programs.write("careful", tmp_path / "new", created="2026-11-28T00:00:00Z")
    swapped.replace(door.program)
    door.look(DOG)
    assert [line["why"] for line in door.lines() if line["seen"] == "program"][-1].startswith("now ")
    assert door.looks(CAT, CAT, CAT)[-1]


def test_a_program_that_cannot_be_sure_is_refused_at_the_start(made, tiny_programs, tmp_path):
    door = made()
    unsure = tiny_programs.write("photos", tmp_path / "unsure.gatera")
    with pytest.raises(ValueError, match="needs more held-out items"):
        door.door_module.CatDoor(unsure, door.relay, door.log, door.door_module.Rules())


def test_a_camera_that_hangs_does_not_keep_the_door_open(made, monkeypatch):
    from cameras import OpenCvCamera
    from watchdog import Watchdog

    relay = made().relay
    relay.set(True)
    Watchdog(relay, seconds=0.05, every=0.01)
    deadline = time.monotonic() + 5
    while relay.is_open and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not relay.is_open
    one, other = np.zeros((4, 6, 3), np.uint8), np.ones((4, 6, 3), np.uint8)
    frames = iter([one, one, one, other])
    capture = SimpleNamespace(read=lambda: (True, next(frames)), release=lambda: None)
    fake = SimpleNamespace(
        VideoCapture=lambda number: capture, cvtColor=lambda frame, code: frame, COLOR_BGR2RGB=4
    )
    monkeypatch.setitem(sys.modules, "cv2", fake)
    camera = OpenCvCamera(0)
    assert [camera.frame() is not None for _ in range(4)] == [True, False, False, True]


def test_a_full_disk_changes_nothing_but_the_log(made, capsys):
    door = made()
    door.door.log.path = Path("/dev/full")
    assert door.looks(CAT, CAT, CAT, DOG) == [False, False, True, False]
    assert "the log cannot be written" in capsys.readouterr().err


def test_messages_on_the_same_full_disk_change_nothing(made, monkeypatch):
    """Standard error may be a file there: the door ended at the first message, and its watchdog, too."""
    from watchdog import Watchdog

    door = made()
    door.door.log.path = Path("/dev/full")
    tries = Mock(side_effect=OSError("a loose wire"))
    full = Mock(write=Mock(side_effect=OSError(28, "No space left on device")))
    monkeypatch.setattr(sys, "stderr", full)
    Watchdog(SimpleNamespace(set=tries), seconds=-1, every=0.01)
    assert door.looks(CAT, CAT, CAT, DOG) == [False, False, True, False]
    deadline = time.monotonic() + 5
    while tries.call_count < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    tries.side_effect = None
    assert tries.call_count >= 3


def test_half_a_line_on_a_full_disk_is_taken_off(made, capsys):
    door = made()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (door.log.stat().st_size + 20 if door.log.exists() else 20, limits[1])
    )
    try:
        door.looks(CORRUPT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "the log cannot be written" in capsys.readouterr().err
    door.looks(DOG)
    assert [line["seen"] for line in door.lines()][-1] == "dog"


def test_what_stays_wrong_is_logged_once(made, monkeypatch):
    """A folder that is gone, or a loose wire, gave two lines at every look, ten in a second."""
    door = made()
    for _ in range(3):
        door.door.look(None, "the folder is gone")
    monkeypatch.setattr(door.relay, "set", Mock(side_effect=OSError("loose wire")))
    door.looks(None, None, None)
    assert [(line["seen"], line["why"]) for line in door.lines()] == [
        ("camera", "the folder is gone"), ("relay", "OSError: loose wire"),
    ]  # fmt: skip


def test_a_relay_that_fails_is_tried_again(made, monkeypatch):
    door = made()
    works = door.relay.set

    def broken(_):
        raise OSError("loose wire")

    door.relay.set = broken
    door.looks(CAT, CAT, CAT)
    assert not door.door.is_open
    door.relay.set = works
    assert door.look(CAT)


def visits(rng: random.Random):
    """Yield a week: (what comes, the frames it gives) or None for a minute without anybody."""
    kinds = {"cat": CAT, "dog": DOG, "dusk": DUSK, "corrupt": CORRUPT}
    for _ in range(7 * 24 * 60):
        if rng.random() < 0.03:
            kind = rng.choices(list(kinds), [12, 8, 6, 4])[0]
            yield kind, [kinds[kind]] * rng.randint(4, 8)
        else:
            yield None


@pytest.mark.slow
def test_a_week(made, tiny_programs, tmp_path):
    door, rng = made(), random.Random(7)
    opened = dict.fromkeys(("cat", "dog", "dusk", "corrupt"), 0)
    came = dict(opened)
    events = list(visits(rng))
    for minute, event in enumerate(events):
        day = minute / (24 * 60)
        if minute in (3 * 1440, 5 * 1440):  # a new program in the middle of everything; then a bad file
            new = tmp_path / "new"
            tiny_programs.write("careful", new, created=str(minute)) if day < 4 else new.write_bytes(b"bad")
            new.replace(door.program)
        if minute == 6 * 1440:
            door.door.log.path = Path("/dev/full")
        assert not door.look(None, 60), "nobody was there for a minute"
        if event is not None:
            kind, frames = event
            states = door.looks(*frames)
            came[kind] += 1
            opened[kind] += any(states)
            assert states == (
                [False, False] + [True] * (len(frames) - 2) if kind == "cat" else [False] * len(frames)
            )
    assert opened == {"cat": came["cat"], "dog": 0, "dusk": 0, "corrupt": 0}
    assert min(came.values()) > 20
    assert sum(line["seen"] == "program" for line in door.lines()) == 2


def test_a_folder_gives_its_newest_whole_photo_once(made, tmp_path):
    made()
    from cameras import FolderCamera

    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "0.png").write_bytes(CAT)
    camera = FolderCamera(frames)
    assert camera.frame() is None, "it was there before"
    for number, content in enumerate((DOG, CAT), start=1):
        path = frames / f"{number}.png"
        path.write_bytes(content)
        os.utime(path, ns=(10**18 * 2 + number,) * 2)
    assert [camera.frame(), camera.frame(), camera.frame()] == [None, frames / "2.png", None]
    with (frames / "3.png").open("wb") as half:
        half.write(CAT[:30])
        half.flush()
        os.utime(half.name, ns=(10**18 * 3,) * 2)
        assert camera.frame() is None
        half.write(CAT[30:])
        half.flush()
        os.utime(half.name, ns=(10**18 * 3 + 1,) * 2)
        assert camera.frame() is None
    assert camera.frame() == frames / "3.png"


def test_a_fast_camera_and_a_clock_put_back_are_seen(made, tmp_path):
    made()
    from cameras import FolderCamera

    def written(number: int, seconds: int) -> Path:
        path = tmp_path / f"{number}.png"
        path.write_bytes(CAT)
        os.utime(path, (seconds, seconds))
        return path

    written(0, 2_000_000_000)
    camera = FolderCamera(tmp_path)
    seen = []
    for number in range(1, 6):  # one more at every look
        written(number, 2_000_000_000 + number)
        seen.append(camera.frame())
    assert seen == [None, *(tmp_path / f"{number}.png" for number in range(1, 5))]
    assert [camera.frame(), camera.frame()] == [tmp_path / "5.png", None]
    later = written(9, 1_000_000_000)
    assert [camera.frame(), camera.frame(), camera.frame()] == [None, later, None]


def test_what_is_misspelt_is_said_in_a_line(made, tmp_path):
    command = [
        sys.executable,
        str(FOLDER / "main.py"),
        str(made().program),
        "--folder",
        str(tmp_path),
        "--cat",
        "kat",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
    assert "does not know the label 'kat'" in ran.stderr


@pytest.mark.whole
def test_the_command_opens_and_shuts_and_ends_shut(made, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    door = made()
    command = [
        sys.executable,
        "-u",
        str(FOLDER / "main.py"),
        str(door.program),
        "--folder",
        str(frames),
        "--log",
        str(tmp_path / "main.jsonl"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        deadline, number = time.monotonic() + 20, 0
        while not (tmp_path / "main.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        while b'open": true' not in (tmp_path / "main.jsonl").read_bytes() and time.monotonic() < deadline:
            (tmp_path / "part").write_bytes(CAT)
            shutil.move(tmp_path / "part", frames / f"{(number := number + 1)}.png")
            time.sleep(0.5)
        assert running.stdout.readline() == "the door opens\n"
        running.terminate()
        assert running.stdout.read() == "the door shuts\n"
    assert running.returncode == 0
    assert np.all(
        [
            line["seen"] in ("no frame", "cat")
            for line in map(json.loads, (tmp_path / "main.jsonl").read_text().splitlines())
        ]
    )
