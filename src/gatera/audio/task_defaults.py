"""Defaults for training on recordings, whose spectrograms are classified by a vision model."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults

#: The whole body is trained from the start, so nothing is frozen. Learning rate, batch size and augmentation are those of the
#: learner and `AudioBlock`; the architecture is the same as for photos.
RECORDINGS = TaskDefaults(epochs=5)
