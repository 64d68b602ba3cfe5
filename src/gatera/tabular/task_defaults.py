"""What trains well on tables."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults, TrainingOptions

#: Peak learning rates of small and of large tables, in this order.
FAST, SLOW = 5e-3, 2e-3

#: A network this small gains nothing from half precision: its matrices cost less than the casts.
TABLES = TaskDefaults(epochs=5, lr=FAST, options=TrainingOptions(precision="float32"))

#: From this many rows on, the learning rate is lower: there are updates enough.
MANY_ROWS = 10_000


def learning_rate(n_rows: int) -> float:
    """Return the peak learning rate for a training set of this many rows."""
    return FAST if n_rows < MANY_ROWS else SLOW


#: Sizes of the dense layers. Source: fastai.
LAYERS = (200, 100)
