"""`gatera train`: its options. The work is in `recipes`, which needs PyTorch and is imported when it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import gatera
from gatera.cli.output import INTERRUPTED, notes
from gatera.cli.printer import Printer, in_options
from gatera.core.errors import GateraError
from gatera.recipes.settings import Task


def train(
    source: Annotated[Path, typer.Argument(help="Folder of photos, recordings or texts (a folder per class, train and valid folders, labels.csv), of photos and masks, or a CSV file.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The program to write.  [default: SOURCE.gatera]")] = None,
    task: Annotated[Task, typer.Option(help="What is learned; auto looks at what SOURCE holds.")] = Task.auto,
    target: Annotated[str | None, typer.Option(help="Of a table: the column to predict.")] = None,
    label_from: Annotated[str | None, typer.Option(help="Regular expression over file names; its first group is the label.")] = None,
    group_by: Annotated[str | None, typer.Option(help="Regular expression over file names; files with the same first group (a speaker, an animal) stay on one side.")] = None,
    arch: Annotated[str | None, typer.Option(help="Architecture: of photos and sound one of Gatera's names or any of timm's, of texts MiniLM, AWD_LSTM or a Hugging Face name.  [default: as suits the task]")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs in which everything is trained.  [default: as suits the task]")] = None,
    freeze_epochs: Annotated[int | None, typer.Option(min=0, help="Epochs before that, in which only the new head is.  [default: as suits the task]")] = None,
    size: Annotated[int | None, typer.Option(min=8, help="Photos are scaled to so many pixels squared.  [default: 320, 160 where most are tiny; with masks 256]")] = None,
    lr: Annotated[float | None, typer.Option(min=0.0, help="Highest learning rate.  [default: as suits the task]")] = None,
    bs: Annotated[int | None, typer.Option(min=1, help="Items per update.  [default: 64, fewer for small folders]")] = None,
    valid_pct: Annotated[float, typer.Option(min=0.01, max=0.9, help="Share of the items held out to measure with.")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same result.")] = 42,
    augment: Annotated[bool, typer.Option(help="Flip, turn, zoom and light photos at random while training.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    weights: Annotated[str | None, typer.Option(help="File of weights, or a program to go on training.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write an HTML report and pictures into this folder.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on from what an interrupted run left.")] = None,
    slim: Annotated[bool, typer.Option("--slim", help="Leave out the weights that training could go on from.")] = False,
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite what is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines instead of text.")] = False,
) -> None:  # fmt: skip
    """Train on photos, sounds, texts or a table; write a program."""
    printer = Printer(json)
    with notes():
        try:
            # `gatera.train` imports PyTorch, which --help and a misspelt option must not wait for.
            trained = gatera.train(
                source, target, task=task, out=out, events=printer, label_from=label_from, group_by=group_by, arch=arch,
                epochs=epochs, freeze_epochs=freeze_epochs, size=size, lr=lr, bs=bs, valid_pct=valid_pct, seed=seed,
                augment=augment, device=device, weights=weights, report=report, resume=resume, slim=slim, force=force,
            )  # fmt: skip
        except KeyboardInterrupt as stop:
            if not printer.said_how_to_resume:
                raise
            raise SystemExit(INTERRUPTED) from stop
        except GateraError as err:
            raise in_options(err) from err
    printer.result(trained)
