"""One run of the benchmarks: its settings, its folders, and how the sides of a comparison are run."""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness.process import Finished, run_process

T = TypeVar("T")

SIDES = Path(__file__).parent.parent / "sides"

#: Photos for training and validating, below the data folder.
CATS_DOGS = Path("pets/cats_dogs")


@dataclass
class Session:
    """Settings of a run, and what a question needs to be answered.

    Attributes:
        data: the folder with the data sets.
        out: everything that is written goes below it.
        repeats: how often each side runs.
        device: "cpu" or "cuda".
        quick: tiny sizes, to try the harness: the numbers mean nothing.
        seed: of the first repeat; the next ones count on from it.
    """

    data: Path
    out: Path
    repeats: int
    device: str = "cpu"
    quick: bool = False
    seed: int = 42
    _runs: int = field(default=0, init=False)

    @property
    def work(self) -> Path:
        """What is made once for all questions, and logs."""
        folder = self.out / "work"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def size(self) -> dict[str, Any]:
        """Batch size and side of the photos."""
        return {"bs": 8 if self.quick else 64, "size": 224}

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables for a side: only the device that is measured is seen, and nothing goes to a network."""
        hidden = {} if self.device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""}
        # packages that pip installed come compiled: an editable one that may not store what it compiles would start slower
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}
        return {**hidden, **compiled, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore", **more}

    def run(self, command: list[str | Path], **environment: str) -> Finished:
        """Run a command of one side to its end."""
        self._runs += 1
        log = self.work / "logs" / f"{self._runs:04}.txt"
        return run_process(command, self.environment(**environment), log)

    def job(self, script: str, name: str, **arguments: Any) -> dict[str, Any]:
        """Run one job of a script in `sides/` in a fresh process.

        Gatera's home is a new empty folder each time: nothing that an earlier run cached can help a later one.

        Returns:
            What the job returned, and "process_seconds": how long its process took from start to end.
        """
        home, result = self.work / "home", self.work / "result.json"
        shutil.rmtree(home, ignore_errors=True)
        result.unlink(missing_ok=True)
        command = [sys.executable, SIDES / script, name, json.dumps(arguments, default=str), result]
        try:
            finished = self.run(command, GATERA_HOME=str(home))
        finally:
            shutil.rmtree(home, ignore_errors=True)
        return {**json.loads(result.read_text()), "process_seconds": finished.seconds}

    def interleave(
        self, sides: Mapping[str, Callable[[int], T]], shown: Callable[[T], str], warm_up: bool = True
    ) -> dict[str, list[T]]:
        """Run the sides in turn, A B A B, so that a machine that slows down slows both.

        Args:
            sides: name -> what runs it, given the number of the repeat (0 for the warm-up).
            shown: one result in a few words, for the line of progress.
            warm_up: run each side once before, uncounted.
        """
        if warm_up:
            for side in sides.values():
                side(0)
        found: dict[str, list[T]] = {name: [] for name in sides}
        for number in range(self.repeats):
            start = time.perf_counter()
            for name, side in sides.items():
                found[name].append(side(number))
            latest = "   ".join(f"{name} {shown(values[-1])}" for name, values in found.items())
            say(f"  {number + 1}/{self.repeats}  {latest}   ({time.perf_counter() - start:.1f} s)")
        return found

    def script(self, name: str) -> Path:
        """Return an installed command of this environment."""
        found = shutil.which(name, path=sysconfig.get_path("scripts"))
        if found is None:
            raise FileNotFoundError(f"{name} is not installed beside {sys.executable}")
        return Path(found)

    def photos(self) -> Path:
        """Return the folder with train/ and valid/; a small copy if quick."""
        whole = self.data / CATS_DOGS
        return _small_copy(whole, self.work / "small") if self.quick else whole

    def some_photos(self, wanted: int = 50) -> list[str]:
        """Return validation photos, taken evenly from the sorted list, the same in every run."""
        found = sorted((self.photos() / "valid").rglob("*.jpg"))
        step = max(1, len(found) // wanted)
        return [str(path) for path in found[::step][:wanted]]

    def read_files(self) -> None:
        """Read every photo once, so that no side pays for the disk."""
        for path in self.photos().rglob("*"):
            with suppress(OSError):  # a folder; a side will say what is wrong with a file
                path.read_bytes()


def say(text: str) -> None:
    """Print a line now; somebody waits."""
    print(text, flush=True)


def _small_copy(whole: Path, small: Path, each: int = 12) -> Path:
    shutil.rmtree(small, ignore_errors=True)
    for folder in sorted(path for path in whole.glob("*/*") if path.is_dir()):
        target = small / folder.relative_to(whole)
        target.mkdir(parents=True)
        for photo in sorted(folder.iterdir())[:each]:
            shutil.copy(photo, target)
    return small
