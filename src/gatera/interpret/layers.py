"""The layers of a model by name, its stages in order, and what a layer gives for an input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError
from gatera.core.progress import note
from gatera.core.signatures import call
from gatera.kernels.fast_prediction import folded_copy
from gatera.models.tabular import TabularModel
from gatera.models.text.model import TextBody
from gatera.models.text.word_scores import TextMixture
from gatera.models.trees import TableMixture
from gatera.models.vision.body import AFTER_FEATURES, Body
from gatera.models.vision.unet import DynamicUnet

#: A container with more than this share of a network's parameters is divided into its layers.
MOST_IN_ONE = 0.8

#: A layer of a faster copy of a model gives the same if it differs by no more than this (of its largest value).
SAME = 1e-3


@dataclass(frozen=True)
class Stage:
    """A stretch of layers that run one after the other: a layer with weights, or a block, and what follows it without any.

    Attributes:
        name: the name of its first layer.
        modules: its layers; the output of the last is the stage's.
    """

    name: str
    modules: tuple[nn.Module, ...]

    @property
    def last(self) -> nn.Module:
        """The layer whose output is the stage's."""
        return self.modules[-1]

    @property
    def n_parameters(self) -> int:
        """Number of its parameters."""
        return sum(parameter.numel() for module in self.modules for parameter in module.parameters())


class _Reached(Exception):
    """Ends a forward pass at a layer; carries its output."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output


def short_name(model: nn.Module, name: str) -> str:
    """Return how messages and figures call a layer: "blocks.3" for "0.backbone.blocks.3", "head.1" for "1.1"."""
    if "backbone." in name:
        return name.partition("backbone.")[2]
    parts = list(model) if isinstance(model, nn.Sequential) else []
    first, _, rest = name.partition(".")
    if len(parts) != 2 or not isinstance(parts[0], Body | TextBody) or first not in ("0", "1"):
        return name
    if first == "1":
        return f"head.{rest}" if rest else "head"
    return (rest if isinstance(parts[0], Body) else f"body.{rest}") if rest else "body"


def named_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Return every layer by its short name, in the order in which the model lists them."""
    return {short_name(model, name): module for name, module in model.named_modules() if name}


def name_of_layer(model: nn.Module, layer: nn.Module) -> str:
    """Return the short name of a layer; its class if it is not part of the model."""
    return next(
        (name for name, module in named_layers(model).items() if module is layer), type(layer).__name__
    )


def find_layer(model: nn.Module, layer: str | nn.Module) -> nn.Module:
    """Return a layer by name, or the layer itself.

    Args:
        model: the model.
        layer: a name, short ("blocks.3") or whole ("0.backbone.blocks.3"), or one of the model's modules.

    Raises:
        ArgumentError: if the model has no such layer; the nearest name is suggested.
    """
    if isinstance(layer, nn.Module):
        if any(module is layer for module in model.modules()):
            return layer
        raise ArgumentError(
            "layer is not part of the model", got=type(layer).__name__, available=_overview(model)
        )
    short, whole = named_layers(model), dict(model.named_modules())
    if layer in short or (layer and layer in whole):
        return short.get(layer) or whole[layer]
    raise ArgumentError(
        f"the model has no layer {layer!r}", available=_overview(model),
        remedy=did_you_mean(layer, short, "In Python, named_layers(learn.model) lists all of them."),
    )  # fmt: skip


def _overview(model: nn.Module) -> str:
    return listed([stage.name for stage in stages(model)]) + "; and the layers inside them"


def stages(model: nn.Module) -> list[Stage]:
    """Return the stages of a model in the order in which they run, earliest first; a body's only, where it has a head.

    A U-Net's are those of its body, then of its decoder.
    """
    names = {id(module): name for name, module in named_layers(model).items()}
    found: list[Stage] = []
    for module in _parts(model):
        if any(True for _ in module.parameters()) and "Norm" not in type(module).__name__:
            found.append(Stage(names.get(id(module), type(module).__name__), (module,)))
        elif found:
            found[-1] = Stage(found[-1].name, (*found[-1].modules, module))
    return found


def _parts(model: nn.Module) -> Iterator[nn.Module]:
    """Yield the modules that a model consists of, in order."""
    if isinstance(model, Body):
        computing = [
            layer for name, layer in model.backbone.named_children()
            if name not in AFTER_FEATURES and not isinstance(layer, nn.Identity)
        ]  # fmt: skip
        yield from _divided(computing)
    elif isinstance(model, nn.Sequential) and len(model) and isinstance(model[0], Body | TextBody):
        yield from _parts(model[0])
    elif isinstance(model, DynamicUnet):
        yield from _parts(model.body)
        yield from (model.decoder.first, *model.decoder.ups, model.decoder.output)
    elif isinstance(model, TextMixture | TableMixture) and model.network is not None:
        yield from _parts(model.network)
    elif isinstance(model, TabularModel):
        yield from _divided(model.layers)
    elif len(inner := list(model.children())) == 1 and list(inner[0].children()):  # it only wraps another
        yield from _parts(inner[0])
    else:
        yield from _divided(inner)


def _divided(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    """Yield modules in order, with containers of plain layers, of containers, or of nearly everything divided."""
    modules = list(modules)
    total = sum(map(_size, modules)) or 1
    for module in modules:
        inner = list(module.children())
        divide = isinstance(module, nn.Sequential) and (
            all(isinstance(child, nn.Sequential) for child in inner)
            or any(not list(child.children()) for child in inner)
            or _size(module) > MOST_IN_ONE * total
        )
        if divide and all(isinstance(child, nn.Sequential) for child in inner):
            yield from inner
        elif divide:
            yield from _divided(inner)
        else:
            yield module


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def output_at(model: nn.Module, layer: nn.Module, inputs: Any) -> Any:
    """Return what a layer gives for a batch of inputs when it runs first; later layers are not computed.

    Raises:
        ArgumentError: if the layer does not run.
    """

    def stop(module: nn.Module, given: Any, output: Any) -> None:
        raise _Reached(output)

    try:
        with hooked(stop, [layer]):
            call(model, inputs)
    except _Reached as reached:
        return reached.output
    raise _does_not_run(model, layer)


def outputs_at(model: nn.Module, layers: Sequence[nn.Module], inputs: Any) -> tuple[Any, list[Any]]:
    """Return the model's output for a batch, and what some layers give on the way, in the order of `layers`.

    Of a layer that runs several times it is what it gives first, as in `output_at`; of one that does not run it is None.
    """
    found: dict[int, Any] = {}

    def keep(module: nn.Module, given: Any, output: Any) -> Any:
        if id(module) in found:
            return None
        found[id(module)] = output
        # What follows gets a copy: a rectifier that works in place would change what is kept.
        return output.clone() if isinstance(output, Tensor) else None

    with hooked(keep, layers):
        whole = call(model, inputs)
    return whole, [found.get(id(layer)) for layer in layers]


@contextmanager
def hooked(hook: Callable[..., Any], layers: Iterable[nn.Module]) -> Iterator[None]:
    """While the block runs, `hook(module, given, output)` is called after each run of some layers."""
    hooks = [layer.register_forward_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for one in hooks:
            one.remove()


def runs(model: nn.Module, layers: Sequence[nn.Module], inputs: Any) -> list[int]:
    """Return how many times each layer runs when the model computes a batch."""
    counts: Counter[int] = Counter()
    with hooked(lambda module, given, output: counts.update([id(module)]), layers), torch.no_grad():
        call(model, inputs)
    return [counts[id(layer)] for layer in layers]


@contextmanager
def first_output(model: nn.Module, layer: nn.Module) -> Iterator[nn.Module]:
    """While the block runs, a stand-in gives what the layer gives when it runs first, each time that the model computes.

    Libraries that look at a layer by hooks take what it gives last.

    Yields:
        The stand-in: a module that does nothing.
    """
    stand_in, seen = nn.Identity(), [False]

    def forget(module: nn.Module, given: Any) -> None:
        seen[0] = False

    def pass_on(module: nn.Module, given: Any, output: Any) -> Any:
        if seen[0]:
            return None
        seen[0] = True
        return stand_in(output)

    start = model.register_forward_pre_hook(forget)
    try:
        with hooked(pass_on, [layer]):
            yield stand_in
    finally:
        start.remove()


def chosen_layer(model: nn.Module, layer: str | nn.Module | None, inputs: Any) -> nn.Module:
    """Return the layer that is asked for; for None the last one with feature maps. A line says if it runs several times.

    Raises:
        ArgumentError: if there is no such layer, or it does not run.
    """
    if layer is not None:
        found = find_layer(model, layer)
        say_if_repeated(model, found, inputs)
        return found
    last = last_map(model, inputs)
    if last is None:
        raise ArgumentError(
            "the model has no layer with maps [N,C,h,w]", got=type(model).__name__,
            remedy='In Python, learn.attribution(item, method="integrated_gradients") and learn.occlusion(item) need none.',
        )  # fmt: skip
    return last


def say_if_repeated(model: nn.Module, layer: nn.Module, inputs: Any) -> None:
    """Say so if a layer runs several times when the model computes a batch.

    Raises:
        ArgumentError: if it does not run.
    """
    [n] = runs(model, [layer], inputs)
    if not n:
        raise _does_not_run(model, layer)
    if n > 1:
        note(
            f"The layer {name_of_layer(model, layer)} runs {n} times: what it gives the first time is shown."
        )


def _does_not_run(model: nn.Module, layer: nn.Module) -> ArgumentError:
    return ArgumentError(
        f"the layer {name_of_layer(model, layer)} does not run when the model predicts",
        available=_overview(model),
    )


def last_map(model: nn.Module, inputs: Any) -> nn.Module | None:
    """Return the layer whose maps show most of the answer, None if no layer of the body's stages gives maps [N,C,h,w].

    It is that of the last stage with maps of more than one position; of its layers the last one before pooling.
    """
    for stage in reversed(stages(model.body if isinstance(model, DynamicUnet) else model)):
        _, outputs = outputs_at(model, stage.modules, inputs)
        sizes = [
            output.shape[2] * output.shape[3] if isinstance(output, Tensor) and output.ndim == 4 else 0
            for output in outputs
        ]
        largest = max(sizes)
        if largest > 1:
            return [module for module, size in zip(stage.modules, sizes, strict=True) if size == largest][-1]
    return None


def faster_copy(model: nn.Module, layer: nn.Module, inputs: Tensor) -> tuple[nn.Module, nn.Module]:
    """Return a copy of a model that computes the same in less time, and the layer in it; both as given if that is not possible.

    Where a batch norm is folded into a convolution, the convolution's own output is another one: then the model itself is returned.

    Args:
        model: in evaluation mode.
        layer: one of its layers.
        inputs: a batch, to compare what the layer gives in both.
    """
    name = next(name for name, module in model.named_modules() if module is layer)
    with torch.no_grad():
        copied = folded_copy(model, inputs)
        found, expected = (
            output_at(copied, copied.get_submodule(name), inputs),
            output_at(model, layer, inputs),
        )
    if not isinstance(found, Tensor) or found.shape != expected.shape:
        return model, layer
    same = bool((found - expected).abs().max() <= SAME * expected.abs().max().clamp(min=1))
    return (copied, copied.get_submodule(name)) if same else (model, layer)
