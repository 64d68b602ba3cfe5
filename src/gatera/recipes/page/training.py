"""The HTML report of a training run: the figures of the command, the items of the test set with their answers, the training."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import gatera
from gatera.core.escape import shell_join, shell_quote
from gatera.core.files import atomic_write, check_can_write, check_free_to_write
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.mask import MaskBlock
from gatera.data.loading.dataset import Dataset, Rows
from gatera.data.loading.row_loaders import RowLoaders
from gatera.data.splits.split import SET_NAMES
from gatera.evaluate.findings.copies import HEADING, leaks_section, pictures_of_pairs
from gatera.evaluate.findings.every import Known
from gatera.evaluate.findings.suspects import MOST_SHOWN, suspects_table
from gatera.evaluate.html_report import ReportFacts, figure_png, write_html_report
from gatera.evaluate.item_pictures import shown
from gatera.evaluate.items import Example, LabelledItems, item_name
from gatera.evaluate.measure_source import measure
from gatera.evaluate.outcomes import Outcome
from gatera.evaluate.page import bad_files, item_facts, when, without_folder
from gatera.evaluate.questions.labels import LabelErrors, LabelSuspect
from gatera.evaluate.section import Picture, Section
from gatera.interpret.classification import ClassificationInterpretation
from gatera.learn.export.program import architecture_name
from gatera.learn.learner import Learner
from gatera.measure.reports.certainty import CalibrationReport
from gatera.program.operations import PHOTOS
from gatera.program.program import Program, load_program
from gatera.recipes.evaluation import Evaluation
from gatera.recipes.job import HOW_SURE, Job
from gatera.recipes.page.copies import NOBODY
from gatera.recipes.page.sections import sections_of
from gatera.recipes.settings import Task, TrainSettings, without_path

#: The page, and the pictures beside it: those of photos with labels, and those of all other tasks.
PAGE, PICTURES, OTHER_PICTURES = "report.html", ("batch", "results", "confusion", "worst", "loss"), ("loss",)

#: The pictures that the page itself shows; its own lists and tables say what the others do.
ON_PAGE = ("batch", "loss")


def page_files(folder: Path, task: Task) -> list[Path]:
    """Return the files of a report."""
    return [folder / PAGE, *(folder / f"{name}.png" for name in _pictures_of(task))]


def check_page(settings: TrainSettings, task: Task) -> None:
    """Raise OutputExistsError if a report already exists, ArgumentError if it could not be written."""
    for file in page_files(settings.report, task) if settings.report else ():
        check_free_to_write(file, settings.force)
        check_can_write(file)


def write_page(
    job: Job,
    settings: TrainSettings,
    task: Task,
    started: float,
    evaluations: Mapping[str, Evaluation],
    path: Path,
) -> Path:
    """Write `report.html` and its pictures into the folder `settings.report`; return the page's path.

    The program that was written is run on the test set, or else the validation set, for the answers and the time per item.

    Args:
        job: what was trained.
        settings: what was asked for.
        task: what was learned.
        started: when, by `time.perf_counter`.
        evaluations: the measurements by side.
        path: the program.
    """
    learn, folder = job.learn, settings.report or Path()
    pictures = _pictures_in(folder, learn, task)
    program = load_program(path, threads=1)
    side = "test" if "test" in evaluations else "valid"
    items = in_groups(_items_on(side, job, settings, program), evaluations[side])
    measured = measure(program, items)
    certainty = learn.calibrate().report
    known = Known(
        _of_this_set(certainty, side), known_suspects(job, program), known_copies(job, settings, side)
    )
    facts = ReportFacts(
        title=settings.out.stem, report=evaluations[side].report, n_train=learn.dls.train.n, n_valid=learn.dls.valid.n,
        data={
            "data": without_path(job.data, settings.source), "split": job.split,
            "measured on": f"all {len(items.examples):,} {items.things} of the {measured_on(learn, side, task)}",
            "seed": str(settings.seed), **when(time.perf_counter() - started),
            **({"time per item": str(measured.latency)} if measured.latency else {}),
        },
        bad_files=bad_files(job.skipped, settings.source),
        pictures=[pictures[name] for name in ON_PAGE if name in pictures], history=with_phases(learn),
        preprocessing=learn.dls.preprocess.config if items.things != "rows" else (),
        commands=_commands(settings.out.name, job.example),
        made_with=f"Made by Gatera {gatera.__version__}: {job.architecture or architecture_name(learn.model)}, {learn.arithmetic}.",
        things=items.things, set_name=SET_NAMES[side], figures=_figures(evaluations, certainty, side),
        items=item_facts(program, measured.outcomes), sections=sections_of(program, measured, known), card=program.card,
    )  # fmt: skip
    return write_html_report(folder / PAGE, facts, settings.force)


def _pictures_in(folder: Path, learn: Learner, task: Task) -> dict[str, Picture]:
    """Draw the pictures of a task, and write them into a folder."""
    # trees have no loss of batches to draw
    names = [name for name in _pictures_of(task) if name != "loss" or len(learn.recorder.losses)]
    pictures = draw_pictures(learn, names)
    for name, picture in pictures.items():
        with atomic_write(folder / f"{name}.png") as partial_file:
            partial_file.write_bytes(picture.png)
    return pictures


def _items_on(side: str, job: Job, settings: TrainSettings, program: Program) -> LabelledItems:
    dls = job.learn.dls
    targets = dls.y_names if isinstance(dls, RowLoaders) else ()
    return items_of(getattr(dls, side).dataset, program, settings.source, job.rows, targets)


def _of_this_set(certainty: CalibrationReport, side: str) -> CalibrationReport | None:
    """Return how sure the program is, where that is known of the set that is measured: of a test set it is measured on that, as all else."""
    is_known = len(certainty.probability) > 0 or np.isfinite(certainty.coverage)
    return certainty if is_known and side == "valid" else None


def _commands(program: str, example: Sequence[str]) -> dict[str, str]:
    """Return what to do with the program next: sentence -> command."""
    return {
        "Use the program:": f"gatera predict {shell_quote(program)} {shell_join(Path(word).name for word in example)}",
        "Measure it on other items with labels:": f"gatera test {shell_quote(program)} SOURCE",
        "See what the program is:": f"gatera info {shell_quote(program)}",
    }


def _figures(
    evaluations: Mapping[str, Evaluation], certainty: CalibrationReport, side: str
) -> dict[str, list[str]]:
    """Return what was measured, in words: heading -> lines."""
    figures = {SET_NAMES[each].capitalize(): evaluation.lines() for each, evaluation in evaluations.items()}
    how_sure = HOW_SURE if side == "valid" else f"{HOW_SURE}, by the validation set"
    return figures | ({how_sure: lines} if (lines := certainty.lines()) else {})


def known_copies(job: Job, settings: TrainSettings, side: str) -> Section:
    """Return what training knows of items on both sides of the split; nothing, which is not shown, of ratings: those were named in training."""
    if job.learn.dls.preprocess.config[0]["op"] == "read_pair":
        return Section(HEADING)
    leaks, remarks = job.every_leak, [look.remark for look in job.looked if look.remark]
    if leaks is None:
        kept = "Copies, if there were any, were kept on the same side of the split."
        return Section(HEADING, [kept, *remarks]) if settings.check_leaks else NOBODY
    none = f"No {leaks.things} of the {SET_NAMES[side]} are in the training set."
    return leaks_section(
        leaks,
        [*(leaks.lines(most=1) or [none]), *remarks],
        pictures_of_pairs(leaks, lambda name: settings.source / name),
    )


def known_suspects(job: Job, program: Program) -> Section | None:
    """Return labels that look wrong, with pictures or excerpts; None if nobody looked, or there are none."""
    found = job.suspects[0].confident() if job.suspects else ()
    if not found:
        return None
    items = [shown(program, _as_outcome(each)) for each in found[:MOST_SHOWN]]
    table = suspects_table(
        [_as_outcome(each) for each in found],
        job.suspects[0].n,
        "items of the training and validation set",
        items,
    )
    return replace(table, lines=[*table.lines, _named(job.suspects[0])])


def _named(found: LabelErrors) -> str:
    """Return which of the suspects training named: the clear ones, with what makes them so."""
    clear = len(found.clear())
    of_them = "none" if not clear else "the first" if clear == 1 else f"the first {clear:,}"
    return f"Training reported {of_them} of them: those whose other class is more probable by {100 * found.clear_from:.0f} percentage points."


def _as_outcome(suspect: LabelSuspect) -> Outcome:
    example = Example(suspect.name, suspect.raw, suspect.label)
    how = f"{100 * suspect.margin:.0f} % more probable"
    return Outcome(example, suspect.label, suspect.looks_like, None, suspect.margin, how)


def measured_on(learn: Learner, side: str, task: Task) -> str:
    """Return in words which set the page's figures are of, and whether something was chosen by it: of photos, the best epoch."""
    if side == "test":
        return "test set, which no choice depended on"
    kept = task is Task.photos and len(learn.recorder.rows) > 1
    return (
        f"validation set, {'on which the best epoch was chosen' if kept else 'which no choice depended on'}"
    )


def items_of(
    dataset: Dataset,
    program: Program,
    source: Path,
    rows: np.ndarray | None = None,
    targets: Sequence[str] = (),
) -> LabelledItems:
    """Return the items of a data set, as a program takes them.

    Args:
        dataset: the data set.
        program: what takes them.
        source: where files are.
        rows: the row in the table of each, from 0.
        targets: columns of rows that are not shown to the program, nor cut into slices: the labels.
    """
    things = (program.preprocess.accepts or PHOTOS).things
    raws: Any = dataset.inputs
    if isinstance(raws, Rows):
        raws = Rows(raws.table.astype(object))  # else whole numbers of a row are 12.0 beside others
    examples = [_example(dataset, i, raws[i], source, rows, targets) for i in range(len(dataset))]
    return LabelledItems(examples, things, "")


def in_groups(items: LabelledItems, measured: Evaluation) -> LabelledItems:
    """Return the items with the groups that the split kept together, by which parts of them are judged; the raw items do not say them."""
    if measured.groups is None:
        return items
    pairs = zip(items.examples, measured.groups[0], strict=True)
    return replace(items, examples=[replace(each, group=group) for each, group in pairs])


def _example(
    dataset: Dataset, index: int, raw: Any, source: Path, rows: np.ndarray | None, targets: Sequence[str]
) -> Example:
    block = dataset.fields.y
    truth: Any = dataset.raw_labels[index] if dataset.raw_labels is not None else None
    if isinstance(block, MaskBlock):
        truth = partial(_mask, block, truth)
    elif isinstance(block, CategoryBlock):
        truth = dataset.label(index)
    if isinstance(raw, Path):
        return Example(without_folder([str(raw)], source)[0], raw, truth)
    cells: Any = raw
    if not isinstance(raw, str | bytes | tuple | list):
        cells = {name: cell for name, cell in dict(raw).items() if name not in targets}
    place = int(dataset.positions[index])
    return Example(item_name(None, place if rows is None else int(rows[place])), cells, truth)


def _mask(block: MaskBlock, mask: Any) -> Any:
    return block.encode(block.read(mask))


def with_phases(learn: Learner) -> list[dict[str, Any]]:
    """Return the table of epochs with the phase of each: "frozen" while only the head was trained."""
    rows = learn.recorder.rows
    starts = [place for place, row in enumerate(rows) if row.get("epoch") == 0]
    still = learn.trains_head_only
    last = starts[-1] if len(starts) > 1 else 0
    phases = ["frozen" if place < last or still else "unfrozen" for place in range(len(rows))]
    return [{"phase": phase, **row} for phase, row in zip(phases, rows, strict=True)]


def draw_pictures(learn: Learner, wanted: Sequence[str]) -> dict[str, Picture]:
    """Return pictures by file name: a batch, results, the confusion matrix, the worst photos, the loss."""
    # predicts the whole validation set
    seen = cache(lambda: ClassificationInterpretation.from_learner(learn))
    draw = {
        "batch": lambda: learn.dls.show_batch(max_n=9),
        "results": lambda: learn.show_results(max_n=12),
        "confusion": lambda: seen().plot_confusion_matrix(),
        "worst": lambda: seen().plot_top_losses(9),
        "loss": learn.recorder.plot_loss,
    }
    captions = {
        "batch": ("A training batch", "Photos as the network sees them, with their labels."),
        "results": ("Validation photos", "Predictions; wrong ones are crossed out."),
        "confusion": ("Confusion matrix", "A row for each true class."),
        "worst": ("Largest losses", "The most wrong or least certain predictions."),
        "loss": (
            "Loss",
            "Lower is better: the training batches, smoothed, and the validation set after each epoch.",
        ),
    }
    return {name: Picture(captions[name][0], figure_png(draw[name]()), captions[name][1]) for name in wanted}


def _pictures_of(task: Task) -> Sequence[str]:
    return PICTURES if task is Task.photos else OTHER_PICTURES
