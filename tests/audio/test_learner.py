from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gatera.audio.block import AudioBlock
from gatera.audio.data import get_audio_files
from gatera.core.errors import SoundError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.splits.by_position import FuncSplitter
from gatera.interpret.predictions import Interpretation
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.measure.metrics.standard import accuracy
from gatera.models.backbones.architectures import efficientnet_lite0
from gatera.models.layers import AdaptiveConcatPool2d
from gatera.program.program import load_program
from gatera.samples import sample_path
from gatera.vision.learner import vision_learner

FILES = get_audio_files(sample_path("spoken_digits_tiny"))
FEW = FILES[::20]

ANSWER = """
import sys
from gatera.program.program import load_program
print(*load_program(sys.argv[1]).predict(open(sys.argv[2], "rb").read()).probabilities)
assert "torch" not in sys.modules
"""

#: One training of half a minute serves them all.
pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def learn() -> Learner:
    """A learner that has heard one of the two recordings of each speaker."""
    recipe = DataBlock(
        (AudioBlock(size=64), CategoryBlock),
        splitter=FuncSplitter(lambda file: file.stem.endswith("_20")),
        get_y=lambda file: file.name[0],
    )
    dls = recipe.dataloaders(FILES, bs=10, seed=0, device="cpu", cache=False)
    learn = vision_learner(dls, efficientnet_lite0, metrics=accuracy)
    with learn.no_bar(), learn.no_logging():
        learn.fine_tune(12, 5e-3)
    return learn


@pytest.fixture(scope="module")
def program_file(learn: Learner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learn.export(tmp_path_factory.mktemp("program") / "digits.gatera")


def test_spoken_digits_are_told_apart_by_the_usual_call(learn):
    assert (
        learn.validate()[1] >= 0.25
    )  # of 60 recordings; 0.1 is chance, and 60 others are little to learn from


def test_the_whole_body_learns_from_the_start(learn):
    assert len(learn.groups) == 1
    assert all(parameter.requires_grad for parameter in learn.model.parameters())

    assert learn.options.fine_tune_lr == 1e-2
    assert (
        type(learn.model[1][0]) is AdaptiveConcatPool2d
    )  # the head with batch norm, which trains with its body

    parts = vision_learner(
        learn.dls, efficientnet_lite0, splitter=lambda model: [list(part.parameters()) for part in model]
    )
    assert len(parts.groups) == 2  # a splitter of one's own is heeded


@pytest.mark.parametrize(("asked", "used"), [("auto", "float32"), ("bf16", "bf16")])
def test_sounds_are_computed_in_float32_unless_asked_for_otherwise(learn, monkeypatch, asked, used):
    monkeypatch.setattr("gatera.data.device.cpu_has_fast_bf16", lambda: True)
    options = TrainingOptions(precision=asked)
    other = vision_learner(learn.dls, efficientnet_lite0, pretrained=False, options=options)
    assert other.arithmetic.name == used


def test_the_program_gives_the_learners_probabilities_without_torch(learn, program_file):
    program = load_program(program_file, engine="onnxruntime")
    answers = program.predict_batch(FEW)
    for file, answer in zip(FEW, answers, strict=True):
        ours = learn.predict(file)
        assert answer.label == ours.label
        # the program's are calibrated: each to the power of 1 / temperature
        raised = np.asarray(ours.probabilities, np.float64) ** (1 / program.info["decode"]["temperature"])
        np.testing.assert_allclose(answer.probabilities, raised / raised.sum(), atol=1e-4)
    run = subprocess.run(
        [sys.executable, "-c", ANSWER, str(program_file), str(FEW[0])],
        capture_output=True,
        text=True,
        check=True,
    )
    np.testing.assert_allclose([float(p) for p in run.stdout.split()], answers[0].probabilities, atol=1e-4)


def test_a_bad_recording_is_left_out_or_named(program_file, tmp_path):
    program = load_program(program_file)
    (tmp_path / "a.wav").write_bytes(b"")
    answers = program.predict_batch([FEW[0], tmp_path / "a.wav"], on_error="return")
    assert isinstance(answers[1], SoundError)
    with pytest.raises(SoundError) as err:
        program.predict(tmp_path / "a.wav")
    assert str(err.value) == f"{tmp_path / 'a.wav'} is empty (0 bytes). Download it again, or remove it."


def test_results_are_spectrograms_with_axes(learn):
    figure = learn.show_results(max_n=2)
    assert all(axes.get_xlabel() == "seconds" for axes in figure.axes[:2])
    assert all(axes.get_title()[0] in "✓✗" for axes in figure.axes[:2])
    worst = Interpretation.from_learner(learn).plot_top_losses(2)
    assert all(axes.get_xlabel() == "seconds" for axes in worst.axes[:2])
