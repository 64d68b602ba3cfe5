"""Decide when a run writes its checkpoint, and where: writing takes at most a hundredth of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gatera.core.errors import DataError
from gatera.learn.checkpoints.tensor_file import write_tensors
from gatera.learn.signals import shielded

#: Share of the time that writing checkpoints may take.
SHARE = 0.01

#: Shortest time between two checkpoints (seconds).
LEAST_SECONDS = 1.0

#: What the first checkpoint is expected to take, before one was written: bytes a second, a slow disk's.
BYTES_A_SECOND = 150e6

#: Makes the content of a checkpoint.
Content = Callable[[], dict[str, Any]]


class Keeper:
    """Writes the checkpoints of one run.

    Args:
        places: the file, and other files to use in its place where it cannot be written (a full disk).
        facts: what every checkpoint of the run contains besides.
        on_warning: takes a line when another place is used, or none works.

    Attributes:
        path: the checkpoint that was written last, or found; None if there is none.
        spent: seconds spent on writing so far.
    """

    def __init__(
        self, places: Sequence[Path], facts: Mapping[str, Any], on_warning: Callable[[str], None]
    ) -> None:
        self.places, self.facts, self.on_warning = list(places), dict(facts), on_warning
        self.path: Path | None = None
        self.spent, self.began = 0.0, time.monotonic()
        self._written = self.began
        self._cost: float | None = None
        self._result: Content | None = None

    def offer(self, content: Content, n_bytes: int) -> None:
        """Write a checkpoint of a running fit, if it is time for one.

        Args:
            content: makes it.
            n_bytes: about how large it will be.
        """
        if self._is_due(n_bytes):
            self.write(content())

    def keep_result(self, content: Content, n_bytes: int) -> None:
        """Take a finished fit: its checkpoint is written if it is time for one, or by `flush`.

        Args:
            content: makes it; also called later, until `forget`.
            n_bytes: about how large it will be.
        """
        self._result = content
        if self._is_due(n_bytes):
            self.flush()

    def forget(self) -> None:
        """Stop keeping the finished fit: its parameters are about to change."""
        self._result = None

    def flush(self, slim: bool = False) -> Path | None:
        """Write the finished fit, unless that was done. Returns the newest checkpoint; None if there is none.

        Args:
            slim: no other fit will follow: leave out what only that would need.
        """
        if self._result is not None:
            content, self._result = self._result(), None
            self.write(slimmed(content) if slim else content)
        return self.path

    def write(self, content: Mapping[str, Any]) -> Path | None:
        """Write a checkpoint now, at the first place that works; where none does, a line says why."""
        began = time.monotonic()
        whole = {**content, **self.facts}
        while self.places:
            place = self.places[0]
            try:
                with shielded():
                    write_tensors(place, whole)
                self._remove_other(place)
                break
            except OSError as err:
                self._give_up(place, err)
        self._written = time.monotonic()
        self._cost = self._written - began
        self.spent += self._cost
        return self.path

    def _is_due(self, n_bytes: int) -> bool:
        now = time.monotonic()
        cost = n_bytes / BYTES_A_SECOND if self._cost is None else self._cost
        return (
            bool(self.places)
            and now - self._written >= LEAST_SECONDS
            and self.spent + cost <= SHARE * (now - self.began)
        )

    def _remove_other(self, place: Path) -> None:
        """Leave one checkpoint: the newest."""
        if self.path not in (None, place):
            self.path.unlink(missing_ok=True)
        self.path = place

    def _give_up(self, place: Path, err: OSError) -> None:
        why = f"Cannot write the checkpoint {place} ({err.strerror or err})"
        del self.places[0]
        if self.places:
            self.on_warning(f"{why}: it goes to {self.places[0]}.")
        else:
            self.on_warning(
                f"{why}: if this run is stopped, its training is lost from the last checkpoint on."
            )


def slimmed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finished fit's checkpoint without optimizer and without the best epoch, whose parameters the model has."""
    callbacks = [state | {"kept": None} if "kept" in state else state for state in content["callbacks"]]
    return {**content, "opt": {}, "callbacks": callbacks}


def as_data_error(path: Path, err: Exception) -> DataError:
    """Return the error of a file that could not be written, as a sentence."""
    why = getattr(err, "strerror", None) or "the disk may be full"
    return DataError(
        f"cannot write {path} ({why})", remedy="Free some disk space, or choose a folder on another disk."
    )
