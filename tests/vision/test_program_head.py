from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gatera.data.transforms.item import Resize
from gatera.learn.export.program import weights
from gatera.models.vision.heads import HeadOptions
from gatera.models.vision.linear_head import LinearHeadOptions
from gatera.program.package import read_package, write_package
from gatera.vision.data import ImageDataLoaders
from gatera.vision.learner import default_head, vision_learner

FORMAT1 = Path(__file__).parents[1] / "fixtures" / "format1.gatera"
SMALL = HeadOptions(lin_ftrs=[8])


@pytest.fixture
def dls(photo_folder):
    return ImageDataLoaders.from_folder(
        photo_folder, valid_pct=0.25, seed=42, item_tfms=Resize(16), bs=4, device="cpu"
    )


@pytest.fixture
def write(dls, tmp_path):
    """Writes a program of the given labels, and returns its path and its model."""

    def write(labels=("cat", "dog"), task="classification", head=SMALL):
        model = vision_learner(dls, "test_resnet", pretrained=False, head=head).model
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        package = read_package(FORMAT1)
        decode = package.program["decode"] | {"vocab": list(labels)}
        entries = {"model.onnx": package.read("model.onnx"), "weights.safetensors": weights(model)}
        program = package.program | {"task": task, "decode": decode}
        return write_package(tmp_path / "cats.gatera", program, entries), model

    return write


def same(one, two) -> bool:
    other = two.state_dict()
    return all(torch.equal(value, other[name]) for name, value in one.state_dict().items())


def test_a_learner_that_asks_the_same_begins_as_the_program_and_says_so(dls, write, capsys):
    program, model = write()
    learn = vision_learner(dls, "test_resnet", pretrained=program, head=SMALL)
    assert same(learn.model, model)
    assert learn.body.source == f"{program} (body and head)"
    assert learn.n_frozen > 0
    assert capsys.readouterr() == ("", f"Loaded body and head from {program}.\n")


@pytest.mark.parametrize(
    ("changes", "head", "reason"),
    [
        ({"labels": ["cat", "cow"]}, SMALL, "its labels differ"),
        ({"labels": ["dog", "cat"]}, SMALL, "its labels differ"),
        ({"labels": ["cat", "dog"], "task": "multilabel"}, SMALL, "its task is multilabel"),
        ({}, HeadOptions(lin_ftrs=[9]), "its head has another shape"),
        ({}, HeadOptions(lin_ftrs=[8, 8]), "its head has another shape"),
    ],
)
def test_of_a_program_that_does_not_fit_the_body_is_taken_and_a_line_says_why(
    dls, write, capsys, changes, head, reason
):
    program, model = write(**changes)
    learn = vision_learner(dls, "test_resnet", pretrained=str(program), head=head)
    assert same(learn.model[0], model[0])
    assert not torch.equal(learn.model[1][-1].weight, model[1][-1].weight)
    assert learn.body.source == f"{program} (its body)"
    said = f"Loaded only the body from {program}, because {reason}; the head is new.\n"
    assert capsys.readouterr() == ("", said)


def test_a_file_of_weights_says_nothing_of_labels_and_gives_the_body(dls, write, tmp_path, capsys):
    _, model = write()
    torch.save(model.state_dict(), tmp_path / "mine.pth")
    learn = vision_learner(dls, "test_resnet", pretrained=tmp_path / "mine.pth", head=SMALL)
    assert same(learn.model[0], model[0])
    assert not torch.equal(learn.model[1][-1].weight, model[1][-1].weight)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("head", "linear"), [(LinearHeadOptions(), True), (SMALL, False), (HeadOptions(), False)]
)
def test_training_goes_on_with_the_kind_of_head_that_the_program_has(write, head, linear):
    program, _ = write(head=head)
    assert type(default_head(program)) is (LinearHeadOptions if linear else HeadOptions)
