from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.vision.heads import HeadOptions, create_head, init_head


def shape_of(head: nn.Sequential) -> list[str]:
    """Describe each layer the way the expectations below do."""
    described = []
    for layer in head:
        name = type(layer).__name__
        if isinstance(layer, nn.Linear):
            name += f"({layer.in_features},{layer.out_features}{',bias' if layer.bias is not None else ''})"
        elif isinstance(layer, nn.BatchNorm1d):
            name += f"({layer.num_features})"
        elif isinstance(layer, nn.Dropout):
            name += f"({layer.p})"
        described.append(name)
    return described


# What fastai 2.8.12's create_head(512, 37, ...) prints.
POOLED = ["AdaptiveConcatPool2d", "Flatten"]
HIDDEN = ["BatchNorm1d(1024)", "Dropout(0.25)", "Linear(1024,512)", "ReLU"]
LAST = ["BatchNorm1d(512)", "Dropout(0.5)", "Linear(512,37)"]
TWO_HIDDEN = [
    "BatchNorm1d(1024)", "Dropout(0.25)", "Linear(1024,256)", "ReLU",
    "BatchNorm1d(256)", "Dropout(0.25)", "Linear(256,128)", "ReLU",
    "BatchNorm1d(128)", "Dropout(0.5)", "Linear(128,37)",
]  # fmt: skip
LINEAR_FIRST = [
    "Dropout(0.25)", "Linear(1024,64)", "ReLU", "BatchNorm1d(64)", "Dropout(0.25)", "Linear(64,32)", "ReLU",
    "BatchNorm1d(32)", "Dropout(0.5)", "Linear(32,37,bias)", "BatchNorm1d(37)",
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [*POOLED, *HIDDEN, *LAST]),
        ({"lin_ftrs": [256, 128]}, [*POOLED, *TWO_HIDDEN]),
        ({"bn_final": True}, [*POOLED, *HIDDEN, *LAST, "BatchNorm1d(37)"]),
        ({"first_bn": False}, [*POOLED, "Dropout(0.25)", "Linear(1024,512,bias)", "ReLU", *LAST]),
        ({"lin_first": True, "bn_final": True, "lin_ftrs": [64, 32]}, [*POOLED, *LINEAR_FIRST]),
        ({"pool": False}, ["BatchNorm1d(512)", "Dropout(0.25)", "Linear(512,512)", "ReLU", *LAST]),
        (
            {"concat_pool": False, "lin_ftrs": [], "y_range": (0, 1)},
            ["AdaptiveAvgPool2d", "Flatten", "BatchNorm1d(512)", "Dropout(0.5)", "Linear(512,37)", "SigmoidRange"],
        ),
        ({"lin_ftrs": [], "lin_first": True}, [*POOLED, "Dropout(0.5)", "Linear(1024,37,bias)"]),
        ({"ps": [0.1, 0.3]}, [*POOLED, "BatchNorm1d(1024)", "Dropout(0.1)", "Linear(1024,512)", "ReLU",
                              "BatchNorm1d(512)", "Dropout(0.3)", "Linear(512,37)"]),
        ({"ps": 0}, [*POOLED, "BatchNorm1d(1024)", "Linear(1024,512)", "ReLU", "BatchNorm1d(512)", "Linear(512,37)"]),
    ],
)  # fmt: skip
def test_head_has_the_layers_that_fastais_has(options, expected):
    assert shape_of(create_head(512, 37, **options)) == expected


def test_the_final_norm_has_fastais_momentum():
    assert create_head(8, 2, bn_final=True)[-1].momentum == 0.01


def test_head_gives_one_row_of_outputs_per_photo():
    assert create_head(8, 3)(torch.rand(2, 8, 5, 5)).shape == (2, 3)
    assert create_head(8, 3, pool=False)(torch.rand(2, 8)).shape == (2, 3)


def test_outputs_stay_in_y_range():
    outputs = create_head(8, 1, y_range=(2.0, 3.0))(torch.randn(16, 8, 2, 2) * 50)
    assert outputs.min() >= 2 and outputs.max() <= 3


def test_initial_values_are_fastais():
    torch.manual_seed(0)
    head = create_head(512, 37, first_bn=False)
    norm = next(layer for layer in head if isinstance(layer, nn.BatchNorm1d))
    hidden = next(layer for layer in head if isinstance(layer, nn.Linear))
    assert torch.equal(norm.weight, torch.ones(512)) and torch.equal(norm.bias, torch.full((512,), 1e-3))
    assert torch.equal(hidden.bias, torch.zeros(512))
    # Kaiming normal: standard deviation sqrt(2 / inputs), and now and then a number beyond four of them.
    assert hidden.weight.abs().max().item() > 4 * (2 / 1024) ** 0.5
    assert hidden.weight.std().item() == pytest.approx((2 / 1024) ** 0.5, rel=0.01)


def test_convolutions_in_a_head_of_ones_own_are_initialised_too():
    head = nn.Sequential(nn.Conv2d(64, 32, 3), nn.BatchNorm2d(32))
    init_head(head)
    assert torch.equal(head[0].bias, torch.zeros(32)) and torch.equal(head[1].bias, torch.full((32,), 1e-3))
    assert head[0].weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)


def test_the_same_seed_gives_the_same_head():
    def head_of(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return create_head(8, 2)[-1].weight

    assert torch.equal(head_of(3), head_of(3)) and not torch.equal(head_of(3), head_of(4))


def test_head_options_have_the_defaults_of_create_head():
    import dataclasses
    import inspect

    defaults = {name: p.default for name, p in inspect.signature(create_head).parameters.items()}
    for field in dataclasses.fields(HeadOptions):
        assert field.default == defaults[field.name]


def test_a_size_below_one_is_refused():
    with pytest.raises(ArgumentError) as err:
        create_head(512, 37, lin_ftrs=[0])
    assert str(err.value) == (
        "the size of a layer in the head (nf, lin_ftrs, n_out) must be at least 1. Got: 0."
    )


def test_the_wrong_number_of_dropouts_is_refused():
    with pytest.raises(ArgumentError) as err:
        create_head(512, 37, ps=[0.1, 0.2, 0.3])
    assert str(err.value) == (
        "ps must be one number or have one value per linear layer of the head. Got: [0.1, 0.2, 0.3]. "
        "Expected: a number, or 2 of them."
    )


def test_a_dropout_that_is_no_fraction_is_refused():
    with pytest.raises(ArgumentError) as err:
        create_head(512, 37, ps=1.5)
    assert str(err.value) == "ps (dropout) must be a number in [0, 1]. Got: 1.5."
