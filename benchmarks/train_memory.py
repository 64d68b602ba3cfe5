"""How much memory does `gatera train` need, for any number of photos?"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from harness.cli import main
from harness.many_photos import many_photos
from harness.process import Finished
from harness.question import Line, Question
from harness.session import Session

#: One unfrozen epoch, which the recipe would skip where the head is right without it: that is what needs the memory.
EPOCHS = "1"


def train(session: Session, folder: Path, out: Path) -> Finished:
    """Run `gatera train` in an empty data home."""
    command = [
        session.script("gatera"),
        "train",
        folder,
        "--epochs",
        EPOCHS,
        "--out",
        out,
        "--force",
        "--json",
    ]
    return session.run(command, GATERA_HOME=str(session.work / "train-home"))


def measure(session: Session) -> list[Line]:
    lines = []
    for wanted in (24, 48) if session.quick else (500, 5000):
        folder = many_photos(session, wanted)
        runs = [train(session, folder, session.work / "memory.gatera") for _ in range(session.repeats)]
        peaks = [run.peak_bytes / 1e6 for run in runs]
        facts = {
            "error": str(_error(runs[-1])),
            "seconds": f"{statistics.median(run.seconds for run in runs):.0f}",
        }
        lines.append(
            Line(f"{wanted:,} photos", statistics.median(peaks), {"gatera train": peaks}, "MB", facts=facts)
        )
    return lines


def _error(run: Finished) -> object:
    """Return the error that the last line of JSON says."""
    last = json.loads(run.output.strip().splitlines()[-1])
    return last.get("valid", {}).get("error", "not said")


QUESTION = Question(
    name="train_memory",
    number=15,
    title="memory of `gatera train` on photos",
    how=(
        f"Peak memory of the process `gatera train FOLDER --epochs {EPOCHS}`, as measured by the system: frozen and unfrozen epoch, "
        "report and export. EfficientNet-Lite0, 320 px, the recipe's batch sizes (10 for 500 photos, 64 for 5,000)."
    ),
    unit=" MB",
    better="lower",
    must=2000,
    aim=1200,
    repeats=1,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
