"""Layers and helpers for models of one's own: `Module`, `ConvLayer`, `sequential`, `params`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn

from gatera.compat.lists import L
from gatera.core.errors import ArgumentError


class Module(nn.Module):
    """An `nn.Module` whose subclasses need not call `super().__init__()`."""

    def __new__(cls, *args: Any, **keywords: Any) -> Module:
        """Make the module ready to take layers before its `__init__` runs."""
        self = super().__new__(cls)
        nn.Module.__init__(self)
        return self

    def __init__(self) -> None:
        pass


class NormType(Enum):
    """Which normalisation a `ConvLayer` has, and the initial values of its weights."""

    Batch = "batch"
    BatchZero = "batch_zero"
    Weight = "weight"
    Spectral = "spectral"
    Instance = "instance"
    InstanceZero = "instance_zero"


class Flatten(Module):
    """Flatten all axes but the first: [N, ...] -> [N,F]; with `full` all of them."""

    def __init__(self, full: bool = False) -> None:
        self.full = full

    def forward(self, x: Tensor) -> Tensor:
        """Flatten."""
        return x.reshape(-1) if self.full else x.reshape(x.size(0), -1)


class Lambda(Module):
    """A function as a layer."""

    def __init__(self, func: Callable[[Tensor], Tensor]) -> None:
        self.func = func

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function."""
        return self.func(x)


class View(Module):
    """Reshape to a size."""

    def __init__(self, *size: int) -> None:
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Reshape."""
        return x.view(self.size)


#: The activation `x * tanh(softplus(x))`.
Mish = nn.Mish
#: The activation `x * sigmoid(x)`.
Swish = nn.SiLU


class LinBnDrop(nn.Sequential):
    """Batch norm, dropout and a linear layer, with an activation after them if one is given.

    Args:
        n_in: number of inputs.
        n_out: number of outputs.
        bn: with batch norm.
        p: dropout, 0..1.
        act: an activation.
        lin_first: the linear layer comes first.
    """

    def __init__(
        self, n_in: int, n_out: int, bn: bool = True, p: float = 0.0, act: nn.Module | None = None, lin_first: bool = False
    ) -> None:  # fmt: skip
        layers: list[nn.Module] = [nn.BatchNorm1d(n_out if lin_first else n_in)] if bn else []
        if p:
            layers.append(nn.Dropout(p))
        linear: list[nn.Module] = [nn.Linear(n_in, n_out, bias=not bn)] + ([] if act is None else [act])
        super().__init__(*(linear + layers if lin_first else layers + linear))


def BatchNorm(nf: int, ndim: int = 2, norm_type: NormType = NormType.Batch) -> nn.Module:
    """Return a batch norm of `nf` channels, its weights 0 for `NormType.BatchZero`, else 1."""
    made: Any = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[ndim - 1](nf)
    nn.init.constant_(made.bias, 1e-3)
    nn.init.constant_(made.weight, 0.0 if norm_type is NormType.BatchZero else 1.0)
    return made


def _norm(norm_type: NormType | None, channels: int, ndim: int) -> nn.Module | None:
    if norm_type in (NormType.Batch, NormType.BatchZero):
        return BatchNorm(channels, ndim, norm_type)
    if norm_type not in (NormType.Instance, NormType.InstanceZero):
        return None
    made: Any = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[ndim - 1](channels, affine=True)
    nn.init.constant_(made.bias, 1e-3)
    nn.init.constant_(made.weight, 0.0 if norm_type is NormType.InstanceZero else 1.0)
    return made


#: Convolutions by their number of axes, usual and transposed ones.
_CONVOLUTIONS: dict[bool, tuple[type[nn.Module], ...]] = {
    False: (nn.Conv1d, nn.Conv2d, nn.Conv3d),
    True: (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
}


class ConvLayer(nn.Sequential):
    """A convolution, its normalisation and its activation.

    Args:
        ni: input channels.
        nf: output channels.
        ks: kernel size.
        stride: step of the kernel.
        padding: pixels added on each side; None for half the kernel.
        norm_type: the normalisation; None for none.
        act_cls: makes the activation; None for none.
        options: `bias`; `ndim`, 1 to 3; `transpose`, for a transposed convolution; `bn_1st`, normalisation before the
            activation; `init`, gives the weights their values ("auto": Kaiming's; None: torch's); `bias_std`, of the initial
            biases; `xtra`, a last layer; and what `nn.Conv2d` takes.
    """

    def __init__(
        self, ni: int, nf: int, ks: int = 3, stride: int = 1, padding: int | None = None,
        norm_type: NormType | None = NormType.Batch, act_cls: Callable[[], nn.Module] | None = nn.ReLU, **options: Any,
    ) -> None:  # fmt: skip
        bn_first, extra = options.pop("bn_1st", True), options.pop("xtra", None)
        ndim, transpose = options.pop("ndim", 2), options.pop("transpose", False)
        init, bias_std = options.pop("init", "auto"), options.pop("bias_std", 0.0)
        norm = _norm(norm_type, nf, ndim)
        bias = options.pop("bias", None)
        made = _CONVOLUTIONS[transpose][ndim - 1]
        conv: Any = made(
            ni, nf, ks, stride, (0 if transpose else (ks - 1) // 2) if padding is None else padding,
            bias=norm is None if bias is None else bias, **options,
        )  # fmt: skip
        init_linear(conv, init=nn.init.kaiming_normal_ if init == "auto" else init, bias_std=bias_std)
        if norm_type is NormType.Weight:
            nn.utils.parametrizations.weight_norm(conv)
        elif norm_type is NormType.Spectral:
            nn.utils.parametrizations.spectral_norm(conv)
        after = [layer for layer in (norm, None if act_cls is None else act_cls()) if layer is not None]
        super().__init__(conv, *(after if bn_first else after[::-1]), *([] if extra is None else [extra]))


class ResBlock(Module):
    """A residual block of two convolutions, or of three where `expansion` is above 1.

    Args:
        expansion: the output channels are `nf` times this.
        ni: input channels, without the expansion.
        nf: output channels, without the expansion.
        stride: step of the block.
        act_cls: makes the activation.
    """

    def __init__(
        self, expansion: int, ni: int, nf: int, stride: int = 1, act_cls: Callable[[], nn.Module] = nn.ReLU
    ) -> None:  # fmt: skip
        ni, out = ni * expansion, nf * expansion
        last: dict[str, Any] = {"norm_type": NormType.BatchZero, "act_cls": None}
        layers = (
            [ConvLayer(ni, nf, 3, stride, act_cls=act_cls), ConvLayer(nf, out, 3, **last)] if expansion == 1
            else [ConvLayer(ni, nf, 1, act_cls=act_cls), ConvLayer(nf, nf, 3, stride, act_cls=act_cls),
                  ConvLayer(nf, out, 1, **last)]
        )  # fmt: skip
        self.convpath = nn.Sequential(*layers)
        shortcut: list[nn.Module] = [] if stride == 1 else [nn.AvgPool2d(stride, ceil_mode=True)]
        if ni != out:
            shortcut.append(ConvLayer(ni, out, 1, act_cls=None))
        self.idpath, self.act = nn.Sequential(*shortcut), act_cls()

    def forward(self, x: Tensor) -> Tensor:
        """Add the convolutions' result to the input; [N,C,H,W] -> [N,C',H',W']."""
        return self.act(self.convpath(x) + self.idpath(x))


class SequentialEx(nn.Module):
    """Layers one after the other; each may read the whole input as `x.orig`."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers."""
        found = x
        for layer in self.layers:
            found.orig = x  # type: ignore[attr-defined]
            after = layer(found)
            found.orig = None  # type: ignore[attr-defined]
            found = after
        return found


class MergeLayer(Module):
    """Add the whole input of a `SequentialEx` to what comes in, or concatenate both."""

    def __init__(self, dense: bool = False) -> None:
        self.dense = dense

    def forward(self, x: Tensor) -> Tensor:
        """Merge with `x.orig`."""
        return torch.cat([x, x.orig], dim=1) if self.dense else x + x.orig  # type: ignore[attr-defined]


def sequential(*args: Any) -> nn.Sequential:
    """Return layers one after the other; functions become layers."""
    return nn.Sequential(*(layer if isinstance(layer, nn.Module) else Lambda(layer) for layer in args))


def params(m: Any) -> list[nn.Parameter]:
    """Return all parameters of a module, or of several."""
    if isinstance(m, list | tuple):
        return [parameter for one in m for parameter in params(one)]
    return list(m.parameters())


def trainable_params(m: nn.Module) -> L:
    """Return the parameters that are not frozen."""
    return L([parameter for parameter in m.parameters() if parameter.requires_grad])


def apply_init(m: nn.Module, func: Callable[..., Any] = nn.init.kaiming_normal_) -> None:
    """Give the weights of all layers but normalisations new values by `func`, and their biases 0."""
    norms = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)
    for layer in m.modules():
        weight = getattr(layer, "weight", None)
        if isinstance(weight, nn.Parameter) and not isinstance(layer, norms) and weight.ndim > 1:
            func(weight)
            if isinstance(getattr(layer, "bias", None), nn.Parameter):
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


def init_linear(m: nn.Module, act_func: Any = None, init: Any = "auto", bias_std: float = 0.01) -> nn.Module:
    """Give a linear or convolution layer new weights (Kaiming's, or by `init`) and normal biases; returns it."""
    if isinstance(getattr(m, "bias", None), nn.Parameter) and bias_std is not None:
        nn.init.normal_(m.bias, 0, bias_std) if bias_std else nn.init.zeros_(m.bias)  # type: ignore[arg-type]
    if init is not None:
        (nn.init.kaiming_uniform_ if init == "auto" else init)(m.weight)  # type: ignore[arg-type]
    return m


def get_c(dls: Any) -> int:
    """Return the number of outputs that the data need."""
    c = getattr(dls, "c", None)
    return len(dls.vocab) if c is None else int(c)


def flatten_model(m: nn.Module) -> list[nn.Module]:
    """Return the innermost layers of a model, in order."""
    children = list(m.children())
    return [layer for child in children for layer in flatten_model(child)] if children else [m]


def num_features_model(m: nn.Module, size: tuple[int, int] = (64, 64), n_in: int = 3) -> int:
    """Return the number of channels that a body gives for photos."""
    training = m.training
    with torch.no_grad():
        found = int(m.eval()(torch.zeros(1, n_in, *size)).shape[1])
    m.train(training)
    return found


class XResNet(nn.Sequential):
    """A ResNet with a stem of three convolutions and pooled shortcuts; see `xresnet50` and the like.

    Args:
        expansion: 1 for blocks of two convolutions, 4 for three.
        layers: number of blocks in each of the stages.
        n_out: number of outputs.
        c_in: channels of the photos.
        p: dropout before the last layer, 0..1.
        act_cls: makes the activations.

    Source: He et al., "Bag of tricks for image classification" (arXiv 1812.01187).
    """

    def __init__(
        self, expansion: int, layers: Sequence[int], n_out: int = 1000, c_in: int = 3, p: float = 0.0,
        act_cls: Callable[[], nn.Module] = nn.ReLU,
    ) -> None:  # fmt: skip
        sizes = [c_in, 32, 32, 64]
        stem = [
            ConvLayer(a, b, stride=2 if i == 0 else 1, act_cls=act_cls)
            for i, (a, b) in enumerate(itertools.pairwise(sizes))
        ]
        widths = [64 // expansion, 64, 128, 256, 512, *[256] * (len(layers) - 4)]
        stages = [
            nn.Sequential(*(
                ResBlock(expansion, widths[i] if j == 0 else widths[i + 1], widths[i + 1],
                         2 if j == 0 and i > 0 else 1, act_cls)
                for j in range(n)
            ))
            for i, n in enumerate(layers)
        ]  # fmt: skip
        super().__init__(
            *stem, nn.MaxPool2d(3, 2, 1), *stages, nn.AdaptiveAvgPool2d(1), Flatten(), nn.Dropout(p),
            nn.Linear(widths[len(layers)] * expansion, n_out),
        )  # fmt: skip


#: Expansion and blocks by name.
_XRESNETS = {
    "xresnet18": (1, [2, 2, 2, 2]), "xresnet34": (1, [3, 4, 6, 3]), "xresnet50": (4, [3, 4, 6, 3]),
    "xresnet101": (4, [3, 4, 23, 3]), "xresnet152": (4, [3, 8, 36, 3]),
}  # fmt: skip


def _xresnet(name: str, pretrained: bool, options: dict[str, Any]) -> XResNet:
    if pretrained:
        raise ArgumentError(
            f"there are no pretrained weights for {name}",
            remedy="Train it from random weights, or use vision_learner(dls, resnet50).",
        )
    return XResNet(*_XRESNETS[name], **options)


def xresnet18(pretrained: bool = False, **options: Any) -> XResNet:
    """Return an `XResNet` of 18 layers; `options` as there."""
    return _xresnet("xresnet18", pretrained, options)


def xresnet34(pretrained: bool = False, **options: Any) -> XResNet:
    """Return an `XResNet` of 34 layers; `options` as there."""
    return _xresnet("xresnet34", pretrained, options)


def xresnet50(pretrained: bool = False, **options: Any) -> XResNet:
    """Return an `XResNet` of 50 layers; `options` as there."""
    return _xresnet("xresnet50", pretrained, options)


def xresnet101(pretrained: bool = False, **options: Any) -> XResNet:
    """Return an `XResNet` of 101 layers; `options` as there."""
    return _xresnet("xresnet101", pretrained, options)


def xresnet152(pretrained: bool = False, **options: Any) -> XResNet:
    """Return an `XResNet` of 152 layers; `options` as there."""
    return _xresnet("xresnet152", pretrained, options)


def requires_grad(m: nn.Module) -> bool:
    """Whether the first parameter of a module is trained."""
    found = next(iter(m.parameters()), None)
    return found is not None and found.requires_grad


def total_params(m: nn.Module) -> tuple[int, bool]:
    """Return the number of parameters of a module, and whether any is trained."""
    found: Iterable[nn.Parameter] = list(m.parameters())
    return sum(p.numel() for p in found), any(p.requires_grad for p in found)
