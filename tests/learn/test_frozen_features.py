from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from gatera.learn import frozen_features
from gatera.learn.frozen_features import Features, FeatureStore, split_fixed


def frozen(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers).requires_grad_(False)


def test_the_fixed_beginning_ends_before_the_first_random_or_trained_layer():
    body = frozen(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 2))
    fixed, rest = split_fixed(nn.Sequential(body, head))
    assert [type(layer).__name__ for layer in fixed] == [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "AdaptiveAvgPool2d",
        "Flatten",
    ]
    assert [type(layer).__name__ for layer in rest] == ["Dropout", "Linear"]


def test_the_two_parts_share_the_models_parameters():
    model = nn.Sequential(frozen(nn.Linear(2, 3)), nn.Linear(3, 2))
    fixed, rest = split_fixed(model)
    assert fixed[0].weight is model[0][0].weight
    assert rest[0].weight is model[1].weight


def test_a_trained_body_has_no_fixed_beginning():
    assert split_fixed(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))) is None


def test_layers_without_parameters_alone_are_not_worth_keeping():
    assert split_fixed(nn.Sequential(nn.Flatten(), nn.Linear(3, 2))) is None


def test_a_wholly_frozen_model_has_nothing_left_to_train():
    assert split_fixed(frozen(nn.Linear(2, 3))) is None


def test_a_layer_that_somebody_watches_is_run_every_time():
    model = nn.Sequential(frozen(nn.Linear(2, 3)), nn.Linear(3, 2))
    model[0][0].register_forward_hook(lambda *_: None)
    assert split_fixed(model) is None


def test_a_module_of_another_kind_counts_as_one_layer():
    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 2)

        def forward(self, x):
            return self.b(self.a(x))

    assert split_fixed(nn.Sequential(frozen(nn.Linear(2, 2)), Mine()))[1][0].__class__ is Mine
    assert split_fixed(Mine()) is None


def test_the_parts_in_turn_equal_the_whole():
    model = nn.Sequential(frozen(nn.Linear(2, 3), nn.ReLU()), nn.Linear(3, 2)).eval()
    fixed, rest = split_fixed(model)
    x = torch.randn(5, 2)
    assert torch.equal(rest(fixed(x)), model(x))


def test_outputs_of_inputs_of_different_length_are_kept_in_their_own_length():
    features = Features([torch.ones(3, 2), torch.ones(1, 2)], torch.tensor([0, 1]))
    rows = features.rows(torch.tensor([1, 0, 1]))
    assert rows.shape == (3, 3, 2)
    assert rows.sum((1, 2)).tolist() == [2, 6, 2]


def test_the_order_of_a_subclass_of_sequential_is_certain_unless_it_has_a_forward_of_its_own():
    class Named(nn.Sequential):
        pass

    class Own(nn.Sequential):
        def forward(self, x):
            return super().forward(x) + 1

    head = nn.Linear(3, 2)
    assert len(split_fixed(nn.Sequential(Named(*frozen(nn.Linear(2, 3), nn.ReLU())), head))[0]) == 2
    assert (
        len(split_fixed(nn.Sequential(Own(nn.Linear(2, 3), nn.ReLU()).requires_grad_(False), head))[0]) == 1
    )


class Texts:
    """Stands for a loader of texts of these lengths."""

    def __init__(self, *lengths: int) -> None:
        self.dataset = SimpleNamespace(lengths=np.array(lengths))
        self.n = len(lengths)


def test_outputs_that_are_cut_to_one_length_are_kept():
    x, part = torch.zeros(2, 6), torch.arange(16.0).reshape(2, 4, 2)
    store = FeatureStore(Texts(6, 3, 2), x, part)
    assert store.put(torch.tensor([0, 1]), x, part)
    assert store.put(torch.tensor([2]), x[:1, :2], part[:1, :2])
    assert [len(kept) for kept in store.outputs] == [4, 3, 2]
    assert torch.equal(store.outputs[1], part[1, :3])


def test_outputs_whose_length_depends_on_the_inputs_in_another_way_are_not_kept():
    x, part = torch.zeros(1, 6), torch.zeros(1, 3, 2)  # half of it
    store = FeatureStore(Texts(6, 4), x, part)
    assert store.put(torch.tensor([0]), x, part)
    assert not store.put(torch.tensor([1]), x[:, :4], part[:, :2])


def test_large_outputs_of_tokens_are_halved_and_too_large_ones_refused(monkeypatch):
    x, part = torch.zeros(2, 4), torch.rand(2, 4, 2)
    monkeypatch.setattr(frozen_features, "HALVED_FROM", 50)
    store = FeatureStore(Texts(4, 3), x, part)  # 7 tokens of 8 bytes
    assert store.put(torch.tensor([0, 1]), x, part)
    features = Features(store.outputs, torch.zeros(2))
    assert store.outputs[0].dtype == torch.float16 and not features.exact
    rows = features.rows(torch.tensor([0]))
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, part[:1], rtol=1e-3, atol=1e-3)
    monkeypatch.setattr(frozen_features, "LIMIT_BYTES", 27)
    assert not FeatureStore(Texts(4, 3), x, part).put(torch.tensor([0, 1]), x, part)
    monkeypatch.setattr(frozen_features, "LIMIT_BYTES", 28)
    assert FeatureStore(Texts(4, 3), x, part).fits
