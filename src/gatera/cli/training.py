"""What `gatera train` does: find photos, train, measure, write the program, and say what comes next."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import gatera
from gatera.cli.output import INTERRUPTED
from gatera.cli.report import write_report
from gatera.cli.saying import Saying
from gatera.cli.train import TrainSettings
from gatera.core.device import as_device
from gatera.core.errors import DataError
from gatera.core.files import check_free_to_write, human_bytes
from gatera.data.augment import aug_transforms
from gatera.data.blocks import CategoryBlock, ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.labels import ItemGetter
from gatera.data.loaders import DataLoaders
from gatera.data.splits import Splits
from gatera.data.transforms import Resize
from gatera.learn.card import CardFacts, model_card
from gatera.learn.checkpoint import TrainingInterrupted
from gatera.learn.export import ExportOptions, architecture_name, find_body
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.measure.baseline import most_frequent_class
from gatera.measure.error_report import ErrorReport
from gatera.measure.metrics import error_rate
from gatera.vision.folder import PhotoSet, hold_out, leave_out_bad, read_photo_folder
from gatera.vision.learner import vision_learner

#: Updates an epoch should have at least; small folders get smaller batches (chosen here, see LOG.md).
UPDATES_PER_EPOCH = 10

#: How many files that were left out are listed one by one.
MOST_LISTED = 20


def run(settings: TrainSettings) -> None:
    """Train as asked.

    Raises:
        GateraError: for whatever is wrong with the photos, the options, or the disk.
        SystemExit: after Ctrl-C, with status 130.
    """
    say = Saying(settings.json)
    check_free_to_write(settings.out, settings.force)
    device = as_device(settings.device)
    photos = hold_out(
        leave_out_bad(read_photo_folder(settings.photos, settings.label_from)),
        settings.valid_pct,
        settings.seed,
    )
    _say_photos(say, photos)
    dls = make_loaders(photos, settings).to(device)
    learn = vision_learner(
        dls, settings.arch, pretrained=settings.weights or True, metrics=error_rate, path=settings.out.parent,
        options=TrainingOptions(model_dir=f"{settings.out.stem}-unfinished"),
    )  # fmt: skip
    say.line(f"Training {settings.arch} ({learn.arithmetic}), starting from {weights_source(learn)}.")
    learn.display.table_on = not settings.json
    _train(learn, settings, say)
    learn.save(
        "trained", with_opt=False
    )  # whatever goes wrong from here on, nothing that was trained is lost
    say.rows("epoch", learn.recorder.rows)
    reports = {"valid": measure(learn, photos, "valid")}
    if dls.test is not None:
        reports["test"] = measure(learn, photos, "test")
    program = _export(learn, settings, photos, reports)
    page = write_report(learn, settings, photos, reports["valid"], program) if settings.report else None
    _say_result(say, settings, photos, reports, program, page)
    _tidy(learn)


def make_loaders(photos: PhotoSet, settings: TrainSettings) -> DataLoaders:
    """Return loaders for photos that are split."""
    sides = [np.array(photos.indices(side)) for side in ("train", "valid", "test")]
    splits = Splits(sides[0], sides[1], sides[2] if len(sides[2]) else None)
    block = DataBlock(
        (ImageBlock, CategoryBlock), splitter=lambda items: splits, get_x=ItemGetter(0), get_y=ItemGetter(1),
        item_tfms=Resize(settings.size), batch_tfms=aug_transforms() if settings.augment else None,
    )  # fmt: skip
    rows = list(zip(photos.photos, photos.labels, strict=True))
    bs = settings.bs or max(8, min(64, len(splits.train) // UPDATES_PER_EPOCH))
    bs = min(bs, len(splits.train))
    return block.dataloaders(rows, settings.out.parent, bs, val_bs=64, seed=settings.seed)


def measure(learn: Learner, photos: PhotoSet, side: str) -> ErrorReport:
    """Return the error on one side of the split, beside that of the most frequent class in training."""
    loader = learn.dls.valid if side == "valid" else learn.dls.test
    predictions, targets = learn.get_preds(dl=loader.for_evaluation())[:2]
    if predictions is None or targets is None or learn.dls.vocab is None:
        raise DataError(f"the {side} photos have no labels to measure with")
    baseline = most_frequent_class(learn.dls.train_ds.targets.numpy(), targets.numpy())
    return ErrorReport.from_predictions(predictions.numpy(), targets.numpy(), learn.dls.vocab, baseline)


def _train(learn: Learner, settings: TrainSettings, say: Saying) -> None:
    try:
        learn.fine_tune(
            settings.epochs, base_lr=settings.lr, freeze_epochs=settings.freeze_epochs, resume=settings.resume
        )
    except TrainingInterrupted as stop:
        p = stop.position
        say.line(
            f"\nStopped in epoch {p.epoch} of {p.epochs} ({p.phase}), after batch {p.step} of {p.steps}."
        )
        say.line(f"What is trained so far is in {stop.path}. To go on, run the same command with")
        say.command(f"--resume {shlex.quote(str(stop.path))}")
        say.event("interrupted", {"checkpoint": str(stop.path), **p.to_dict()})
        raise SystemExit(INTERRUPTED) from stop


def _export(
    learn: Learner, settings: TrainSettings, photos: PhotoSet, reports: dict[str, ErrorReport]
) -> Path:
    facts = CardFacts(
        title=settings.out.stem, task="classification", labels=list(learn.dls.vocab or ()), data=f"{settings.photos} ({photos.layout})",
        n_train=learn.dls.train.n, n_valid=learn.dls.valid.n, split=_split_words(photos, settings),
        report=reports.get("test", reports["valid"]), architecture=architecture_name(learn), weights=weights_source(learn),
        versions={"gatera": gatera.__version__},
    )  # fmt: skip
    training: dict[str, Any] = {name: report.to_dict() for name, report in reports.items()}
    training |= {"n_train": learn.dls.train.n, "seed": settings.seed, "left_out": len(photos.bad)}
    options = ExportOptions(slim=settings.slim, card=model_card(facts), training=training)
    return learn.export(settings.out.absolute(), force=settings.force, options=options)


def weights_source(learn: Learner) -> str:
    """Return where the initial weights came from, in words."""
    body = find_body(learn)
    return "random weights" if body is None else body.source


def _split_words(photos: PhotoSet, settings: TrainSettings) -> str:
    if photos.layout == "train and valid folders":
        return "by the folders train and valid"
    return f"{settings.valid_pct:.0%} of every class at random, seed {settings.seed}"


def _say_photos(say: Saying, photos: PhotoSet) -> None:
    counts = Counter(photos.labels)
    shown = ", ".join(f"{label} {count:,}" for label, count in counts.most_common(8))
    more = f" and {len(counts) - 8} more" if len(counts) > 8 else ""
    say.line(f"{len(photos.photos):,} photos of {len(counts)} classes ({photos.layout}): {shown}{more}")
    sides = {side: len(photos.indices(side)) for side in ("train", "valid", "test")}
    say.line(
        f"{sides['train']:,} to learn from, {sides['valid']:,} to measure with"
        + (f", {sides['test']:,} to test with" if sides["test"] else "")
    )
    if photos.bad:
        say.line(f"{len(photos.bad)} files were left out because they cannot be read:", style="yellow")
        for bad in photos.bad[:MOST_LISTED]:
            say.line(f"  {bad.reason}")
        if len(photos.bad) > MOST_LISTED:
            say.line(f"  and {len(photos.bad) - MOST_LISTED} more")
    bad_rows = [{"file": str(bad.path), "reason": bad.reason} for bad in photos.bad]
    say.event("photos", {"classes": dict(counts), "layout": photos.layout, **sides, "left_out": bad_rows})


def _say_result(
    say: Saying,
    settings: TrainSettings,
    photos: PhotoSet,
    reports: dict[str, ErrorReport],
    program: Path,
    page: Path | None,
) -> None:
    shown = settings.out
    for side, report in reports.items():
        say.line("")
        say.line({"valid": "On the photos held out:", "test": "On the test photos:"}[side], style="bold")
        for line in report.lines():
            say.line(f"  {line}")
    say.line("")
    say.line(f"The program is {shown} ({human_bytes(program.stat().st_size)}).")
    if page is not None:
        say.line(f"The report is {page}.")
    example = photos.photos[photos.indices("valid")[0]]
    say.line("Try it:")
    say.command(f"gatera predict {shlex.quote(str(shown))} {shlex.quote(str(example))}")
    result = {side: report.to_dict() for side, report in reports.items()}
    say.event("result", {**result, "program": str(shown), "report": None if page is None else str(page)})


def _tidy(learn: Learner) -> None:
    """Remove what was kept in case of an accident, now that there is a program."""
    for name in ("interrupted", "trained"):
        learn.model_path(name).unlink(missing_ok=True)
    folder = learn.model_path("trained").parent
    if not any(folder.iterdir()):
        folder.rmdir()
