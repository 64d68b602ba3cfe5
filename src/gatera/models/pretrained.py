"""Finding pretrained weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from torch import Tensor

from gatera.core.errors import PretrainedError
from gatera.core.files import home
from gatera.models.architectures import Architecture
from gatera.models.efficientnet_lite import PACKAGES, is_package_naming, to_timm_names


def find_weights(arch: Architecture, pretrained: bool | str | Path = True) -> tuple[dict[str, Tensor], str]:
    package = PACKAGES.get(arch.timm_name)
    if package:
        spec = importlib.util.find_spec(package.replace("-", "_"))
        if spec and spec.origin:
            file = next((Path(spec.origin).parent / "models").glob("*.pth"))
            return to_timm_names(torch.load(file, weights_only=True)), f"package {package}"
    for suffix in (".safetensors", ".pth"):
        path = home() / "models" / f"{arch.timm_name}{suffix}"
        if path.exists():
            return torch.load(path, weights_only=True), str(path)
    raise PretrainedError(f"no pretrained weights were found for {arch.name}")
