"""What trains well on ratings."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults, TrainingOptions

#: A network this small gains nothing from half precision: its matrices cost less than the casts.
RATINGS = TaskDefaults(epochs=5, lr=5e-3, wd=0.1, options=TrainingOptions(precision="float32"))

#: Numbers in the vector of each user and item. Source: fastai.
FACTORS = 50

#: Predicted ratings may exceed the range of the ratings by this share of it, because a sigmoid never reaches its ends.
MARGIN = 0.1

#: Few ratings are trained on in more epochs, until there are this many updates: 288 ratings end at an RMSE of 1.15 after 20
#: updates, as wrong as their mean, at 0.65 to 0.68 after 80 to 150, and at 0.70 after 240.
LEAST_UPDATES = 150


def epochs_for(updates: int) -> int:
    """Return how many epochs to train, given the number of updates in one.

    Example:
        >>> epochs_for(1_000), epochs_for(5), epochs_for(1)
        (5, 30, 150)
    """
    return max(RATINGS.epochs, -(-LEAST_UPDATES // max(1, updates)))
