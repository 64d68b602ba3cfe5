"""Find which convolutions feed exactly one batch norm, by observing a forward pass.

Architectures write this pair in many ways (attributes, nn.Sequential, blocks of timm and torchvision), so it is not read
off the modules but observed. A convolution's output belongs to a norm if that norm is the first and the only one to
compute with it, and if it is gone when the pass is over: not returned, not kept.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.utils._python_dispatch import TorchDispatchMode

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


@dataclass(frozen=True)
class Chain:
    """A convolution whose output only one batch norm sees.

    Attributes:
        norm: that batch norm.
        output_aliased: something writes into the norm's output, or views it.
    """

    norm: nn.BatchNorm2d
    output_aliased: bool


class TensorHistory:
    """How one tensor was used after it was computed."""

    def __init__(self, tensor: Tensor, on_death: Callable[[Any], object]) -> None:
        self.ref = weakref.ref(tensor, on_death)
        self.n_uses = 0
        self.aliased = False
        self.norm: nn.BatchNorm2d | None = None  # the first to compute with it
        self.n_uses_by_norm = 0
        self.norm_output: TensorHistory | None = None

    def chain(self) -> Chain | None:
        """The chain that this output of a convolution proves, if any."""
        if self.norm is None or self.norm_output is None:
            return None
        if self.n_uses != self.n_uses_by_norm or self.ref() is not None:
            return None
        return Chain(self.norm, self.norm_output.aliased)


class Observer(TorchDispatchMode):
    """Sees every operation of a forward pass; its convolutions and norms have to be computed through it."""

    def __init__(self) -> None:
        super().__init__()
        self._alive: dict[int, TensorHistory] = {}
        self._outputs: dict[nn.Conv2d, list[TensorHistory]] = defaultdict(list)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Count uses of watched tensors, then compute as ever."""
        kwargs = kwargs or {}
        for number, argument in enumerate(func._schema.arguments):
            value = args[number] if number < len(args) else kwargs.get(argument.name)
            for tensor in value if isinstance(value, list | tuple) else (value,):
                if watched := self._alive.get(id(tensor)):
                    watched.n_uses += 1
                    watched.aliased |= argument.alias_info is not None
        return func(*args, **kwargs)

    def convolution(self, module: nn.Conv2d, compute: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Return `compute(x)`, the output of `module`, and watch what becomes of it."""
        output = compute(x)
        self._outputs[module].append(self._watch(output))
        return output

    def batch_norm(self, module: nn.BatchNorm2d, compute: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Return `compute(x)`, the output of `module`, and note whether `x` was a fresh output of a convolution."""
        watched = self._alive.get(id(x))
        fresh = watched is not None and watched.n_uses == 0
        output = compute(x)
        seen = self._watch(output)
        if watched is not None and fresh:
            watched.norm, watched.norm_output, watched.n_uses_by_norm = module, seen, watched.n_uses
        return output

    def chains(self) -> dict[nn.Conv2d, Chain]:
        """Return the chains that the pass proved; call it while the model's output is still held."""
        found = {}
        for conv, outputs in self._outputs.items():
            chains = [output.chain() for output in outputs]
            first = chains[0]
            if first is not None and all(chain is not None and chain.norm is first.norm for chain in chains):
                aliased = any(chain is not None and chain.output_aliased for chain in chains)
                found[conv] = Chain(first.norm, aliased)
        return found

    def _watch(self, tensor: Tensor) -> TensorHistory:
        key = id(tensor)
        watched = TensorHistory(tensor, lambda _: self._alive.pop(key, None))
        self._alive[key] = watched
        return watched


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Run a block in which passing through `model` leaves no traces: statistics, random numbers and hooks rest.

    Nor does `autocast` keep the weights that it casts there: in PyTorch 2.9 the next pass, which learns, would take them, and
    they have no gradient (pytorch issue 158232).
    """
    cast_once = torch.is_autocast_cache_enabled()
    norms = [module for module in model.modules() if isinstance(module, _NormBase) and module.training]
    hooks = [(m, name, getattr(m, name)) for m in model.modules() for name in HOOKS if getattr(m, name)]
    try:
        for norm in norms:
            norm.training = False
        for module, name, _ in hooks:
            setattr(module, name, OrderedDict())
        torch.set_autocast_cache_enabled(False)
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_autocast_cache_enabled(cast_once)
        for norm in norms:
            norm.training = True
        for module, name, kept in hooks:
            setattr(module, name, kept)


def is_watched(module: nn.Module) -> bool:
    """Whether somebody has hooked on to `module`, and so must see its own inputs and outputs."""
    return any(getattr(module, name) for name in HOOKS)
