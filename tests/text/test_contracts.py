"""Pieces of texts, held to the same contracts as those of users."""

from __future__ import annotations

import pytest

from gatera.learn.callbacks.recurrent import ModelResetter, RNNRegularizer
from gatera.measure.metrics.perplexity import Perplexity
from gatera.testing.block import check_block
from gatera.testing.callback import check_callback
from gatera.testing.metric import check_metric
from gatera.text.block import TextBlock


def test_the_block():
    check_block(TextBlock(min_freq=1), ["a fine film", "a dull film, a very dull film"])


def test_the_metric():
    check_metric(Perplexity)


@pytest.mark.slow
@pytest.mark.parametrize("callback", [ModelResetter(), RNNRegularizer(2, 1)])
def test_the_callbacks(callback):
    check_callback(callback, observer=True)
