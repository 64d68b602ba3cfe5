"""Training and looking inside on a device that is not the CPU; see `tests/simulated_device.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from gatera.collab.all import CollabDataLoaders, collab_learner
from gatera.core.errors import NonFiniteLossError
from gatera.evaluate.questions.errors_by_slice import worst
from gatera.learn.learner import Learner
from gatera.learn.state import Callback
from gatera.models.text.awd_lstm import AwdLstmConfig
from gatera.tabular.all import Categorify, FillMissing, TabularDataLoaders, tabular_learner
from gatera.text.all import AWD_LSTM, TextDataLoaders, text_classifier_learner
from gatera.vision.all import (
    APScoreBinary,
    DataBlock,
    DataLoaders,
    DiceMulti,
    F1Score,
    ImageBlock,
    ImageDataLoaders,
    MaskBlock,
    Normalize,
    RandomSplitter,
    RegressionBlock,
    Resize,
    RocAucBinary,
    accuracy,
    get_image_files,
    mae,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
from simulated_device import device_of, simulated

DEVICES = ("cuda", "mps")


@pytest.fixture(params=DEVICES)
def device(request):
    with simulated(request.param):
        yield request.param


def network(n_out=2, layers=()):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, n_out)
    )  # fmt: skip


def used(learn, item, path):
    """Do with a learner what people do; figures must be those of the CPU."""
    learn.display.table_on = learn.display.bar_on = False
    learn.path = path
    learn.fit_one_cycle(1, 1e-2)
    assert device_of(next(learn.model.parameters())).type == learn.dls.device.type
    scores, (outputs, labels) = learn.validate(), learn.get_preds()
    assert device_of(outputs).type == device_of(labels).type == "cpu" and np.isfinite(scores).all()
    learn.predict(item)
    learn.doctor()
    learn.save("kept")
    learn.load("kept")
    there = learn.dls.device
    learn.dls.cpu()
    np.testing.assert_allclose(learn.validate(), scores, rtol=0.02)
    learn.dls.to(there)
    learn.fit(1, 1e-4)
    return learn


def photos(folder, **options):
    return ImageDataLoaders.from_folder(
        folder, valid_pct=0.25, seed=42, item_tfms=Resize(16), bs=8, num_workers=1, **options
    )


def test_photos(device, photo_folder, tmp_path):
    dls = photos(photo_folder, batch_tfms=[Normalize()])
    learn = Learner(dls, network(), metrics=[accuracy, F1Score(), RocAucBinary(), APScoreBinary()])
    item = get_image_files(photo_folder)[0]
    used(learn, item, tmp_path)
    learn.export(tmp_path / "program.gatera")
    learn.attribution(item, method="integrated_gradients")
    learn.occlusion(item, patch=8, stride=8)
    worst(learn)


def test_numbers_of_photos(device, photo_folder, tmp_path):
    block = DataBlock(
        (ImageBlock, RegressionBlock()), get_items=get_image_files, get_y=lambda path: float(path.stem[-1]),
        splitter=RandomSplitter(seed=1), item_tfms=Resize(16),
    )  # fmt: skip
    learn = Learner(block.dataloaders(photo_folder, bs=8), network(1), metrics=mae)
    used(learn, get_image_files(photo_folder)[0], tmp_path)
    worst(learn)


def test_masks(device, photo_folder, tmp_path):
    def mask(path):
        return np.full((32, 40), int("dog" in path.name), np.uint8)

    block = DataBlock(
        (ImageBlock, MaskBlock(["cat", "dog"])), get_items=get_image_files, get_y=mask,
        splitter=RandomSplitter(seed=1), item_tfms=Resize(16),
    )  # fmt: skip
    model = nn.Conv2d(3, 2, 1)
    learn = Learner(block.dataloaders(photo_folder, bs=8), model, metrics=DiceMulti())
    used(learn, get_image_files(photo_folder)[0], tmp_path)
    worst(learn)


def test_rows(device, tmp_path):
    rows = pd.DataFrame({"a": np.arange(80) % 7, "b": list("uvwx") * 20, "y": list("no") * 40})
    rows.loc[::9, "a"] = np.nan
    dls = TabularDataLoaders.from_df(
        rows, y_names="y", cat_names=["b"], cont_names=["a"], procs=[Categorify, FillMissing], seed=1, bs=16
    )
    learn = used(tabular_learner(dls, metrics=accuracy), rows.iloc[0], tmp_path)
    learn.attribution(rows.iloc[0])


def test_texts(device, tmp_path):
    texts = pd.DataFrame(
        {"text": ["a good film", "what a very bad one that was"] * 20, "label": ["pos", "neg"] * 20}
    )
    dls = TextDataLoaders.from_df(texts, text_col="text", label_col="label", valid_pct=0.25, seed=1, bs=8)
    small = AwdLstmConfig(emb_sz=8, n_hid=8, n_layers=1)
    learn = text_classifier_learner(dls, AWD_LSTM, pretrained=False, config=small)
    used(learn.to_fp32(), "a good film", tmp_path)  # a CPU has no LSTM in fp16
    learn.attribution("a good film")
    learn.which_layer_knows()  # batches of texts differ in length


def test_ratings(device, tmp_path):
    ratings = pd.DataFrame(
        {"user": np.arange(80) % 9, "item": np.arange(80) % 7, "rating": np.arange(80) % 5 + 1}
    )
    dls = CollabDataLoaders.from_df(ratings, seed=1, bs=16)
    learn = used(collab_learner(dls, n_factors=4, y_range=(0.5, 5.5)), {"user": 1, "item": 2}, tmp_path)
    learn.dls.cpu()
    assert len(learn.recommend(1, 2, rated=True)) == 2


# One kind of fault each -----------------------------------------------------------------------------------------


def points(device, bs=4):
    x = torch.linspace(-1, 1, 40)[:, None]
    pairs = list(zip(x, (x[:, 0] > 0).long(), strict=True))
    return DataLoaders.from_dsets(pairs, pairs[:8], bs=bs, device=device)


def line(device, **options):
    torch.manual_seed(0)
    learn = Learner(points(device), nn.Linear(1, 2), **{"loss_func": nn.CrossEntropyLoss()} | options)
    learn.display.table_on = learn.display.bar_on = False
    return learn


def test_a_loss_with_weights_goes_where_the_model_is(device):
    learn = line(device, loss_func=nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0])))
    learn.fit(1)
    assert np.isfinite(learn.validate()[0])


def test_a_model_follows_its_data(device):
    learn = line(device)
    learn.fit(1)
    learn.dls.cpu()
    learn.fit(1)
    assert device_of(next(learn.model.parameters())) == torch.device("cpu")


def test_what_was_moved_to_predict_can_be_trained(device, photo_folder):
    learn = Learner(photos(photo_folder), network())
    learn.dls.cpu()
    learn.predict(get_image_files(photo_folder)[0])
    learn.display.table_on = learn.display.bar_on = False
    learn.fit(1)


class StopOnce(Callback):
    done = False

    def after_batch(self, state):
        if state.training and state.step == 5 and not self.done:
            self.done = True
            raise KeyboardInterrupt


def test_a_resumed_fit_has_all_losses(device, tmp_path):
    learn = line(device, path=tmp_path, cbs=StopOnce())
    with pytest.raises(KeyboardInterrupt) as stop:
        learn.fit(2)
    learn.fit(2, resume=stop.value.path)
    assert len(learn.recorder.losses) == 20 and np.isfinite(learn.recorder.losses).all()


class SpoilOne(Callback):
    batches = 0

    def before_batch(self, state):
        if state.training and self.batches == 3:
            state.inputs = state.inputs * float("nan")
        self.batches += state.training


def test_a_loss_that_is_no_number_is_found_where_it_was(device):
    learn = line(device, cbs=SpoilOne())
    with pytest.raises(NonFiniteLossError) as err:
        learn.fit(1)
    assert str(err.value).startswith(
        "loss is NaN at epoch 0, batch 3. Training stopped 7 updates later, and the parameters may be spoilt"
    )
