"""What `gatera train --json` says while it trains: a line at the end of every epoch."""

from __future__ import annotations

from gatera.learn.learner import Learner
from gatera.learn.state import Callback, LoopState
from gatera.recipes.events import Saying


class EpochLines(Callback):
    """Print each epoch's row as an event, with the phase: "frozen" while a part of the model is, else "unfrozen".

    It listens also where no JSON is wanted and nothing is printed, so that an interrupted run may be resumed either way.

    Args:
        learn: whose epochs.
        say: where to.
    """

    order = 90  # after the recorder has written the row
    reads_only = True
    in_lr_find = False

    def __init__(self, learn: Learner, say: Saying) -> None:
        self.learn, self.say = learn, say

    def after_epoch(self, state: LoopState) -> None:
        """Print the row."""
        phase = "frozen" if self.learn.n_frozen else "unfrozen"
        self.say.event("epoch", {"phase": phase, **self.learn.recorder.rows[-1]})
