"""`gatera train`: its options. The work is in `cli.training`, which needs PyTorch and is imported when it starts."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer


@dataclass(frozen=True)
class TrainSettings:
    """Everything a training run was asked for; the fields are the options of `gatera train`."""

    photos: Path
    out: Path
    label_from: str | None
    arch: str
    epochs: int
    freeze_epochs: int
    size: int
    lr: float
    bs: int | None
    valid_pct: float
    seed: int
    augment: bool
    device: str
    weights: str | None
    report: Path | None
    resume: Path | None
    slim: bool
    force: bool
    json: bool


def train(
    photos: Annotated[Path, typer.Argument(help="Folder of photos: a folder per class, or train and valid folders, or labels.csv.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The program to write.  [default: PHOTOS.gatera]")] = None,
    label_from: Annotated[str | None, typer.Option(help="Regular expression over file names; its first group is the label.")] = None,
    arch: Annotated[str, typer.Option(help="Architecture: one of Gatera's names or any of timm's.")] = "efficientnet_lite0",
    epochs: Annotated[int, typer.Option(min=1, help="Epochs in which everything is trained.")] = 1,
    freeze_epochs: Annotated[int, typer.Option(min=0, help="Epochs before that, in which only the new head is.")] = 3,
    size: Annotated[int, typer.Option(min=8, help="Photos are scaled and cropped to so many pixels squared.")] = 224,
    lr: Annotated[float, typer.Option(min=0.0, help="Highest learning rate.")] = 2e-3,
    bs: Annotated[int | None, typer.Option(min=1, help="Photos per update.  [default: 64, fewer for small folders]")] = None,
    valid_pct: Annotated[float, typer.Option(min=0.01, max=0.9, help="Share of the photos held out to measure with.")] = 0.2,
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
    """Train a classifier on a folder of photos and write it as a program."""
    settings = TrainSettings(
        photos=photos, out=out or Path(f"{photos.resolve().name}.gatera"), label_from=label_from, arch=arch,
        epochs=epochs, freeze_epochs=freeze_epochs, size=size, lr=lr, bs=bs, valid_pct=valid_pct, seed=seed,
        augment=augment, device=device, weights=weights, report=report, resume=resume, slim=slim, force=force, json=json,
    )  # fmt: skip
    # By name, so that `gatera train --help` and a misspelt option do not wait for PyTorch.
    importlib.import_module("gatera.cli.training").run(settings)
