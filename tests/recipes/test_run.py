"""`gatera.train` on tiny photos."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gatera
from gatera.core.errors import ArgumentError, GateraError, OutputExistsError, PretrainedError
from gatera.evaluate.questions.sealed import seal_folder
from gatera.measure.reports.classes import ErrorReport
from gatera.program.program import Program
from gatera.recipes import run
from gatera.recipes.job import TrainedProgram
from gatera.recipes.run import ONLY_FOR, check_kinds
from gatera.recipes.settings import DEFAULTS, Task


def test_the_signature_shows_every_setting_with_its_default():
    shown = inspect.signature(gatera.train).parameters
    assert list(shown)[:5] == ["source", "target", "task", "out", "events"]
    assert {name: shown[name].default for name in list(shown)[5:]} == {
        name: value for name, value in DEFAULTS.items() if name not in ("task", "target")
    }


def test_a_misspelt_setting_is_refused_by_name(tmp_path):
    with pytest.raises(ArgumentError) as err:
        gatera.train(tmp_path, epoch=3)
    assert str(err.value).startswith("train has no argument 'epoch'. Available: source, target, task, out,")
    assert str(err.value).endswith("Did you mean 'epochs'?")


def test_an_unknown_task_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="Did you mean 'photos'"):
        gatera.train(tmp_path, task="photo")


@pytest.mark.parametrize(
    ("name", "value", "task", "message"),
    [
        (
            "target", "x", "recommend",
            "target= can only be used with task=table, photos, sound or text, not with task=recommend.",
        ),
        ("size", 64, "text", "size= can only be used with task=photos or masks, not with task=text."),
        ("augment", True, "sound", "augment= can only be used with task=photos or masks, not with task=sound."),
        (
            "weights", "a.pth", "table",
            "weights= can only be used with task=photos, masks, sound or text, not with task=table.",
        ),
        (
            "embeddings", True, "masks",
            "embeddings= can only be used with task=photos, sound, text or table, not with task=masks.",
        ),
    ],
)  # fmt: skip
def test_a_setting_of_another_task_is_refused(tmp_path, name, value, task, message):
    with pytest.raises(ArgumentError) as err:
        gatera.train(tmp_path, task=task, out=tmp_path / "a.gatera", **{name: value})
    assert str(err.value) == message


def test_the_settings_of_single_tasks_exist():
    assert set(ONLY_FOR) < set(DEFAULTS)
    assert {task for tasks in ONLY_FOR.values() for task in tasks} <= set(Task)


def test_an_existing_program_is_kept(tmp_path):
    (tmp_path / "a.gatera").write_text("mine")
    with pytest.raises(OutputExistsError):
        gatera.train(tmp_path, out=tmp_path / "a.gatera")
    assert (tmp_path / "a.gatera").read_text() == "mine"


@pytest.mark.slow
def test_from_photos_to_a_program_its_report_and_its_learner(photo_folder, tmp_path, events, capsys):
    trained = gatera.train(
        photo_folder,
        out=tmp_path / "cats.gatera",
        events=events,
        size=32,
        freeze_epochs=2,
        epochs=1,
        device="cpu",
    )
    assert isinstance(trained, TrainedProgram) and isinstance(trained.report, ErrorReport)
    assert capsys.readouterr().out == ""  # recipes print nothing themselves
    assert [name for name, _ in events.events] == ["photos", "epoch", "epoch", "epoch", "result"]
    assert [values["phase"] for name, values in events.events if name == "epoch"] == [
        "frozen", "frozen", "unfrozen",
    ]  # fmt: skip
    assert events.events[-1][1] == trained.to_dict() and json.dumps(trained.to_dict())
    assert events.lines[2] == "Batch size 8: an epoch of 19 items has 2 updates; pass bs= to change it."
    assert events.lines[3].startswith("Training efficientnet_lite0 (")
    assert events.lines[4].startswith("Restored the best epoch (valid_loss 0.")
    assert isinstance(trained.program, Program) and trained.program is trained.program
    assert str(trained).startswith(f"Program {tmp_path / 'cats.gatera'} (")
    assert "Validation set:\n  " in str(trained) and "95 % interval" in str(trained)
    assert trained.report.n == 5 and trained.program.predict(trained.example[0]).label in ("cat", "dog")
    # the learner is as it was: precision, callbacks, table
    learn = trained.learner
    assert learn.options.precision == "auto" and learn.cbs == [] and learn.display.table_on
    assert list(tmp_path.iterdir()) == [tmp_path / "cats.gatera"]


@pytest.mark.slow
def test_training_on_photos_loads_nothing_of_the_other_applications():
    code = (
        "import sys, gatera\n"
        "assert 'torch' not in sys.modules\n"
        "from gatera import recipes\n"
        "gatera.train, recipes.photo_job\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('gatera.')}\n"
        "print(*sorted(rooms & {'text', 'tabular', 'collab', 'audio', 'cli'}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_errors_of_recipes_are_of_the_library():
    with pytest.raises(GateraError, match="does not exist"):
        gatera.train("no such folder")


def test_a_frame_is_no_source():
    with pytest.raises(ArgumentError, match=r"must be the path of a folder or a table. Got: 'dict'.*from_df"):
        gatera.train({"a": [1]})


def test_force_does_not_mean_the_data(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,x\n2,y\n")
    with pytest.raises(
        ArgumentError, match=r"t\.csv is an input, and writing the output to it would destroy it"
    ):
        gatera.train(table, "b", out=table, force=True)
    with pytest.raises(ArgumentError, match="it is a folder"):
        gatera.train(table, "b", out=tmp_path, force=True)
    assert table.read_text() == "a,b\n1,x\n2,y\n" and [*tmp_path.iterdir()] == [table]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": 1}, "target must be the name of a column. Got: 1."),
        ({"group_by": 1}, "group_by must be text. Got: 1."),
        ({"time_by": ["when"]}, "time_by must be the name of a column. Got: ['when']."),
        ({"drop": [1]}, "drop must be text, or a list of texts. Got: [1]."),
        ({"sheet": 0}, "sheet must be text. Got: 0."),
        ({"mask_values": {0: "sky"}}, "mask_values must be text. Got: {0: 'sky'}."),
        ({"augment": "no"}, "augment must be True or False. Got: 'no'."),  # "no" counted as True
        ({"resume": 1}, "resume must be a path. Got: 1."),
        ({"epochs": "3"}, "epochs must be a whole number of at least 1. Got: '3'."),
        ({"lr": "1e-3"}, "lr must be a number of at least 0. Got: '1e-3'."),
    ],
)
def test_a_setting_of_another_kind_is_refused_in_words(tmp_path, given, message):
    table = tmp_path / "rows.csv"
    table.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(ArgumentError) as raised:
        gatera.train(table, **{"target": "b", **given})
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 3, "lr": 0.1}, ["epochs= and lr= are not used: no network is trained."]),
        ({"bs": 8}, ["bs= is not used: no network is trained."]),
        ({}, []),
    ],
)
def test_settings_of_a_network_that_is_not_trained_are_named(tmp_path, events, given, said):
    """They were taken and kept in the program, unsaid."""
    table = tmp_path / "t.csv"
    table.write_text(
        "a,b,y\n" + "".join(f"{i},{i % 7},{'no' if i % 40 < 20 else 'yes'}\n" for i in range(80))
    )
    gatera.train(table, "y", model="linear", out=tmp_path / "t.gatera", events=events, **given)
    assert [line for line in events.lines if "network" in line] == said


def test_training_that_uses_a_sealed_test_set_is_told(tmp_path, events):
    """The seal said that the set was never opened: it was trained on, or measured at the end of a training."""
    for name in ("june", "june/test"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("a")
    run.say_sealed(tmp_path / "june", events)
    assert not events.warnings
    seal_folder(tmp_path / "june/test")
    (tmp_path / "june/b.sealed").write_text("something else")
    run.say_sealed(tmp_path / "june", events)
    assert events.warnings == [
        f"{tmp_path}/june/test is a sealed test set, and its use in this training is not recorded as an opening."
    ]
    with pytest.raises(GateraError):
        gatera.train(tmp_path / "june/test", out=tmp_path / "t.gatera", events=events, task="text")
    assert events.warnings[1] == (
        f"{tmp_path}/june/test is a sealed test set: a program trained on it has seen it, so its error there says nothing about new items."
    )


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            "nofile.pth",
            "weights must be an existing file: {} does not exist. Omit weights= to find weights automatically.",
        ),
        ("t.csv", "weights has an unknown file type: {}. Got: '.csv'."),
    ],
)
def test_weights_that_do_not_do_are_called_so(photo_folder, tmp_path, made, said):
    """ "Pass pretrained=True": `train` has no such argument."""
    path = tmp_path / made
    if made == "t.csv":
        path.write_text("a,b\n")
    with pytest.raises(PretrainedError) as err:
        gatera.train(photo_folder, weights=path, size=32, out=tmp_path / "t.gatera", events=gatera.Events())
    assert str(err.value).startswith(said.format(path))
    assert "pretrained" not in str(err.value)


def test_a_rate_of_zero_is_refused(tmp_path):
    """It was taken for the default."""
    with pytest.raises(ArgumentError, match="lr must be a finite number above 0"):
        gatera.train(tmp_path, lr=0)


def test_numbers_of_numpy_are_settings_as_those_of_python_are(tmp_path):
    """As in `for seed in np.arange(5)`: the run ended with an error when all was trained."""
    table = tmp_path / "t.csv"
    table.write_text(
        "a,b,y\n" + "".join(f"{i},{i % 7},{'no' if i % 40 < 20 else 'yes'}\n" for i in range(80))
    )
    given = {"seed": 3, "epochs": 2, "lr": 0.5, "valid_pct": 0.25, "header": 0, "slim": True}
    of_numpy = {
        "seed": np.int64(3), "epochs": np.int32(2), "lr": np.float32(0.5), "valid_pct": np.float64(0.25),
        "header": np.int64(0), "slim": np.True_,
    }  # fmt: skip
    kept = []
    for name, settings in (("python", given), ("numpy", of_numpy)):
        trained = gatera.train(
            table, "y", model="network", out=tmp_path / f"{name}.gatera", events=gatera.Events(), **settings
        )
        with zipfile.ZipFile(trained.path) as archive:
            kept.append(json.loads(archive.read("program.json"))["training"])
    assert kept[0]["settings"] == kept[1]["settings"]
    assert kept[1]["settings"] == {**given, "target": "y", "model": "network"}


@pytest.mark.parametrize("several", [lambda names: map(str, names), pd.Index, np.array, set])
def test_columns_may_come_as_any_several_texts(tmp_path, monkeypatch, several):
    """An iterator, used up by a check, dropped nothing; an array was a ValueError; a program kept a set as "{'a', 'b'}"."""
    seen: list = []
    monkeypatch.setattr(run, "run", lambda settings, events: seen.append(settings))
    gatera.train(tmp_path / "rows.csv", "c", drop=several(["a", "b"]))
    assert sorted(seen[0].chosen()["drop"]) == ["a", "b"]


def test_settings_of_kinds_that_are_nearly_right_are_taken():
    check_kinds({
        "label_from": re.compile("x"), "drop": {"a"}, "classes": ("a",), "report": Path("r"), "weights": "w",
        "augment": np.True_, "check_leaks": 0,
    })  # fmt: skip


def test_random_weights_are_not_offered_where_no_argument_asks_for_them():
    """`train` has weights= for a file, and nothing for random ones."""
    places = "Use one of:\n  pip install some-weights"
    error = PretrainedError(
        "none",
        remedy=f"{places}\n  pretrained=False for random weights, which needs far more photos and time",
    )
    assert run._about_weights(error).remedy == places
