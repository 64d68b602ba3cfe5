"""A `DataBlock` with several targets of one item."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.core.signatures import Several
from gatera.vision.all import (
    CategoryBlock,
    ClassificationInterpretation,
    CrossEntropyLossFlat,
    DataBlock,
    GradientAccumulation,
    ImageBlock,
    ItemGetter,
    Learner,
    PointBlock,
    RandomSplitter,
    RegressionBlock,
    Resize,
    accuracy,
    error_rate,
    get_image_files,
    nn,
    parent_label,
)


def side(file) -> str:
    return file.name[0]


def number(file) -> float:
    return float(file.stem[1:])


@pytest.fixture
def folder(tmp_path):
    for kind in ("cat", "dog", "emu"):
        (tmp_path / kind).mkdir()
        for i in range(4):
            Image.fromarray(np.full((9, 9, 3), 20 * i, np.uint8)).save(
                tmp_path / kind / f"{'ab'[i % 2]}{i}.png"
            )
    return tmp_path


def block(**changes) -> DataBlock:
    given = {
        "blocks": (ImageBlock, CategoryBlock, CategoryBlock, RegressionBlock), "n_inp": 1, "get_items": get_image_files,
        "get_y": [parent_label, side, number], "splitter": RandomSplitter(0.25, seed=1), "item_tfms": Resize(8),
    }  # fmt: skip
    return DataBlock(**{**given, **changes})


def loss(predictions, kind, where, value):
    first = F.cross_entropy(predictions[:, :3], kind) + F.cross_entropy(predictions[:, 3:5], where)
    return first + F.mse_loss(predictions[:, 5:], value)


def kind_error(predictions, kind, where, value):
    return error_rate(predictions[:, :3], kind)


def learner(dls, **arguments) -> Learner:
    torch.manual_seed(0)
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 6))
    return Learner(dls, model, **{"loss_func": loss, "metrics": kind_error, **arguments})


def test_each_target_is_a_field_of_the_batch(folder):
    dls = block().dataloaders(folder, bs=4, device="cpu")
    x, kind, where, value = dls.valid.one_batch()
    files = dls.valid_ds.items
    assert [list(part) for part in dls.vocab] == [["cat", "dog", "emu"], ["a", "b"]]
    assert x.shape == (3, 3, 8, 8)
    assert [dls.vocab[0][i] for i in kind] == [parent_label(file) for file in files]
    assert [dls.vocab[1][i] for i in where] == [side(file) for file in files]
    assert value.tolist() == [[number(file)] for file in files]
    assert dls.valid_ds.title(0) == f"{parent_label(files[0])}; {side(files[0])}; {number(files[0]):.4g}"


def test_getters_may_be_a_list_of_all(folder):
    pairs = [(file, file.parent.name, side(file)) for file in get_image_files(folder)]
    getters = [ItemGetter(0), ItemGetter(1), ItemGetter(2)]
    blocks = (ImageBlock, CategoryBlock, CategoryBlock)
    dls = block(blocks=blocks, get_items=None, get_y=None, getters=getters).dataloaders(
        pairs, bs=4, device="cpu"
    )
    assert len(dls.one_batch()) == 3


def test_loss_and_metrics_get_every_target(folder):
    learn = learner(block().dataloaders(folder, bs=4, device="cpu"))
    learn.fit(1, cbs=GradientAccumulation(8))
    predictions, targets, losses = learn.get_preds(with_loss=True)
    assert isinstance(targets, Several) and [len(part) for part in targets] == [3, 3, 3]
    expected = [float(function(predictions, *targets)) for function in (loss, kind_error)]
    assert learn.validate() == pytest.approx(expected)
    assert losses.shape == (3,)
    found, none = learn.get_preds(dl=learn.dls.test_dl(get_image_files(folder)[:2]))
    assert found.shape == (2, 6) and none is None


def test_what_takes_one_target_says_so(folder):
    dls = block().dataloaders(folder, bs=4, device="cpu")
    learn = learner(dls)
    for run in (
        lambda: learner(dls, metrics=accuracy).validate(),
        lambda: learner(dls, loss_func=CrossEntropyLossFlat()).fit(1),
        lambda: ClassificationInterpretation.from_learner(learn),
        learn.show_results,
    ):
        with pytest.raises(ArgumentError, match="takes one target, and these items have 3"):
            run()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_inp": None}, "A DataBlock takes one input, and here 3 of 4 blocks are inputs"),
        ({"get_y": parent_label}, "get_y does not match the blocks"),
        ({"get_y": [parent_label, side]}, "Expected: a list of 3 functions, one per target"),
        ({"getters": [parent_label]}, "getters does not match the blocks"),
        (
            {"blocks": (ImageBlock, CategoryBlock, PointBlock, RegressionBlock)},
            "it has to move with its photo",
        ),
    ],
)
def test_what_cannot_be_is_said_at_once(changes, message):
    with pytest.raises(ArgumentError, match=message):
        block(**changes)


def test_a_bad_target_names_the_item(folder):
    with pytest.raises(
        DataError, match=r"RegressionBlock got something that is not a number for item \d+ .*emu"
    ):
        block(get_y=[parent_label, side, lambda file: "x" if "emu" in str(file) else 1.0]).dataloaders(folder)
