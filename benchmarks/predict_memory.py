"""How much memory does `gatera predict` need?"""

from __future__ import annotations

import statistics
import sys

from harness.cli import main
from harness.models import saved_program
from harness.question import Line, Question
from harness.session import Session


def measure(session: Session) -> list[Line]:
    program, photo = saved_program(session), session.some_photos()[0]
    gatera = session.script("gatera")

    def megabytes(*command: object) -> float:
        return session.run([str(part) for part in command]).peak_bytes / 1e6

    found = session.interleave(
        {
            "gatera predict": lambda _: megabytes(gatera, "predict", program, photo),
            "with OpenVINO": lambda _: megabytes(gatera, "predict", "--engine", "openvino", program, photo),
            "Python alone": lambda _: megabytes(sys.executable, "-c", "pass"),
        },
        lambda size: f"{size:.0f} MB",
    )
    one, other = ({name: found[name]} for name in ("gatera predict", "with OpenVINO"))
    return [
        Line("one photo", statistics.median(found["gatera predict"]), one, "MB"),
        Line("the same with OpenVINO", statistics.median(found["with OpenVINO"]), other, "MB", judged=False),
        Line("Python alone", statistics.median(found["Python alone"]), {"python": found["Python alone"]}, "MB",
             judged=False),
    ]  # fmt: skip


QUESTION = Question(
    name="predict_memory",
    number=9,
    title="memory of `gatera predict`",
    how="Peak memory of the process `gatera predict PROGRAM PHOTO`, as measured by the system.",
    unit=" MB",
    better="lower",
    must=200,
    aim=120,
    repeats=5,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
