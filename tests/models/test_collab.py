from __future__ import annotations

import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.models.collab import EmbeddingDotBias, EmbeddingNN
from gatera.models.tabular import TabularConfig

CLASSES = {"user": ["#na#", 7, 9], "title": ["#na#", "Alien", "Brazil", "Casablanca"]}
PAIRS = torch.tensor([[1, 2], [2, 3], [0, 0]])


def test_a_rating_is_the_product_and_both_biases():
    model = EmbeddingDotBias(5, 3, 4)
    user, item = PAIRS[0]
    by_hand = (
        model.u_weight.weight[user] @ model.i_weight.weight[item]
        + model.u_bias.weight[user]
        + model.i_bias.weight[item]
    )
    assert model(PAIRS).shape == (3, 1)
    assert torch.allclose(model(PAIRS)[0], by_hand)


def test_ratings_keep_within_their_bounds():
    model = EmbeddingDotBias(5, 3, 4, y_range=(0.5, 5.5))
    with torch.no_grad():
        model.u_bias.weight.fill_(100)
    assert model(PAIRS).max() == 5.5
    with torch.no_grad():
        model.u_bias.weight.fill_(0)
    assert torch.allclose(model(PAIRS), torch.tensor(3.0), atol=0.1)


def test_vectors_and_biases_are_found_by_name():
    model = EmbeddingDotBias.from_classes(5, CLASSES, y_range=(0, 5))
    assert torch.equal(model.bias(["Brazil", "Alien"]), model.i_bias.weight[[2, 1], 0].detach())
    assert torch.equal(model.weight([9], is_item=False), model.u_weight.weight[[2]].detach())
    assert not model.bias(["Alien"]).requires_grad


def test_an_unknown_name_is_refused():
    model = EmbeddingDotBias.from_classes(5, CLASSES)
    with pytest.raises(ArgumentError) as err:
        model.bias(["Alein"])
    assert str(err.value) == (
        "the training set has no such value in column 'title'. Got: 'Alein'. Did you mean 'Alien'?"
    )
    with pytest.raises(ArgumentError) as err:
        model.weight([8], is_item=False)
    assert str(err.value) == (
        "the training set has no such value in column 'user'. Got: 8. It may occur in the validation set only."
    )


def test_a_model_without_names_says_how_to_make_one_with():
    with pytest.raises(ArgumentError) as err:
        EmbeddingDotBias(5, 3, 4).bias(["Alien"])
    assert str(err.value) == (
        "this model was made without names of users and items. Make it with EmbeddingDotBias.from_classes(n, dls.classes)."
    )


def test_dense_layers_take_the_same_pairs():
    model = EmbeddingNN([(3, 4), (4, 6)], [10], TabularConfig(y_range=(0, 5)))
    assert model.layers[0][0].in_features == 10
    assert model(PAIRS).shape == (3, 1)
