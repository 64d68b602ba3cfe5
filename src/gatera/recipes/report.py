"""The pictures and the page that `gatera train --report` writes."""

from __future__ import annotations

import shlex
from pathlib import Path

import gatera
from gatera.core.files import atomic_write
from gatera.data.folders.labelled import PhotoSet
from gatera.evaluate.html_report import Picture, ReportFacts, figure_png, write_html_report
from gatera.interpret.classification import ClassificationInterpretation
from gatera.learn.export.program import architecture_name
from gatera.learn.learner import Learner
from gatera.measure.reports.classes import ErrorReport
from gatera.recipes.settings import TrainSettings

#: The page, and the pictures that `draw` makes.
PAGE, PICTURES = "report.html", ("batch", "results", "confusion", "worst", "loss")


def report_files(folder: Path) -> list[Path]:
    """Return the files that a report is made of."""
    return [folder / PAGE, *(folder / f"{name}.png" for name in PICTURES)]


def write_report(
    learn: Learner, settings: TrainSettings, photos: PhotoSet, report: ErrorReport, program: Path
) -> Path:
    """Write `report.html` and its pictures as PNG files into the folder asked for; returns the page's path."""
    folder = settings.report or Path()
    pictures = draw(learn, report)
    for name, picture in pictures.items():
        with atomic_write(folder / f"{name}.png") as partial:
            partial.write_bytes(picture.png)
    example = photos.photos[photos.indices("valid")[0]]
    facts = ReportFacts(
        title=settings.out.stem,
        report=report,
        n_train=learn.dls.train.n,
        n_valid=learn.dls.valid.n,
        data={"folder": str(settings.source), "understood as": photos.layout, "seed": str(settings.seed)},
        bad_files=photos.bad,
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


def draw(learn: Learner, report: ErrorReport) -> dict[str, Picture]:
    """Return the pictures by file name: a batch, results, the confusion matrix, the worst photos, the loss."""
    seen = ClassificationInterpretation.from_learner(learn)
    many = len(report.per_class) > 10
    figures = {
        "batch": (learn.dls.show_batch(max_n=9), "A training batch", "What the network sees.", False),
        "results": (
            learn.show_results(max_n=12),
            "Held-out photos",
            "Its answers; wrong ones are crossed.",
            False,
        ),
        "confusion": (seen.plot_confusion_matrix(), "Confusion matrix", "Rows are the truth.", many),
        "worst": (
            seen.plot_top_losses(9),
            "Largest losses",
            "Where it was most wrong, or least sure.",
            False,
        ),
        "loss": (learn.recorder.plot_loss(), "Loss", "Falling is learning.", False),
    }
    return {
        name: Picture(title, figure_png(figure), caption, wide)
        for name, (figure, title, caption, wide) in figures.items()
    }
