from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.models.summary import LayerRow, model_summary
from gatera.models.vision.model import create_vision_model


def test_each_layer_is_a_row_in_the_order_in_which_it_runs():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Identity(), nn.Flatten(), nn.Linear(64, 2)
    )
    for parameter in model[1].parameters():
        parameter.requires_grad_(False)
    summary = model_summary(model, torch.rand(2, 3, 4, 4))
    assert summary.rows == (
        LayerRow("0", "Conv2d", (2, 4, 4, 4), 112, True),
        LayerRow("1", "BatchNorm2d", (2, 4, 4, 4), 8, False),
        LayerRow("3", "Flatten", (2, 64), 0, None),
        LayerRow("4", "Linear", (2, 2), 130, True),
    )
    assert (summary.parameters, summary.trainable) == (250, 242)
    assert (
        repr(summary)
        == str(summary)
        == (  # repr: what a notebook shows at the end of a cell
            "Sequential, input 2 x 3 x 4 x 4\n"
            "\n"
            "Layer  Type         Output shape   Parameters  Trainable\n"
            "--------------------------------------------------------\n"
            "0      Conv2d       2 x 4 x 4 x 4         112  yes\n"
            "1      BatchNorm2d  2 x 4 x 4 x 4           8  no\n"
            "3      Flatten      2 x 64\n"
            "4      Linear       2 x 2                 130  yes\n"
            "\n"
            "Parameters:           250\n"
            "  trainable:          242\n"
            "  frozen:             8"
        )
    )


def test_a_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout())
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model_summary(model, (3, 4))
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_a_model_that_fails_is_left_as_it_was_too():
    model = nn.Sequential(nn.Linear(4, 4))
    with pytest.raises(RuntimeError):
        model_summary(model, (3, 5))
    assert model.training and not model[0]._forward_hooks


def test_no_gradients_are_kept():
    class Watcher(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            assert not torch.is_grad_enabled() and not self.training
            return x

    model_summary(Watcher(), (1, 2))


def test_shared_parameters_are_counted_once():
    layer = nn.Linear(4, 4)
    summary = model_summary(nn.Sequential(layer, layer), (1, 4))
    assert summary.parameters == 20 and len(summary.rows) == 2


def test_parameters_of_a_module_with_parts_are_a_row():
    model = create_vision_model("test_vit", 2, pretrained=False)
    summary = model_summary(model, (1, 3, 160, 160))
    tokens = next(row for row in summary.rows if row.name == "0.backbone")
    assert tokens.parameters > 0 and tokens.output_shape == (1, model[0].num_features)
    assert (
        summary.parameters
        == sum(p.numel() for p in model.parameters())
        == sum(row.parameters for row in summary.rows)
    )


def test_an_output_that_is_no_tensor_has_no_shape():
    assert model_summary(nn.LSTM(3, 4), (2, 5, 3)).rows[0].output_shape is None


def test_a_model_without_parameters_is_summed_up():
    summary = model_summary(nn.Flatten(), (2, 3, 4))
    assert summary.rows == (LayerRow("", "Flatten", (2, 12), 0, None),)
    assert str(summary).startswith("Flatten, input 2 x 3 x 4\n")
