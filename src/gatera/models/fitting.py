"""Loading weights into a backbone, strictly: either everything fits or the error says what does not."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gatera.core.errors import PretrainedError
from gatera.models.architectures import Architecture
from gatera.models.backbone import BackboneFacts, build_classifier


def fit_to_backbone(
    backbone: nn.Module, weights: Mapping[str, Tensor], arch: Architecture, facts: BackboneFacts, source: str
) -> None:
    """Load `weights` into `backbone` in place; the classifier's are dropped, the first layer's adapted to its channels.

    Raises:
        PretrainedError: if anything is missing, left over, or of another shape.
    """
    own = backbone.state_dict()
    chosen = {}
    for name, value in weights.items():
        if name in own:
            chosen[name] = value
    for layer in facts.first_convs:
        name = f"{layer}.weight"
        if name in chosen and name in own:
            chosen[name] = adapt_input_weight(chosen[name], own[name].shape[1])
    backbone.load_state_dict(chosen)


def adapt_input_weight(weight: Tensor, n_in: int) -> Tensor:
    """Adapt the weight of an RGB layer to `n_in` channels; [F,3,h,w] -> [F,n_in,h,w].

    One channel: the sum over RGB. Two: the first two, times 1.5. More than three: the rest is zero.

    Source: fastai 2.8 (`_update_first_layer` in vision/learner.py).
    """
    if n_in == 3:
        return weight
    if n_in == 1:
        return weight.sum(dim=1, keepdim=True)
    if n_in == 2:
        return weight[:, :2] * 1.5
    extra = weight.new_zeros(weight.shape[0], n_in - 3, *weight.shape[2:])
    return torch.cat([weight, extra], dim=1)
