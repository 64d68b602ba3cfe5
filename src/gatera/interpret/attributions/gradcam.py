"""Grad-CAM through captum: which parts of a photo's maps speak for an answer."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.checks import require
from gatera.core.errors import ArgumentError
from gatera.interpret.attributions.integrated_gradients import PURPOSE
from gatera.interpret.layers import first_output, name_of_layer, output_at


def gradcam(model: nn.Module, score: Any, layer: nn.Module, x: Tensor) -> Tensor:
    """Return Grad-CAM's map at the input's size, float [1,1,H,W]; through captum.

    Args:
        model: the model.
        score: inputs -> the number to explain, float [N]; computed by the model.
        layer: one of its layers.
        x: the input [1,C,H,W].

    Raises:
        ArgumentError: if the layer gives no maps.

    Source: Selvaraju et al. 2017 (arXiv 1610.02391). Negative values are kept: they speak against the class.
    """
    with torch.no_grad():
        maps = output_at(model, layer, x)
    if not isinstance(maps, Tensor) or maps.ndim != 4:
        raise ArgumentError(
            f"the layer {name_of_layer(model, layer)} gives no maps, which Grad-CAM needs",
            got=list(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__, expected="an output [N,C,h,w]",
            remedy='Choose an earlier layer, or method="integrated_gradients", which needs none.',
        )  # fmt: skip
    attr = require("captum.attr", "train", PURPOSE)
    with first_output(model, layer) as stand_in:
        found = attr.LayerGradCam(score, stand_in).attribute(x, relu_attributions=False).detach().float()
    return F.interpolate(found, x.shape[-2:], mode="bilinear", align_corners=False)
