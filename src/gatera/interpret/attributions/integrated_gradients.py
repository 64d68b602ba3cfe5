"""Integrated gradients through captum, with the check that its parts sum up to the whole.

Source: Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks" (arXiv 1703.01365).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.checks import check_count, require
from gatera.core.progress import note

PURPOSE = "to attribute an answer"

#: The parts may differ from the whole by this share of it; beyond, steps are doubled, up to `MOST_STEPS`.
TOLERANCE = 0.05
MOST_STEPS = 400

#: Inputs computed at once.
BATCH = 16


@dataclass(frozen=True)
class Completeness:
    """Whether the parts of an attribution sum up to what they explain.

    Attributes:
        total: the answer's score for the item minus that for the baseline: what the parts should sum up to.
        parts: what they do sum up to.
        steps: steps of the integral; 0 where the sum is exact by construction.
    """

    total: float
    parts: float
    steps: int = 0

    @property
    def error(self) -> float:
        """The difference, as a share of `total` (of 0.01 at least, for answers that do not change at all)."""
        return abs(self.parts - self.total) / max(abs(self.total), 0.01)

    @property
    def holds(self) -> bool:
        """Whether the difference is within `TOLERANCE`."""
        return self.error <= TOLERANCE


def integrated_gradients(
    score: Callable[[Any], Tensor], x: Any, baseline: Any, steps: int, layer: nn.Module | None = None
) -> tuple[Tensor, Completeness]:
    """Return integrated gradients, [1,...] as the input (or the layer's output), and their completeness.

    Steps are doubled until the parts sum up to the whole within 5 %, or there are 400; the best of these is taken, and a line
    says where its parts do not.

    Args:
        score: inputs -> the number to explain, float [N].
        x: the input [1,...].
        baseline: the input that stands for "nothing there".
        steps: steps to begin with.
        layer: attribute to this layer's output rather than to the input, which may be codes of words.
    """
    check_count("steps", steps, 1)
    attr = require("captum.attr", "train", PURPOSE)
    method = attr.IntegratedGradients(score) if layer is None else attr.LayerIntegratedGradients(score, layer)
    with torch.no_grad():
        total = float(score(x)[0] - _at_start(score, x, baseline, layer)[0])
    tries: list[tuple[Tensor, Completeness]] = []
    first = steps
    while not tries or (not tries[-1][1].holds and steps <= MOST_STEPS):
        parts = method.attribute(x, baselines=baseline, n_steps=steps, internal_batch_size=BATCH)
        parts = parts.detach().float()
        tries.append((parts, Completeness(total, float(parts.cpu().double().sum()), steps)))
        steps *= 2
    found, check = min(reversed(tries), key=lambda one: one[1].error)
    if not check.holds:
        tried = (
            f"at best, at {check.steps} of {first} to {steps // 2} steps"
            if len(tries) > 1
            else f"with steps={first}"
        )
        note(
            f"The attributions sum up to {check.parts:.3g}, and should to {check.total:.3g} ({tried}): take them as a rough picture."
        )
    return found, check


def _at_start(score: Callable[[Any], Tensor], x: Any, baseline: Any, layer: nn.Module | None) -> Tensor:
    """Return the score where the integral starts: of the baseline, or of the input with the layer's output for the baseline.

    The two differ where other parts of the model look at the input as well, at the padding of texts for example.
    """
    if layer is None:
        return score(baseline)
    outputs: list[Tensor] = []
    hook = layer.register_forward_hook(lambda module, given, output: outputs.append(output))
    try:
        score(baseline)
    finally:
        hook.remove()
    hook = layer.register_forward_hook(lambda module, given, output: outputs[0])
    try:
        return score(x)
    finally:
        hook.remove()
