"""Freeze and unfreeze parameter groups."""

from __future__ import annotations

from collections.abc import Sequence

from gatera.models.groups import ParameterGroup


def freeze_groups(groups: Sequence[ParameterGroup], n: int) -> int:
    """Freeze the first `n` parameter groups and unfreeze the others; negative `n` counts from the end.

    Returns:
        How many groups are frozen. With a single group `freeze_to(-1)` freezes nothing.
    """
    n_frozen = max(len(groups) + n, 0) if n < 0 else min(n, len(groups))
    for number, group in enumerate(groups):
        for parameter in group.parameters:
            parameter.requires_grad_(number >= n_frozen)
            if number < n_frozen:
                parameter.grad = None  # the optimizer would go on using the last gradient
    return n_frozen
