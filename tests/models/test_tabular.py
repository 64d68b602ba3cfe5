from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.models.layers import SigmoidRange
from gatera.models.tabular import (
    Embedding,
    TabularConfig,
    TabularModel,
    emb_sz_rule,
    get_emb_sz,
    tabular_config,
)

CODES = torch.tensor([[0, 2], [3, 1], [1, 1], [2, 0]])
NUMBERS = torch.tensor([[0.5], [1.0], [-1.0], [2.0]])


def layers_of(model: nn.Module) -> list[str]:
    return [
        type(layer).__name__
        for block in model.layers
        for layer in (block if isinstance(block, nn.Sequential) else [block])
    ]


@pytest.mark.parametrize(
    ("n", "width"), [(2, 2), (3, 3), (10, 6), (100, 21), (1000, 77), (10_000, 278), (10**6, 600)]
)
def test_the_width_of_embeddings_follows_the_rule_of_thumb(n, width):
    assert emb_sz_rule(n) == width


def test_the_sizes_of_embeddings_can_be_given_by_column():
    table = SimpleNamespace(classes={"job": ["#na#"] * 10, "town": ["#na#"] * 100})
    assert get_emb_sz(table) == [(10, 6), (100, 21)]
    assert get_emb_sz(table, {"town": 3}) == [(10, 6), (100, 3)]
    with pytest.raises(ArgumentError) as err:
        get_emb_sz(table, {"twon": 3})
    assert str(err.value) == (
        "emb_szs names a column that is not a category column. Got: 'twon'. Expected: job, town. Did you mean 'town'?"
    )


def test_embeddings_start_small_and_cut_at_two_standard_deviations():
    weight = Embedding(500, 50).weight
    assert weight.abs().max() <= 0.02
    assert 0.008 < weight.std() < 0.0095  # a normal distribution cut at two deviations has 0.88 of its spread


def test_the_model_has_the_layers_of_the_book():
    model = TabularModel([(4, 3), (3, 2)], n_cont=1, out_sz=2, layers=[200, 100])
    assert layers_of(model) == ["Linear", "ReLU", "BatchNorm1d"] * 2 + ["Linear"]
    shapes = [tuple(p.shape) for name, p in model.layers.named_parameters() if p.ndim == 2]
    assert shapes == [(200, 6), (100, 200), (2, 100)]
    assert model.layers[0][0].bias is None and model.layers[2][0].bias is not None
    assert isinstance(model.bn_cont, nn.BatchNorm1d)


def test_outputs_are_those_of_the_layers_written_out():
    with torch_seeded(0):
        model = TabularModel([(4, 3), (3, 2)], n_cont=1, out_sz=2, layers=[5]).eval()
    parts = [model.embeds[0](CODES[:, 0]), model.embeds[1](CODES[:, 1]), model.bn_cont(NUMBERS)]
    by_hand = model.layers(torch.cat(parts, 1))
    assert torch.equal(model((CODES, NUMBERS)), by_hand)
    assert torch.equal(model(CODES, NUMBERS), by_hand)  # as in the book
    assert by_hand.shape == (4, 2)


def test_a_table_may_have_categories_only_or_numbers_only():
    assert TabularModel([(4, 3), (3, 2)], 0, 1, [5])((CODES, NUMBERS[:, :0])).shape == (4, 1)
    assert TabularModel([], 1, 1, [5])((CODES[:, :0], NUMBERS)).shape == (4, 1)


def test_the_shape_can_be_configured():
    config = tabular_config(ps=[0.1, 0.2], embed_p=0.3, y_range=(0, 5), bn_final=True, act_cls=nn.GELU)
    assert config == TabularConfig([0.1, 0.2], 0.3, (0, 5), True, True, True, nn.GELU, True)
    model = TabularModel([(4, 3)], 1, 1, [8, 6], config)
    assert layers_of(model) == [
        "Linear", "GELU", "BatchNorm1d", "Dropout", "Linear", "GELU", "BatchNorm1d", "Dropout", "Linear", "BatchNorm1d",
        "SigmoidRange",
    ]  # fmt: skip
    assert (model.layers[0][3].p, model.layers[1][3].p, model.emb_drop.p) == (0.1, 0.2, 0.3)
    model.train()
    assert ((model((CODES[:, :1], NUMBERS)) > 0) & (model((CODES[:, :1], NUMBERS)) < 5)).all()


def test_batch_norm_may_come_first_or_not_at_all():
    first = TabularModel([(4, 3)], 1, 1, [8], TabularConfig(ps=0.1, lin_first=False))
    assert layers_of(first) == ["BatchNorm1d", "Dropout", "Linear", "ReLU", "Linear"]
    none = TabularModel([(4, 3)], 1, 1, [8], TabularConfig(use_bn=False, bn_cont=False, y_range=(0, 1)))
    assert layers_of(none) == ["Linear", "ReLU", "Linear", "SigmoidRange"]
    assert isinstance(none.bn_cont, nn.Identity) and isinstance(none.layers[-1], SigmoidRange)


def message(make) -> str:
    with pytest.raises(ArgumentError) as err:
        make()
    return str(err.value)


def test_what_cannot_be_built_is_refused():
    assert message(lambda: TabularModel([], 0, 1, [5])) == (
        "the table has neither category nor number columns to train on."
    )
    assert message(lambda: TabularModel([], 1, 1, [0])) == ("layers must be at least 1. Got: 0.")
    assert message(lambda: TabularModel([], 1, 1, [5], TabularConfig(ps=[0.1, 0.2]))) == (
        "ps must be one number or have one value per layer. Got: [0.1, 0.2]. Expected: one number, or 1 of them."
    )
    assert message(lambda: TabularConfig(ps=1.0)) == ("ps must be a number in [0, 1). Got: 1.0.")
    assert message(lambda: TabularConfig(embed_p=-1)) == ("embed_p must be a number in [0, 1). Got: -1.")
