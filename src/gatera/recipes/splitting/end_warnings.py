"""What a training run says at its end, if something looks wrong: labels, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from gatera.evaluate.questions.labels import HeldOut, LabelErrors, label_errors, label_errors_among
from gatera.learn.doctor.examine import examine
from gatera.learn.doctor.findings import SHUFFLED
from gatera.learn.learner import Learner
from gatera.measure.intervals import wilson_interval
from gatera.measure.reports.classes import ErrorReport
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.events import Events

#: Findings that are said.
MOST_FINDINGS = 2

#: Labels are looked at for at most this many items.
MOST_LABELS = 10_000

#: By the answers of a training run, labels of texts and rows are named whose other class is more probable by this. At 0.9, with 5 %
#: of the labels flipped, 89 to 100 % of those named were flipped on four data sets (reviews, adult, wine, breast cancer); with none
#: flipped at most 1 % of the labels are named. See LOG.md.
CLEAR_BY_ANSWERS = 0.9

#: Where more of the answers are wrong, most of what looks wrong is only hard, and nothing is said.
MOST_WRONG = 0.2


def look_for_trouble(learn: Learner, evaluation: Evaluation, events: Events) -> None:
    """Report how the training went, if something looks wrong: at most two findings."""
    answers = evaluation.answers
    task = learn.dls.task
    known = answers is not None and (
        task == "regression" or (answers.predictions.ndim == 2 and task == "classification")
    )
    if answers is not None and known:
        found = examine(learn, torch.as_tensor(answers.predictions), torch.as_tensor(answers.targets))
    else:
        found = examine(learn)
    said = [finding for finding in found if finding.name != SHUFFLED or not _can_be_learned(evaluation)]
    for finding in said[:MOST_FINDINGS]:
        events.on_warning(str(finding))


def _can_be_learned(evaluation: Evaluation) -> bool:
    """Whether a simpler classifier does clearly better than one label for all, which nothing does with labels that are shuffled."""
    report = evaluation.report
    if not isinstance(report, ErrorReport) or report.baseline is None:
        return False
    return any(
        wilson_interval(round(error * report.n), report.n).high < report.baseline.error
        for error in evaluation.baselines.values()
    )


def report_suspects(learn: Learner, events: Events) -> list[LabelErrors]:
    """Name labels that look clearly wrong, before the training starts: on the features of a body that has not seen them.

    It costs next to nothing: the features are kept for the training. Nothing is done with a head that was not solved.

    Returns:
        All that look wrong, not just clearly; [] if nobody looked.
    """
    if learn.head_start is None or learn.dls.train.n + learn.dls.valid.n > MOST_LABELS:
        return []
    found = label_errors(learn)
    _tell(found.clear(), events)
    return [found]


def report_suspects_by_answers(
    learn: Learner, parts: Sequence[HeldOut], events: Events, row_of: Callable[[int], int] = int
) -> list[LabelErrors]:
    """Name labels of texts and rows that look clearly wrong, by answers that the training run makes anyway.

    Args:
        learn: the learner.
        parts: what models said of items that they did not learn from.
        events: where to report.
        row_of: the position of an item among all -> its row in the table, from 0.

    Returns:
        All that look wrong, not just clearly; [] if nobody looked: too few of the answers are right to tell, or there is one class.
    """
    labels = [_targets(learn, part) for part in parts]
    if not parts or len(np.unique(np.concatenate(labels))) < 2:
        return []
    wrong = [part.scores.argmax(1) != given for part, given in zip(parts, labels, strict=True)]
    if np.concatenate(wrong).mean() > MOST_WRONG:
        return []
    found = replace(label_errors_among(learn, parts, row_of), clear_from=CLEAR_BY_ANSWERS)
    _tell(found.clear(), events)
    return [found]


def _targets(learn: Learner, part: HeldOut) -> np.ndarray:
    dataset = learn.dls.train_ds if part.side == "train" else learn.dls.valid_ds
    return np.asarray(dataset.targets)[part.places]


def _tell(clear: LabelErrors, events: Events) -> None:
    if clear:
        events.on_warning(clear.line(how="clearly "))
        events.on_event("suspects", clear.to_dict())
