"""The logs of experiments, against the real packages, without a network."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from gatera.learn.callbacks.experiment_logs import (
    MLflowCallback,
    TensorBoardCallback,
    WandbCallback,
)
from gatera.testing.tiny import tiny_learner

#: The packages warn of each other's versions; that is not what is tested.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SETTINGS = {"arch": "tiny"}


def fit(log, folder) -> list[dict[str, float]]:
    learn = tiny_learner(folder, [])
    learn.fit(1, cbs=log)
    learn.fit(1, cbs=log)
    log.finish("out/cats.gatera")
    return learn.recorder.rows


def test_tensorboard_has_every_epoch(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rows = fit(TensorBoardCallback(tmp_path / "run", SETTINGS), tmp_path)
    seen = EventAccumulator(str(tmp_path / "run"))
    seen.Reload()
    logged = [(event.step, round(event.value, 5)) for event in seen.Scalars("valid_loss")]
    assert logged == [(step, round(row["valid_loss"], 5)) for step, row in enumerate(rows)]
    tags = seen.Tags()["tensors"]
    assert "settings/text_summary" in tags and "program/text_summary" in tags


def test_mlflow_has_settings_epochs_and_program(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    rows = fit(MLflowCallback("cats", settings=SETTINGS), tmp_path)
    client = mlflow.tracking.MlflowClient()
    (run,) = client.search_runs([client.get_experiment_by_name("cats").experiment_id])
    assert (
        run.data.params == {"arch": "tiny", "n_epochs": "1"} and run.data.tags["program"] == "out/cats.gatera"
    )
    history = client.get_metric_history(run.info.run_id, "valid_loss")
    assert [(point.step, point.value) for point in history] == [
        (i, row["valid_loss"]) for i, row in enumerate(rows)
    ]
    assert run.info.status == "FINISHED"


def test_wandb_keeps_the_run_offline(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    log = WandbCallback("cats", SETTINGS, dir=str(tmp_path))
    learn = tiny_learner(tmp_path, [])
    learn.fit(1, cbs=log)
    assert dict(log._run.config) == {"arch": "tiny", "n_epochs": 1}
    sent = []
    monkeypatch.setattr(log._run, "log", lambda values, step: sent.append((step, values)))
    learn.fit(1, cbs=log)
    assert [(step, values["valid_loss"]) for step, values in sent] == [
        (1, learn.recorder.rows[-1]["valid_loss"])
    ]
    log.finish("out/cats.gatera")
    (run,) = tmp_path.rglob("*.wandb")
    assert run.stat().st_size > 0


#: trackio decides where it writes when it is imported.
TRACKIO = """
import sys
from contextlib import closing
from pathlib import Path
from gatera.learn.callbacks.experiment_logs import TrackioCallback
from gatera.testing.tiny import tiny_learner
learn, log = tiny_learner(Path(sys.argv[1]), []), TrackioCallback("cats", {"arch": "tiny"})
learn.fit(2, cbs=log)
log.finish("out/cats.gatera")
"""


@pytest.mark.whole
def test_trackio_keeps_the_run_on_this_machine(tmp_path):
    pytest.importorskip("trackio")
    place = {**os.environ, "TRACKIO_DIR": str(tmp_path / "log")}
    subprocess.run(
        [sys.executable, "-c", TRACKIO, str(tmp_path)],
        env=place,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (log,) = (tmp_path / "log").glob("cats.db")
    with closing(sqlite3.connect(log)) as db:
        written = " ".join(
            bytes(cell).decode() if isinstance(cell, bytes) else str(cell)
            for (cell,) in db.execute("SELECT metrics FROM metrics UNION ALL SELECT config FROM configs")
        )
    assert written.count("valid_loss") == 2 and "out/cats.gatera" in written and "tiny" in written
