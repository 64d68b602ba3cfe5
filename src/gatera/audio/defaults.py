"""What trains well on recordings, whose spectrograms go through a network for photos."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults

#: The whole body learns from the start, so there is nothing to freeze. Learning rate, batch size and augmentation are those
#: of the learner and `AudioBlock`; the architecture is that of photos.
RECORDINGS = TaskDefaults(epochs=5)
