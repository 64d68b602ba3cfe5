from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.loaders import DataLoaders
from gatera.interpret.units.crops import cut, reach, side_for
from gatera.interpret.units.strongest import Strongest
from gatera.interpret.units.units import mosaic


def test_the_strongest_are_the_same_batch_by_batch_as_all_at_once():
    maps = torch.rand(23, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    found = Strongest.none(5, 3, (4, 6))
    for start in range(0, 23, 4):
        part = maps[start : start + 4]
        found = found.with_batch(part, torch.arange(start, start + len(part)))
    best = maps.flatten(2).max(2)
    values, items = best.values.T.topk(3, dim=1)
    assert torch.equal(found.values, values) and torch.equal(found.items, items)
    for channel in range(5):
        for item, (row, column), value in zip(
            found.items[channel], found.places[channel].tolist(), found.values[channel], strict=True
        ):
            assert maps[item, channel, row, column] == value


def test_memory_grows_with_channels_and_not_with_items():
    found = Strongest.none(7, 2, (2, 2))
    for number in range(50):
        found = found.with_batch(torch.rand(3, 7, 2, 2), torch.arange(3 * number, 3 * number + 3))
    assert found.values.shape == found.items.shape == (7, 2) and found.places.shape == (7, 2, 2)


def test_units_have_the_patches_and_projections_of_their_items(photo_learner):
    found = photo_learner.units("3", channels=[0, 5], k=4)
    assert (
        found.channels == [0, 5] and found.rule == "deconvnet" and found.n_items == photo_learner.dls.valid.n
    )
    assert found.patches.shape[:2] == found.projections.shape[:2] == (2, 4)
    assert found.patches.dtype == np.uint8 and found.patches.shape == found.projections.shape
    assert (np.diff(found.values, axis=1) <= 0).all()
    with torch.no_grad():
        maps = photo_learner.model[:4].eval()(
            photo_learner.dls.input_batch(photo_learner.dls.valid_ds.inputs[int(found.items[0, 0])])
        )
    assert found.values[0, 0] == pytest.approx(float(maps[0, 0].max()), rel=1e-5)
    assert len(found.plot().axes) == 4 and found._repr_png_().startswith(b"\x89PNG")


def test_channels_are_taken_evenly_from_those_that_answer(photo_learner, capsys):
    with torch.no_grad():
        photo_learner.model[3].bias[2] -= 100  # a dead unit
    try:
        found = photo_learner.units("4", channels=100)
    finally:
        with torch.no_grad():
            photo_learner.model[3].bias[2] += 100
    assert 2 not in found.channels and found.silent == 8 - len(found.channels)
    assert "never respond to these items" in capsys.readouterr().err


def test_a_layer_that_is_not_there_gets_the_nearest_name(photo_learner):
    with pytest.raises(ArgumentError) as caught:
        photo_learner.units("33")
    assert str(caught.value) == (
        "the model has no layer '33'. Available: 0, 3, 7; and the layers inside them. Did you mean '3'?"
    )


def test_a_layer_without_maps_is_refused(photo_learner):
    with pytest.raises(
        ArgumentError, match=r"the layer 7 gives no maps, .* Got: \[.*Choose an earlier layer"
    ):
        photo_learner.units("7")
    with pytest.raises(
        ArgumentError, match=r"3 has no such channel. Got: \[8\]. Expected: numbers from 0 to 7"
    ):
        photo_learner.units("3", channels=[8])
    with pytest.raises(ArgumentError, match="layer is not part of the model"):
        photo_learner.units(nn.Conv2d(3, 3, 1))


def test_without_a_validation_set_one_is_asked_for(photo_learner):
    dls = photo_learner.dls
    photo_learner.dls = DataLoaders(dls.train)
    try:
        with pytest.raises(DataError) as caught:
            photo_learner.units("3")
    finally:
        photo_learner.dls = dls
    assert str(caught.value) == (
        "units needs a validation set, and these loaders have none. Make the loaders with valid_pct=0.2, or pass "
        "dl=learn.dls.test_dl(items, with_labels=True)."
    )


def test_patches_are_square_and_inside_the_photo():
    photo = np.arange(20 * 30).reshape(20, 30, 1)
    assert cut(photo, (0, 29), 7).shape == (7, 7, 1) and cut(photo, (0, 29), 7)[0, -1, 0] == 29
    assert cut(photo, (10, 10), 5)[2, 2, 0] == photo[10, 10, 0]
    projection = np.zeros((1, 20, 30))
    projection[0, 8:13, 8:13] = 1
    assert reach(projection, (10, 10)) == 2 and reach(0 * projection, (10, 10)) == 0
    assert side_for([4, 4, 4], (20, 30)) == 9 and side_for([100], (20, 30)) == 20


def test_a_mosaic_of_nine_is_three_by_three():
    assert mosaic(np.zeros((9, 4, 4, 3))).shape == (14, 14, 3)
    assert mosaic(np.zeros((2, 4, 4, 1))).shape == (4, 9)
