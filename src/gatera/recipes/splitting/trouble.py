"""What a training run says at its end, if something looks wrong: labels, and how it went."""

from __future__ import annotations

import torch

from gatera.evaluate.questions.labels import LabelErrors, label_errors
from gatera.learn.doctor.examine import examine
from gatera.learn.learner import Learner
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.events import Events

#: Findings that are said.
MOST_FINDINGS = 2

#: Labels are looked at for at most this many items.
MOST_LABELS = 10_000


def look_for_trouble(learn: Learner, evaluation: Evaluation, events: Events) -> None:
    """Report how the training went, if something looks wrong: at most two findings."""
    answers = evaluation.answers
    known = answers is not None and answers.predictions.ndim == 2 and learn.dls.task == "classification"
    if answers is not None and known:
        found = examine(learn, torch.as_tensor(answers.predictions), torch.as_tensor(answers.targets))
    else:
        found = examine(learn)
    for finding in found[:MOST_FINDINGS]:
        events.on_warning(str(finding))


def report_suspects(learn: Learner, events: Events) -> list[LabelErrors]:
    """Name labels that look clearly wrong, before the training starts: on the features of a body that has not seen them.

    It costs next to nothing: the features are kept for the training. Nothing is done with a head that was not solved.

    Returns:
        All that look wrong, not just clearly; [] if nobody looked.
    """
    if learn.head_start is None or learn.dls.train.n + learn.dls.valid.n > MOST_LABELS:
        return []
    found = label_errors(learn)
    clear = found.clear()
    if clear:
        events.on_warning(clear.line())
        events.on_event("suspects", clear.to_dict())
    return [found]
