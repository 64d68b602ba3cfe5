"""Decode the model's output into a prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gatera.core.errors import GateraError, ProgramFileError
from gatera.program.prediction import Prediction
from gatera.program.raw.placement import Placement
from gatera.program.tasks import TASKS, Activation, DecodeContext, Task

#: Values that a message shows.
MOST_SHOWN = 20


def softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return probabilities that add up to 1 along an axis, by default the last; large logits do not overflow.

    Example:
        >>> softmax(np.array([0.0, 1000.0])).tolist()
        [0.0, 1.0]
    """
    raised = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-logits)) without overflow.

    Example:
        >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


#: What is done to the logits [K,...] of one input, by the name that program.json gives it.
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": lambda logits: softmax(logits, axis=0),
    "sigmoid": sigmoid,
    "none": np.asarray,
}


class Decoder(NamedTuple):
    """Turns the model's output for one input into a prediction.

    Attributes:
        task: one of `TASKS`.
        activation: "softmax", "sigmoid" or "none".
        vocab: the K labels; empty for a regression.
        threshold: the probability above which a label applies (multilabel only): one number, or K of them.
        temperature: logits are divided by it before the activation (calibration); 1 changes nothing.
    """

    task: Task
    activation: Activation
    vocab: list[Any]
    threshold: float | tuple[float, ...]
    temperature: float

    @property
    def spatial(self) -> bool:
        """Whether answers are positions on the photo."""
        return TASKS[self.task].spatial

    def __call__(self, logits: np.ndarray, placement: Placement | None = None) -> Prediction:
        """Return the prediction for one row of the model's output.

        Args:
            logits: float32 [K]; [K,h,w] for a mask.
            placement: for spatial tasks, where the photo lies in the model's input; None if the input is the photo.

        Raises:
            ProgramFileError: if there are not K logits, or not all are finite, or a mask's size is not the input's.
        """
        try:
            # a program around may have numpy raise where a small number becomes 0
            with np.errstate(all="ignore"):
                return self._decoded(logits, placement)
        except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError) as err:
            if isinstance(err, GateraError):
                raise
            raise ProgramFileError(
                f"model.onnx gives {logits.dtype} {list(logits.shape)} for one input, which is not an answer to {self.task}"
            ) from err

    def _decoded(self, logits: np.ndarray, placement: Placement | None) -> Prediction:
        logits = logits if logits.ndim else logits.reshape(1)  # a model with one output may give [N]
        if not np.isfinite(logits).all():
            raise ProgramFileError(
                "model.onnx gives NaN or infinite values", got=logits.ravel()[:MOST_SHOWN].tolist()
            )
        kind = TASKS[self.task]
        # float64: the rounding of the last step is then float32's own.
        scores = ACTIVATIONS[kind.activation or self.activation](logits.astype(np.float64) / self.temperature)
        if not (np.abs(scores) <= np.finfo(np.float32).max).all():
            raise ProgramFileError(
                "model.onnx gives values that are too large", got=logits.ravel()[:MOST_SHOWN].tolist()
            )
        answer = kind.decode(scores, DecodeContext(self.vocab, self.threshold, placement))
        return Prediction(*answer, self.vocab if kind.needs_vocab else [], self.task)
