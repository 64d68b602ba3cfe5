"""A run that was interrupted and resumed ends with the same bits as one that was not."""

from __future__ import annotations

import functools
import os
import signal
import traceback

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gatera.compat.optimizers import ranger
from gatera.core.errors import ArgumentError, DataError
from gatera.data.transforms.presets import aug_transforms
from gatera.learn.callbacks.csv_logger import CSVLogger
from gatera.learn.callbacks.gradients import GradientAccumulation, GradientClip
from gatera.learn.callbacks.mixup import CutMix, MixUp
from gatera.learn.callbacks.tracking import EarlyStoppingCallback, ReduceLROnPlateau, SaveModelCallback
from gatera.learn.checkpoints.position import TrainingInterrupted
from gatera.learn.optimizer import SGD, Adam, RAdam, RMSProp
from gatera.learn.state import Callback
from gatera.measure.losses.standard import LabelSmoothingCrossEntropyFlat


class PressCtrlC(Callback):
    """Interrupt after so many batches, in the middle of an update."""

    reads_only = True

    def __init__(self, after: int) -> None:
        self.left = after

    def after_loss(self, state):
        self.left -= state.training
        if state.training and self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


class Quiet(Callback):
    """Takes the interrupting callback's place in the resumed run."""

    reads_only = True


def parameters(learn) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in learn.model.state_dict().values()])


@pytest.mark.parametrize("stop_after", [1, 3, 6, 10])
def test_fine_tune_resumed_equals_uninterrupted(make_learner, stop_after):
    whole = make_learner()
    whole.fine_tune(2, cbs=Quiet())

    learn = make_learner()
    with pytest.raises(TrainingInterrupted) as stop:
        learn.fine_tune(2, cbs=PressCtrlC(stop_after))
    resumed = make_learner()
    resumed.fine_tune(2, cbs=Quiet(), resume=stop.value.path)

    assert torch.equal(parameters(resumed), parameters(whole))
    assert resumed.history.drop(columns="time").equals(whole.history.drop(columns="time"))


CALLBACKS = {
    "blend": lambda: MixUp(0.4), "paste": lambda: CutMix(1.0), "clip": lambda: GradientClip(0.1), "accumulate": lambda: GradientAccumulation(6),
    "early": lambda: EarlyStoppingCallback(monitor="valid_loss", patience=1), "log": lambda: CSVLogger("log.csv"),
    "save": lambda: SaveModelCallback(monitor="accuracy"),
    "plateau": lambda: ReduceLROnPlateau(monitor="valid_loss", patience=1, factor=2.0),
}  # fmt: skip
METHODS = {
    "fit": lambda learn, **keywords: learn.fit(2, 0.02, **keywords),
    "cycle": lambda learn, **keywords: learn.fit_one_cycle(2, slice(1e-3, 0.02), wd=0.1, **keywords),
    "flat": lambda learn, **keywords: learn.fit_flat_cos(2, 0.02, **keywords),
    "fine_tune": lambda learn, **keywords: learn.fine_tune(2, 0.02, freeze_epochs=1, **keywords),
}
OPTIMIZERS = [Adam, SGD, functools.partial(SGD, mom=0.9), RMSProp, RAdam, ranger, torch.optim.AdamW]
LEARNERS = {
    "bs": st.sampled_from([2, 3, 4, 7, 18]), "workers": st.sampled_from([0, 2]), "precision": st.sampled_from(["float32", "bf16"]),
    "opt_func": st.sampled_from(OPTIMIZERS), "train_bn": st.sampled_from([None, True, False]), "cache_features": st.booleans(),
    "fast_kernels": st.booleans(), "batch_tfms": st.sampled_from([None, aug_transforms(size=12)]),
    "loss_func": st.sampled_from([None, LabelSmoothingCrossEntropyFlat()]),
}  # fmt: skip


@settings(max_examples=15)
@given(
    learner=st.fixed_dictionaries(LEARNERS),
    method=st.sampled_from(sorted(METHODS)),
    names=st.sets(st.sampled_from(sorted(CALLBACKS)), max_size=3).filter(
        lambda names: not {"blend", "paste"} <= names
    ),
    stops=st.lists(st.integers(1, 20), min_size=1, max_size=3),
)
def test_whatever_a_run_is_made_of_it_resumes_where_and_as_often_as_it_stops(
    make_learner, monkeypatch, tmp_path, learner, method, names, stops
):
    monkeypatch.chdir(tmp_path)  # where the log is written

    def run(last: Callback, **keywords):
        learn = make_learner(**learner)
        try:
            METHODS[method](learn, cbs=[*(CALLBACKS[name]() for name in sorted(names)), last], **keywords)
        except TrainingInterrupted as err:
            return learn, {"resume": err.path}
        return learn, None

    whole, _ = run(Quiet())
    learn, rest = run(PressCtrlC(stops[0]))
    for last in [*map(PressCtrlC, stops[1:]), Quiet()]:
        if rest is not None:  # else it ended before it was to stop
            learn, rest = run(last, **rest)
    assert rest is None
    assert torch.equal(parameters(learn), parameters(whole))
    assert learn.history.drop(columns="time").equals(whole.history.drop(columns="time"))
    assert learn.recorder.losses == whole.recorder.losses


@pytest.mark.parametrize("stop_after", range(1, 8))
def test_a_resumed_history_is_the_same_to_the_last_bit(make_learner, stop_after):
    whole, resumed = make_learner(), make_learner()
    whole.fit(2, 0.05)
    with pytest.raises(TrainingInterrupted) as stop:
        make_learner().fit(2, 0.05, cbs=PressCtrlC(stop_after))
    resumed.fit(2, 0.05, cbs=Quiet(), resume=stop.value.path)
    assert resumed.recorder.losses == whole.recorder.losses


def test_the_scale_of_fp16s_gradients_is_in_the_checkpoint(make_learner, monkeypatch):
    monkeypatch.setattr("gatera.learn.arithmetic.autocast_dtype", lambda precision, device: torch.float16)
    scales = []

    class Scales(Callback):
        reads_only = True

        def before_fit(self, state):
            if not state.resumed:
                state.arithmetic.load_state_dict(state.arithmetic.state_dict() | {"scale": 512.0})

        def after_step(self, state):
            scales.append(state.arithmetic.scaler.get_scale())

    with pytest.raises(TrainingInterrupted) as stop:
        make_learner("fp16").fit(2, 0.01, cbs=[Scales(), PressCtrlC(3)])
    make_learner("fp16").fit(2, 0.01, cbs=[Scales(), Quiet()], resume=stop.value.path)
    assert scales == [512.0] * 8


def test_the_message_says_where_it_stopped_and_how_to_go_on(make_learner, tmp_path):
    learn = make_learner()
    with pytest.raises(TrainingInterrupted) as stop:
        learn.fine_tune(2, cbs=PressCtrlC(6))
    path = tmp_path / "models" / "interrupted.safetensors"
    assert str(stop.value) == (
        f"Interrupted in epoch 0 of 2 of the unfrozen part, after batch 2 of 4. Checkpoint saved to {path}. "
        f"To resume, create the learner the same way and call the same method with resume='{path}'."
    )
    assert path.is_file()


def test_a_checkpoint_of_another_fit_is_refused(make_learner):
    with pytest.raises(TrainingInterrupted) as stop:
        make_learner().fit(2, 0.01, cbs=PressCtrlC(2))
    with pytest.raises(ArgumentError) as err:
        make_learner().fit(3, 0.01, cbs=Quiet(), resume=stop.value.path)
    assert str(err.value) == (
        f"cannot resume from {stop.value.path}: it belongs to a different run. Got: \"phase '', 3 epochs of 4 batches\". "
        "Expected: phase '', 2 epochs of 4 batches. Call the same method with the same data, batch size and number of "
        "epochs as before."
    )


def test_a_plain_save_is_no_checkpoint_to_resume(make_learner):
    learn = make_learner()
    path = learn.save("mine")
    with pytest.raises(DataError) as err:
        learn.fit(1, resume=path)
    assert str(err.value) == (
        f"{path} was written by learn.save, not by an interrupted fit. Use learn.load for it."
    )


def test_a_stop_shows_its_reason_and_not_where_in_the_loop_it_came(make_learner):
    with pytest.raises(TrainingInterrupted) as stop:
        make_learner().fit(2, cbs=PressCtrlC(2))
    assert len("".join(traceback.format_exception(stop.value)).splitlines()) < 30


def test_a_checkpoint_of_other_callbacks_is_refused(make_learner):
    """Another version of Gatera may have others by default, too."""
    with pytest.raises(TrainingInterrupted) as stop:
        make_learner().fit(2, cbs=[PressCtrlC(2), GradientClip(0.1)])
    with pytest.raises(ArgumentError, match="it belongs to a fit with other callbacks, or another version"):
        make_learner().fit(2, cbs=Quiet(), resume=stop.value.path)
    with pytest.raises(ArgumentError, match=r"other callbacks.*Got: .*EarlyStoppingCallback"):
        make_learner().fit(2, cbs=[Quiet(), EarlyStoppingCallback()], resume=stop.value.path)
