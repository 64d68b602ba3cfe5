"""What trains well on ratings."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults, TrainingOptions

#: A network this small gains nothing from half precision: its matrices cost less than the casts.
RATINGS = TaskDefaults(epochs=5, lr=5e-3, wd=0.1, options=TrainingOptions(precision="float32"))

#: Numbers in the vector of each user and item. Source: fastai.
FACTORS = 50

#: Predicted ratings may exceed the range of the ratings by this share of it, because a sigmoid never reaches its ends.
MARGIN = 0.1
