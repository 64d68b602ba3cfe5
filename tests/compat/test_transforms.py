"""Pipelines and lists of transformed items: what they show, and what chance and sides do."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
import torch
from PIL import Image

from gatera.compat.lists import L
from gatera.compat.midlevel.pipeline import Pipeline, normalized, show_value
from gatera.compat.midlevel.steps import Categorize
from gatera.compat.midlevel.tfmd import Datasets, TfmdLists, show_at
from gatera.compat.midlevel.transform import InplaceTransform, RandTransform, Transform
from gatera.core.errors import ArgumentError, DataError
from gatera.data.transforms.normalize import Normalize


def plus_one(x: int) -> int:
    return x + 1


class Double(Transform):
    order = -1
    factor = 2

    def encodes(self, x: int) -> int:
        return x * self.factor

    def decodes(self, x: int) -> int:
        return x // self.factor


def test_a_pipeline_is_shown_by_its_steps():
    steps = Pipeline([plus_one, Double])
    assert repr(steps) == "Pipeline: Double -> plus_one" and len(steps) == 2
    assert repr(steps[0]) == "Double(Double)" and repr(steps[1]) == "Transform(plus_one)"
    assert steps.factor == 2 and steps(5) == 11 and Pipeline(steps)(5) == 11
    with pytest.raises(AttributeError):
        steps.nothing


def test_values_show_themselves_or_are_printed(capsys):
    Pipeline([Double]).show(8)
    assert capsys.readouterr().out == "4\n"
    assert show_value("text", ctx="the axes") == "the axes"
    for photo in (Image.new("RGB", (6, 4)), torch.rand(3, 4, 6)):
        axes = show_value(photo, title="a photo")
        assert axes.get_title() == "a photo" and axes.images[0].get_array().shape[:2] == (4, 6)
        plt.close(axes.figure)


def test_a_transform_of_one_side_leaves_the_other_alone():
    step = Transform(plus_one, lambda x: x - 1, split_idx=0, order=7)
    assert [step(1, split_idx=side) for side in (0, 1, None)] == [2, 1, 2]
    assert step.decode(2) == 1 and step.order == 7
    assert Pipeline([step], split_idx=1)(1) == 1 and Pipeline([step], split_idx=1)(1, split_idx=0) == 2


def test_chance_decides_for_training_items_only():
    torch.manual_seed(0)
    step = RandTransform(enc=plus_one, p=0.3)
    done = [step(0, split_idx=0) for _ in range(500)]
    assert 100 < sum(done) < 200 and set(done) == {0, 1}
    assert [step(0, split_idx=1) for _ in range(50)] == [0] * 50
    assert [RandTransform(enc=plus_one)(0) for _ in range(20)] == [1] * 20


def test_a_value_may_be_changed_in_place():
    given = [2, 1]
    assert InplaceTransform(list.sort)(given) is given and given == [1, 2]


def test_photos_of_a_batch_are_normalised_and_labels_are_not():
    by = Normalize((0.5,) * 3, (0.5,) * 3)
    photos, labels = torch.ones(2, 3, 1, 1), torch.ones(2, 4)
    found, same = normalized((photos, labels), by)
    assert found.unique().tolist() == [1.0] and same is labels
    assert normalized(photos * 0.5, by).abs().max() == 0
    whole = torch.ones(2, 3, 1, 1, dtype=torch.uint8)
    assert normalized(whole, by) is whole


def test_lists_are_shown_cut_and_emptied(capsys):
    lists = TfmdLists([1, 2, 3, 4], [Double], splits=[[0, 1, 2], [3]])
    assert repr(lists) == "TfmdLists: (#4) [1,2,3,4]\ntfms - ['Double']"
    assert lists[1:3] == [4, 6] and lists[[0, 3]] == [2, 8] and isinstance(lists[:1], L)
    assert list(lists) == [2, 4, 6, 8] and lists.factor == 2 and lists.n_subsets == 2
    assert list(lists.train) == [2, 4, 6] and list(lists.valid) == [8] and len(lists.new_empty()) == 0
    show_at(lists, 2)
    assert capsys.readouterr().out == "3\n"
    with pytest.raises(DataError, match="There is no part 2"):
        lists.subset(2)


def test_samples_of_several_fields(capsys):
    sets = Datasets([1, 2, 3], [[Double], [str, Categorize]], splits=[[0, 1], [2]][:1])
    assert sets[0] == (2, 0) and [int(y) for _, y in sets[:2]] == [0, 1] and list(sets.vocab) == ["1", "2"]
    assert sets.decode(sets[1]) == (2, "2") and sets.n_inp == 1
    assert repr(Datasets([1, 2], [[Double]])) == "(2,)\n(4,)"
    sets.show(sets[1])
    assert capsys.readouterr().out == "2\n2\n"
    both = Datasets([1, 2], [[str, Categorize], [plus_one, str, Categorize]])
    assert [list(each) for each in both.vocab] == [["1", "2"], ["2", "3"]]
    assert sets.unlabelled(L(4, 5))[1] == (10,)


def test_other_items_are_seen_as_those_of_the_validation_part_are():
    class Judged(Double):
        split_idx = 1

    lists = TfmdLists([1, 2], [Judged], splits=[[0], [1]])
    assert list(lists.train) == [1] and list(lists.valid) == [4]
    assert list(lists.unlabelled(L(5))) == [10]
    dls = lists.dataloaders(bs=1, device="cpu")
    for with_labels in (False, True):
        assert [batch.tolist() for batch in dls.test_dl([5], with_labels=with_labels)] == [[10]]


def test_loaders_of_the_parts():
    sets = Datasets(range(10), [[Double], [lambda x: x % 2]], splits=[range(7), range(7, 10)])
    dls = sets.dataloaders(bs=3, val_bs=2, shuffle=False, device="cpu")
    assert [x.tolist() for x, _ in dls.train] == [
        [0, 2, 4],
        [6, 8, 10],
    ]  # what is left of training is dropped
    assert [(x.tolist(), y.tolist()) for x, y in dls.valid] == [([14, 16], [1, 0]), ([18], [1])]
    assert [batch[0].tolist() for batch in dls.test_dl([20, 30], bs=1)] == [[40], [60]]
    assert [y.tolist() for _, y in dls.test_dl([21], with_labels=True)] == [[1]]
    with pytest.raises(DataError, match="no items"):
        dls.test_dl([])
    with pytest.raises(ArgumentError, match="dl_type must be SortedDL"):
        sets.dataloaders(dl_type=list)
