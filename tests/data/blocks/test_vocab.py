from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.vocab import Vocab, categories_of, learn_vocab


def test_labels_are_sorted_and_each_is_taken_once():
    assert learn_vocab(["dog", "cat", "dog"]) == ["cat", "dog"]
    assert learn_vocab(["dog", "cat", "dog"], sort=False) == ["dog", "cat"]


def test_truth_values_stay_truth_values():
    vocab = learn_vocab([True, np.bool_(False), True])
    assert vocab == [False, True]
    assert [type(label) for label in vocab] == [bool, bool]


def test_numbers_of_numpy_become_pythons():
    assert [type(label) for label in learn_vocab(np.array([3, 1]))] == [int, int]
    assert learn_vocab([2, 1.5, np.float32(1)]) == [1.0, 1.5, 2]


def test_a_categorical_keeps_the_order_of_its_categories():
    column = pd.Series(pd.Categorical(["low", "high"], categories=["low", "mid", "high"]))
    assert learn_vocab(column) == ["low", "mid", "high"]
    assert categories_of(pd.Categorical(["b", "a"])) == ["a", "b"]
    assert categories_of(["a"]) is None


def test_missing_labels_are_left_for_the_block_to_complain_of():
    assert learn_vocab(["cat", None, float("nan"), "dog", ["a", "b"]]) == ["cat", "dog"]


def test_labels_are_found_by_index_list_mask_and_tensor():
    vocab = Vocab("abc")
    assert vocab[1] == "b"
    assert vocab[-1] == "c"
    assert vocab[torch.tensor(2)] == "c"
    assert vocab[torch.tensor([2])] == ["c"]
    assert vocab[torch.tensor([2, 0])] == ["c", "a"]
    assert vocab[torch.tensor([True, False, True])] == ["a", "c"]
    assert vocab[[0, 1]] == vocab[np.array([0, 1])] == vocab[:2] == ["a", "b"]
    assert vocab[[]] == []
    assert vocab.o2i == {"a": 0, "b": 1, "c": 2}


def test_labels_of_several_types_are_refused():
    with pytest.raises(DataError) as err:
        learn_vocab(["cat", 3, True])
    assert str(err.value) == (
        "The labels have several types: bool, int, str. Got: ['cat', 3, True]. "
        "Make them all text, or all numbers: get_y=lambda item: str(...)."
    )


def test_labels_without_an_order_are_refused():
    with pytest.raises(DataError) as err:
        learn_vocab([1j, 2j])
    assert str(err.value) == (
        "Labels of type complex have no order. Pass CategoryBlock(sort=False), or vocab=."
    )


def test_a_label_is_in_a_vocabulary_once():
    with pytest.raises(ArgumentError) as err:
        Vocab(["cat", "dog", "cat"])
    assert str(err.value) == "vocab has duplicate labels. Got: ['cat']."


def test_a_list_is_not_a_label():
    with pytest.raises(ArgumentError) as err:
        Vocab([["cat"]])
    assert str(err.value) == (
        "vocab has a value that cannot be a label. Got: ['cat']. Expected: text, bool, int."
    )


def test_a_label_that_no_file_can_keep_is_refused_before_training():
    with pytest.raises(DataError) as err:
        learn_vocab(["cat", "caf\udce9"])
    assert str(err.value) == (
        "A label or category holds half of a surrogate pair, which no file can keep. Got: 'caf\\udce9'. Bytes were read in the "
        "wrong encoding: rename the folder, or read the table with its own encoding=."
    )
