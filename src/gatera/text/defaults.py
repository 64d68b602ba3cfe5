"""What trains well on texts."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults
from gatera.models.weights.text import MiniLM

#: The learning rate is the book's; `fine_tune`'s own is for photos.
TEXTS = TaskDefaults(epochs=2, freeze_epochs=1, lr=1e-2, arch=MiniLM.name)
