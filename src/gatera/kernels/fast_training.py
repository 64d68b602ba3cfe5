"""Train convolutional networks faster on a CPU: the same mathematics through other kernels.

`fast_training(model)` is the function to call (`own_forward` tells its traces from those of others). Inside its block, modules of `model` compute differently; nothing else
about the model changes: not its modules, their types, names, parameters, state_dict, copies or pickles. It does two things:

1. Batch norms in evaluation mode (`FixBatchNorm` puts those of a pretrained body there) are folded into the convolution
   before them, with gradients to all parameters, and timm's ReLU or ReLU6 along with them (`folded_conv`).
2. Gradients of depthwise convolutions avoid oneDNN's reference kernels (`depthwise`).

Everything that does not meet the conditions of these kernels exactly is computed by PyTorch as usual: batch norms that
update their statistics, modules with hooks or with a `forward` of their own, subclasses, other devices and dtypes, compiled,
traced and exported models. GATERA_KERNELS=off turns the kernels off (`switch`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import MethodType

import torch
from torch import nn

from gatera.core.memory import reuse_memory
from gatera.core.random import TURN
from gatera.kernels.recognise_layers import is_batch_norm, is_convolution
from gatera.kernels.stand_ins import FastConv, FastModel, FastNorm, ForwardPass, StandIn
from gatera.kernels.switch import kernels_on


@contextmanager
def fast_training(model: nn.Module) -> Iterator[None]:
    """Run a block in which `model` trains (and predicts) faster on the CPU; afterwards it is as it was before.

    Results and gradients are the ordinary ones up to rounding, which is no coarser. Gradients of gradients are not
    available inside. Models on other devices, and machines without oneDNN, are left alone.

    Args:
        model: the module that is called in the block. Its first call in training mode, and its first in evaluation mode,
            run once more beforehand on one photo, to see which batch norm follows which convolution.

    Raises:
        GateraError: from a forward pass in which a convolution's output went elsewhere than in that first call.

    Example:
        >>> model = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8).eval())
        >>> with fast_training(model):
        ...     model(torch.rand(4, 3, 8, 8)).sum().backward()
        >>> model[0].weight.grad.shape
        torch.Size([8, 3, 3, 3])
    """
    stand_ins: list[StandIn] = []
    try:
        with TURN:  # not in the middle of another thread's pass
            stand_ins += _stand_ins(model) if kernels_on() and _can_be_fast(model) else []
            for stand_in in stand_ins:
                stand_in.module.forward = stand_in  # type: ignore[assignment]
        with reuse_memory() if stand_ins else nullcontext():
            yield
    finally:
        with TURN:
            for stand_in in stand_ins:
                vars(stand_in.module).pop("forward", None)


def _can_be_fast(model: nn.Module) -> bool:
    dynamo = sys.modules.get("torch._dynamo")
    compiled = (torch.jit.ScriptModule, *((dynamo.OptimizedModule,) if dynamo else ()))
    return (
        torch.backends.mkldnn.is_available()
        and bool(torch.backends.mkldnn.enabled)
        and not _has_own_forward(model)
        and not any(isinstance(m, compiled) or m._compiled_call_impl is not None for m in model.modules())
        and all(parameter.device.type == "cpu" for parameter in model.parameters())
    )


def _stand_ins(model: nn.Module) -> Iterator[StandIn]:
    inner = [module for module in model.modules() if module is not model and not _has_own_forward(module)]
    convs = [module for module in inner if isinstance(module, nn.Conv2d) and is_convolution(module)]
    norms = [module for module in inner if isinstance(module, nn.BatchNorm2d) and is_batch_norm(module)]
    if convs:
        state = ForwardPass(norms)
        yield FastModel(model, state)
        yield from (FastConv(conv, state) for conv in convs)
        yield from (FastNorm(norm, state) for norm in norms)


def own_forward(module: nn.Module) -> object | None:
    """Return the `forward` that somebody gave this very instance; None where it has its class's, or one that computes the same faster."""
    forward = vars(module).get("forward")
    return forward if _has_own_forward(module) and not isinstance(forward, StandIn) else None


def _has_own_forward(module: nn.Module) -> bool:
    """Whether somebody gave this very instance another `forward` than its class has."""
    forward = vars(module).get("forward")
    return forward is not None and not (
        isinstance(forward, MethodType)
        and forward.__func__ is type(module).forward
        and forward.__self__ is module
    )
