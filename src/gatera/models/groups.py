"""Named groups of parameters, earliest layers first: what discriminative learning rates and freezing work on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from gatera.core.errors import ArgumentError
from gatera.models.vision.body import Body
from gatera.models.vision.linear_head import LinearHead
from gatera.models.vision.unet import DynamicUnet

#: Model -> its groups, earliest layers first: lists of parameters, or `ParameterGroup`s.
Splitter = Callable[[nn.Module], Iterable[Any]]

EACH_ONCE = "Every parameter of the model belongs in one group."


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a learning rate and are frozen together.

    Attributes:
        name: what tables and messages call the group.
        parameters: its parameters.
        lr_mult: every learning rate that the group is given is multiplied by it: for pretrained layers that a rate which
            suits a head would destroy.
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
        splitter: a function of the model that returns the groups as sequences of parameters, instead.

    Raises:
        ArgumentError: if a splitter leaves parameters out, names one twice, or gives one that is not the model's.
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
    head_mult = max((part.lr_mult for part in model.children() if isinstance(part, LinearHead)), default=1.0)
    return [
        ParameterGroup(name, tuple(parameters), head_mult if name == "head" else 1.0)
        for name, parameters in groups.items()
        if parameters
    ]


def body_halves(body: Body) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return a body's parameters, those of its first layers and those of the rest."""
    last = max(body.layer_numbers.values())
    early: list[nn.Parameter] = []
    late: list[nn.Parameter] = []
    for name, parameter in body.named_parameters():
        # What somebody added to the body later has no number; it is new and learns with the late half.
        (early if body.layer_numbers.get(name, last) <= last / 2 else late).append(parameter)
    return early, late


def _checked(model: nn.Module, splitter: Splitter) -> list[ParameterGroup]:
    """Run a user's splitter and make sure that its groups are the model's parameters, each once."""
    groups = splitter(model)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    left = dict(names)
    checked = []
    for number, group in enumerate(groups):
        if isinstance(group, Tensor):  # a tensor can be looped over, too, so that nothing would seem wrong
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
                    f"splitter gave something in group {number} that is not a parameter of the model",
                    got=type(parameter).__name__, expected="the tensors of model.parameters()",
                )  # fmt: skip
            if left.pop(id(parameter), None) is None:
                raise ArgumentError(
                    "splitter gave a parameter twice", got=names[id(parameter)], remedy=EACH_ONCE
                )
        if named.parameters:
            checked.append(named)
    if left:
        raise ArgumentError(
            f"splitter left out {len(left)} parameters", got=list(left.values())[:3], remedy=EACH_ONCE
        )
    return checked
