"""How long does the learner take for a photo, right after training?"""

from __future__ import annotations

import statistics

from harness.cli import main
from harness.models import fastai_data, training_data
from harness.question import Line, Question, median_ratio
from harness.session import Session


def measure(session: Session) -> list[Line]:
    photos, theirs, ours = session.some_photos(), fastai_data(session), training_data(session)
    found = session.interleave(
        {
            "fastai": lambda _: session.job("fastai_side.py", "learner_predict", predicted=photos, **theirs),
            "gatera": lambda _: session.job("gatera_learner.py", "learner_predict", predicted=photos, **ours),
        },
        lambda run: f"{statistics.median(run['milliseconds']):.2f} ms",
        warm_up=False,  # each process warms up by itself
    )
    samples = {side: [statistics.median(run["milliseconds"]) for run in runs] for side, runs in found.items()}
    return [Line("`learn.predict`", median_ratio(samples, "fastai", "gatera"), samples, "ms")]


QUESTION = Question(
    name="learner_predict",
    number=3,
    title="`learn.predict`, median, fastai / Gatera",
    how=(
        "The learner in memory, not yet exported: the median over 50 validation photos after 5 warm-up photos, in a "
        "fresh process each time; fastai inside `no_bar()`."
    ),
    unit="x",
    better="higher",
    must=1.5,
    aim=2,
    repeats=5,
    measure=measure,
    on_gpu=True,
)

if __name__ == "__main__":
    main([QUESTION])
