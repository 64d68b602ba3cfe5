"""What trains well on tables."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults, TrainingOptions

#: A network this small gains nothing from half precision: its matrices cost less than the casts.
TABLES = TaskDefaults(epochs=5, lr=1e-3, options=TrainingOptions(precision="float32"))

#: Sizes of the dense layers. Source: fastai.
LAYERS = (200, 100)
