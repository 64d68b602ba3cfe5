"""What a training run is asked for: the arguments of `gatera.train`, the options of `gatera train`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict

from gatera.core.checks import check_at_least, check_fraction


class Task(StrEnum):
    """What a program learns to do."""

    auto = "auto"
    photos = "photos"
    masks = "masks"
    sound = "sound"
    text = "text"
    table = "table"
    recommend = "recommend"


class TrainArguments(TypedDict, total=False):
    """The keyword arguments of `gatera.train` that have a default in `TrainSettings`, which describes them."""

    label_from: str | None
    group_by: str | None
    arch: str | None
    epochs: int | None
    freeze_epochs: int | None
    size: int | None
    lr: float | None
    bs: int | None
    valid_pct: float
    seed: int
    augment: bool
    device: str
    weights: str | Path | None
    report: str | Path | None
    resume: str | Path | None
    slim: bool
    force: bool


@dataclass(frozen=True)
class TrainSettings:
    """The settings of a training run. None means: choose what suits the task.

    Attributes:
        source: a folder of photos, recordings or texts (a folder per class, train and valid folders, or labels.csv), a
            folder of photos and masks, or a CSV file.
        out: the program to write.
        task: what to learn; auto looks at the content of `source`.
        target: the column of a table to predict.
        label_from: a regular expression over file names; its first group is the label.
        group_by: a regular expression over file names; files with the same first group (a speaker, an animal) stay on one
            side of the split.
        arch: the architecture: for photos and sound one of Gatera's names or of timm's; for texts MiniLM, AWD_LSTM or a
            name on the Hugging Face hub.
        epochs: epochs that train the whole model.
        freeze_epochs: epochs that train only the head, before those.
        size: resize photos to this many pixels squared.
        lr: the peak learning rate.
        bs: batch size.
        valid_pct: the share of the items in the validation set, between 0 and 1.
        seed: of the split and the training: same seed, same result.
        augment: flip, rotate, zoom and relight photos at random.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        weights: start from a weights file or an existing program.
        report: also write an HTML report with pictures into this folder.
        resume: the checkpoint of an interrupted run to resume.
        slim: write a program half as large, from which training cannot start.
        force: overwrite existing files.

    Raises:
        ArgumentError: if a value is not allowed.
    """

    source: Path
    out: Path
    task: Task = Task.auto
    target: str | None = None
    label_from: str | None = None
    group_by: str | None = None
    arch: str | None = None
    epochs: int | None = None
    freeze_epochs: int | None = None
    size: int | None = None
    lr: float | None = None
    bs: int | None = None
    valid_pct: float = 0.2
    seed: int = 42
    augment: bool = False
    device: str = "auto"
    weights: str | None = None
    report: Path | None = None
    resume: Path | None = None
    slim: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        for name, low in (
            ("epochs", 1),
            ("freeze_epochs", 0),
            ("size", 8),
            ("bs", 1),
            ("seed", 0),
            ("lr", 0),
        ):
            if getattr(self, name) is not None:
                check_at_least(name, getattr(self, name), low)
        check_fraction("valid_pct", self.valid_pct, open_low=True, open_high=True)


#: The default of each setting that has one.
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(TrainSettings)[2:]}


def program_beside(source: Path) -> Path:
    """Return where a program goes by default: into the current folder, named after its source."""
    whole = source.resolve()
    return Path(f"{whole.name if whole.is_dir() else whole.stem}.gatera")
