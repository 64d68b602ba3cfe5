"""The HTML report of a program for photos, with its pictures."""

from __future__ import annotations

import shlex
from pathlib import Path

import gatera
from gatera.core.files import atomic_write
from gatera.data.folders.labelled import LabelledFiles
from gatera.evaluate.html_report import Picture, ReportFacts, figure_png, write_html_report
from gatera.interpret.classification import ClassificationInterpretation
from gatera.learn.export.program import architecture_name
from gatera.learn.learner import Learner
from gatera.measure.reports.classes import ErrorReport
from gatera.recipes.settings import TrainSettings

#: The page, and the pictures that `draw_pictures` makes.
PAGE, PICTURES = "report.html", ("batch", "results", "confusion", "worst", "loss")


def page_files(folder: Path) -> list[Path]:
    """Return the files of a report."""
    return [folder / PAGE, *(folder / f"{name}.png" for name in PICTURES)]


def write_page(learn: Learner, settings: TrainSettings, photos: LabelledFiles, report: ErrorReport) -> Path:
    """Write `report.html` and its pictures as PNG files into the folder `settings.report`; returns the page's path."""
    folder = settings.report or Path()
    pictures = draw_pictures(learn, report)
    for name, picture in pictures.items():
        with atomic_write(folder / f"{name}.png") as partial:
            partial.write_bytes(picture.png)
    example = photos.files[photos.indices("valid")[0]]
    facts = ReportFacts(
        title=settings.out.stem,
        report=report,
        n_train=learn.dls.train.n,
        n_valid=learn.dls.valid.n,
        data={
            "folder": str(settings.source), "understood as": photos.layout, "split": photos.split_by,
            "measured on": measured_on(learn), "seed": str(settings.seed),
        },
        bad_files=photos.skipped,
        pictures=list(pictures.values()),
        history=learn.recorder.rows,
        preprocessing=learn.dls.preprocess.config,
        commands={
            "Label a photo:": f"gatera predict {shlex.quote(str(settings.out))} {shlex.quote(str(example))}",
            "See what the program is:": f"gatera info {shlex.quote(str(settings.out))}",
        },
        made_with=f"Made by Gatera {gatera.__version__}: {architecture_name(learn.model)}, {learn.arithmetic}.",
    )
    return write_html_report(folder / PAGE, facts, settings.force)


def measured_on(learn: Learner) -> str:
    """Return in words what the page's error was measured on, and whether something was chosen there."""
    chosen = ", on which the best epoch was chosen" if len(learn.recorder.rows) > 1 else ", on which nothing was chosen"
    tested = "; the test set's error is in the program's card" if learn.dls.test is not None else ""
    return f"the validation set{chosen}{tested}"


def draw_pictures(learn: Learner, report: ErrorReport) -> dict[str, Picture]:
    """Return the pictures by file name: a batch, results, the confusion matrix, the worst photos, the loss."""
    seen = ClassificationInterpretation.from_learner(learn)
    many = len(report.per_class) > 10
    figures = {
        "batch": (
            learn.dls.show_batch(max_n=9),
            "A training batch",
            "Photos as the network sees them.",
            False,
        ),
        "results": (
            learn.show_results(max_n=12),
            "Validation photos",
            "Predictions; wrong ones are crossed out.",
            False,
        ),
        "confusion": (seen.plot_confusion_matrix(), "Confusion matrix", "A row for each true class.", many),
        "worst": (
            seen.plot_top_losses(9),
            "Largest losses",
            "The most wrong or least certain predictions.",
            False,
        ),
        "loss": (learn.recorder.plot_loss(), "Loss", "The lower, the better.", False),
    }
    return {
        name: Picture(title, figure_png(figure), caption, wide)
        for name, (figure, title, caption, wide) in figures.items()
    }
