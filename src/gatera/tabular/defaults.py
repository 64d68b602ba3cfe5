"""What trains well on tables."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults, TrainingOptions

#: Peak learning rates of small and of large tables, in this order.
FAST, SLOW = 5e-3, 2e-3

#: A network this small gains nothing from half precision: its matrices cost less than the casts.
TABLES = TaskDefaults(epochs=5, lr=FAST, options=TrainingOptions(precision="float32"))

#: From this many rows on, batches are larger, and the learning rate lower: there are updates enough.
MANY_ROWS = 10_000


def batch_size(n_rows: int) -> int:
    """Return how many rows a batch has, from the number of rows: a small table has a dozen batches or more."""
    if n_rows >= MANY_ROWS:
        return 256
    return TABLES.bs if n_rows >= 12 * TABLES.bs else max(8, min(32, n_rows // 12))


def learning_rate(n_rows: int) -> float:
    """Return the peak learning rate for a training set of this many rows."""
    return FAST if n_rows < MANY_ROWS else SLOW


#: Sizes of the dense layers. Source: fastai.
LAYERS = (200, 100)
