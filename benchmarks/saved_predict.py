"""How long does the saved model take for a photo?"""

from __future__ import annotations

import statistics
from typing import Any

from harness.cli import main
from harness.models import saved_models
from harness.question import Line, Question, median_ratio
from harness.session import Session

ENGINES = ("openvino", "onnxruntime")


def measure(session: Session) -> list[Line]:
    saved, photos = saved_models(session), session.some_photos()

    def ours(engine: str) -> dict[str, Any]:
        return session.job(
            "gatera_program.py", "saved_predict", saved=saved.gatera, predicted=photos, engine=engine
        )

    found = session.interleave(
        {
            "fastai": lambda _: session.job(
                "fastai_side.py", "saved_predict", saved=saved.fastai, predicted=photos
            ),
            "openvino": lambda _: ours("openvino"),
            "onnxruntime": lambda _: ours("onnxruntime"),
        },
        lambda run: f"{statistics.median(run['milliseconds']):.2f} ms",
        warm_up=False,  # each process warms up by itself
    )
    medians = {side: [statistics.median(run["milliseconds"]) for run in runs] for side, runs in found.items()}
    lines = []
    for engine in ENGINES:
        samples = {"fastai": medians["fastai"], "gatera": medians[engine]}
        name = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime (the default)"}[engine]
        lines.append(Line(name, median_ratio(samples, "fastai", "gatera"), samples, "ms"))
    return lines


QUESTION = Question(
    name="saved_predict",
    number=2,
    title="program `predict` (the saved model), median, fastai's `predict` / Gatera",
    how=(
        "`load_learner(...).predict(path)` against `load_program(...).predict(path)`: the median over 50 validation photos "
        "after 5 warm-up photos, in a fresh process each time; fastai inside `no_bar()`, Gatera in float32."
    ),
    unit="x",
    better="higher",
    must=3,
    aim=5,
    repeats=5,
    measure=measure,
)

if __name__ == "__main__":
    main([QUESTION])
