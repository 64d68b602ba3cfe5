from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from gatera.core.errors import ExportError, OutputExistsError
from gatera.data.transforms.normalize import Normalize
from gatera.learn.export.onnx import check_parity, to_onnx
from gatera.learn.export.program import ExportOptions
from gatera.program.engines import make_engine
from gatera.program.package import read_package
from gatera.program.program import load_program

pytestmark = pytest.mark.slow


def trained(learn):
    learn.fit_one_cycle(2, 0.05)
    return learn


@pytest.fixture
def learn(make_learner):
    return trained(make_learner())


@pytest.fixture(scope="module")
def exported(make_learner_in, tmp_path_factory):
    """A learner and its program, which tests only read."""
    folder = tmp_path_factory.mktemp("exported")
    learn = trained(make_learner_in(folder))
    return learn, learn.export(folder / "a.gatera", options=ExportOptions(training={"note": "mine"}))


def test_a_program_gives_the_learners_probabilities(exported, photo_folder):
    learn, path = exported
    program = load_program(path, engine="onnxruntime")
    for path in sorted(photo_folder.rglob("*.jpg")):
        ours, theirs = learn.predict(path), program.predict(path)
        assert (ours.label, ours.index) == (theirs.label, theirs.index)
        np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-5)


def test_a_program_says_what_it_is(exported):
    learn, path = exported
    package = read_package(path)
    assert package.program["decode"]["vocab"] == ["cat", "dog"]
    assert package.program["training"]["note"] == "mine"
    assert package.program["training"]["last_epoch"]["accuracy"] == learn.recorder.rows[-1]["accuracy"]
    assert package.program["model"]["input"] == {"name": "input", "dtype": "uint8", "shape": ["N", 16, 16, 3]}
    assert package.read("card.md").decode().startswith("# `a`\n\n## What it does\n\nPredicts one of")


def test_nothing_of_the_machine_is_in_the_network(exported):
    assert b".py" not in read_package(exported[1]).read("model.onnx")


def test_slim_leaves_the_weights_out(exported, tmp_path):
    learn, whole = exported
    slim = learn.export(tmp_path / "b.gatera", options=ExportOptions(slim=True))
    assert "weights.safetensors" in read_package(whole).names
    assert "weights.safetensors" not in read_package(slim).names


def test_the_weights_are_the_models(exported):
    from safetensors.torch import load

    learn, path = exported
    kept = load(read_package(path).read("weights.safetensors"))
    assert set(kept) == set(learn.model.state_dict())
    assert all(torch.equal(kept[name], value) for name, value in learn.model.state_dict().items())


def test_an_existing_file_is_kept(learn, tmp_path):
    (tmp_path / "a.gatera").write_text("mine")
    with pytest.raises(OutputExistsError):
        learn.export(tmp_path / "a.gatera")
    assert (tmp_path / "a.gatera").read_text() == "mine"
    load_program(learn.export(tmp_path / "a.gatera", force=True))


def test_a_name_without_a_folder_goes_to_the_learners_path(learn):
    assert learn.export("mine.gatera") == learn.path / "mine.gatera"


def test_the_learner_is_as_it_was_after_an_export(learn, tmp_path, photo_folder):
    before = learn.predict(photo_folder / "cat/cat_0.jpg").probabilities
    learn.export(tmp_path / "a.gatera")
    np.testing.assert_array_equal(before, learn.predict(photo_folder / "cat/cat_0.jpg").probabilities)
    learn.fit(1, 1e-3)


def test_the_datas_normalisation_goes_into_the_program(make_learner, photo_folder, tmp_path):
    learn = make_learner(batch_tfms=[Normalize.from_stats([0.4, 0.4, 0.4], [0.2, 0.2, 0.2])])
    path = learn.export(tmp_path / "a.gatera")
    photo = photo_folder / "cat/cat_0.jpg"
    np.testing.assert_allclose(
        learn.predict(photo).probabilities, load_program(path).predict(photo).probabilities, atol=1e-5
    )
    assert json.dumps(read_package(path).program["model"]["normalize"]["mean"]) == json.dumps(
        [0.4000000059604645] * 3
    )


def test_a_network_without_an_onnx_form_is_refused(learn, tmp_path):
    class Odd(nn.Module):
        def forward(self, x):
            return x + float(np.asarray(x.detach().sum().item()))

    learn.model[1].append(Odd())
    with pytest.raises(ExportError, match=r"cannot translate the network \(PhotoGraph\) to ONNX: "):
        learn.export(tmp_path / "a.gatera")
    assert not (tmp_path / "a.gatera").exists()


def test_ctrl_c_in_an_import_of_the_exporter_is_ctrl_c(learn, monkeypatch, tmp_path):
    def interrupted(*_, **__):
        try:
            try:
                raise KeyboardInterrupt
            except KeyboardInterrupt as err:  # what an extension module makes of it
                raise ImportError("initialization failed") from err
        except ImportError as err:
            raise torch.onnx.OnnxExporterError("step 1 of 3 failed") from err

    monkeypatch.setattr("torch.onnx.export", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learn.export(tmp_path / "a.gatera")
    assert not (tmp_path / "a.gatera").exists()


def test_an_operation_that_onnx_has_not_is_named_without_the_colours_of_a_terminal():
    class Odd(nn.Module):
        def forward(self, x):
            return torch.special.bessel_j0(x)

    with pytest.raises(ExportError, match="bessel_j0") as err:
        to_onnx(Odd(), np.zeros((2, 3), np.float32))
    assert "\x1b" not in str(err.value) and "\\x1b" not in str(err.value)


@pytest.mark.parametrize("size", [6, (5, None), (3, 7)])
def test_adaptive_maxima_are_translated(size):
    """So `zfnet` was trained to its end, and then could not be written."""
    network = nn.AdaptiveMaxPool2d(size)
    maps = np.random.default_rng(0).normal(size=(2, 3, 7, 9)).astype(np.float32)
    found = make_engine(to_onnx(network, maps)).run(maps)
    assert np.array_equal(found, network(torch.from_numpy(maps)).numpy())


def test_a_model_that_diverged_is_not_exported():
    def nothing(x):
        return x * float("nan")

    with pytest.raises(
        ExportError, match=r"not finite \(NaN or infinite\), so no program was written.*lower learning rate"
    ):
        check_parity(nothing, b"", np.ones((1, 2), np.float32))


def test_names_that_are_not_utf_8_are_written_as_escapes(learn, tmp_path):
    path = tmp_path / "caf\udce9.gatera"
    package = read_package(learn.export(path, options=ExportOptions(training={"source": "caf\udce9.csv"})))
    assert package.program["training"]["source"] == "caf\\udce9.csv"
    assert "caf\\udce9" in load_program(path).card
