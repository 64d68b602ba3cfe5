"""The networks are as deep as their names say."""

from __future__ import annotations

import pytest
import torch

from gatera.compat import layers


@pytest.mark.parametrize(
    ("depth", "convolutions", "width"),
    [(18, 2, 512), (34, 2, 512), (50, 3, 2048), (101, 3, 2048), (152, 3, 2048)],
)
def test_an_xresnet_is_as_deep_as_its_name_says(depth, convolutions, width):
    with torch.device("meta"):
        model = getattr(layers, f"xresnet{depth}")(n_out=5)
    blocks = sum(isinstance(module, layers.ResBlock) for module in model.modules())
    assert blocks * convolutions + 2 == depth
    assert (model[-1].in_features, model[-1].out_features) == (width, 5)
