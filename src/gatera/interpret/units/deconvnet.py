"""Project an activation back to pixels by a deconvnet: the gradient, with other rules at rectifiers and gates.

| layer | on the way back |
|---|---|
| convolution (depthwise too), batch norm of a trained model, addition, average | transposed, as the gradient |
| max pooling | through the switches: to the place that the maximum came from, as the gradient |
| ReLU, ReLU6, leaky ReLU, ELU, SiLU, hard swish, mish, GELU | negative values become 0, whatever was positive on the way there |
| squeeze-excite, and other factors from a sigmoid | the factor is kept as a constant, as a switch is |
| layer norm, local response norm | what is divided by (and subtracted) is kept as a constant |
| attention, softmax, tanh, recurrent layers | refused, with the reason |

For the smooth rectifiers (SiLU, GELU) this is the deconvnet's rule applied to them; the paper has ReLU only.

What a deconvnet shows of a photo comes through the switches of max pooling. A network that gets smaller by strided convolutions
has none, and the deconvnet then shows nearly the same for every photo. The rule "guided" keeps a rectifier's gradient only where
its value was positive too, so that rectifiers act as switches; `suitable_rule` chooses.

Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks" (arXiv 1311.2901), section 2.1;
Springenberg et al. 2015, "Striving for Simplicity" (arXiv 1412.6806), section 3.4, for "guided".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gatera.core.errors import ArgumentError
from gatera.interpret.layers import output_at

#: Rectifiers, however a model calls them: their gradients are replaced by the deconvnet's rule.
RECTIFIERS: frozenset[Callable[..., Any]] = frozenset(
    {
        F.relu, F.relu_, F.relu6, F.hardtanh, F.hardtanh_, F.leaky_relu, F.leaky_relu_, F.elu, F.elu_, F.selu, F.celu, F.silu,
        F.mish, F.gelu, F.hardswish, F.prelu, F.rrelu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_,
    }
)  # fmt: skip

#: Functions whose results are factors: they are kept as constants.
GATES: frozenset[Callable[..., Any]] = frozenset(
    {torch.sigmoid, torch.sigmoid_, Tensor.sigmoid, Tensor.sigmoid_, F.sigmoid, F.hardsigmoid}
)

#: What cannot be projected through, with the reason.
REFUSED: Mapping[Callable[..., Any], str] = {
    **dict.fromkeys(
        (
            F.scaled_dot_product_attention,
            F.multi_head_attention_forward,
            F.softmax,
            torch.softmax,
            Tensor.softmax,
        ),
        "attention mixes all positions by factors that depend on each of them, so there is no way back to one place",
    ),
    **dict.fromkeys(
        (torch.tanh, Tensor.tanh, F.tanh), "tanh is not a rectifier, and has no rule on the way back"
    ),
    **dict.fromkeys((torch.lstm, torch.gru), "a recurrent layer has no rule on the way back"),
    F.group_norm: "group norm compares a unit with others of the same photo, and has no rule on the way back",
    F.instance_norm: "instance norm compares a unit with others of the same photo, and has no rule on the way back",
}

#: Modules that multiply each channel by a factor between 0 and 1 that they compute from the whole map (timm, torchvision).
SQUEEZE_EXCITES = ("SqueezeExcite", "SqueezeExcitation", "SEModule", "SqueezeExciteCl", "EffectiveSEModule")


class _Deconvnet(torch.autograd.Function):
    """A rectifier whose way back keeps what is positive in the gradient, and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        return function(x.clone())  # it may work in place

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return gradients[0].clamp(min=0), None


class _Guided(torch.autograd.Function):
    """The same, but only where the value was positive on the way there."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(x > 0)
        return function(x.clone())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        [on] = ctx.saved_tensors
        return gradients[0].clamp(min=0) * on, None


#: A map is smaller if it has this share of its width, as after a stride of two (and an edge that is cut off), or less.
SMALLER = 0.6

#: The rules at rectifiers, by name.
RULES = {"deconvnet": _Deconvnet, "guided": _Guided}


def suitable_rule(model: nn.Module, x: Tensor) -> str:
    """Return "deconvnet" for a model that gets smaller mostly by max pooling, whose switches carry the photo, else "guided".

    Args:
        model: in evaluation mode.
        x: one input of the model; how maps get smaller is seen as it runs, as pooling may be a function, or one layer run twice.
    """
    with _Shrinking() as seen, torch.no_grad():
        model(x)
    return "deconvnet" if seen.by_pools and seen.by_pools >= seen.by_others else "guided"


class _Shrinking(TorchFunctionMode):
    """Counts by what maps get smaller by half or more."""

    def __init__(self) -> None:
        super().__init__()
        self.by_pools = self.by_others = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        name, given = getattr(func, "__name__", ""), args[0] if args else found
        maps = all(isinstance(each, Tensor) and each.ndim == 4 for each in (given, found))
        if maps and found.shape[-1] <= SMALLER * given.shape[-1]:
            self.by_pools += name == "max_pool2d"
            self.by_others += name in ("conv2d", "avg_pool2d")
        return found


class WayBack(TorchFunctionMode):
    """While it is entered, models compute as ever, but gradients follow the rules of this module.

    Args:
        rule: "deconvnet" or "guided".
    """

    def __init__(self, rule: str = "deconvnet") -> None:
        super().__init__()
        self.rule = RULES[rule]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        if func in REFUSED:
            raise ArgumentError(
                "there is no deconvnet projection through this model", got=func.__name__, expected="convolutions, "
                "rectifiers, pooling, norms and squeeze-excite layers before the layer",
                remedy=f"The reason: {REFUSED[func]}. In Python, learn.attribution(item, method=\"integrated_gradients\") and "
                "learn.occlusion(item) work for any model.",
            )  # fmt: skip
        if func in RECTIFIERS:
            x, *rest = args if args else [given.pop("input")]
            return self.rule.apply(x, lambda value: func(value, *rest, **given))
        if func in GATES:
            return func(args[0].detach(), *args[1:], **given)
        if func is F.layer_norm:
            return _layer_norm(*args, **given)
        if func is F.local_response_norm:
            x = args[0]
            fixed = x.detach()
            factor = func(fixed, *args[1:], **given) / torch.where(fixed == 0, 1, fixed)
            return x * factor
        return func(*args, **given)


def _layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Compute a layer norm whose mean and deviation are constants on the way back; arguments as `F.layer_norm` has them."""
    axes = tuple(range(-len(normalized_shape), 0))
    fixed = input.detach()
    spread = (fixed.var(axes, unbiased=False, keepdim=True) + eps).sqrt()
    found = (input - fixed.mean(axes, keepdim=True)) / spread
    found = found if weight is None else found * weight
    return found if bias is None else found + bias


@contextmanager
def constant_factors(model: nn.Module) -> Iterator[None]:
    """While the block runs, squeeze-excite layers multiply by factors that are constants on the way back."""

    def keep(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        x = given[0]
        fixed, result = x.detach(), output.detach()
        # One factor per photo and channel: the least squares solution is exact, and where x is 0 any factor is right.
        factor = (fixed * result).sum((2, 3), keepdim=True) / (fixed * fixed).sum((2, 3), keepdim=True).clamp(
            min=1e-12
        )
        return x * factor

    found = [module for module in model.modules() if type(module).__name__ in SQUEEZE_EXCITES]
    hooks = [module.register_forward_hook(keep) for module in found]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def projected(
    model: nn.Module,
    layer: nn.Module,
    photos: Tensor,
    channels: Tensor,
    places: Tensor | None = None,
    rule: str = "deconvnet",
) -> Tensor:
    """Return what in each photo excites one unit, seen back through the deconvnet.

    Args:
        model: in evaluation mode.
        layer: a layer that gives maps [N,C,h,w].
        photos: inputs of the model, float [N,C,H,W].
        channels: the channel of the layer for each photo, int64 [N].
        places: (row, column) of the unit in its map, int64 [N,2]; None for the strongest.
        rule: "deconvnet" or "guided".

    Returns:
        The projections, float32 [N,C,H,W]: of the unit's activation, all others being 0.

    Raises:
        ArgumentError: if a layer on the way cannot be projected through; the message has the reason.
    """
    x = photos.detach().clone().requires_grad_()
    with torch.enable_grad(), constant_factors(model), WayBack(rule):
        maps = output_at(model, layer, x)
    rows = torch.arange(len(x), device=x.device)
    own = maps.detach()[rows, channels]  # [N,h,w]
    if places is None:
        flat = own.flatten(1).argmax(1)
        places = torch.stack([flat // own.shape[2], flat % own.shape[2]], dim=1)
    start = torch.zeros_like(maps)
    start[rows, channels, places[:, 0], places[:, 1]] = own[rows, places[:, 0], places[:, 1]]
    [found] = torch.autograd.grad(maps, x, start)
    return found.float()
