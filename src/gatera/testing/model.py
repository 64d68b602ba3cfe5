"""The contract of models and architectures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import repeated
from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import torch_seeded
from gatera.data.transforms.item import as_size
from gatera.learn.export.onnx import PhotoGraph, check_parity, to_onnx
from gatera.models.backbones.architectures import Architecture, get_architecture
from gatera.models.backbones.timm_backbone import backbone_facts
from gatera.models.groups import ParameterGroup, Splitter, parameter_groups
from gatera.models.vision.model import create_vision_model
from gatera.testing.contract import Contract, Rule, problem_of, same, shaped

BUILDS = Rule(
    "it can be built without pretrained weights", "Use a name that timm knows, and a size that it accepts."
)
RUNS = Rule("it runs on a batch of photos", "Accept float32 [N,C,H,W]; pass the size it was made for.")
OUTPUT = Rule(
    "it returns one row of finite float32 numbers per photo, [N,K]",
    "End with a linear layer, after .flatten(1).",
)
STEADY = Rule(
    "in evaluation mode the same photos give the same outputs",
    "Use random numbers only `if self.training`, and nn.Dropout rather than F.dropout(x).",
)
KEEPS = Rule(
    "in evaluation mode parameters and buffers do not change", "Update buffers only `if self.training`."
)
ALONE = Rule(
    "in evaluation mode a photo's output does not depend on the other photos in the batch",
    "Use nn.BatchNorm's running statistics, and do not compute along the first axis.",
)
GROUPS = Rule(
    "parameter groups contain every parameter exactly once",
    "Let the splitter return each part's list(part.parameters()).",
)
ORDER = Rule(
    "parameter groups are in the order in which data passes through them, earliest first",
    "Return the lists in that order: the first group is frozen first and trained with the lowest rate.",
)
LEARNS = Rule(
    "gradients reach every parameter group",
    "Use all layers in forward(), and do not detach their outputs.",
)
EXPORTS = Rule(
    "it can be exported to ONNX, with the same outputs as in PyTorch",
    "Use standard operators, and do not branch on the values of tensors in Python.",
)

#: Number of outputs of the models that `check_architecture` builds; a number that no other size has.
N_OUT = 3

#: Number of photos in a batch.
N_PHOTOS = 3


def check_architecture(
    arch: str | Architecture | Callable[..., object],
    size: int | tuple[int, int] | None = None,
    *,
    onnx: bool = False,
) -> None:
    """Check an architecture against the contract of models, with a new head and random parameters.

    Args:
        arch: one of Gatera's names, any timm name, or an `Architecture`.
        size: size of the photos in pixels (square, or height and width); by default the size its weights were trained on.
        onnx: also export it and compare outputs; takes seconds.

    Raises:
        ContractError: if it breaks a rule (see `check_model`); the message names the rule and the remedy.
        ArgumentError: if it is unknown.

    Example:
        >>> check_architecture("resnet18", size=64)
    """
    architecture = get_architecture(arch)
    contract = Contract(architecture.name, "architectures")
    with contract.running(BUILDS, "create_vision_model(..., pretrained=False)"), torch_seeded(0):
        model = create_vision_model(architecture, N_OUT, pretrained=False)
        height, width = as_size(size or backbone_facts(architecture).input_size)
    _check(contract, model, _photos((N_PHOTOS, 3, height, width)), None)
    if onnx:
        _check_onnx(contract, model, (height, width, 3))


def check_model(
    model: nn.Module, size: int | tuple[int, int], *, splitter: Splitter | None = None, onnx: bool = False
) -> None:
    """Check a model of your own against the contract, before passing it to a `Learner`.

    It returns finite numbers [N,K] for photos [N,3,H,W]; in evaluation mode it is deterministic, does not change itself, and
    treats each photo in a batch separately; its parameter groups contain every parameter once, earliest layers first, and
    gradients reach each of them.

    Args:
        model: a model of float32 photos in 0..1. It is copied, not changed.
        size: size of the photos in pixels (square, or height and width).
        splitter: as passed to the learner: model -> lists of parameters.
        onnx: also export it and compare outputs; takes seconds.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and the remedy.

    Example:
        >>> layers = [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)]
        >>> check_model(nn.Sequential(*layers), size=16)
    """
    height, width = as_size(size)
    contract = Contract(type(model).__name__, "models")
    checked = copy.deepcopy(model)
    _check(contract, checked, _photos((N_PHOTOS, 3, height, width)), splitter)
    if onnx:
        _check_onnx(contract, checked, (height, width, 3))


def _photos(shape: Sequence[int]) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).random(tuple(shape), dtype=np.float32))


def _check(contract: Contract, model: nn.Module, photos: Tensor, splitter: Splitter | None) -> None:
    try:
        groups = parameter_groups(model, splitter)
    except ArgumentError as err:
        raise contract.broken(GROUPS, problem_of(err)) from err
    _check_output(contract, model, photos, groups)
    _check_cover(contract, model, groups)
    _check_gradients(contract, model, photos, groups)


def _check_output(
    contract: Contract, model: nn.Module, photos: Tensor, groups: Sequence[ParameterGroup]
) -> None:
    model.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with contract.running(RUNS, f"photos {shaped(photos)}"), torch.no_grad(), _order_of_use(model) as used:
        outputs = model(photos)
    fits = isinstance(outputs, Tensor) and outputs.ndim == 2 and outputs.dtype == torch.float32
    contract.require(
        fits and len(outputs) == len(photos), OUTPUT, f"{shaped(outputs)} for {len(photos)} photos"
    )
    contract.require(bool(outputs.isfinite().all()), OUTPUT, "numbers that are not finite")
    with torch.no_grad():
        again, alone = model(photos), model(photos[1:2])
    contract.require(
        same(outputs, again), STEADY, f"outputs that differ by {float((again - outputs).abs().max()):.2g}"
    )
    changed = [name for name, value in model.state_dict().items() if not same(before[name], value)]
    contract.require(not changed, KEEPS, f"{', '.join(changed[:3])} changed")
    difference = float((alone[0] - outputs[1]).abs().max())
    scale = max(1.0, float(outputs.abs().max()))
    contract.require(difference <= 1e-3 * scale, ALONE, f"outputs that differ by {difference:.2g}")
    _check_order(contract, groups, used)


@contextmanager
def _order_of_use(model: nn.Module) -> Iterator[list[int]]:
    """Record, while the block runs, the ids of parameters in the order in which their layers are first called."""
    used: dict[int, None] = {}

    def note(layer: nn.Module, *_: object) -> None:
        used.update(dict.fromkeys(id(parameter) for parameter in layer.parameters(recurse=False)))

    # Layers with children may call them before using their own parameters; only the order of the innermost is certain.
    layers = [module for module in model.modules() if not any(True for _ in module.children())]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    order: list[int] = []
    try:
        yield order
        order.extend(used)
    finally:
        for hook in hooks:
            hook.remove()


def _check_cover(contract: Contract, model: nn.Module, groups: Sequence[ParameterGroup]) -> None:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    held = [id(parameter) for group in groups for parameter in group.parameters]
    among = set(held)
    left = [name for key, name in names.items() if key not in among]
    contract.require(not left, GROUPS, f"missing: {', '.join(left[:3])}")
    twice = [names[key] for key in repeated(held) if key in names]
    contract.require(not twice, GROUPS, f"more than once: {', '.join(twice[:3])}")


def _check_order(contract: Contract, groups: Sequence[ParameterGroup], used: Sequence[int]) -> None:
    place = {key: number for number, key in enumerate(used)}
    spans = []
    for group in groups:
        places = [place[id(parameter)] for parameter in group.parameters if id(parameter) in place]
        if places:
            spans.append((group.name, min(places), max(places)))
    for (name, _, last), (next_name, first, _) in pairwise(spans):
        contract.require(last < first, ORDER, f"a layer of {next_name} is used before one of {name}")


def _check_gradients(
    contract: Contract, model: nn.Module, photos: Tensor, groups: Sequence[ParameterGroup]
) -> None:
    model.train()
    with contract.running(RUNS, "a pass in training mode"), torch_seeded(0):
        outputs = model(photos)
        # Not the sum, which is constant after a softmax or a final normalisation.
        outputs.square().sum().backward()
    for group in groups:
        trained = [p for p in group.parameters if p.requires_grad]
        reached = any(p.grad is not None and bool(p.grad.any()) for p in trained)
        contract.require(reached or not trained, LEARNS, f"none in {group.name}")
    model.zero_grad()


def _check_onnx(contract: Contract, model: nn.Module, shape: tuple[int, int, int]) -> None:
    graph = PhotoGraph(model, nn.Identity()).eval()
    photos = np.random.default_rng(0).integers(0, 256, (3, *shape)).astype(np.uint8)
    try:
        check_parity(graph, to_onnx(graph, photos), photos)
    except ExportError as err:
        raise contract.broken(EXPORTS, problem_of(err)) from err
