"""Contracts that can be run: hold a metric, a loss, a callback, a transform, a block, a splitter or a model to its rules.

Every piece that Gatera comes with passes these checks; so should yours. See docs/extending.md.
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
