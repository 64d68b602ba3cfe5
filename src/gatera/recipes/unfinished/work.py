"""An unfinished run: find its checkpoint, go on from it, keep one, and tell after a stop or a failure how to go on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from gatera.core.errors import DataError, GateraError, NonFiniteLossError
from gatera.core.files import check_free_to_write, home, sweep_partials
from gatera.learn.checkpoints.keeper import Keeper
from gatera.learn.checkpoints.position import Position, TrainingInterrupted, position_in
from gatera.learn.checkpoints.saved import check_is_file
from gatera.learn.checkpoints.tensor_file import read_entry, read_tensors
from gatera.learn.learner import Learner
from gatera.learn.signals import signal_of
from gatera.recipes.events import Events
from gatera.recipes.settings import TrainSettings
from gatera.recipes.unfinished.fingerprint import data_facts, differences, settings_facts
from gatera.recipes.unfinished.lock import only_run

#: What a checkpoint says of the run it belongs to.
RUN = "run"

#: The name of a checkpoint beside the program.
BESIDE = "training.safetensors"

#: The stages after training, in words: "while ...".
STAGES = {
    "measuring": "measuring",
    "calibrating": "measuring how sure it is",
    "exporting": "writing the program",
    "reporting": "drawing the report",
}


class UnfinishedRun:
    """What a run keeps until its program is written.

    Args:
        settings: the run's.
        task: what it learns.
        events: where decisions are reported.

    Attributes:
        settings: the same; `force` is set if a run that has finished training goes on, as what exists is its own.
        stage: "training", "measuring", "calibrating", "exporting" or "reporting".
    """

    def __init__(self, settings: TrainSettings, task: str, events: Events) -> None:
        self.asked = self.settings = settings
        self.events, self.stage = events, "training"
        self.facts = settings_facts(settings, task)
        beside, aside = places(settings.out)
        self.places = [beside, aside]
        self.keeper = Keeper(self.places, {}, events.on_warning)
        self.position: Position | None = None

    @classmethod
    @contextmanager
    def open(cls, settings: TrainSettings, task: str, events: Events) -> Iterator[UnfinishedRun]:
        """Find what an earlier run left; no other run may write the same program meanwhile.

        Raises:
            ArgumentError: if another run does.
        """
        with only_run(places(settings.out)[1].with_suffix(".lock"), settings.out):
            run = cls(settings, task, events)
            for path in (*run.places, settings.out):
                sweep_partials(path)
            run._find()
            try:
                yield run
            except TrainingInterrupted:
                raise
            # before training goes on: what an earlier run kept is still there
            except KeyboardInterrupt as stop:
                raise run._interrupted(stop) from stop

    def resume_from(self, learn: Learner) -> Path | None:
        """Return the checkpoint to go on from, once the data are read; lines say what is done.

        Raises:
            OutputExistsError: if the data are not the same, and the program exists already.
        """
        self.facts["data"] = data_facts(learn.dls)
        self.keeper.facts[RUN] = self.facts
        learn.keeper = self.keeper
        if self.asked.resume is not None:
            return self.asked.resume
        if self.keeper.path is None:
            return None
        found = self.keeper.path
        if why := differences(self.facts, read_entry(found, RUN), self.events.argument):
            self._set_aside(found, why)
            self._check_outputs()
            return None
        try:
            self.position = Position(**read_tensors(found)["position"])
        except DataError as err:
            self._drop(found, err)
            self._check_outputs()
            return None
        over = self.events.argument("restart", True)
        self.events.on_line(f"Resuming the run that was stopped {self.position}; {over} starts over.")
        return found

    @contextmanager
    def stage_of(self, name: str, text: str) -> Iterator[None]:
        """Mark a stage, and show its text while it lasts."""
        self.stage = name
        with self.events.status(text):
            yield

    @contextmanager
    def kept(self) -> Iterator[None]:
        """After a stop or an error in the block, keep what is trained, and say how to go on.

        Raises:
            TrainingInterrupted: after a stop, if anything is kept.
            DataError: if a file cannot be written.
        """
        try:
            yield
        except KeyboardInterrupt as stop:
            raise self._interrupted(stop) from stop
        except OSError as err:
            if self.stage not in ("exporting", "reporting"):
                self._keep_after_error()
                raise
            what = self.settings.out if self.stage == "exporting" else self.settings.report
            raise DataError(f"cannot write {what} ({err.strerror or err})", remedy=self._elsewhere()) from err
        except NonFiniteLossError:
            raise  # going on would end there again
        except Exception:
            self._keep_after_error()
            raise

    def finish(self) -> None:
        """Remove everything, now that there is a program."""
        for path in (*self.places, *map(_earlier, self.places)):
            if path.is_file():  # a read-only disk refuses to remove even what is not there
                path.unlink()
        with suppress(OSError):  # it holds something else, or there is none
            self.places[0].parent.rmdir()

    def _find(self) -> None:
        """Look for a checkpoint of this run; its data are compared later."""
        if self.asked.resume is not None:
            # now, not after the data are read; trees alone would never look at it
            check_is_file(self.asked.resume)
        for place in self.places:
            if place.is_dir():
                self.events.on_warning(f"{place} is a folder, so no checkpoint can be read or kept there.")
        found = max((p for p in self.places if p.is_file()), key=lambda p: p.stat().st_mtime, default=None)
        if found is None or self.asked.resume is not None:
            return
        if self.asked.restart:
            for place in self.places:  # an older one elsewhere would be found the next time
                if place.is_file():
                    place.unlink()
            return
        try:
            theirs, kept = read_entry(found, RUN), read_entry(found, "position")
        except DataError as err:
            self._drop(found, err)
            return
        # what another version kept may mean something else
        if why := differences(self.facts, theirs, self.events.argument):
            self._set_aside(found, why)
            return
        position = position_in(kept, found)
        self.keeper.path, self.position = found, position
        if position.epoch >= position.epochs:
            self.settings = replace(self.asked, force=True)

    def _check_outputs(self) -> None:
        """Check again what was taken for this run's own."""
        check_free_to_write(self.asked.out, self.asked.force)
        report = self.asked.report
        for file in () if report is None else (report / "report.html", *report.glob("*.png")):
            check_free_to_write(file, self.asked.force)

    def _drop(self, found: Path, err: DataError) -> None:
        self.keeper.path, self.settings = None, self.asked
        self.events.on_warning(f"{err.parts[0]} Training starts over.")

    def _set_aside(self, found: Path, why: str) -> None:
        """Keep a checkpoint of another run until this one has ended."""
        self.keeper.path, self.settings = None, self.asked
        earlier = _earlier(found)
        found.replace(earlier)
        self.events.on_warning(
            f"The checkpoint of an earlier run is not used: {why}. It is kept as {earlier} until this run has ended."
        )

    def _interrupted(self, stop: KeyboardInterrupt) -> KeyboardInterrupt:
        """Return the exception that tells what is kept; the stop itself if nothing is."""
        if isinstance(stop, TrainingInterrupted):
            path: Path | None = stop.path
            self.position = stop.position
        else:
            path = self.keeper.flush()
        if path is None:
            return stop
        position = Position(**read_entry(path, "position"))
        facts = {"checkpoint": str(path), **position.to_dict(), "stage": self.stage}
        with suppress(OSError, GateraError):  # after SIGHUP the terminal is gone
            self.events.on_event("interrupted", facts)
        remedy = "To continue, run the same again: it resumes automatically."
        return TrainingInterrupted(path, position, signal_of(stop), remedy)

    def _keep_after_error(self) -> None:
        path = self.keeper.flush()
        if path is not None:
            self.events.on_warning(
                f"The training so far is kept in {path}: run the same again to continue from there."
            )

    def _elsewhere(self) -> str:
        path = self.keeper.flush()
        if self.stage == "reporting":
            return (
                f"The program {self.settings.out} is written, and holds its figures; only the report is missing. "
                "Free some disk space and run the same again, or choose another folder: report=."
            )
        if path is None:
            return "Free some disk space and run the same again, or choose another file: out=."
        return (
            f"The training is kept in {path}. Free some disk space and run the same again to write the program, or write it elsewhere: "
            f"another out=, with resume={str(path)!r}."
        )


def _earlier(place: Path) -> Path:
    """Return what the checkpoint of another run, found at `place`, is called until this one has ended."""
    return place.with_name("earlier.safetensors" if place.name == BESIDE else f"earlier-{place.name}")


def places(program: Path) -> tuple[Path, Path]:
    """Return where the checkpoint of a run is kept: beside its program, or else in Gatera's data home.

    A program has one name in the data home, however the way to its folder is written ("..", links): its lock is there.
    """
    whole = program.absolute()
    true = os.path.join(os.path.realpath(whole.parent), whole.name)  # noqa: PTH118 - resolve() raises in a loop of links
    digest = hashlib.sha256(true.encode(errors="surrogateescape")).hexdigest()[:12]
    beside = whole.parent / f"{program.stem}-unfinished" / BESIDE
    return beside, home() / "unfinished" / f"{program.stem}-{digest}.safetensors"
