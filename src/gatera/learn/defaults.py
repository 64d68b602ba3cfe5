"""What trains well on a kind of task, as data: each application has a `defaults.py` with its records."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatera.learn.options import TrainingOptions


@dataclass(frozen=True)
class TaskDefaults:
    """Settings that a recipe uses unless the user says otherwise. The application's learner uses `arch` and `options`.

    Attributes:
        epochs: epochs that train the whole model.
        freeze_epochs: epochs before those, in which only the head is trained; 0 where nothing is pretrained.
        lr: the peak learning rate; None for the learner's own.
        arch: the architecture; None where there is only one.
        bs: batch size, where the data's block does not choose one.
        size: photos are resized to this many pixels squared.
        wd: weight decay; None for the optimizer's own.
        options: precision and the like.
    """

    epochs: int
    freeze_epochs: int = 0
    lr: float | None = None
    arch: str | None = None
    bs: int = 64
    size: int | None = None
    wd: float | None = None
    options: TrainingOptions = field(default_factory=TrainingOptions)
