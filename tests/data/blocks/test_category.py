from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock


def message(error: type[Exception], call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


# -- one label


def test_a_category_becomes_its_index_and_back():
    block = CategoryBlock().fit(["dog", "cat", "dog"])
    assert block.vocab == ["cat", "dog"]
    assert block.n_out == 2
    assert block.task == "classification"
    encoded = block.encode("dog")
    assert (encoded.dtype, encoded.shape, int(encoded)) == (torch.int64, (), 1)
    assert block.decode(encoded) == "dog"
    assert block.show(block.decode(0)) == "cat"


def test_fitting_leaves_the_block_itself_as_it_was():
    block = CategoryBlock()
    block.fit(["a", "b"])
    assert block.vocab is None
    assert block.n_out is None


def test_truth_values_are_labels():
    block = CategoryBlock().fit([True, False])
    assert block.encode(np.bool_(True)) == 1
    assert block.decode(torch.tensor(0)) is False


def test_a_given_vocabulary_keeps_its_order():
    assert CategoryBlock(vocab=["dog", "cat"]).fit(["cat"]).encode("dog") == 0
    assert CategoryBlock(sort=False).fit(["dog", "cat"]).vocab == ["dog", "cat"]


def test_add_na_takes_what_is_not_known():
    block = CategoryBlock(add_na=True).fit(["a", "b"])
    assert block.vocab == ["#na#", "a", "b"]
    assert block.encode("z") == block.encode(None) == 0


def test_an_unknown_label_is_named_with_those_that_are_known():
    block = CategoryBlock().fit(["cat", "dog"])
    assert message(DataError, lambda: block.encode("fox")) == (
        "CategoryBlock got an unknown label. Got: 'fox'. Available: cat, dog. "
        "The known labels were learned from the training set: add 'fox' there, or pass vocab=."
    )
    assert message(DataError, lambda: block.encode("catt")) == (
        "CategoryBlock got an unknown label. Got: 'catt'. Available: cat, dog. Did you mean 'cat'? "
        "The known labels were learned from the training set: add 'catt' there, or pass vocab=."
    )


@pytest.mark.parametrize("missing", [None, float("nan"), ""])
def test_a_missing_label_is_refused(missing):
    block = CategoryBlock().fit(["cat", "dog"])
    assert message(DataError, lambda: block.encode(missing)) == (
        f"CategoryBlock got no label ({missing!r}). Label it, or remove the item."
    )


def test_several_labels_need_another_block():
    block = CategoryBlock().fit(["cat", "dog"])
    assert message(DataError, lambda: block.encode(["cat"])) == (
        "CategoryBlock got several labels. Got: ['cat']. Use MultiCategoryBlock, or return one label."
    )


def test_a_single_class_is_nothing_to_learn():
    with pytest.warns(UserWarning) as found:
        assert CategoryBlock().fit(["cat", "cat"]).vocab == ["cat"]
    assert [str(one.message) for one in found] == [
        "Every training item is labelled 'cat': there is no other class to tell it from. "
        "Check get_y (label_func), or add items of another class."
    ]


def test_labels_that_no_program_keeps_are_refused_before_training():
    pandas = pytest.importorskip("pandas")
    parts = pandas.cut(pandas.Series([1.0, 2.0, 3.0, 4.0]), [0, 2, 4])
    with pytest.raises(DataError) as err:
        CategoryBlock().fit(parts)
    assert str(err.value) == (
        "Labels of type Interval cannot be kept in a program. Got: Interval(0, 2, closed='right'). Expected: text, numbers or truth "
        "values. Make them text first: df[...] = df[...].astype(str), or get_y=lambda item: str(...)."
    )
    with pytest.raises(DataError, match="Labels of type date cannot"):
        MultiCategoryBlock().fit([[datetime.date(2024, 2, 29)]])


def test_decimals_of_a_database_are_numbers():
    block = CategoryBlock().fit([Decimal("2"), Decimal("0.5"), Decimal("2")])
    assert (
        list(block.vocab) == [0.5, 2]
        and block.encode(Decimal("2")) == 1 == block.encode_targets([Decimal("2")])[0]
    )
    assert block.encode(Decimal("0.5")) == 0


def test_no_class_at_all_is_refused():
    assert message(DataError, lambda: CategoryBlock().fit([])) == (
        "No training item has a label. Check get_y (label_func), or add items of another class."
    )


def test_a_block_must_be_fitted():
    assert message(ArgumentError, lambda: CategoryBlock().encode("cat")) == (
        "This CategoryBlock has not been fitted. Call fit(labels) first."
    )
    for call in (lambda: MultiCategoryBlock().encode(["cat"]), lambda: MultiCategoryBlock().decode([1])):
        assert message(ArgumentError, call) == (
            "This MultiCategoryBlock has not been fitted. Call fit(labels) first."
        )


# -- several labels


def test_probabilities_are_decoded_by_the_loss_and_not_by_the_block():
    block = MultiCategoryBlock(vocab=["cat", "dog"]).fit([])
    assert block.decode(torch.tensor([True, False])) == ["cat"]
    assert message(DataError, lambda: block.decode(torch.tensor([0.25, 0.75]))) == (
        "MultiCategoryBlock.decode takes encoded labels, not probabilities. Got: 0.25. Expected: 0 or 1. "
        "Decode probabilities with learn.loss_func.decodes first; it knows the threshold."
    )


def test_several_labels_become_zeros_and_ones_and_back():
    block = MultiCategoryBlock().fit([["sea", "sky"], [], ["sand"]])
    assert block.vocab == ["sand", "sea", "sky"]
    assert block.task == "multilabel"
    assert block.n_out == 3
    encoded = block.encode(["sky", "sea"])
    assert encoded.dtype == torch.float32
    assert encoded.tolist() == [0, 1, 1]
    assert block.decode(encoded) == ["sea", "sky"]
    assert block.show(["sea", "sky"]) == "sea; sky"
    assert block.show([]) == "(none)"
    assert block.encode([]).tolist() == [0, 0, 0]


def test_encoded_labels_are_read_as_the_names_of_their_columns():
    block = MultiCategoryBlock(encoded=True, vocab=["a", "b"]).fit([[0, 1]])
    assert block.read([1, 0]) == ["a"]
    assert block.encode(block.read([1, 0])).tolist() == [1, 0]
    assert block.encode(block.decode(torch.tensor([0.0, 1.0]))).tolist() == [0, 1]


@pytest.mark.parametrize("wrong", [[1], [0, 2], [0, 0.5], ["a", "b"], [[1], [0, 1]], 1, None])
def test_encoded_labels_are_zeros_and_ones(wrong):
    block = MultiCategoryBlock(encoded=True, vocab=["a", "b"]).fit([[0, 1]])
    received = "" if wrong is None else f" Got: {wrong}."
    assert message(DataError, lambda: block.read(wrong)) == (
        f"MultiCategoryBlock(encoded=True) expects 2 values of 0 or 1, one per label in vocab.{received}"
    )


def test_encoded_labels_need_names():
    assert message(ArgumentError, lambda: MultiCategoryBlock(encoded=True)) == (
        "MultiCategoryBlock(encoded=True) has no vocab. Name the columns: vocab=[...]."
    )


def test_an_unknown_one_of_several_labels_is_named():
    block = MultiCategoryBlock(vocab=["a", "b"]).fit([])
    assert message(DataError, lambda: block.encode(["a", "z"])) == (
        "MultiCategoryBlock got an unknown label. Got: 'z'. Available: a, b. "
        "The known labels were learned from the training set: add 'z' there, or pass vocab=."
    )
    assert MultiCategoryBlock(add_na=True).fit([["a"]]).encode(["z"]).tolist() == [1, 0]


def test_text_is_not_a_list_of_labels():
    block = MultiCategoryBlock().fit([["a"], "a b"])
    assert message(DataError, lambda: block.encode("a b")) == (
        "MultiCategoryBlock got a single label, not a list. Got: 'a b'. "
        "Split it: get_y=lambda row: row['labels'].split(' '), or label_delim=' '."
    )


def test_someone_must_have_a_label():
    assert message(DataError, lambda: MultiCategoryBlock().fit([[], []])) == (
        "No training item has a label. Check get_y and label_delim."
    )
