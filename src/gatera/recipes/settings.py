"""What a training run is asked for: the arguments of `gatera.train`, the options of `gatera train`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Task(StrEnum):
    """What a program is to learn."""

    auto = "auto"
    photos = "photos"
    masks = "masks"
    sound = "sound"
    text = "text"
    table = "table"
    recommend = "recommend"


@dataclass(frozen=True)
class TrainSettings:
    """Everything a training run was asked for; the fields are the options of `gatera train`. None: as suits the task."""

    source: Path
    out: Path
    task: Task
    label_from: str | None
    group_by: str | None
    target: str | None
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
    weights: str | None
    report: Path | None
    resume: Path | None
    slim: bool
    force: bool
    json: bool
