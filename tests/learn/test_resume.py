"""A run that was interrupted and resumed ends with the same bits as one that was not."""

from __future__ import annotations

import os
import signal

import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.learn.checkpoints.position import TrainingInterrupted
from gatera.learn.state import Callback


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
