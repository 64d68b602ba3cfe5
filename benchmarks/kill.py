"""Stop `gatera train` at random moments, run the same command again, and compare the program with an uninterrupted run's.

    python benchmarks/kill.py --count 200

Every task of `gatera train` is tried on tiny data made on the spot, with SIGKILL and SIGTERM in turn; a third of the resumed runs are
stopped again. Half of the runs write a checkpoint after every update, so that there is much to resume from; the others as users'
runs do. Programs are compared byte by byte, except for the time of their making and the duration of the last epoch. Runs are
forked from one process, which has imported PyTorch.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SEED = 0

#: What is trained on, and how, by name.
RUNS: dict[str, list[str]] = {
    "photos": ["photos", "--size", "32", "--epochs", "1"],
    "photos, report": ["photos", "--size", "32", "--freeze-epochs", "2", "--report", "report"],
    "masks": ["scenes", "--size", "32", "--epochs", "1"],
    "sounds": ["sounds", "--epochs", "2"],
    "texts": ["texts", "--epochs", "1"],
    "table, class": ["people.csv", "--target", "rich", "--epochs", "4", "--model", "network"],
    "table, number": ["people.csv", "--target", "height", "--epochs", "4", "--model", "both"],
    "table, best": ["people.csv", "--target", "rich"],
    "ratings": ["ratings.csv", "--task", "recommend", "--epochs", "4"],
}

WORDS = {"bad": ("awful", "dull", "boring"), "good": ("superb", "funny", "lovely")}


def make_data(folder: Path) -> None:
    """Write tiny data of every kind."""
    draw = np.random.default_rng(SEED)
    for label, colour in {"cat": (200, 120, 40), "dog": (40, 90, 200)}.items():
        for n in range(12):
            _photo(folder / "photos" / label / f"{n}.jpg", np.full((32, 32, 3), colour), draw)
    for n in range(10):
        mask = np.zeros((32, 32), np.uint8)
        mask[8 : 12 + n, 6:20] = 1
        _photo(folder / "scenes" / "images" / f"{n}.png", 40 + 150 * mask[..., None].repeat(3, 2), draw)
        (folder / "scenes" / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(folder / "scenes" / "masks" / f"{n}.png")
    for label, words in WORDS.items():
        (folder / "texts" / label).mkdir(parents=True)
        for n in range(8):
            (folder / "texts" / label / f"{n}.txt").write_text(f"The film {n} was {words[n % 3]}.")
    from gatera.samples import sample_path

    sounds = sorted((sample_path("spoken_digits_tiny") / "recordings").glob("*.wav"))
    for file in [file for file in sounds if file.name[0] in "01"][:24]:
        (folder / "sounds" / file.name[0]).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / "sounds" / file.name[0])
    _tables(folder, draw)


def _photo(path: Path, base: np.ndarray, draw: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noisy = np.clip(base + draw.integers(-60, 60, base.shape), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(path)


def _tables(folder: Path, draw: np.random.Generator) -> None:
    with (folder / "people.csv").open("w") as file:
        rows = csv.writer(file)
        rows.writerow(["age", "colour", "height", "rich"])
        for n in range(400):
            age = int(draw.integers(1, 99))
            rows.writerow(
                [age, "rgb"[n % 3], 100 + age / 3 + draw.normal(), "yes" if age + n % 3 > 50 else "no"]
            )
    with (folder / "ratings.csv").open("w") as file:
        rows = csv.writer(file)
        rows.writerow(["user", "item", "rating"])
        for user in range(20):
            rows.writerows([[f"u{user}", f"i{item}", int(draw.integers(1, 6))] for item in range(12)])


def start(data: Path, place: Path, name: str, eager: bool) -> int:
    """Start a run in a process of its own, with the folder `place` as its current one; returns the process id."""
    process = os.fork()
    if process:
        return process
    os.chdir(place)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    from gatera.cli.main import main
    from gatera.learn.checkpoints import keeper

    if eager:
        keeper.SHARE, keeper.LEAST_SECONDS, keeper.BYTES_A_SECOND = 1e9, 0.0, 1e12
    source, *options = RUNS[name]
    try:
        main(["train", str(data / source), "--out", "p.gatera", "--device", "cpu", *options])
    except SystemExit as end:
        sys.stdout.flush()
        (place.parent / "modules").write_text("\n".join(sys.modules))
        os._exit(int(end.code or 0))
    os._exit(70)


def ended(process: int, seconds: float, number: int) -> int:
    """Wait for a run; send it a signal after so many seconds. Returns its exit status, 128 + n for a signal."""
    stop = time.monotonic() + seconds
    sent = False
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return (
                os.waitstatus_to_exitcode(status) % 256 if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
            )
        if not sent and time.monotonic() >= stop:
            os.kill(process, number)
            sent = True
        time.sleep(0.002)


def content(program: Path) -> dict[str, Any]:
    """Return everything in a program that a second uninterrupted run would make the same."""
    with zipfile.ZipFile(program) as archive:
        found: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    facts = json.loads(found.pop("program.json"))
    facts.pop("created")
    if facts["training"].get("last_epoch"):
        facts["training"]["last_epoch"].pop("time")
    return {**found, "program.json": facts}


class Trials:
    """Stops and resumes runs.

    Args:
        data: the folder of `make_data`.
        folder: where runs work.
        seed: of the moments at which runs are stopped.
    """

    def __init__(self, data: Path, folder: Path, seed: int = SEED) -> None:
        self.data, self.folder, self.draw = data, folder, random.Random(seed)
        self.whole: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = {}
        self.stopped = self.again = self.lost = 0

    def measure(self, name: str) -> None:
        """Make two uninterrupted runs, which must be equal; the first one finds out what to import before forking."""
        for _ in range(2):
            place = self._place()
            began = time.monotonic()
            status = ended(start(self.data, place, name, False), 1e9, signal.SIGTERM)
            if status:
                raise SystemExit(f"{name}: exit status {status}\n{(place / 'log').read_text()}")
            self.seconds[name] = time.monotonic() - began
            made = content(place / "p.gatera")
            if self.whole.setdefault(name, made) != made:
                raise SystemExit(f"{name}: two uninterrupted runs differ")
            for module in (self.folder / "modules").read_text().split():
                with contextlib.suppress(Exception):
                    importlib.import_module(module)
            shutil.rmtree(place)

    def trial(self, name: str, number: int, eager: bool) -> None:
        """Stop one run, maybe twice, and resume it."""
        place, stops = self._place(), []
        for _ in range(2 if self.draw.random() < 0.33 else 1):
            moment = self.draw.uniform(0, self.seconds[name])
            found = ended(start(self.data, place, name, eager), moment, number)
            if found != 128 + number:
                break
            stops.append(round(moment, 2))
        if stops and found == 128 + number:
            found = ended(start(self.data, place, name, eager), 1e9, number)
        if not stops:  # it was faster than its stop
            shutil.rmtree(place)
            return
        self.stopped += 1
        self.again += len(stops) > 1
        why = self._why(name, place, found)
        if why:
            self.lost += 1
            print(f"LOST: {name}, signal {number}, at {stops}, eager {eager}: {why}; see {place}", flush=True)
        else:
            shutil.rmtree(place)

    def _why(self, name: str, place: Path, status: int) -> str:
        # A run that was killed after its program was written, in its last milliseconds: the next one leaves the program alone.
        finished = status == 1 and "p.gatera already exists" in (place / "log").read_text()
        if status and not finished:
            return f"exit status {status}"
        left = sorted(path.name for path in place.iterdir())
        if left != ["log", "p.gatera"] + (["report"] if "report" in name else []):
            return f"left behind: {left}"
        now = content(place / "p.gatera")
        return ", ".join(
            f"{part} differs" for part in self.whole[name] if now.get(part) != self.whole[name][part]
        )

    def _place(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder))


def main() -> None:
    """Run the trials and print how many were lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="number of stopped runs")
    parser.add_argument("--only", help="names of runs, separated by semicolons")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time")
    parser.add_argument("--seed", type=int, default=SEED, help="of the moments; the data stay the same")
    args = parser.parse_args()
    names = args.only.split(";") if args.only else list(RUNS)
    end = time.monotonic() + 60 * args.minutes
    with tempfile.TemporaryDirectory() as base:
        os.environ["GATERA_HOME"] = f"{base}/home"
        data, runs = Path(base) / "data", Path(tempfile.mkdtemp(prefix="kill-"))
        data.mkdir()
        make_data(data)
        import gatera.recipes.run
        import gatera.text.learner
        import gatera.vision.learner  # noqa: F401 - what forked runs share

        trials = Trials(data, runs, args.seed)
        for name in names:
            trials.measure(name)
            print(f"{name}: {trials.seconds[name]:.1f} s uninterrupted", flush=True)
        turn = 0
        while trials.stopped < args.count and time.monotonic() < end:
            number = (signal.SIGKILL, signal.SIGTERM)[turn // len(names) % 2]
            trials.trial(names[turn % len(names)], number, eager=turn // len(names) % 4 < 2)
            turn += 1
            if turn % 20 == 0:
                print(
                    f"{trials.stopped} stopped, {trials.again} of them twice, {trials.lost} lost", flush=True
                )
    print(
        f"{trials.stopped} runs stopped, {trials.again} of them twice: {trials.lost} not ended as if uninterrupted"
    )
    raise SystemExit(trials.lost > 0)


if __name__ == "__main__":
    main()
