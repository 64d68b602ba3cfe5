"""What a training run says at its end, if something looks wrong: labels, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from gatera.evaluate.questions.labels import HeldOut, LabelErrors, label_errors, label_errors_among
from gatera.learn.doctor.examine import examine
from gatera.learn.doctor.findings import SHUFFLED, Finding
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


def look_for_trouble(
    learn: Learner, evaluation: Evaluation, events: Events, held_out: str | None = None
) -> None:
    """Report how the training went, if something looks wrong: at most two findings.

    Args:
        learn: the learner.
        evaluation: of its validation set.
        events: where to report.
        held_out: what was held out, in words, where it may differ from what was trained on; None where single items were at random.
    """
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
        differs = finding.name == SHUFFLED and held_out is not None
        events.on_warning(str(_of_others(finding, held_out or "") if differs else finding))


def _of_others(finding: Finding, held_out: str) -> Finding:
    """Return what is said instead of labels that look shuffled where other groups or times were held out.

    Labels that are alike within groups or times are not shuffled, and a model that knows only those it saw guesses all the same.
    """
    return Finding(
        "what was learned does not hold for what was held out",
        f"{finding.evidence} The split: {held_out}.",
        "Look for inputs that say as much of items like these. If a split at random does no better, look at whether labels and items "
        "were paired in the right order.",
    )


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
        All that look wrong, not just clearly; [] if nobody looked, as the features say too little of the classes.
    """
    start = learn.head_start
    if start is None or learn.dls.train.n + learn.dls.valid.n > MOST_LABELS:
        return []
    if start.missed is not None and start.missed > MOST_WRONG:
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
