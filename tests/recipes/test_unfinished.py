"""`gatera.train` goes on by itself after a stop at any moment, and its program is that of an uninterrupted run, bit for bit."""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
import signal
import zipfile
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.torch import save

import gatera
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import home
from gatera.learn.checkpoints import keeper
from gatera.learn.checkpoints.position import Position, TrainingInterrupted
from gatera.learn.export import program as export
from gatera.learn.export.onnx import to_onnx
from gatera.recipes.job import EpochEvents
from gatera.recipes.unfinished.fingerprint import differences
from gatera.recipes.unfinished.lock import only_run
from gatera.recipes.unfinished.work import places
from gatera.samples import sample_path

pytestmark = pytest.mark.slow


class Killed(BaseException):
    """Ends a run as SIGKILL does: nothing that catches errors or Ctrl-C sees it."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, photo_folder: Path) -> Path:
    folder, draw = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    shutil.copytree(photo_folder, folder / "photos")
    for n in range(8):
        mask = np.zeros((32, 32), np.uint8)
        mask[8:16, 6 : 12 + n] = 1
        for name, pixels in (("images", mask * 150 + 40), ("masks", mask)):
            (folder / "scenes" / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).convert("RGB" if name == "images" else "L").save(
                folder / "scenes" / name / f"{n}.png"
            )
    sounds = sorted((sample_path("spoken_digits_tiny") / "recordings").glob("*.wav"))
    for file in [file for file in sounds if file.name[0] in "01"][:16]:
        (folder / "sounds" / file.name[0]).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / "sounds" / file.name[0])
    for label, word in (("bad", "dull"), ("good", "superb")):
        (folder / "texts" / label).mkdir(parents=True)
        for n in range(6):
            (folder / "texts" / label / f"{n}.txt").write_text(f"Film {n} is {word}.")
    age = draw.integers(1, 99, 200)
    table = {
        "age": age,
        "colour": list("rgbg") * 50,
        "height": 100 + age / 3,
        "rich": np.where(age > 50, "yes", "no"),
    }
    pd.DataFrame(table).to_csv(folder / "people.csv", index=False)
    pairs = [(f"u{user}", f"i{item}", (user * item) % 5 + 1) for user in range(12) for item in range(8)]
    pd.DataFrame(pairs, columns=["user", "item", "rating"]).to_csv(folder / "ratings.csv", index=False)
    return folder


#: What is trained on, and how.
RUNS = {
    "photos": ("photos", {"size": 32, "epochs": 1, "report": "report"}),
    "masks": ("scenes", {"size": 32, "epochs": 1, "bs": 2}),
    "sounds": ("sounds", {"epochs": 2, "bs": 4}),
    "texts": ("texts", {"epochs": 3, "bs": 4}),
    "classes": ("people.csv", {"target": "rich", "epochs": 2, "model": "network"}),
    "numbers": ("people.csv", {"target": "height", "epochs": 2, "model": "both"}),
    "ratings": ("ratings.csv", {"task": "recommend", "epochs": 2, "bs": 8}),
}


@pytest.fixture
def eager(monkeypatch):
    """A checkpoint after every update."""
    monkeypatch.setattr(keeper, "SHARE", 1e9)
    monkeypatch.setattr(keeper, "LEAST_SECONDS", 0.0)


class Run:
    """Trains on one kind of data, again and again, in one folder."""

    def __init__(self, data: Path, name: str, folder: Path, events, monkeypatch) -> None:
        self.source, self.options = data / RUNS[name][0], dict(RUNS[name][1])
        self.folder, self.events, self.patch = folder, events, monkeypatch
        if "report" in self.options:
            self.options["report"] = folder / "report"

    @property
    def program(self) -> Path:
        return self.folder / "p.gatera"

    def __call__(self, **more):
        options = {"device": "cpu", **self.options, **more}
        return gatera.train(self.source, out=self.program, events=self.events, **options)

    def stopped(self, where: str, stop: BaseException, **more) -> BaseException:
        """Run until `where`, and raise `stop` there; returns what comes out of the run."""
        with self.patch.context() as patch:
            if isinstance(where, int):
                patch.setattr(EpochEvents, "after_batch", _after(where, stop), raising=False)
            elif where == "reading":
                patch.setattr("gatera.recipes.run.prepare", _raiser(stop))
            elif where == "measuring":
                patch.setattr("gatera.recipes.job._measure", _while_measuring(stop))
            elif where == "exporting":
                patch.setattr(export, "write_package", _raiser(stop))
            elif where == "reporting":
                patch.setattr("gatera.recipes.page.training.write_html_report", _raiser(stop))
            with pytest.raises(BaseException) as raised:
                self(**more)
        return raised.value

    def content(self) -> dict:
        """Everything in the program, without the time of its making and the duration of the last epoch."""
        with zipfile.ZipFile(self.program) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        facts = json.loads(found.pop("program.json"))
        del facts["created"], facts["training"]["last_epoch"]["time"]
        return {**found, "program.json": facts}


def _after(n: int, stop: BaseException):
    """Return an event's method that raises at the n-th batch of training."""
    seen = []

    def after_batch(self, state):
        seen.append(1) if state.training else None
        if len(seen) == n:
            seen.append(1)
            if isinstance(stop, KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                return
            raise stop

    return after_batch


def _while_measuring(stop: BaseException):
    def fail(job, unfinished):
        with unfinished.stage_of("measuring", "Measuring"):
            raise stop

    return fail


def _raiser(stop: BaseException):
    def fail(*_, **__):
        raise stop

    return fail


@pytest.fixture
def make_run_that_translates(data, tmp_path, events, monkeypatch):
    return lambda name, folder="a": Run(data, name, tmp_path / folder, events, monkeypatch)


#: ONNX of the networks that were translated, by all their numbers.
TRANSLATED: dict[str, bytes] = {}


def translated_once(graph, batch, *options):
    """Translate a network as `to_onnx` does; one that is the same in every number takes no second time, nine tenths of a run's."""
    numbers = {name: value.contiguous().clone() for name, value in graph.state_dict().items()}
    parts = pickle.dumps((repr(graph), batch, options))
    key = sha256(parts + save(numbers)).hexdigest()
    if key not in TRANSLATED:
        TRANSLATED[key] = to_onnx(graph, batch, *options)
    return TRANSLATED[key]


@pytest.fixture
def make_run(make_run_that_translates, monkeypatch):
    monkeypatch.setattr(export, "to_onnx", translated_once)
    return make_run_that_translates


#: Minutes of translating networks, for the same lines of the recipe.
LONGEST = ("photos", "texts")
LONG = ("photos", "masks", "sounds", "texts", "numbers", "ratings")


def _marks(name):
    return [pytest.mark.whole] * (name in LONG) + [pytest.mark.long] * (name in LONGEST)


@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in RUNS])
def test_a_run_that_is_killed_goes_on_by_itself_to_the_same_program(
    make_run_that_translates, name, eager, events
):
    whole, killed = make_run_that_translates(name, "whole"), make_run_that_translates(name, "killed")
    whole()
    ends = ["reporting"] if name == "photos" else []
    for where in (2, 3, "measuring", "exporting", *ends):
        assert isinstance(killed.stopped(where, Killed()), Killed)
        assert places(killed.program)[0].is_file()
    events.lines.clear()
    killed()
    assert any(line.startswith("Resuming the run that was stopped after the ") for line in events.lines)
    assert killed.content() == whole.content()
    assert sorted(path.name for path in killed.folder.iterdir()) == [
        "p.gatera",
        *(["report"] if ends else []),
    ]


def test_ctrl_c_in_an_update_is_resumed_in_the_middle_of_the_epoch(make_run, events):
    whole, run = make_run("classes", "whole"), make_run("classes")
    whole()
    stop = run.stopped(3, KeyboardInterrupt())
    assert isinstance(stop, TrainingInterrupted) and stop.path == places(run.program)[0]
    assert str(stop).endswith("To continue, run the same again: it resumes automatically.")
    assert events.events[-1][0] == "interrupted" and events.events[-1][1]["stage"] == "training"
    run()
    assert run.content() == whole.content()


def test_a_stop_before_a_resumed_run_trains_says_that_the_checkpoint_is_still_there(make_run, events):
    run = make_run("classes")
    first = run.stopped(3, KeyboardInterrupt())
    again = run.stopped("reading", KeyboardInterrupt())
    assert isinstance(again, TrainingInterrupted) and again.position == first.position
    assert events.events[-1] == events.events[-2] and again.path.is_file()
    assert type(make_run("classes", "b").stopped("reading", KeyboardInterrupt())) is KeyboardInterrupt


@pytest.mark.parametrize(("where", "stage"), [("measuring", "measuring"), ("exporting", "exporting")])
def test_ctrl_c_after_training_keeps_what_is_trained(make_run, events, where, stage):
    run = make_run("classes")
    stop = run.stopped(where, KeyboardInterrupt())
    assert isinstance(stop, TrainingInterrupted) and stop.number == signal.SIGINT
    assert events.events[-1][1]["stage"] == stage
    run()
    assert "Resuming the run that was stopped after the last epoch; restart=True starts over." in events.lines


@pytest.mark.whole
def test_a_full_disk_for_the_program_is_a_sentence_and_the_training_is_kept(make_run, events):
    run = make_run("classes")
    err = run.stopped("exporting", OSError(errno.ENOSPC, "No space left on device"))
    kept = places(run.program)[0]
    assert isinstance(err, DataError)
    assert str(err) == (
        f"cannot write {run.program} (No space left on device). The training is kept in {kept}. Free some disk space and run the same "
        f"again to write the program, or write it elsewhere: another out=, with resume={str(kept)!r}."
    )
    other = make_run("classes", "other")
    other(resume=kept)
    run()
    assert run.content() == other.content()


@pytest.mark.slow
def test_a_full_disk_for_the_report_says_that_the_program_is_there(make_run, tmp_path):
    run = make_run("classes")
    err = run.stopped(
        "reporting", OSError(errno.ENOSPC, "No space left on device"), report=tmp_path / "report"
    )
    assert isinstance(err, DataError) and run.program.is_file()
    assert str(err) == (
        f"cannot write {tmp_path / 'report'} (No space left on device). The program {run.program} is written, and holds its "
        "figures; only the report is missing. Free some disk space and run the same again, or choose another folder: report=."
    )


def test_a_full_disk_for_the_checkpoint_moves_it_to_the_data_home(make_run, events, eager, monkeypatch):
    run, write = make_run("classes"), keeper.write_tensors

    def full(path, content):
        if path.is_relative_to(run.folder):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(keeper, "write_tensors", full)
    beside, aside = places(run.program)
    assert isinstance(run.stopped(3, Killed()), Killed)
    assert aside.is_relative_to(home()) and aside.is_file() and not beside.exists()
    assert events.warnings == [
        f"Cannot write the checkpoint {beside} (No space left on device): it goes to {aside}."
    ]
    run()
    assert any(line.startswith("Resuming") for line in events.lines)
    assert not aside.exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"epochs": 3}, "it was made with epochs=2"),
        ({"lr": 0.01, "bs": 32}, "it was made with no lr=, no bs="),
    ],
)
def test_a_checkpoint_of_other_settings_is_named_kept_aside_and_not_used(
    make_run, events, eager, change, why
):
    run = make_run("classes")
    run.stopped(3, Killed())
    earlier = places(run.program)[0].with_name("earlier.safetensors")
    run.stopped(1, Killed(), **change)
    assert events.warnings == [
        f"The checkpoint of an earlier run is not used: {why}. It is kept as {earlier} until this run has ended."
    ]
    assert earlier.is_file() and not any(line.startswith("Resuming") for line in events.lines)
    run(**change)
    assert not earlier.parent.exists()


def test_a_checkpoint_of_other_settings_in_the_data_home_is_kept_aside_too(
    make_run, events, eager, monkeypatch
):
    run = make_run("classes")
    beside, aside = places(run.program)
    run.stopped(3, Killed())
    aside.parent.mkdir(parents=True, exist_ok=True)
    beside.replace(aside)
    earlier = aside.with_name(f"earlier-{aside.name}")
    kept = aside.read_bytes()
    run.stopped(1, Killed(), epochs=3)
    assert events.warnings[0].endswith(f"It is kept as {earlier} until this run has ended.")
    assert earlier.read_bytes() == kept
    run(epochs=3)
    assert not earlier.exists() and not beside.parent.exists()


def test_a_checkpoint_of_other_data_is_not_used(make_run, events, eager, tmp_path):
    run = make_run("classes")
    copy = tmp_path / "people.csv"
    copy.write_text(run.source.read_text())
    run.source = copy
    run.stopped(3, Killed())
    copy.write_text(copy.read_text().replace(",r,", ",b,", 1))
    run()
    assert events.warnings[0].startswith(
        "The checkpoint of an earlier run is not used: the data are not the same."
    )


def test_a_checkpoint_with_other_settings_to_choose_is_of_another_version():
    """Not "it was made with --split its default", of which that version knew nothing."""
    ours = {"gatera": "0.1.0", "task": "classify", "settings": {"epochs": 2, "split": "random"}}
    why = "it is from another version of Gatera, with other settings"
    for settings in ({"epochs": 2}, {"epochs": 3}, {**ours["settings"], "gone": None}):
        assert differences(ours, {**ours, "settings": settings}, str) == why
    assert differences(ours, ours, str) == ""


def test_a_checkpoint_of_another_version_is_not_used(make_run, events, eager, monkeypatch):
    run = make_run("classes")
    with monkeypatch.context() as patch:
        patch.setattr("gatera.__version__", "0.0.9")
        run.stopped(3, Killed())
    run()
    assert "it is from Gatera 0.0.9, and this is" in events.warnings[0]


def test_what_a_later_version_kept_of_its_position_is_no_traceback(make_run, events, eager, monkeypatch):
    run = make_run("classes")
    with monkeypatch.context() as patch:
        patch.setattr("gatera.__version__", "9.0.0")
        patch.setattr(Position, "to_dict", lambda self: {**asdict(self), "rank": 1})
        patch.setattr("gatera.recipes.unfinished.work.Position", lambda **kept: None)
        run.stopped(3, Killed())
    run()
    assert "it is from Gatera 9.0.0, and this is" in events.warnings[0]


@pytest.mark.parametrize(
    "place", [0.5, *(pytest.param(place, marks=pytest.mark.whole) for place in (0.0, 0.01, 0.999))]
)
def test_a_damaged_checkpoint_is_said_and_not_used(make_run, events, eager, place):
    whole, run = make_run("classes", "whole"), make_run("classes")
    whole()
    run.stopped(3, Killed())
    file = places(run.program)[0]
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 0x55
    file.write_bytes(content)
    run()
    assert len(events.warnings) == 1
    assert events.warnings[0].startswith(f"cannot read {file} as a checkpoint: it is damaged")
    assert events.warnings[0].endswith("Training starts over.")
    assert run.content() == whole.content()


def test_what_a_run_was_writing_when_it_was_killed_does_not_stay(make_run):
    run = make_run("classes")
    kept, aside = places(run.program)
    halves = [path.with_name(f".{path.name}.ab12_xyz.partial") for path in (kept, aside, run.program)]
    others = [run.program.with_name(name) for name in (".other.gatera.ab12_xyz.partial", ".p.partial")]
    for path in (*halves, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    run()
    assert not any(path.exists() for path in (*halves, kept.parent))
    assert all(path.exists() for path in others)


def test_restart_starts_over(make_run, events, eager):
    run = make_run("classes")
    run.stopped(3, Killed())
    run(restart=True)
    assert not events.warnings and not any(line.startswith("Resuming") for line in events.lines)


def test_a_read_only_disk_where_no_checkpoint_is_does_not_stop_a_run_at_its_end(make_run, monkeypatch):
    run = make_run("classes")
    unlink = Path.unlink

    def refused(path, missing_ok=False):
        if path.suffix == ".safetensors" and not path.exists():
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    assert run().path == run.program
    assert run(restart=True, force=True).path == run.program


def test_restart_removes_an_older_checkpoint_elsewhere_too(make_run, events, eager):
    run = make_run("classes")
    run.stopped(3, Killed())
    beside, aside = places(run.program)
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(beside, aside)
    run.stopped("reading", Killed(), restart=True)
    assert not beside.exists() and not aside.exists()


def test_a_program_of_somebody_else_is_not_overwritten_by_a_resumed_run(make_run, eager):
    run = make_run("classes")
    run.stopped(3, Killed())
    run.program.write_text("mine")
    with pytest.raises(gatera.core.errors.OutputExistsError):
        run()
    assert run.program.read_text() == "mine"


def test_two_runs_cannot_write_the_same_program_at_once(make_run):
    run = make_run("classes")
    lock = places(run.program)[1].with_suffix(".lock")
    with only_run(lock, run.program), pytest.raises(ArgumentError) as err:
        run()
    assert "is writing" in str(err.value) and "another file: out=" in str(err.value)
    run()
    assert not lock.exists()


def test_a_program_has_one_lock_however_its_folder_is_written(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    ways = ("a/p.gatera", "a/b/../p.gatera", "link/p.gatera")
    assert len({places(tmp_path / way)[1] for way in ways}) == 1


def test_a_checkpoint_for_a_model_that_has_none_is_refused(data, tmp_path):
    with pytest.raises(ArgumentError) as err:
        gatera.train(
            data / "people.csv", "rich", model="trees", resume="a.safetensors", out=tmp_path / "p.gatera"
        )
    assert str(err.value) == (
        "resume= can only be used where a network is trained: model=trees has no checkpoints. Got: 'a.safetensors'. "
        "Leave out resume=, or choose model=network or model=both."
    )


def test_embeddings_of_a_model_without_features_are_refused_before_training(data, tmp_path):
    with pytest.raises(ArgumentError, match="embeddings= needs a network: model=trees has no features"):
        gatera.train(data / "people.csv", "rich", model="trees", embeddings=True, out=tmp_path / "p.gatera")


def test_a_folder_to_resume_from_is_refused_before_data_are_read(data, tmp_path):
    with pytest.raises(DataError) as err:
        gatera.train(data / "people.csv", "rich", model="network", resume=tmp_path, out=tmp_path / "p.gatera")
    assert str(err.value) == f"{tmp_path} is a folder, not a checkpoint. Name a file that a training kept."


def test_a_folder_where_the_checkpoint_belongs_is_said(data, tmp_path, events):
    places(tmp_path / "p.gatera")[0].mkdir(parents=True)
    gatera.train(data / "people.csv", "rich", model="trees", out=tmp_path / "p.gatera", events=events)
    where = places(tmp_path / "p.gatera")[0]
    assert f"{where} is a folder, so no checkpoint can be read or kept there." in events.warnings
