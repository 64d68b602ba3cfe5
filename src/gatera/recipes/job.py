"""What every recipe does once it is prepared: train, measure, write the program, return all of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from gatera.core.checks import listed
from gatera.core.escape import told_apart
from gatera.core.files import human_bytes
from gatera.data.sources.items import BadFile
from gatera.data.splits.split import SET_NAMES
from gatera.evaluate.leaking.found import Leaks
from gatera.evaluate.questions.labels import LabelErrors
from gatera.learn.callbacks.time_left import TimeLeft
from gatera.learn.certainty.fit import Fitted
from gatera.learn.export.card import CardFacts, model_card
from gatera.learn.export.program import ExportOptions, architecture_name, card_facts, find_body, has_features
from gatera.learn.learner import Learner
from gatera.learn.options import TaskDefaults, TrainingOptions
from gatera.learn.state import Callback, LoopState
from gatera.measure.grouped import COPIES, UNNAMED
from gatera.measure.reports.certainty import CalibrationReport
from gatera.measure.reports.classes import ErrorReport
from gatera.models.linear_table import LinearTable
from gatera.models.trees import TableMixture
from gatera.program.program import Program, load_program
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.events import Events
from gatera.recipes.odd_words import alike_labels
from gatera.recipes.settings import TrainSettings, without_path
from gatera.recipes.splitting.changed_copies import ChangedCopies
from gatera.recipes.splitting.end_warnings import look_for_trouble
from gatera.recipes.splitting.of_start import seen_by_start, training_of_start
from gatera.recipes.unfinished.work import UnfinishedRun
from gatera.vision.start_from_program import names_program

#: What is known of how sure a program is before that is measured.
NOT_CALIBRATED = CalibrationReport(0)

#: The heading of what is said of calibration, sets and intervals.
HOW_SURE = "How sure it is"


#: Where the initial weights of a model without a pretrained part come from.
RANDOM_WEIGHTS = "random weights"

#: ... and of a model that has none to begin with.
NO_WEIGHTS = "no pretrained weights"


@dataclass(frozen=True)
class Job:
    """One training run, prepared by a recipe.

    Attributes:
        learn: what is trained.
        fit: trains it; given the checkpoint of an interrupted run, resumes that.
        evaluate: measures it on the side "valid" or "test".
        data: where the items came from and how they were understood, in words.
        split_by: how they were split, in words.
        at_random: the sides that were drawn at random.
        example: an item to try the program on: what `gatera predict` takes.
        weights: where the initial weights came from, in words.
        architecture: the network's name, where the learner does not know it.
        opening: what is trained, in a sentence, where that is not the network.
        skipped: files that are not used, and why.
        facts: what else `program.json` says of the training.
        leaks: items that are on both sides of the split; None where nobody looked.
        looked: what a closer look at photos found before they were trained on; `fit` adds it.
        suspects: the labels that look wrong to models that did not learn from them, if somebody looked; `fit` adds them.
        rows: the row in its table of each item, from 0, int64; None for files, and where nobody needs it.
        groups: returns the group of each item on a side, and what groups them; None where items stand alone.
        report_page: writes the HTML report, given the measurements and the program; None if none is asked for.
    """

    learn: Learner
    fit: Callable[[Path | None], None]
    evaluate: Callable[[str], Evaluation]
    data: str
    split_by: str
    example: Sequence[str]
    at_random: Sequence[str] = ()
    weights: str = RANDOM_WEIGHTS
    architecture: str | None = None
    opening: str | None = None
    skipped: Sequence[BadFile] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    leaks: Leaks | None = None
    looked: list[ChangedCopies] = field(default_factory=list)
    suspects: list[LabelErrors] = field(default_factory=list)
    rows: np.ndarray | None = None
    groups: Callable[[str], tuple[Sequence[Hashable], str]] | None = None
    report_page: Callable[[Mapping[str, Evaluation], Path], Path] | None = None

    @property
    def every_leak(self) -> Leaks | None:
        """All pairs together; None where nobody looked, or copies were kept together and nothing else was found."""
        found = self.leaks
        for look in self.looked:
            if look.left is not None:
                found = found.with_more(look.left) if found is not None else look.left or None
        return found

    @property
    def split(self) -> str:
        """How the items were split, and what was changed of it, in words."""
        return "; ".join([self.split_by, *(look.split for look in self.looked if look.split)])


@dataclass(frozen=True, repr=False)
class TrainedProgram:
    """A newly trained program; printing it shows how good it is.

    Attributes:
        path: the program's file.
        learner: what was trained.
        evaluations: the measurements on "valid" and, if there is a test set, on "test".
        example: an item to try the program on.
        skipped: files that were not used, and why.
        page: the HTML report, if one was asked for.
        certainty: how sure the program is, and whether it is right to be; printed, it says so in words.
    """

    path: Path
    learner: Learner
    evaluations: Mapping[str, Evaluation]
    example: Sequence[str] = ()
    skipped: Sequence[BadFile] = ()
    page: Path | None = None
    certainty: CalibrationReport = NOT_CALIBRATED

    @property
    def report(self) -> ErrorReport | Any:
        """The report on the validation set: an `ErrorReport`; of masks a `MaskReport`, of numbers a `NumberReport`."""
        return self.evaluations["valid"].report

    @cached_property
    def program(self) -> Program:
        """The program, opened: `trained.program.predict("cat.jpg")`."""
        return load_program(self.path)

    def sections(self) -> dict[str, list[str]]:
        """Return the measurements in words: heading -> lines."""
        measured = {
            SET_NAMES[side].capitalize(): evaluation.lines() for side, evaluation in self.evaluations.items()
        }
        lines = self.certainty.lines()
        return measured | ({HOW_SURE: lines} if lines else {})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        found = {side: evaluation.to_dict() for side, evaluation in self.evaluations.items()}
        return {
            **found,
            "calibration": self.certainty.to_dict(),
            "program": str(self.path),
            "report": None if self.page is None else str(self.page),
        }

    def __repr__(self) -> str:
        lines = [f"Program {self.path} ({human_bytes(self.path.stat().st_size)})"]
        for heading, section in self.sections().items():
            lines += [f"{heading}:", *(f"  {line}" for line in section)]
        return "\n".join(lines)


class EpochEvents(Callback):
    """Report each epoch's row, with the phase: "frozen" while only the head is trained, else "unfrozen".

    Args:
        learn: the learner that is trained.
        events: where to.
    """

    order = 90  # after the recorder has written the row
    reads_only = True
    in_lr_find = False

    def __init__(self, learn: Learner, events: Events) -> None:
        self.learn, self.events = learn, events

    def after_epoch(self, state: LoopState) -> None:
        """Report the row."""
        phase = "frozen" if self.learn.trains_head_only else "unfrozen"
        self.events.on_event("epoch", {"phase": phase, **self.learn.recorder.rows[-1]})


def alike_classes(labels: Any) -> str | None:
    """Return what is said of classes that are probably one; None where there are none; see `alike_labels`.

    Args:
        labels: the classes; None for numbers.

    Example:
        >>> alike_classes(["no", "yes", "Yes "])
        "The classes 'yes' and 'Yes ' differ only in case or spaces, and are treated as different classes. Rename them if they are the same."
    """
    groups, why = alike_labels(labels if isinstance(labels, Sequence) else ())
    if not groups:
        return None
    said = listed((" and ".join(map(told_apart, names)) for names in groups), 4)
    return (
        f"The classes {said} {why}, and are treated as different classes. Rename them if they are the same."
    )


def run_job(job: Job, unfinished: UnfinishedRun) -> TrainedProgram:
    """Train, measure, and write the program.

    Args:
        job: what its recipe prepared.
        unfinished: keeps what is trained until the program is written.

    Raises:
        TrainingInterrupted: after a stop; what was trained is kept.
    """
    learn, events = job.learn, unfinished.events
    options = learn.options
    resume = unfinished.resume_from(learn)
    settings = unfinished.settings
    architecture = job.architecture or architecture_name(learn.model)
    network = f"Training {architecture} ({learn.arithmetic}), starting from {job.weights}."
    events.on_line(job.opening or network)
    if said := alike_classes(learn.dls.vocab):
        events.on_warning(said)
    start = training_of_start(learn)
    with unfinished.kept():
        _train(job, resume, events)
        unfinished.keeper.flush(slim=True)  # nothing after this line loses the training
        learn.to_fp32()  # as the program will compute: in bf16 an item on the verge may change sides
        seen = seen_by_start(start, learn, settings, job.at_random, job.facts)
        evaluations = {
            side: replace(each, remarks=[*each.remarks, *seen.get(side, [])])
            for side, each in _measure(job, unfinished).items()
        }
        with unfinished.stage_of("calibrating", "Measuring how sure it may be"):
            fitted = learn.calibrate(evaluations["valid"].groups)
        look_for_trouble(
            learn, evaluations["valid"], events, _of_others(job, settings, evaluations["valid"].groups)
        )
        with unfinished.stage_of("exporting", f"Writing {settings.out}"):
            path = _export(job, settings, evaluations, fitted, events)
        page = None
        if job.report_page and settings.report:
            with unfinished.stage_of("reporting", "Drawing the report"):
                page = job.report_page(evaluations, path)
    unfinished.finish()
    learn.options, learn.keeper = options, None
    trained = TrainedProgram(settings.out, learn, evaluations, job.example, job.skipped, page, fitted.report)
    events.on_event("result", trained.to_dict())
    return trained


def _measure(job: Job, unfinished: UnfinishedRun) -> dict[str, Evaluation]:
    sides = ["valid"] if job.learn.dls.test is None else ["valid", "test"]
    found, leaks = {}, job.every_leak
    for side in sides:
        with unfinished.stage_of("measuring", f"Measuring on the {SET_NAMES[side]}"):
            found[side] = job.evaluate(side)
            if job.groups is not None:
                found[side] = found[side].over_groups(*job.groups(side))
            if leaks:
                found[side] = found[side].without(leaks.places(side), leaks.things)
    return found


def options_for(settings: TrainSettings, defaults: TaskDefaults) -> TrainingOptions:
    """Return the task's options, with its learning rate, and a folder beside the program that says that it is unfinished."""
    return replace(defaults.options, fine_tune_lr=defaults.lr, model_dir=f"{settings.out.stem}-unfinished")


def fine_tuning(
    learn: Learner, settings: TrainSettings, defaults: TaskDefaults, cbs: Any = None
) -> Callable[[Path | None], None]:
    """Return a function that trains by transfer learning, with the settings or else the task's defaults."""
    freeze_epochs = defaults.freeze_epochs if settings.freeze_epochs is None else settings.freeze_epochs

    def fit(resume: Path | None) -> None:
        # only a rate that the user names is passed: the default, in the options, may be lowered for a head that is solved
        learn.fine_tune(
            settings.epochs or defaults.epochs, settings.lr or None, freeze_epochs, cbs=cbs, resume=resume
        )

    return fit


def one_cycle(
    learn: Learner, settings: TrainSettings, defaults: TaskDefaults
) -> Callable[[Path | None], None]:
    """Return a function that trains the whole model, with the settings or else the task's defaults."""

    def fit(resume: Path | None) -> None:
        rate = settings.lr or defaults.lr
        learn.fit_one_cycle(settings.epochs or defaults.epochs, rate, wd=defaults.wd, resume=resume)

    return fit


def first_arch(settings: TrainSettings, usual: str) -> str:
    """Return the architecture: the one that is named, or else that of the program to start from, or else the usual one."""
    if settings.arch is None and settings.weights is not None and names_program(str(settings.weights)):
        return str(settings.weights)
    return settings.arch or usual


def weights_source(learn: Learner) -> str:
    """Return where the initial weights came from, in words."""
    body = find_body(learn.model)
    return RANDOM_WEIGHTS if body is None else body.source


def _train(job: Job, resume: Path | None, events: Events) -> None:
    learn = job.learn
    reporters = [EpochEvents(learn, events), TimeLeft(events.on_line)]
    learn.display.table_on = events.show_epochs
    learn.cbs += reporters
    try:
        job.fit(resume)
    finally:
        for reporter in reporters:
            learn.remove_cb(reporter)
        learn.display.table_on = True


def _of_others(
    job: Job, settings: TrainSettings, groups: tuple[Sequence[Hashable], str] | None
) -> str | None:
    """Return how items were split where whole groups, the newest or given ones were held out; None for single ones at random."""
    by = None if groups is None else groups[1]
    named = settings.group_by is not None or "grouped_by" in job.facts
    alone = by in (None, COPIES) or (by == UNNAMED and not named)
    return None if alone and "valid" in job.at_random else job.split_by


def _initial_weights(job: Job, model: nn.Module) -> str:
    """Return where the weights of the model that is exported began, in words. Trees, words and linear models begin with none."""
    network = model.network if isinstance(model, TableMixture) else model
    if network is None or isinstance(network, LinearTable):
        return NO_WEIGHTS
    return job.weights if find_body(network) or job.weights == RANDOM_WEIGHTS else NO_WEIGHTS


def _export(
    job: Job, settings: TrainSettings, evaluations: Mapping[str, Evaluation], fitted: Fitted, events: Events
) -> Path:
    learn, measured = job.learn, evaluations.get("test", evaluations["valid"])
    report = measured.report
    facts: CardFacts = replace(
        card_facts(replace(learn.trained, fitted=fitted), settings.out.stem), data=without_path(job.data, settings.source), split=job.split,
        weights=_initial_weights(job, learn.model), metrics={}, architecture=job.architecture or architecture_name(learn.model),
    )  # fmt: skip
    if isinstance(report, ErrorReport):
        facts = replace(facts, report=report, remarks=measured.remarks, baselines=measured.baselines)
    else:
        remarks = [*report.card_remarks, *measured.remarks]
        facts = replace(facts, metrics=report.card_metrics, remarks=remarks)
    training: dict[str, Any] = {side: evaluation.to_dict() for side, evaluation in evaluations.items()}
    training |= {
        "n_train": learn.dls.train.n,
        "seed": settings.seed,
        "source": settings.source.resolve().name,
        "settings": settings.chosen(),
        **job.facts,
    }
    embeddings = settings.embeddings and has_features(learn.trained)
    if settings.embeddings and not embeddings:
        events.on_line(f"The program gives no embeddings: {facts.architecture} has no features.")
    options = ExportOptions(
        slim=settings.slim, card=model_card(facts), training=training, embeddings=embeddings
    )
    return learn.export(settings.out.absolute(), force=settings.force, options=options)
