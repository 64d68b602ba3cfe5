"""What does `Program.predict` add to bare decoding, resizing and computing?"""

from __future__ import annotations

import statistics
from typing import Any

from harness.cli import main
from harness.models import saved_models
from harness.question import Line, Question, median_ratio
from harness.session import Session

ENGINES = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}


def measure(session: Session) -> list[Line]:
    saved, photos = saved_models(session), session.some_photos() * 4

    def job(engine: str) -> dict[str, Any]:
        return session.job(
            "gatera_program.py", "overhead", saved=saved.gatera, predicted=photos, engine=engine
        )

    found = session.interleave(
        {"openvino": lambda _: job("openvino"), "onnxruntime": lambda _: job("onnxruntime")},
        lambda run: (
            f"{statistics.median(run['gatera']):.3f} ms, bare {statistics.median(run['bare']):.3f} ms"
        ),
        warm_up=False,  # each process warms up by itself
    )
    lines = []
    for engine, name in ENGINES.items():
        samples = {
            side: [statistics.median(run[side]) for run in found[engine]] for side in ("gatera", "bare")
        }
        lines.append(Line(name, median_ratio(samples, "gatera", "bare"), samples, "ms"))
    return lines


QUESTION = Question(
    name="program_overhead",
    number=5,
    title="program `predict`, against hand-written decode + resize + engine",
    how=(
        "`Program.predict(path)` against ten hand-written lines (Pillow: `draft`, `convert`, one `resize` with a "
        "box; the same model in the same engine with the same settings), photo by photo in turn in one process, 200 "
        "photos; the hand-written lines ignore EXIF orientation and check nothing."
    ),
    unit="x",
    better="lower",
    must=1.15,
    aim=1.05,
    repeats=5,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
