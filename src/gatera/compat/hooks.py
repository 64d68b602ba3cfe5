"""Hooks on layers, and `ActivationStats`, which records what the layers of a model give while it trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gatera.compat.layers import flatten_model
from gatera.compat.lists import L, listify
from gatera.core.errors import ArgumentError, DataError
from gatera.core.figures import new_figure
from gatera.learn.state import Callback, LoopState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Bins of a histogram of activations, and its range.
_BINS, _LOW, _HIGH = 40, 0.0, 10.0

#: Activations nearer to zero than this count as near zero.
_NEAR = 0.05


def _detached(value: Any, cpu: bool) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_detached(part, cpu) for part in value)
    if not isinstance(value, Tensor):
        return value
    return value.detach().cpu() if cpu else value.detach()


class Hook:
    """Calls a function with (module, input, output) whenever a layer runs, and keeps what it returns as `stored`.

    Args:
        m: the layer.
        hook_func: the function.
        is_forward: after the forward pass; else after the backward pass, with gradients.
        detach: detach inputs and outputs first.
        cpu: move them to the CPU first.
    """

    def __init__(
        self, m: nn.Module, hook_func: Callable[..., Any], is_forward: bool = True, detach: bool = True, cpu: bool = False
    ) -> None:  # fmt: skip
        self.hook_func, self.detach, self.cpu, self.stored = hook_func, detach, cpu, None
        register = m.register_forward_hook if is_forward else m.register_full_backward_hook
        self.hook, self.removed = register(self.hook_fn), False

    def hook_fn(self, module: nn.Module, inputs: Any, outputs: Any) -> None:
        """Call the function and keep its result."""
        if self.detach:
            inputs, outputs = _detached(inputs, self.cpu), _detached(outputs, self.cpu)
        self.stored = self.hook_func(module, inputs, outputs)

    def remove(self) -> None:
        """Stop calling the function."""
        if not self.removed:
            self.hook.remove()
            self.removed = True

    def __enter__(self) -> Hook:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class Hooks:
    """One `Hook` for each of several layers."""

    def __init__(
        self, ms: Sequence[nn.Module], hook_func: Callable[..., Any], is_forward: bool = True, detach: bool = True,
        cpu: bool = False,
    ) -> None:  # fmt: skip
        self.hooks = [Hook(m, hook_func, is_forward, detach, cpu) for m in ms]

    def __getitem__(self, place: int) -> Hook:
        return self.hooks[place]

    def __len__(self) -> int:
        return len(self.hooks)

    def __iter__(self) -> Iterator[Hook]:
        return iter(self.hooks)

    @property
    def stored(self) -> L:
        """What each hook keeps."""
        return L([hook.stored for hook in self.hooks])

    def remove(self) -> None:
        """Stop calling the function."""
        for hook in self.hooks:
            hook.remove()

    def __enter__(self) -> Hooks:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def _output(module: nn.Module, inputs: Any, outputs: Any) -> Any:
    return outputs


def hook_output(module: nn.Module, detach: bool = True, cpu: bool = False, grad: bool = False) -> Hook:
    """Keep the outputs of a layer as `.stored`; their gradients with `grad`."""
    return Hook(module, _output, not grad, detach, cpu)


def hook_outputs(
    modules: Sequence[nn.Module], detach: bool = True, cpu: bool = False, grad: bool = False
) -> Hooks:
    """Keep the outputs of several layers as `.stored`; their gradients with `grad`."""
    return Hooks(modules, _output, not grad, detach, cpu)


def has_params(m: nn.Module) -> bool:
    """Whether a layer has parameters."""
    return next(iter(m.parameters()), None) is not None


class HookCallback(Callback):
    """Base of callbacks that hook layers during a fit; a subclass defines `hook(self, module, inputs, outputs)`.

    Args:
        modules: one layer, or several; None for the innermost layers with parameters.
        every: hook only every so many batches; None for all.
        remove_end: remove the hooks when the fit ends.
        is_forward: hook the forward pass; else the backward pass.
        detach: detach inputs and outputs first.
        cpu: move them to the CPU first.
        include_paramless: layers without parameters too.
    """

    order = 70

    def __init__(
        self, modules: Any = None, every: int | None = None, remove_end: bool = True, is_forward: bool = True,
        detach: bool = True, cpu: bool = True, include_paramless: bool = False,
    ) -> None:  # fmt: skip
        self.modules = [modules] if isinstance(modules, nn.Module) else listify(modules)
        self._every, self._remove_end, self._paramless = every, remove_end, include_paramless
        self._how = (is_forward, detach, cpu)
        self.hooks: Hooks | None = None

    def hook(self, module: nn.Module, inputs: Any, outputs: Any) -> Any:
        """Return what is kept of a layer's run.

        Raises:
            ArgumentError: if a subclass does not define it.
        """
        raise ArgumentError(f"{type(self).__name__} does not define hook(self, module, inputs, outputs)")

    def before_fit(self, state: LoopState) -> None:
        """Put the hooks on the layers."""
        found = self.modules or [m for m in flatten_model(state.whole) if self._paramless or has_params(m)]
        self._remove()
        self._layers = found
        if self._every is None:
            self.hooks = Hooks(found, self.hook, *self._how)

    def before_batch(self, state: LoopState) -> None:
        """Put the hooks on for this batch, where only some are hooked."""
        if self._every is not None and state.training and state.step % self._every == 0:
            self.hooks = Hooks(self._layers, self.hook, *self._how)

    def after_batch(self, state: LoopState) -> None:
        """Take the hooks off again, where only some batches are hooked."""
        if self._every is not None:
            self._remove()

    def after_fit(self, state: LoopState) -> None:
        """Take the hooks off."""
        if self._remove_end:
            self._remove()

    def _remove(self) -> None:
        if self.hooks is not None:
            self.hooks.remove()
        self.hooks = None


class ActivationStats(HookCallback):
    """Record mean, standard deviation and share near zero of each layer's outputs in training; see `plot_layer_stats`.

    Args:
        with_hist: record histograms too, for `color_dim`.
        arguments: as for `HookCallback`.

    Attributes:
        stats: for each training batch, one dict per layer.
    """

    def __init__(self, with_hist: bool = False, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.with_hist, self.stats = with_hist, L()

    def before_fit(self, state: LoopState) -> None:
        """Forget what an earlier fit gave."""
        super().before_fit(state)
        self.stats = L()

    def hook(self, module: nn.Module, inputs: Any, outputs: Any) -> dict[str, Any]:
        """Return the figures of a layer's outputs."""
        values = (outputs[0] if isinstance(outputs, tuple) else outputs).float()
        found = {
            "mean": values.mean().item(), "std": values.std().item(),
            "near_zero": (values <= _NEAR).sum().item() / values.numel(),
        }  # fmt: skip
        return found | ({"hist": values.histc(_BINS, _LOW, _HIGH)} if self.with_hist else {})

    def after_batch(self, state: LoopState) -> None:
        """Keep the figures of a training batch."""
        if state.training and self.hooks is not None:
            self.stats.append(self.hooks.stored)
        super().after_batch(state)

    def layer_stats(self, idx: int) -> L:
        """Return the means, standard deviations and shares near zero of a layer, one value per batch each."""
        of_layer = self._of_layer(idx)
        return L([[one[name] for one in of_layer] for name in ("mean", "std", "near_zero")])

    def hist(self, idx: int) -> Tensor:
        """Return the histograms of a layer as log(1 + count): float [bins, batches].

        Raises:
            ArgumentError: without `with_hist=True`.
        """
        if not self.with_hist:
            raise ArgumentError(
                "ActivationStats recorded no histograms", remedy="Use ActivationStats(with_hist=True)."
            )
        return torch.stack([one["hist"] for one in self._of_layer(idx)]).t().float().log1p()

    def _of_layer(self, idx: int) -> list[dict[str, Any]]:
        if not self.stats:
            raise DataError("ActivationStats has recorded nothing yet", remedy="Train first.")
        return [batch[idx] for batch in self.stats]

    def plot_layer_stats(self, idx: int) -> Figure:
        """Plot mean, standard deviation and share near zero of a layer; negative numbers count from the last."""
        figure = new_figure((12.0, 3.0))
        named = zip(figure.subplots(1, 3), self.layer_stats(idx), ("mean", "std", "% near zero"), strict=True)
        for axis, values, title in named:
            axis.plot(values)
            axis.set_title(title)
        return figure

    def color_dim(self, idx: int, figsize: tuple[float, float] = (10.0, 5.0), ax: Any = None) -> Figure:
        """Show the histograms of a layer over the batches as a picture."""
        figure = new_figure(figsize) if ax is None else ax.figure
        axis = figure.subplots() if ax is None else ax
        axis.imshow(self.hist(idx).numpy(), origin="lower", aspect="auto")
        axis.axis("off")
        return figure
