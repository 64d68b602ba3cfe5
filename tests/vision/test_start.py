"""A program of the registry as the beginning of another."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gatera.core.errors import ArgumentError, PretrainedError, RegistryError
from gatera.core.files import sha256_file
from gatera.data.transforms.item import Resize
from gatera.learn.export.program import started_from, weights
from gatera.models.vision.linear_head import LinearHeadOptions
from gatera.program.package import read_package, write_package
from gatera.recipes.job import first_arch
from gatera.recipes.settings import TrainSettings
from gatera.store.models.registry import ModelRegistry
from gatera.vision import start_from_program as module
from gatera.vision.data import ImageDataLoaders
from gatera.vision.learner import vision_learner
from gatera.vision.start_from_program import start_of

FORMAT1 = Path(__file__).parents[1] / "fixtures" / "format1.gatera"


@pytest.fixture
def dls(photo_folder):
    return ImageDataLoaders.from_folder(
        photo_folder, valid_pct=0.25, seed=42, item_tfms=Resize(16), bs=4, device="cpu"
    )


@pytest.fixture
def write(dls, tmp_path):
    """Writes a program of a tiny network, and returns its path and its model."""

    def write(architecture="test_resnet", slim=False, **facts):
        model = vision_learner(dls, "test_resnet", pretrained=False, head=LinearHeadOptions()).model
        torch.nn.init.normal_(next(model.parameters()), std=0.1)
        package = read_package(FORMAT1)
        about = {
            key: value for key, value in {"architecture": architecture, **facts}.items() if value is not None
        }
        entries = {
            "model.onnx": package.read("model.onnx"),
            **({} if slim else {"weights.safetensors": weights(model)}),
        }
        return write_package(
            tmp_path / "cats.gatera", package.program | {"model": about}, entries, force=True
        ), model

    return write


def same(one, two) -> bool:
    other = two.state_dict()
    return all(torch.equal(value, other[name]) for name, value in one.state_dict().items())


def test_a_version_gives_architecture_weights_and_its_name(dls, write, capsys):
    path, model = write()
    version = ModelRegistry().add(path, "cats", tag="production")
    path.unlink()
    learn = vision_learner(dls, "cats@production")
    assert same(learn.model, model) and learn.body.architecture.name == "test_resnet"
    assert capsys.readouterr().err == "Loaded body and head from cats@v1.\n"
    assert started_from(learn.model) == {
        "weights": {"source": "cats@v1 (body and head)", "sha256": version.sha256, "version": "cats@v1"}
    }


@pytest.mark.whole
def test_a_version_as_weights_and_a_file_as_the_beginning(dls, write):
    path, model = write()
    ModelRegistry().add(path, "cats")
    for arch, pretrained in (
        ("test_resnet", "cats@v1"),
        ("cats@v1", "cats@v1"),
        (str(path), True),
        ("test_resnet", path),
    ):
        learn = vision_learner(dls, arch, pretrained=pretrained)
        assert same(learn.model, model)
        assert started_from(learn.model)["weights"]["sha256"] == sha256_file(path)
    assert vision_learner(dls, "cats@v1", pretrained=False).model[0].architecture.name == "test_resnet"
    assert "sha256" not in started_from(vision_learner(dls, "test_resnet", pretrained=False).model)["weights"]


def test_what_cannot_be_started_from_is_said(dls, write, monkeypatch):
    registry = ModelRegistry()
    registry.add(write(slim=True)[0], "slim")
    registry.add(write(architecture=None)[0], "nameless")
    registry.add(write(architecture="MyNetwork")[0], "own")
    with pytest.raises(PretrainedError, match="was exported without weights"):
        vision_learner(dls, "slim@v1")
    with pytest.raises(PretrainedError, match=r"nameless@v1 does not say which architecture it has. Name it"):
        vision_learner(dls, "nameless@v1")
    with pytest.raises(ArgumentError, match="MyNetwork"):
        vision_learner(dls, "own@v1")
    package = read_package(FORMAT1)
    texts = {
        "preprocess": [{"op": "read_text"}],
        "model": {"architecture": "MiniLM and a linear model of words"},
    }
    monkeypatch.setattr(
        module, "read_package", lambda path: package._replace(program=package.program | texts)
    )
    with pytest.raises(
        PretrainedError, match=r"own@v1 takes texts: training on photos or recordings cannot start"
    ):
        vision_learner(dls, "own@v1")
    with pytest.raises(RegistryError, match=r"no model 'cats'\. Available: nameless, own, slim"):
        vision_learner(dls, "cats@v1")


def test_gatera_train_takes_the_architecture_of_the_program():
    settings = TrainSettings(Path("photos"), Path("x.gatera"), weights="cats@v1")
    assert first_arch(settings, "usual") == "cats@v1"
    assert first_arch(TrainSettings(Path("a"), Path("b"), weights="cats@v1", arch="mine"), "usual") == "mine"
    assert first_arch(TrainSettings(Path("a"), Path("b"), weights="x.pth"), "usual") == "usual"
    assert start_of("resnet18", True) == ("resnet18", True, None)
