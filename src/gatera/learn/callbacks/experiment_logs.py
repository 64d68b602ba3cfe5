"""Log training to TensorBoard, MLflow, trackio or Weights & Biases: the settings once, then losses and metrics of each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from gatera.core.checks import require
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.state import Callback, LoopState


class ExperimentLog(Callback):
    """Base of the callbacks below. The epochs of several fits (both parts of a `fine_tune`) are counted through.

    Args:
        settings: what to log once, e.g. `{"arch": "resnet34"}`; the number of epochs is always there.
    """

    order = 85  # after the epoch's row has been written
    reads_only = True
    in_lr_find = False
    _kept_to_resume = ("epochs",)

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self.settings = dict(settings or {})
        self.recorder: Recorder | None = None
        self.epochs = 0
        self._open = False

    def before_fit(self, state: LoopState) -> None:
        """Begin the log, unless it has begun, and log the settings."""
        self.recorder = Recorder.of(state.callbacks)
        if not self._open:
            self._begin({"n_epochs": state.epochs, **self.settings})
            self._open = True

    def after_epoch(self, state: LoopState) -> None:
        """Log the epoch's losses and metrics."""
        if self.recorder is not None:
            row = {name: float(value) for name, value in self.recorder.rows[-1].items() if name != "epoch"}
            self._log({name: value for name, value in row.items() if math.isfinite(value)}, self.epochs)
            self.epochs += 1

    def finish(self, program: str | Path | None = None) -> None:
        """End the log.

        Args:
            program: the program that was exported; its path is logged.
        """
        if self._open:
            self._end(None if program is None else str(program))
            self._open = False

    def _begin(self, settings: dict[str, Any]) -> None:
        raise NotImplementedError

    def _log(self, values: dict[str, float], epoch: int) -> None:
        raise NotImplementedError

    def _end(self, program: str | None) -> None:
        raise NotImplementedError


class TensorBoardCallback(ExperimentLog):
    """Log to TensorBoard; see it with `tensorboard --logdir runs`.

    Args:
        log_dir: the folder of this run.
        settings: what to log once.
    """

    def __init__(
        self, log_dir: str | Path = "runs/gatera", settings: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(settings)
        require("tensorboard", "tensorboard", "to log to TensorBoard")
        self.log_dir = str(log_dir)

    def _begin(self, settings: dict[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(self.log_dir)
        self._writer.add_text(
            "settings", "\n".join(f"    {name}: {value}" for name, value in settings.items())
        )

    def _log(self, values: dict[str, float], epoch: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def _end(self, program: str | None) -> None:
        if program is not None:
            self._writer.add_text("program", program)
        self._writer.close()


class MLflowCallback(ExperimentLog):
    """Log to MLflow, where `MLFLOW_TRACKING_URI` or `mlflow.set_tracking_uri` says.

    Args:
        experiment: the experiment's name.
        run_name: the run's name; MLflow chooses one by default.
        settings: what to log once.
    """

    def __init__(
        self,
        experiment: str = "gatera",
        run_name: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(settings)
        self.experiment, self.run_name = experiment, run_name
        self._mlflow: Any = require("mlflow", "mlflow", "to log to MLflow")

    def _begin(self, settings: dict[str, Any]) -> None:
        self._mlflow.set_experiment(self.experiment)
        self._mlflow.start_run(run_name=self.run_name)
        self._mlflow.log_params(settings)

    def _log(self, values: dict[str, float], epoch: int) -> None:
        self._mlflow.log_metrics(values, step=epoch)

    def _end(self, program: str | None) -> None:
        if program is not None:
            self._mlflow.set_tag("program", program)
        self._mlflow.end_run()


class _ProjectLog(ExperimentLog):
    """Base of the two whose packages share an interface: `init` with a project, then values step by step.

    Args:
        project: the project's name.
        settings: what to log once.
        **options: further arguments of the package's `init`.
    """

    _package: ClassVar[str]
    _called: ClassVar[str]

    def __init__(
        self, project: str = "gatera", settings: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(settings)
        self.project, self._options = project, options
        self._tracker: Any = require(self._package, self._package, f"to log to {self._called}")

    def _begin(self, settings: dict[str, Any]) -> None:
        self._run = self._tracker.init(project=self.project, config=settings, **self._options)


class WandbCallback(_ProjectLog):
    """Log to Weights & Biases; `WANDB_MODE=offline` keeps the run on this machine.

    Args:
        project: the project's name.
        settings: what to log once.
        **options: further arguments of `wandb.init`.
    """

    _package, _called = "wandb", "Weights & Biases"

    def _log(self, values: dict[str, float], epoch: int) -> None:
        self._run.log(values, step=epoch)

    def _end(self, program: str | None) -> None:
        if program is not None:
            self._run.summary["program"] = program
        self._run.finish()


class TrackioCallback(_ProjectLog):
    """Log to trackio, on this machine unless `space_id` is among the options.

    Args:
        project: the project's name.
        settings: what to log once.
        **options: further arguments of `trackio.init`.
    """

    _package, _called = "trackio", "trackio"

    def _log(self, values: dict[str, float], epoch: int) -> None:
        self._tracker.log(values, step=epoch)

    def _end(self, program: str | None) -> None:
        if program is not None:
            self._tracker.log({"program": program})
        self._tracker.finish()
