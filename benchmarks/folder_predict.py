"""How fast is `gatera predict` over a folder of photos, and how much memory does it need?"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

from harness.cli import main
from harness.many_photos import many_photos
from harness.models import training_data
from harness.process import Finished
from harness.question import Line, Question, median_ratio
from harness.session import SIDES, Session, say

#: Side of the photos: what `gatera train` chooses.
SIZE = 320

#: Photos on which the bare loops are tried, to find the best.
TRIED = 100


def program_for(session: Session) -> Path:
    """Return an untrained program for photos of 320 px; kept for the other questions of this run."""
    path = session.work / "folder.gatera"
    if not path.exists():
        say("  saving a program")
        session.job("gatera_learner.py", "export", out=path, **{**training_data(session), "size": SIZE})
    return path


def bare(session: Session, way: str, program: Path, photos: list[Path]) -> Finished:
    """Run a bare loop over photos."""
    names = session.work / "names.txt"
    names.write_text("\n".join(map(str, photos)))
    return session.run([sys.executable, SIDES / "bare_folder.py", way, program, f"@{names}"])


def best_way(session: Session, program: Path, photos: list[Path]) -> tuple[str, dict[str, float]]:
    """Return the bare loop that is the fastest over some photos, and how many photos a second each managed."""
    cores = os.cpu_count() or 1
    ways = ["alone", f"side:{cores}", f"side:{cores + 1}", f"side:{2 * cores}", "batch:4", "batch:16"]
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(1 if session.quick else 2):
        for way in ways:
            found[way].append(len(photos) / bare(session, way, program, photos).seconds)
    speeds = {way: max(values) for way, values in found.items()}
    return max(speeds, key=lambda way: speeds[way]), speeds


def measure(session: Session) -> list[Line]:
    program, gatera = program_for(session), session.script("gatera")
    lines = []
    for wanted in (20, 40) if session.quick else (500, 5000):
        folder = many_photos(session, wanted)
        photos = sorted(folder.rglob("*.jpg"))
        way, speeds = best_way(session, program, photos[:TRIED])
        say(f"  the best bare loop: {way}")
        found = session.interleave(
            {
                "bare": lambda _, way=way, photos=photos: bare(session, way, program, photos),
                "gatera": lambda _, folder=folder: session.run(
                    [gatera, "predict", program, folder, "--json"]
                ),
            },
            lambda run, wanted=wanted: f"{wanted / run.seconds:.1f}/s, {run.peak_bytes / 1e6:.0f} MB",
            warm_up=False,
        )
        samples = {side: [run.seconds for run in runs] for side, runs in found.items()}
        facts = {"best bare loop": way} | {
            f"bare, {name}": f"{speed:.1f}/s" for name, speed in speeds.items()
        }
        facts |= {
            f"{side}'s speed": f"{wanted / statistics.median(values):.1f}/s"
            for side, values in samples.items()
        }
        facts |= {
            f"{side}'s memory": f"{statistics.median(run.peak_bytes for run in runs) / 1e6:.0f} MB"
            for side, runs in found.items()
        }
        lines.append(
            Line(f"{wanted:,} photos", median_ratio(samples, "bare", "gatera"), samples, "s", facts=facts)
        )
    return lines


def measure_memory(session: Session) -> list[Line]:
    program, gatera = program_for(session), session.script("gatera")
    lines = []
    for wanted in (20, 40) if session.quick else (500, 5000):
        folder = many_photos(session, wanted)
        runs = [session.run([gatera, "predict", program, folder, "--json"]) for _ in range(session.repeats)]
        peaks = [run.peak_bytes / 1e6 for run in runs]
        lines.append(Line(f"{wanted:,} photos", statistics.median(peaks), {"gatera predict": peaks}, "MB"))
    return lines


QUESTION = Question(
    name="folder_predict",
    number=13,
    title="`gatera predict` over a folder, time of the best bare loop / Gatera",
    how=(
        "From start to end of the process: `gatera predict PROGRAM FOLDER --json` against the fastest of six loops of Pillow and "
        f"ONNX Runtime (one by one, side by side in threads, in batches), found on {TRIED} photos. EfficientNet-Lite0, 320 px."
    ),
    unit="x",
    better="higher",
    must=0.95,
    aim=1.0,
    repeats=3,
    measure=measure,
)

MEMORY = Question(
    name="folder_memory",
    number=14,
    title="memory of `gatera predict` over a folder",
    how="Peak memory of the process `gatera predict PROGRAM FOLDER --json`, as measured by the system.",
    unit=" MB",
    better="lower",
    must=250,
    aim=180,
    repeats=1,
    measure=measure_memory,
)

if __name__ == "__main__":
    main([QUESTION, MEMORY])
