"""Inputs that are kept in memory: words of different length, as a small block of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.category import CategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.splits.by_position import IndexSplitter
from gatera.data.transforms.item import Resize
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.inference.batches import join_batches, run_batches
from gatera.learn.learner import Learner
from gatera.program.preprocess import stack_arrays

WORDS = [("a" * n, "long" if n > 6 else "short") for n in (1, 12, 3, 9, 5, 7, 2, 11, 4, 8)]


@dataclass(frozen=True)
class LettersBlock(InputBlock):
    storage = "memory"
    pad = 0

    def read(self, raw):
        if not isinstance(raw, str):
            raise DataError("LettersBlock got no text", got=raw)
        return raw

    def encode(self, value):
        return np.array([ord(letter) - 96 for letter in value], np.int64)

    def decode(self, encoded):
        return "".join(chr(int(code) + 96) for code in encoded if code)


class CountLetters(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(1, 2)

    def forward(self, ids):
        return self.head((ids != 0).sum(1, keepdim=True).float())


def loaders(bs=2):
    block = DataBlock(
        (LettersBlock, CategoryBlock),
        get_x=lambda item: item[0],
        get_y=lambda item: item[1],
        splitter=IndexSplitter(range(6, 10)),
    )
    return block.dataloaders(WORDS, bs=bs, seed=0, device="cpu")


def test_shorter_inputs_are_filled_up():
    x, _ = loaders().valid.one_batch()
    assert x.dtype == torch.int64
    assert x.tolist() == [[1] * 11, [1] * 8 + [0] * 3]


def test_an_epoch_has_every_item_once_with_its_own_label():
    dls = loaders()
    seen = {}
    for (x, y), index in ((batch, batch.index) for batch in dls.train):
        for row, label, position in zip(x, y, index, strict=True):
            seen[int(position)] = (int((row != 0).sum()), dls.vocab[int(label)])
    assert seen == {i: (len(word), label) for i, (word, label) in enumerate(WORDS[:6])}


def test_predictions_come_back_in_the_order_of_the_items():
    dls = loaders()
    model = nn.Sequential(CountLetters())
    batches = run_batches(model, dls.valid, Arithmetic(torch.device("cpu"), "float32"), quiet=True)
    outputs, labels, inputs = join_batches(batches, in_order=False, with_input=True)
    lengths = torch.tensor([[2.0], [11.0], [4.0], [8.0]])
    torch.testing.assert_close(outputs, model[0].head(lengths).detach())
    assert [dls.vocab[int(i)] for i in labels] == ["short", "long", "short", "long"]
    assert [part.shape for part in inputs] == [(2, 11), (2, 4)]


def test_an_unusable_input_is_named():
    dls = loaders()
    with pytest.raises(DataError) as err:
        dls.test_dl([("abc", ""), (7, "")]).one_batch()
    assert str(err.value) == "LettersBlock got no text for item 1 (7). Got: 7."


def test_transforms_of_photos_are_refused():
    block = DataBlock(
        (LettersBlock, CategoryBlock), get_x=lambda i: i[0], get_y=lambda i: i[1], item_tfms=Resize(8)
    )
    with pytest.raises(ArgumentError) as err:
        block.dataloaders(WORDS, bs=2)
    assert str(err.value) == "item_tfms act on photos. Got: 'LettersBlock'. Expected: ImageBlock."


def test_items_are_shown_in_a_table():
    dls = loaders()
    table = dls.valid.show_batch(max_n=4)
    assert list(table.columns) == ["input", "label"]
    assert sorted(table["label"]) == ["long", "long", "short", "short"]
    learn = Learner(dls, CountLetters())
    results = learn.show_results(max_n=3)
    assert list(results.columns) == ["input", "label", "label_pred"]
    assert len(results) == 3


def test_the_summary_of_a_model_takes_such_inputs():
    assert "CountLetters, input 1 x" in str(Learner(loaders(), CountLetters()).summary())


def test_stacking_fills_up_the_ends():
    assert stack_arrays([np.array([5, 6]), np.array([7])], pad=9).tolist() == [[5, 6], [7, 9]]


def test_stacking_without_padding_wants_one_shape():
    with pytest.raises(ValueError, match="same shape"):
        stack_arrays([np.array([5, 6]), np.array([7])])
