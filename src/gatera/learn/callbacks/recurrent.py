"""Callbacks for RNNs: reset the hidden state; activation regularization (AR, TAR)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from gatera.core.checks import check_at_least
from gatera.learn.state import Callback, LoopState
from gatera.models.text.awd_lstm import AWD_LSTM


def encoders(model: nn.Module) -> list[AWD_LSTM]:
    """Return the AWD-LSTMs in a model."""
    return [module for module in model.modules() if isinstance(module, AWD_LSTM)]


class ModelResetter(Callback):
    """Reset the hidden state before training, before validation, and after the fit: of AWD-LSTMs, and by a model's own `reset()`.

    Outside a fit, a learner does so before and after it predicts a data set.
    """

    reads_only = True

    def before_train(self, state: LoopState) -> None:
        """Reset the hidden state."""
        self.reset(state.model)

    def before_validate(self, state: LoopState) -> None:
        """Reset the hidden state."""
        self.reset(state.model)

    def after_fit(self, state: LoopState) -> None:
        """Reset the hidden state."""
        self.reset(state.model)

    def reset(self, model: nn.Module) -> None:
        """Reset the hidden state of a model."""
        own = getattr(model, "reset", None)
        if callable(own):
            own()
        for encoder in encoders(model):
            encoder.reset()


@contextmanager
def fresh_states(callbacks: Iterable[object], model: nn.Module) -> Iterator[None]:
    """Reset the hidden state before and after a block, where a `ModelResetter` is among the callbacks: each data set begins anew."""
    resetters = [callback for callback in callbacks if isinstance(callback, ModelResetter)]
    for resetter in resetters:
        resetter.reset(model)
    try:
        yield
    finally:
        for resetter in resetters:
            resetter.reset(model)


class RNNRegularizer(Callback):
    """Regularize an AWD-LSTM: penalise large outputs of its last layer (AR) and large changes between words (TAR).

    A model of your own takes part if it returns (predictions, outputs before dropout, outputs after it), each [N,T,...]. The
    recorded loss is the one without these penalties.

    Args:
        alpha: weight of the outputs' mean square, after dropout.
        beta: weight of the mean square of the difference between neighbouring outputs, before dropout.

    Source: Merity, Keskar, Socher (arXiv 1708.02182), section 4.6.
    """

    order = 5
    reads_only = True  # if the encoder is frozen and skipped, there is nothing to add

    def __init__(self, alpha: float = 0.0, beta: float = 0.0) -> None:
        check_at_least("alpha", alpha, 0)
        check_at_least("beta", beta, 0)
        self.alpha, self.beta = alpha, beta
        self._plain: Tensor | None = None
        self._returned: tuple[Tensor, Tensor] | None = None

    def before_fit(self, state: LoopState) -> None:
        """Let the encoders keep their outputs."""
        for encoder in encoders(state.model):
            encoder.watched = True

    def after_pred(self, state: LoopState) -> None:
        """Take the outputs away that a model of your own returns beside its predictions."""
        self._returned = None
        if isinstance(state.predictions, tuple) and len(state.predictions) == 3:
            state.predictions, raw, dropped = state.predictions
            self._returned = raw, dropped

    def before_backward(self, state: LoopState) -> None:
        """Add the penalties."""
        self._plain = state.loss
        kept = [encoder.outputs for encoder in encoders(state.model)]
        for encoder in encoders(state.model):
            encoder.outputs = None
        for pair in (*kept, self._returned):
            if pair is None:
                continue
            raw, dropped = pair
            state.loss = state.loss + self.alpha * dropped.float().square().mean()
            if raw.shape[1] > 1:
                state.loss = state.loss + self.beta * raw.float().diff(dim=1).square().mean()

    def after_backward(self, state: LoopState) -> None:
        """Restore the loss without the penalties."""
        state.loss, self._plain = self._plain, None

    def after_fit(self, state: LoopState) -> None:
        """Let the encoders keep their outputs no longer."""
        for encoder in encoders(state.model):
            encoder.watched, encoder.outputs = False, None
