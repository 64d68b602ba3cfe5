"""What the words say beside a network that is being trained: part of the validation figures, and a judge of the network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatera.learn.state import Callback, CancelFitException, LoopState
from gatera.models.text.word_scores import averaged


class WordsBeside(Callback):
    """Average the words' logits with the network's in validation, and find out whether the network helps.

    The network learns alone: trained on what words leave open, it learns too little (LOG.md). In the second half of the first
    epoch every batch is answered before it is learned from: held-out answers that cost nothing.

    Args:
        train: the words' logits of each training text, by a model that was trained without it, float32 [n,K].
        valid: their logits of each validation text, float32 [m,K].
        chooses: whether to end the fit after the first epoch if the network makes the answers worse.

    Attributes:
        n: how many training texts were answered.
        wrong: how many answers were wrong: of the words alone, and of both.
        differ: how many answers were right in one of them only.
        words_win: whether the fit was ended because the network does not help.
    """

    order = -60  # before whatever looks at predictions
    leaves_inputs = True

    def __init__(self, train: Tensor, valid: Tensor, chooses: bool) -> None:
        self.chooses, self.words_win, self.n = chooses, False, 0
        self._train, self._valid = train, valid
        self.wrong, self.differ = [0, 0], 0

    def after_pred(self, state: LoopState) -> None:
        """In validation, answer with both; in training, count what both would say."""
        assert state.index is not None  # for the type checker: our loaders tell the positions
        rows = (self._train if state.training else self._valid)[state.index.cpu()]
        words = rows.to(state.predictions.device)
        if not state.training:
            state.predictions = averaged(state.predictions, words)
        elif state.epoch == 0 and 2 * state.step >= state.steps:
            both = averaged(state.predictions.detach(), words)
            labels = state.labels if state.labels.ndim == 1 else state.labels.argmax(1)  # probabilities
            wrong = [said.argmax(1) != labels for said in (words, both)]
            self.wrong = [n + int(some.sum()) for n, some in zip(self.wrong, wrong, strict=True)]
            self.differ += int((wrong[0] != wrong[1]).sum())
            self.n += len(words)

    def before_epoch(self, state: LoopState) -> None:
        """End the fit after the first epoch where the network does not help."""
        if self.words_win:
            raise CancelFitException

    def after_epoch(self, state: LoopState) -> None:
        """Decide."""
        if self.chooses and state.epoch == 0 and self.n:
            self.words_win = self._worse()

    def _worse(self) -> bool:
        """Whether the network adds more errors than chance explains: two standard deviations. It has only begun to learn."""
        return self.wrong[1] - self.wrong[0] > 2 * self.differ**0.5

    def state_dict(self) -> dict[str, Any]:
        """Return what was counted."""
        return {"n": self.n, "wrong": list(self.wrong), "differ": self.differ, "words_win": self.words_win}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what was counted."""
        self.n, self.differ, self.words_win = int(state["n"]), int(state["differ"]), bool(state["words_win"])
        self.wrong = [int(n) for n in state["wrong"]]


class LastPredictions(Callback):
    """Keep the predictions of the last validation, so that they need not be computed again.

    Args:
        n: number of validation texts.

    Attributes:
        outputs: logits, float32 [n,K]; None before the first validation.
    """

    order = 60  # after whatever changes predictions
    reads_only = True
    in_lr_find = False
    _kept_to_resume = ("outputs",)

    def __init__(self, n: int) -> None:
        self.outputs: Tensor | None = None
        self._n = n

    def after_pred(self, state: LoopState) -> None:
        """Keep a batch's predictions."""
        if state.training or state.index is None:
            return
        if self.outputs is None:
            self.outputs = torch.zeros(self._n, state.predictions.shape[1])
        self.outputs[state.index.cpu()] = state.predictions.detach().float().cpu()
