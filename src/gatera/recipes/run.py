"""What every `gatera train` does, whatever it learns: train, measure, write the program, and say what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gatera.core.errors import DataError
from gatera.core.files import human_bytes
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.checkpoint import TrainingInterrupted
from gatera.learn.export.card import CardFacts, model_card
from gatera.learn.export.program import ExportOptions, architecture_name, card_facts
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport
from gatera.recipes.epochs import EpochLines
from gatera.recipes.events import Saying
from gatera.recipes.settings import TrainSettings

#: The exit status after Ctrl-C.
INTERRUPTED = 130


@dataclass(frozen=True)
class Measured:
    """What was measured on one side of the split.

    Attributes:
        report: of a classifier, of masks, or of predicted numbers.
        rivals: the error (0..1) of simpler classifiers on the same items, by name.
    """

    report: ErrorReport | MaskReport | NumberReport
    rivals: Mapping[str, float] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        more = [
            f"{name[:1].upper()}{name[1:]} would give {percent(error, self.report.n)}."
            for name, error in self.rivals.items()
        ]
        return [*self.report.lines(), *more]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return self.report.to_dict() | ({"baselines": dict(self.rivals)} if self.rivals else {})


@dataclass(frozen=True)
class Job:
    """One training run, prepared.

    Attributes:
        learn: what is trained.
        fit: trains it; given the checkpoint of an interrupted run, goes on from there.
        measure: measures it on the side "valid" or "test".
        things: what the items are called: "photos", "rows".
        data: where they came from and how they were understood, in words.
        split: how they were divided, in words.
        weights: where the initial weights came from, in words.
        example: what to give `gatera predict` to try the program.
        architecture: the network's name, where the learner does not know it.
        facts: what else `program.json` should say of the training.
        report_page: writes pages and pictures into `--report`, where the kind of job has them.
        limits: what was not tested; the usual words where None.
    """

    learn: Learner
    fit: Callable[[Path | None], None]
    measure: Callable[[str], Measured]
    things: str
    data: str
    split: str
    weights: str
    example: Sequence[str]
    architecture: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    report_page: Callable[[Measured, Path], Path] | None = None
    limits: Sequence[str] | None = None


def run_job(job: Job, settings: TrainSettings, say: Saying) -> None:
    """Train, measure, write the program, and say how good it is.

    Raises:
        SystemExit: after Ctrl-C, with status 130.
    """
    learn = job.learn
    say.line(
        f"Training {job.architecture or architecture_name(learn.model)} ({learn.arithmetic}), starting from {job.weights}."
    )
    learn.display.table_on = not settings.json
    learn.add_cb(EpochLines(learn, say))
    _train(job, settings, say)
    # Whatever goes wrong from here on, nothing that was trained is lost.
    learn.save("trained", with_opt=False)
    learn.to_fp32()  # as the program will compute: in bf16 a photo on the verge may fall to the other side
    found = {"valid": job.measure("valid")}
    if learn.dls.test is not None:
        found["test"] = job.measure("test")
    program = _export(job, settings, found)
    page = job.report_page(found["valid"], program) if job.report_page and settings.report else None
    _say_result(job, settings, found, program, page, say)
    _tidy(learn)


def options_for(settings: TrainSettings, options: TrainingOptions | None = None) -> TrainingOptions:
    """Return training options whose files lie in a folder beside the program, which says that it is unfinished."""
    return replace(options or TrainingOptions(), model_dir=f"{settings.out.stem}-unfinished")


def fine_tuning(
    learn: Learner,
    settings: TrainSettings,
    epochs: int,
    freeze_epochs: int,
    rate: float | None = None,
    cbs: Any = None,
) -> Callable[[Path | None], None]:
    """Return what trains by transfer learning: as asked for, and where nothing was, by these epochs and this rate.

    Args:
        rate: `base_lr`; None for the learner's own.
    """

    def fit(resume: Path | None) -> None:
        learn.fine_tune(
            settings.epochs or epochs, base_lr=settings.lr or rate, cbs=cbs, resume=resume,
            freeze_epochs=freeze_epochs if settings.freeze_epochs is None else settings.freeze_epochs,
        )  # fmt: skip

    return fit


def measure_classes(
    learn: Learner, side: str, things: str, rivals: Mapping[str, float] | None = None
) -> Measured:
    """Return the error on one side of the split, beside that of the most frequent class in training."""
    predictions, targets = _predicted(learn, side, things)
    dls: DataLoaders = learn.dls
    if dls.vocab is None:
        raise DataError(f"the {side} {things} have no labels to measure with")
    baseline = most_frequent_class(dls.train_ds.targets.numpy(), targets)
    return Measured(ErrorReport.from_predictions(predictions, targets, dls.vocab, baseline), rivals or {})


def measure_numbers(learn: Learner, side: str, things: str, rivals: Mapping[str, float]) -> Measured:
    """Return the mean squared error on one side of the split, beside those of simpler answers."""
    predictions, targets = _predicted(learn, side, things)
    return Measured(NumberReport.from_predictions(predictions, targets, rivals))


def _predicted(learn: Learner, side: str, things: str) -> tuple[Any, Any]:
    loader = learn.dls.valid if side == "valid" else learn.dls.test
    predictions, targets = learn.get_preds(dl=loader.for_evaluation())[:2]
    if predictions is None or targets is None:
        raise DataError(f"the {side} {things} have no labels to measure with")
    return predictions.numpy(), targets.numpy()


def _train(job: Job, settings: TrainSettings, say: Saying) -> None:
    try:
        job.fit(settings.resume)
    except TrainingInterrupted as stop:
        p = stop.position
        part = f" ({p.phase})" if p.phase else ""
        say.line(f"\nStopped in epoch {p.epoch} of {p.epochs}{part}, after batch {p.step} of {p.steps}.")
        say.line(f"What is trained so far is in {stop.path}. To go on, run the same command with")
        say.command(f"--resume {shlex.quote(str(stop.path))}")
        say.event("interrupted", {"checkpoint": str(stop.path), **p.to_dict()})
        raise SystemExit(INTERRUPTED) from stop


def _export(job: Job, settings: TrainSettings, found: Mapping[str, Measured]) -> Path:
    learn, shown = job.learn, found.get("test", found["valid"]).report
    facts: CardFacts = replace(
        card_facts(learn.trained, settings.out.stem), data=job.data, split=job.split, weights=job.weights, metrics={},
        architecture=job.architecture or architecture_name(learn.model),
        report=shown if isinstance(shown, ErrorReport) else None,
    )  # fmt: skip
    if not isinstance(shown, ErrorReport):
        facts = replace(facts, metrics=shown.card_metrics)
    if job.limits is not None:
        facts = replace(facts, limits=job.limits)
    training: dict[str, Any] = {name: measured.to_dict() for name, measured in found.items()}
    training |= {"n_train": learn.dls.train.n, "seed": settings.seed, **job.facts}
    options = ExportOptions(slim=settings.slim, card=model_card(facts), training=training)
    return learn.export(settings.out.absolute(), force=settings.force, options=options)


def _say_result(
    job: Job,
    settings: TrainSettings,
    found: Mapping[str, Measured],
    program: Path,
    page: Path | None,
    say: Saying,
) -> None:
    headings = {"valid": f"On the {job.things} held out:", "test": f"On the test {job.things}:"}
    for side, measured in found.items():
        say.line("")
        say.line(headings[side], style="bold")
        for line in measured.lines():
            say.line(f"  {line}")
    say.line("")
    say.line(f"The program is {settings.out} ({human_bytes(program.stat().st_size)}).")
    if page is not None:
        say.line(f"The report is {page}.")
    say.line("Try it:")
    say.command(f"gatera predict {shlex.join([str(settings.out), *job.example])}")
    result = {side: measured.to_dict() for side, measured in found.items()}
    say.event(
        "result", {**result, "program": str(settings.out), "report": None if page is None else str(page)}
    )


def _tidy(learn: Learner) -> None:
    """Remove what was kept in case of an accident, now that there is a program."""
    for name in ("interrupted", "trained"):
        learn.model_path(name).unlink(missing_ok=True)
    folder = learn.model_path("trained").parent
    if not any(folder.iterdir()):
        folder.rmdir()
