from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.loaders import DataLoaders
from gatera.interpret.knowledge.ablation import Ablation, Ablations, interval_of
from gatera.interpret.knowledge.correspondence import hamming, random_boxes
from gatera.interpret.knowledge.probes import as_features
from gatera.interpret.units.evolution import FeatureEvolution

# -- probes ---------------------------------------------------------------------------------------------------------------


def test_every_stage_gets_a_probe_with_its_interval(photo_learner):
    found = photo_learner.which_layer_knows()
    assert [probe.stage for probe in found.probes] == ["input", "0", "3", "7"]
    table = found.table()
    assert (table.low <= table.accuracy).all() and (table.accuracy <= table.high).all()
    assert table.accuracy.iloc[1:].min() >= 0.9  # the classes differ in colour
    assert found.n_train == photo_learner.dls.train.n and found.guessing <= 0.6
    assert "Linear probes on 12 training and 12 validation items" in repr(found) and found.plot().axes


def test_fewer_items_are_said(photo_learner, capsys):
    found = photo_learner.which_layer_knows(most=10)
    assert found.n_train == 10
    assert "Probes are fitted to 10 of 12 training items; most= takes more." in capsys.readouterr().err


def test_maps_become_a_grid_of_means_and_tokens_their_mean():
    maps = torch.rand(2, 100, 9, 9)
    assert as_features(maps).shape == (2, 900) and as_features(torch.rand(2, 2000, 3, 3)).shape == (2, 2000)
    torch.testing.assert_close(as_features(torch.ones(2, 5, 7)), torch.ones(2, 7))


def test_probes_are_for_classes(photo_learner):
    photo_learner.dls.task = "regression"
    try:
        with pytest.raises(DataError, match=r"one class per item. Got: 'regression'"):
            photo_learner.which_layer_knows()
    finally:
        photo_learner.dls.task = "classification"


# -- ablation -------------------------------------------------------------------------------------------------------------


def test_what_is_removed_or_shuffled_comes_back(photo_learner):
    before = {name: value.clone() for name, value in photo_learner.model.state_dict().items()}
    score = photo_learner.validate()
    found = photo_learner.ablate()
    assert photo_learner.validate() == score
    assert all(torch.equal(before[name], value) for name, value in photo_learner.model.state_dict().items())
    rows = found.table().set_index(["group", "how"])
    whole = rows.loc[("nothing", "whole")]
    assert whole.accuracy == pytest.approx(score[1]) and whole.accuracy > 0.9
    assert rows.loc[("7", "randomised")].accuracy <= whole.accuracy
    assert found.plot().axes and "none of its blocks keeps the shape" in repr(
        found
    )  # a linear layer from 8 to 2


def test_a_removed_block_passes_its_input_on(photo_learner):
    """The rectifier before the pooling keeps its shape, so stage 0 loses it; the score is that of the net without it."""
    found = photo_learner.ablate(["1"], how="removed")
    [_, without] = found.ablations
    model = photo_learner.model.eval()
    xs, ys = zip(*((x, y) for x, y in photo_learner.loader(1)), strict=True)
    x, y = torch.cat(xs), torch.cat(ys)
    with torch.no_grad():
        expected = model[2:](model[0](x)).argmax(1) == y
    assert without.removed == (1, 1) and without.score == pytest.approx(float(expected.float().mean()))


def test_a_group_that_is_not_there(photo_learner):
    with pytest.raises(ArgumentError, match="the model has no layer 'layer9'"):
        photo_learner.ablate(["layer9"])
    with pytest.raises(ArgumentError, match="how must be one of both, removed, randomised"):
        photo_learner.ablate(how="random")
    dls = photo_learner.dls
    photo_learner.dls = DataLoaders(dls.train)
    try:
        with pytest.raises(DataError, match="ablate needs a validation set"):
            photo_learner.ablate()
    finally:
        photo_learner.dls = dls


def test_a_loss_on_few_items_has_no_interval():
    whole = Ablation("nothing", "whole", 10, (0, 0), 0.5, interval_of("loss", np.array([0.2, 0.8])))
    part = Ablation("0", "randomised", 4, (0, 0), 0.9, interval_of("loss", np.array([0.8, 1.0])))
    found = Ablations("loss", [whole, part], 2)
    assert repr(found).splitlines() == [
        "loss on 2 validation items; 2 items are too few for an interval",
        "nothing        whole       0.5  (10 parameters)",
        "0              randomised  0.9  (4 parameters)",
    ]
    assert found.table()[["low", "high"]].isna().all(axis=None) and found.plot().axes
    assert interval_of("accuracy", np.array([1.0, 1.0])).low > 0.3  # Wilson's needs no spread
    assert np.isfinite(interval_of("loss", np.arange(5.0))).all()


# -- correspondence -------------------------------------------------------------------------------------------------------


def test_hiding_the_same_thing_changes_a_layer_alike(photo_learner):
    """A black square on a plain photo: hiding it changes the layer in one way; hiding background in another or not at all."""
    photos, boxes = [], []
    for number, (left, top) in enumerate([(2, 3), (20, 18), (9, 14)]):
        array = np.full((32, 32, 3), 120 + 10 * number, np.uint8)
        array[top : top + 6, left : left + 6] = 0
        photos.append(Image.fromarray(array))
        boxes.append((left, top, left + 6, top + 6))
    found = photo_learner.correspondence(photos, boxes, layer="5")
    assert len(found.part) == 3 and found.layer == "5"
    assert found.difference < 0, found
    assert "random places" in repr(found) and found.plot().axes


def test_boxes_are_checked(photo_learner):
    photo = Image.new("RGB", (32, 32))
    with pytest.raises(
        ArgumentError, match=r"the box of item 1 is not inside its photo. .*within 32 x 32 pixels"
    ):
        photo_learner.correspondence([photo, photo], [(0, 0, 5, 5), (30, 0, 40, 5)])
    with pytest.raises(ArgumentError, match="at least two photos, with a box for each"):
        photo_learner.correspondence([photo], [(0, 0, 5, 5)])


def test_distances_of_signs():
    assert hamming([np.array([1, -1, 0, 1]), np.array([1, 1, 0, -1])]).tolist() == [0.5]
    boxes = random_boxes((3, 4, 10, 9), (12, 9), 200, seed=1)
    assert {right - left for left, _, right, _ in boxes} == {7}
    assert {bottom - top for _, top, _, bottom in boxes} == {5}
    assert {left for left, *_ in boxes} == set(range(6)) and {top for _, top, *_ in boxes} == set(range(5))


# -- evolution ------------------------------------------------------------------------------------------------------------


def test_units_are_followed_through_training(photo_learner):
    follow = FeatureEvolution(photo_learner.dls, "3", channels=3, epochs=[7, 8], n_photos=5)
    with pytest.raises(ArgumentError, match="nothing to plot yet"):
        follow.plot()
    photo_learner.epochs_done = 6
    photo_learner.fit(3, 1e-4, cbs=follow)
    assert list(follow.seen) == [7, 8] and follow.seen[7].shape[0] == 3 and follow.seen[7].shape[3] == 3
    assert len(follow.plot().axes) == 6
    again = FeatureEvolution(photo_learner.dls, "3", channels=3, epochs=[7, 8], n_photos=5)
    again.load_state_dict(follow.state_dict())
    np.testing.assert_array_equal(again.seen[8], follow.seen[8])
