from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.interpret.occlusion_of_photos import OcclusionMap, Squares, occluded
from gatera.interpret.subject import Subject


class Corner(nn.Module):
    """Says "yes" by how bright the upper left corner is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)

    def forward(self, x):
        bright = self.conv(x)[:, :1, :8, :8].mean((1, 2, 3)) * 0 + x[:, 0, :8, :8].mean((1, 2))
        return torch.stack([bright, 1 - bright], dim=1)


def subject(model: nn.Module) -> Subject:
    return Subject(
        model.eval(),
        lambda item: item,
        lambda x: np.zeros((*x.shape[2:], 1), np.uint8),
        lambda x: x,
        ["yes", "no"],
        None,
    )


def test_the_square_that_matters_most_is_the_one_that_the_model_looks_at():
    photo = torch.ones(1, 1, 32, 40)
    found = occluded(subject(Corner()), photo, None, Squares(8, 8, fill=0))
    assert found.tops == [0, 8, 16, 24] and found.lefts == [0, 8, 16, 24, 32]
    assert found.label == "yes" and found.whole == 1 and found.most_important == (0, 0)
    expected = np.ones((4, 5))
    expected[0, 0] = 0
    np.testing.assert_allclose(found.probability, expected)
    assert found.predicted[0, 0] == 1 and found.predicted.sum() == 1
    heat = found.heat()
    assert heat.shape == (32, 40) and heat[:8, :8].min() == 1 and heat[8:].max() == 0


@pytest.mark.parametrize(("value", "least"), [(0.5, 0.02), (1000.0, 20.0)])
def test_a_map_that_hardly_changes_is_not_drawn_as_if_it_did(value, least):
    found = occluded(subject(Corner()), torch.ones(1, 1, 32, 40), None, Squares(8, 8, fill=0))
    nearly = np.full((4, 5), value, np.float32)
    nearly[0, 0] -= value * 1e-6
    figure = replace(found, probability=nearly, strongest=None).plot()
    low, high = next(
        image.get_clim()
        for axes in figure.axes
        for image in axes.images
        if image.get_cmap().name == "viridis"
    )
    assert high == np.float32(value) and high - low == pytest.approx(least)


def test_squares_reach_the_far_edges():
    squares = Squares(32, 16)
    assert (
        squares.starts(224) == [*range(0, 193, 16)]
        and squares.starts(230)[-1] == 198
        and squares.starts(32) == [0]
    )


def test_the_map_is_that_of_hiding_squares_one_by_one(photo_learner):
    item = photo_learner.dls.valid_ds.inputs[0]
    found = photo_learner.occlusion(item, label="dog", patch=16, stride=8, layer="3")
    x = photo_learner.dls.input_batch(item)
    x[:, :, 8:24, 16:32] = 0.5
    with torch.no_grad():
        expected = photo_learner.model.eval()(x).softmax(1)[0, 1]
        sums = photo_learner.model[:4](x).sum((2, 3))[0, found.feature]
    assert found.probability.shape == (3, 3) and found.layer == "3"
    assert found.probability[1, 2] == pytest.approx(float(expected), abs=1e-5)
    assert found.strongest[1, 2] == pytest.approx(float(sums), rel=1e-4)
    assert len(found.plot().axes) >= 4 and len(found.overlay().axes) >= 2


def test_a_number_stands_for_an_item_of_the_validation_set_and_its_label(photo_learner):
    labels = [photo_learner.dls.valid_ds.label(i) for i in range(len(photo_learner.dls.valid_ds))]
    number = labels.index("dog")
    assert photo_learner.occlusion(number, patch=16).label == "dog"
    with pytest.raises(ArgumentError, match=r"no item of this number. Got: 99. Expected: 0 to 11"):
        photo_learner.occlusion(99)


def test_a_photo_smaller_than_the_square_is_refused(photo_learner):
    with pytest.raises(ArgumentError) as caught:
        photo_learner.occlusion(0, patch=64)
    assert str(caught.value) == (
        "the photo is smaller than the square that hides parts of it. Got: 'a photo of 32 x 32 pixels as the model sees it, "
        "patch=64'. Pass patch=8."
    )


def test_an_unknown_label_gets_the_nearest_one(photo_learner):
    with pytest.raises(
        ArgumentError,
        match=r"does not know this label. Got: 'dgo'. Available: cat, dog. Did you mean 'dog'\?",
    ):
        photo_learner.occlusion(0, label="dgo", patch=8)


def test_the_model_is_as_before(photo_learner):
    photo_learner.model.train()
    before = {name: value.clone() for name, value in photo_learner.model.state_dict().items()}
    photo_learner.occlusion(0, patch=16)
    assert photo_learner.model.training and not photo_learner.model[0]._forward_hooks
    assert all(torch.equal(before[name], value) for name, value in photo_learner.model.state_dict().items())


def test_a_convolution_before_a_norm_is_watched_as_it_is_though_prediction_folds_the_norm_into_it():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    with torch.no_grad():
        model[1].running_mean += 3
        model[1].weight *= 2
    photo = torch.rand(1, 1, 16, 16)
    found = occluded(subject(model), photo, None, Squares(8, 8), layer="0")
    photo[:, :, 8:, :8] = 0.5
    with torch.no_grad():
        expected = model[0](photo).sum((2, 3))[0, found.feature]
    assert found.strongest[1, 0] == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize(
    ("whole", "change", "flat"),
    [(0.7, 5e-7, True), (0.7, 5e-6, False), (-4000.0, 1e-3, True), (1e-9, 1e-12, False)],
)
def test_a_map_is_flat_where_its_answers_differ_by_rounding_alone(whole, change, flat):
    hidden = np.array([[whole, whole + change]], np.float32)
    classes = np.zeros((1, 2), np.int64)
    found = OcclusionMap(
        np.zeros((2, 4, 3), np.uint8), "cat", whole, hidden, None, None, None, classes, ["cat"], [0], [0, 2], Squares(2, 2)
    )  # fmt: skip
    assert found.flat is flat and found.flat_words.startswith("The map is flat") is flat
