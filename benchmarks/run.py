"""Run the benchmarks and write docs/benchmarks.md.

    python benchmarks/run.py --data DIR                       everything
    python benchmarks/run.py --data DIR --only cold_start     one question; the rest of the page stays
    python benchmarks/run.py --data DIR --quick               try the harness; the numbers are meaningless

Each question is also a script of its own: python benchmarks/cold_start.py --data DIR
"""

from __future__ import annotations

import applications
import chapter
import cold_start
import fine_tune
import folder_predict
import help_time
import import_time
import inside
import learner_predict
import loader_speed
import predict_memory
import program_overhead
import recipe
import saved_predict
import step_overhead
import train_memory
import training_kernels
from harness.cli import main

#: In the order of the page. The quick ones come first in a run, so that something can be seen soon.
QUESTIONS = (
    help_time.QUESTION,
    import_time.QUESTION,
    predict_memory.QUESTION,
    cold_start.QUESTION,
    saved_predict.QUESTION,
    program_overhead.QUESTION,
    learner_predict.QUESTION,
    step_overhead.QUESTION,
    loader_speed.QUESTION,
    fine_tune.QUESTION,
    fine_tune.TUNED,
    training_kernels.QUESTION,
    folder_predict.QUESTION,
    folder_predict.MEMORY,
    train_memory.QUESTION,
    *applications.QUESTIONS,
    *chapter.QUESTIONS,
    *inside.QUESTIONS,
    *recipe.QUESTIONS,
)

if __name__ == "__main__":
    main(QUESTIONS)
