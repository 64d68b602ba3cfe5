"""Soft labels: training learns from probabilities, in every application; everything else counts the likeliest class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.soft import SoftCategoryBlock
from gatera.labeling import Votes, soft_labels
from gatera.learn.frozen_features import FeatureLoader, Features
from gatera.tabular.all import TabularDataLoaders, tabular_learner
from gatera.testing.block import check_block
from gatera.vision.all import ImageDataLoaders, Learner, accuracy

SOFT = {"cat": 0.75, "dog": 0.25}


def test_the_block_keeps_the_contract_and_reads_all_three_forms():
    check_block(SoftCategoryBlock, ["cat", "dog", "cat"])
    check_block(SoftCategoryBlock(["cat", "dog"]), ["cat", "dog"], [SOFT, [0.1, 0.9]])
    block = SoftCategoryBlock().fit([SOFT, "bird"])
    assert list(block.vocab) == ["bird", "cat", "dog"] and block.show(SOFT) == "cat 0.75, dog 0.25"
    rows = block.training_targets([SOFT, "bird", [0.0, 0.2, 0.2], torch.tensor([0.0, 0.0, 1.0])])
    assert rows.tolist() == [
        [0, 0.75, 0.25],
        [1, 0, 0],
        [0, pytest.approx(0.2), pytest.approx(0.2)],
        [0, 0, 1],
    ]


@pytest.mark.parametrize(
    "bad", [[0.5, 0.6], [0.0, 0.0], [-0.1, 0.5], [float("nan"), 1], [1.0], ["a", "b"], {"cat": 2}]
)
def test_what_are_not_probabilities_is_refused(bad):
    with pytest.raises(DataError, match=r"other than probabilities.*2 numbers of at least 0"):
        SoftCategoryBlock(["cat", "dog"]).fit([]).encode(bad)


def test_labels_that_are_unknown_or_missing():
    block = SoftCategoryBlock(["cat", "dog"]).fit([])
    with pytest.raises(DataError, match=r"unknown label. Got: 'cow'. Available: cat, dog"):
        block.encode({"cow": 1.0})
    with pytest.raises(DataError, match="no label"):
        block.encode(None)
    with pytest.raises(DataError, match=r"SoftCategoryBlock\(vocab="):
        SoftCategoryBlock().fit([[0.5, 0.5]])


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    files = [folder / f"{i}.png" for i in range(16)]
    for i, file in enumerate(files):
        Image.new("RGB", (8, 8), (250 if i % 2 else 5, 90, 90)).save(file)
    labels = [{"dark": 0.2, "light": 0.8} if i % 2 else {"dark": 0.9, "light": 0.1} for i in range(16)]
    return ImageDataLoaders.from_lists(
        folder, files, labels, y_block=SoftCategoryBlock(), bs=4, seed=1, num_workers=0
    )


def test_training_batches_hold_probabilities_and_others_classes(photos):
    _, y = photos.train.one_batch()
    assert y.dtype == torch.float32 and y.shape == (4, 2) and torch.allclose(y.sum(1), torch.ones(4))
    _, valid = photos.valid.one_batch()
    assert valid.dtype == torch.int64 and photos.train_ds.targets.dtype == torch.int64
    _, evaluated = photos.train.for_evaluation().one_batch()
    assert evaluated.dtype == torch.int64
    assert photos.class_counts.sum() == len(photos.train_ds) and photos.c == 2


def test_a_photo_learner_trains_to_the_probabilities(photos):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2))
    learn = Learner(photos, model, metrics=accuracy)
    with learn.no_bar():
        learn.fit(25, 0.01)
    right, (said, labels) = learn.validate()[1], learn.get_preds()
    assert right == 1.0 and labels.dtype == torch.int64
    # learned from 0.8 and 0.9, so it is no surer than that: hard labels would go towards 1
    assert np.abs(said.max(1).values.numpy() - 0.85).max() < 0.09


def test_kept_features_come_with_probabilities_in_training_only(photos):
    data = photos.train_ds
    features = Features(torch.zeros(len(data), 3), data.targets)
    assert next(iter(FeatureLoader(photos.train, features)))[1].dtype == torch.float32
    assert next(iter(FeatureLoader(photos.train.for_evaluation(), features)))[1].dtype == torch.int64


def test_a_learned_batch_is_shown_with_its_likeliest_labels(photos):
    assert {photos.train_ds.label(i) for i in range(len(photos.train_ds))} == {"dark", "light"}


def test_a_table_learner_trains_to_the_probabilities():
    table = pd.DataFrame({"x": [0.0, 1.0] * 20, "no": [0.8, 0.3] * 20, "yes": [0.2, 0.7] * 20})
    dls = TabularDataLoaders.from_df(
        table, cont_names=["x"], y_names=["no", "yes"], y_block=SoftCategoryBlock(["no", "yes"]), bs=8, valid_pct=0.25, seed=1
    )  # fmt: skip
    learn = tabular_learner(dls, metrics=accuracy, layers=[8])
    with learn.no_bar():
        learn.fit(30, 0.02)
    _, _, probabilities = learn.predict({"x": 1.0})
    assert learn.validate()[1] == 1.0 and abs(float(probabilities[1]) - 0.7) < 0.1


@pytest.mark.parametrize("block", [SoftCategoryBlock, SoftCategoryBlock(["no", "yes"])])
def test_a_table_has_mappings_in_one_column_as_texts_do(block):
    """`soft_labels` gives them so; a table ended in "TypeError: unhashable type: 'dict'"."""
    soft = [{"no": 0.8, "yes": 0.2}, {"no": 0.3, "yes": 0.7}] * 20
    table = pd.DataFrame({"x": [0.0, 1.0] * 20, "label": soft})
    dls = TabularDataLoaders.from_df(
        table, cont_names=["x"], y_names="label", y_block=block, bs=8, valid_pct=0.25, seed=1
    )
    assert list(dls.vocab) == ["no", "yes"]
    learn = tabular_learner(dls, metrics=accuracy, layers=[8])
    with learn.no_bar():
        learn.fit(30, 0.02)
    assert learn.validate()[1] == 1.0 and abs(float(learn.predict({"x": 1.0})[2][1]) - 0.7) < 0.1


def test_items_without_a_vote_are_left_out_or_weighed(capsys):
    votes = Votes.from_matrix([[0, 0], [-1, -1], [1, -1]], ["cat", "dog"])
    rows = [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]
    left = soft_labels(rows, votes)
    assert len(left) == 2
    assert left.positions.tolist() == [0, 2] and left.labels == [
        {"cat": 0.9, "dog": 0.1},
        {"cat": 0.2, "dog": 0.8},
    ]
    assert '1 of 3 items have no vote and are left out; pass unvoted="weigh"' in capsys.readouterr().err
    weighed = soft_labels(rows, votes, unvoted="weigh", weight=0.2)
    assert weighed.labels[1] == {"cat": 0.1, "dog": 0.1} and weighed.labels[0] == left.labels[0]
    assert "count 0.2 each" in capsys.readouterr().err
    with pytest.raises(ArgumentError, match="probabilities are not of these votes"):
        soft_labels([[1.0]], votes)
    with pytest.raises(DataError, match="No item has a vote"):
        soft_labels([[0.5, 0.5]], votes.subset([1]))


def test_an_item_that_counts_less_moves_the_loss_less():
    loss = torch.nn.functional.cross_entropy
    logits = torch.tensor([[2.0, -1.0]])
    half = SoftCategoryBlock(["a", "b"]).fit([]).training_targets([[0.25, 0.25]])
    whole = SoftCategoryBlock(["a", "b"]).fit([]).training_targets([[0.5, 0.5]])
    assert float(loss(logits, half)) == pytest.approx(float(loss(logits, whole)) / 2)
