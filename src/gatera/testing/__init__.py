"""Executable contracts: check a metric, loss, callback, transform, block, splitter or model against the rules of its kind.

Read `contract` first: rules are data, and `ContractError` names the broken one. Then `metric`, the simplest check, whose rules
are at the top of the file, as in every other module. `examples`, `tiny` and `generators` make the data, learners and random
states that the checks use.

In: your own component. Out: nothing, or a `ContractError` with the remedy. Every component of Gatera passes these checks; see
docs/extending.md. The library itself never imports this package.
"""

from __future__ import annotations

from gatera.testing.block import check_block
from gatera.testing.callback import check_callback
from gatera.testing.contract import ContractError, Rule
from gatera.testing.examples import example_photos, example_predictions
from gatera.testing.loss import check_loss
from gatera.testing.metric import check_metric
from gatera.testing.model import check_architecture, check_model
from gatera.testing.splitter import check_splitter
from gatera.testing.transform import check_transform

__all__ = [
    "ContractError",
    "Rule",
    "check_architecture",
    "check_block",
    "check_callback",
    "check_loss",
    "check_metric",
    "check_model",
    "check_splitter",
    "check_transform",
    "example_photos",
    "example_predictions",
]
