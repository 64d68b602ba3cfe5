"""Log the table of epochs to a CSV file."""

from __future__ import annotations

import csv
from pathlib import Path

from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.state import Callback, LoopState


class CSVLogger(Callback):
    """Write the table of epochs to a CSV file, row by row.

    Args:
        path: the file; its folder is created if needed.
        append: append to an existing file instead of overwriting it.
    """

    order = 80
    reads_only = True
    in_lr_find = False
    _kept_to_resume = ("append",)  # whether the file has a header already

    def __init__(self, path: str | Path = "history.csv", append: bool = False) -> None:
        self.path, self.append = Path(path), append
        self.recorder: Recorder | None = None

    def before_fit(self, state: LoopState) -> None:
        """Write the header, unless appending to an existing file."""
        self.recorder = Recorder.of(state.callbacks)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not (self.append and self.path.exists()):
            with self.path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow(self.recorder.metric_names)
        self.append = True  # the second fit of a fine_tune appends to the same file

    def after_epoch(self, state: LoopState) -> None:
        """Add the epoch's row."""
        if self.recorder:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow(self.recorder.rows[-1].values())
