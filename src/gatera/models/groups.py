"""Group a model's parameters, earliest layers first, for discriminative learning rates and freezing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from gatera.core.errors import ArgumentError
from gatera.models.vision.body import Body
from gatera.models.vision.unet import DynamicUnet

#: A function from a model to its groups, earliest layers first: lists of parameters, or `ParameterGroup`s.
Splitter = Callable[[nn.Module], Iterable[Any]]

EACH_ONCE = "Every parameter of the model belongs in one group."


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a learning rate and are frozen together.

    Attributes:
        name: the group's name in tables and messages.
        parameters: its parameters.
        lr_mult: factor on every learning rate of the group; below 1 for pretrained layers that the head's rate would
            destroy.
    """

    name: str
    parameters: tuple[nn.Parameter, ...]
    lr_mult: float = 1.0


def parameter_groups(model: nn.Module, splitter: Splitter | None = None) -> list[ParameterGroup]:
    """Group a model's parameters, earliest layers first; every parameter is in exactly one group.

    A vision model (a `Body`, then a head) has "body_early" (up to half of its layers), "body_late" and "head"; a U-Net
    has "decoder" in place of the head; any other model has one group, "all".

    Args:
        model: the model.
        splitter: a function that takes the model and returns the groups as sequences of parameters, to use instead.

    Raises:
        ArgumentError: if a splitter omits parameters, returns one twice, or returns one that is not the model's.
    """
    if splitter is not None:
        return _checked(model, splitter)
    if isinstance(model, nn.Sequential) and len(model) > 1 and isinstance(model[0], Body):
        early, late = body_halves(model[0])
        head = [parameter for part in list(model)[1:] for parameter in part.parameters()]
        groups = {"body_early": early, "body_late": late, "head": head}
    elif isinstance(model, DynamicUnet):
        early, late = body_halves(model.body)
        groups = {"body_early": early, "body_late": late, "decoder": list(model.decoder.parameters())}
    else:
        groups = {"all": list(model.parameters())}
    return [ParameterGroup(name, tuple(parameters)) for name, parameters in groups.items() if parameters]


def body_halves(body: Body) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Split a body's parameters into those of its early layers and the rest."""
    last = max(body.layer_numbers.values())
    early: list[nn.Parameter] = []
    late: list[nn.Parameter] = []
    for name, parameter in body.named_parameters():
        # Layers added to the body later have no number; they are new and train with the late half.
        (early if body.layer_numbers.get(name, last) <= last / 2 else late).append(parameter)
    return early, late


def _checked(model: nn.Module, splitter: Splitter) -> list[ParameterGroup]:
    """Run a user's splitter and check that its groups contain each of the model's parameters exactly once."""
    groups = splitter(model)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    left = dict(names)
    checked = []
    for number, group in enumerate(groups):
        if isinstance(group, Tensor):  # a tensor is iterable, too, so this would go unnoticed
            raise ArgumentError(
                "splitter must return lists of parameters, one per group", got=type(group).__name__,
                expected="for example [list(model[0].parameters()), list(model[1].parameters())]",
            )  # fmt: skip
        named = (
            group if isinstance(group, ParameterGroup) else ParameterGroup(f"group_{number}", tuple(group))
        )
        for parameter in named.parameters:
            if id(parameter) not in names:
                raise ArgumentError(
                    f"splitter returned something in group {number} that is not a parameter of the model",
                    got=type(parameter).__name__, expected="the tensors of model.parameters()",
                )  # fmt: skip
            if left.pop(id(parameter), None) is None:
                raise ArgumentError(
                    "splitter returned a parameter twice", got=names[id(parameter)], remedy=EACH_ONCE
                )
        if named.parameters:
            checked.append(named)
    if left:
        raise ArgumentError(
            f"splitter omitted {len(left)} parameters", got=list(left.values())[:3], remedy=EACH_ONCE
        )
    return checked
