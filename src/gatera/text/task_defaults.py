"""What trains well on texts."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults
from gatera.models.text.model import TransformerConfig
from gatera.models.weights.text import MiniLM

#: The rate is the head's; pretrained layers have a tenth of it.
TEXTS = TaskDefaults(epochs=2, freeze_epochs=0, lr=2e-3, arch=MiniLM.name)

#: An AWD-LSTM's: the learning rate is the book's; `fine_tune`'s own is for photos.
AWD_TEXTS = TaskDefaults(epochs=2, freeze_epochs=1, lr=1e-2)

#: The encoder reads 128 tokens from each end of a text, a linear model of words up to 2,048.
ENCODER = TransformerConfig(largest=True, window=256, max_len=2048)

#: With few texts there are more epochs, up to the second number, until there are this many updates.
LEAST_UPDATES, MOST_EPOCHS = 150, 8


def epochs_for(updates: int) -> int:
    """Return how many epochs to train, given the number of updates in one.

    Example:
        >>> epochs_for(150), epochs_for(30), epochs_for(6)
        (2, 5, 8)
    """
    return min(MOST_EPOCHS, max(TEXTS.epochs, -(-LEAST_UPDATES // max(1, updates))))
