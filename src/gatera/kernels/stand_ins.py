"""Replace the `forward` of models, convolutions and batch norms inside `fast_training`."""

from __future__ import annotations

import math
from functools import cache
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.errors import GateraError
from gatera.kernels.dense_gradient import few_pixels
from gatera.kernels.depthwise import has_slow_gradient
from gatera.kernels.folded_conv import Recipe, all_finite, fold, folded_convolution
from gatera.kernels.observed_chains import Chain, Observer, is_watched, undisturbed
from gatera.kernels.recognise_layers import after_norm, clip_of, padding_of


class ForwardPass:
    """State that the stand-ins of one model share during a forward pass.

    Attributes:
        norms: all batch norms that could be folded.
        chains: the norm behind each convolution, by whether the model is in training mode.
        training: whether it is now.
        observer: while the chains are being found.
        running: a forward pass is under way.
        folded: outputs of convolutions that are normalised already, by id, till the norm takes them; and whether they
            are activated too.
        bounded: the latest output, if it can hold neither NaN nor infinity; so nobody need look.
    """

    def __init__(self, norms: list[nn.BatchNorm2d]) -> None:
        self.norms = norms
        self.chains: dict[bool, dict[nn.Conv2d, Chain]] = {}
        self.training = True
        self.observer: Observer | None = None
        self.running = False
        self.folded: dict[int, tuple[Tensor, bool]] = {}
        self.bounded: Tensor | None = None

    def chain(self, conv: nn.Conv2d) -> Chain | None:
        """The chain of `conv` if its norm may be folded in now.

        Outside of the model's forward pass somebody may want the convolution alone. But activation checkpointing comes
        back from within backward, and must compute what it did before.
        """
        if not self.running and torch._C._current_graph_task_id() == -1:
            return None
        chain = self.chains.get(self.training, {}).get(conv)
        if chain is None or not is_fixed(chain.norm) or is_watched(conv):
            return None
        return None if any(is_watched(module) for module in chain.norm.modules()) else chain

    def forget(self) -> None:
        """Let go of all tensors."""
        self.folded.clear()
        self.bounded = None


class StandIn:
    """Called in place of a module's `forward`; copies and pickles of the module get the ordinary one.

    Args:
        module: whose place is taken.
        state: shared by all stand-ins of a model.
    """

    def __init__(self, module: nn.Module, state: ForwardPass) -> None:
        self.module, self.state = module, state
        self.ordinary = MethodType(type(module).forward, module)
        # Tools that ask a forward for its signature or source line (torch.export does) get those of the module's own.
        self.__wrapped__, self.__code__ = self.ordinary, self.ordinary.__code__

    def __reduce__(self) -> tuple[Any, ...]:
        # asked of a copy that is being made, and has nothing of its own yet: the method of its class
        return getattr, (self.module, "forward")


class FastModel(StandIn):
    """The whole model: finds the chains before its first pass, and checks after each that they held."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute `forward`."""
        state = self.state
        if (
            torch.compiler.is_compiling()
            or torch.jit.is_tracing()
            or not any(type(arg) is Tensor for arg in args)
        ):
            return self.ordinary(*args, **kwargs)
        state.training = self.module.training
        if state.training not in state.chains and any(is_fixed(norm) for norm in state.norms):
            state.chains[state.training] = self._observe(*args, **kwargs)
        state.forget()
        state.running = True
        try:
            output = self.ordinary(*args, **kwargs)
            lost = bool(state.folded)
        finally:
            state.running = False
            state.forget()
        if lost:
            raise GateraError(
                "the output of a convolution did not go to its batch norm, as it did in the first pass",
                expected="with fast kernels, models that call these two one after the other in every pass",
                remedy="Turn them off for this model with TrainingOptions(fast_kernels=False), or everywhere with GATERA_KERNELS=off.",
            )
        return output

    def _observe(self, *args: Any, **kwargs: Any) -> dict[nn.Conv2d, Chain]:
        if len(args) == 1 and not kwargs and args[0].ndim == 4:
            args = (args[0][:1],)  # one photo shows as much as a batch
        try:
            with undisturbed(self.module), Observer() as self.state.observer:
                output = self.ordinary(*args, **kwargs)  # held, so that whatever is part of it counts as kept
                found = self.state.observer.chains()
                del output
        finally:
            self.state.observer = None
        return found


class FastConv(StandIn):
    """A convolution: computes the norm behind it too, and its depthwise gradients by fast kernels."""

    module: nn.Conv2d

    def __init__(self, module: nn.Conv2d, state: ForwardPass) -> None:
        super().__init__(module, state)
        self.slow_gradient = has_slow_gradient(module)

    def __call__(self, x: Tensor) -> Tensor:
        """Compute `forward`; with the norm folded in where that is possible."""
        conv, state = self.module, self.state
        if state.observer is not None:
            return state.observer.convolution(conv, self.ordinary, x)
        dtype = compute_dtype(x, conv.weight)
        chain = None if dtype is None else state.chain(conv)
        if chain is not None and not folding_pays(conv, x):
            chain = None
        if dtype is None or (chain is None and not self._gains(x)):
            return self.ordinary(x)
        clip = None if chain is None or chain.output_aliased else clip_of(chain.norm)
        weight, bias = (conv.weight, conv.bias) if chain is None else fold(conv, chain.norm)
        finite = clip is not None and all_finite(None if x is state.bounded else x, weight, bias)
        recipe = Recipe(
            stride=(conv.stride[0], conv.stride[1]), padding=padding_of(conv, x),
            dilation=(conv.dilation[0], conv.dilation[1]), groups=conv.groups, dtype=dtype, clip=clip,
            all_finite=finite,
        )  # fmt: skip
        output = folded_convolution(x, weight, bias, recipe)
        if chain is not None:
            state.folded[id(output)] = output, clip is not None
        state.bounded = output if finite and clip is not None and clip.high < math.inf else None
        return output

    def _gains(self, x: Tensor) -> bool:
        """Whether a gradient of this convolution will be faster, its norm apart."""
        conv = self.module
        if not torch.is_grad_enabled() or not x.is_contiguous(memory_format=torch.channels_last):
            return False
        if conv.weight.requires_grad and few_pixels(
            n_outputs(conv, x), conv.weight, conv.groups, conv.dilation
        ):
            return True
        return self.slow_gradient and (x.requires_grad or conv.weight.requires_grad)


class FastNorm(StandIn):
    """A batch norm: hands on what its convolution has normalised already."""

    module: nn.BatchNorm2d

    def __call__(self, x: Tensor) -> Tensor:
        """Compute `forward`, or what is left of it."""
        if self.state.observer is not None:
            return self.state.observer.batch_norm(self.module, self.ordinary, x)
        folded = self.state.folded.pop(id(x), None)
        if folded is None:
            return self.ordinary(x)
        _, activated = folded
        return x if activated else after_norm(self.module, x)


def n_outputs(conv: nn.Conv2d, x: Tensor) -> int:
    """About how many pixels, over all photos, the output for `x` [N,C,H,W] has."""
    return x.shape[0] * x.shape[2] * x.shape[3] // (conv.stride[0] * conv.stride[1])


def folding_pays(conv: nn.Conv2d, x: Tensor) -> bool:
    """Whether the passes over the output that folding saves take longer than the passes over the weight that it adds.

    Measured in bf16: about 0.6 ns for each value of the output, and 1.9 ns for each value of the weight.
    """
    return n_outputs(conv, x) * conv.out_channels > 3 * conv.weight.numel()


def is_fixed(norm: nn.BatchNorm2d) -> bool:
    """Whether a batch norm uses its running statistics, and leaves them alone."""
    return not norm.training and norm.running_mean is not None and norm.running_var is not None


def compute_dtype(x: Tensor, weight: Tensor) -> torch.dtype | None:
    """The dtype in which a convolution would run now; None where that is none of the fast kernels' business."""
    if type(x) is not Tensor or x.ndim != 4 or x.device.type != "cpu" or torch.jit.is_tracing():
        return None
    if torch.compiler.is_compiling() or x.dtype not in _dtypes() or weight.dtype not in _dtypes():
        return None
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        return dtype if dtype in _dtypes() else None
    return x.dtype if x.dtype == weight.dtype else None


@cache
def _dtypes() -> tuple[torch.dtype, ...]:
    has_bf16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if has_bf16 else (torch.float32,)
