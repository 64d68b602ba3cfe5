"""From the model's output to an answer: activations in numpy, and the record that a prediction is."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self

import numpy as np

from gatera.core.errors import ArgumentError

Task = Literal["classification", "multilabel", "regression"]
Activation = Literal["softmax", "sigmoid", "none"]
TASKS = ("classification", "multilabel", "regression")


class _Triple(NamedTuple):
    label: Any
    index: Any
    probabilities: Any


class Prediction(_Triple):
    """What a program answers for one input. It unpacks as `label, index, probabilities`.

    | task | label | index | probabilities |
    |---|---|---|---|
    | classification | the likeliest label | its place in the vocabulary, int | float32 [K], of every label, 0..1 |
    | multilabel | list of the labels that apply | bool [K] | float32 [K], 0..1 |
    | regression | the value, or list of K values | float32 [K] | float32 [K], the values again |

    Args:
        label: see the table.
        index: see the table.
        probabilities: see the table.
        vocab: the K labels.
        task: "classification", "multilabel" or "regression".

    Example:
        >>> answer = Prediction("dog", 1, np.array([0.25, 0.75], np.float32), vocab=["cat", "dog"])
        >>> label, index, probabilities = answer
        >>> label, answer.probability
        ('dog', 0.75)
        >>> answer.to_dict()
        {'label': 'dog', 'index': 1, 'probability': 0.75, 'probabilities': {'cat': 0.25, 'dog': 0.75}}
    """

    vocab: list[Any]
    task: Task

    def __new__(
        cls,
        label: Any,
        index: Any,
        probabilities: Any,
        vocab: list[Any] | None = None,
        task: Task = "classification",
    ) -> Self:
        """Make a prediction; see the class."""
        self = super().__new__(cls, label, index, probabilities)
        self.vocab, self.task = vocab or [], task
        return self

    @property
    def probability(self) -> float:
        """The probability of the label, 0..1.

        Raises:
            ArgumentError: unless this is a classification.
        """
        if self.task != "classification":
            raise ArgumentError(
                f"a {self.task} prediction has no single probability",
                remedy="Read .probabilities, or .to_dict().",
            )
        return float(self.probabilities[self.index])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON. A regression gives its "value" only."""
        if self.task == "regression":
            return {"value": self.label}
        every = {str(label): _plain(p) for label, p in zip(self.vocab, self.probabilities)}
        if self.task == "multilabel":
            chosen = [_plain(p) for p in self.probabilities[self.index]]
            return {
                "label": self.label,
                "index": self.index.tolist(),
                "probability": chosen,
                "probabilities": every,
            }
        return {
            "label": self.label, "index": self.index, "probability": _plain(self.probabilities[self.index]),
            "probabilities": every,
        }  # fmt: skip


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities [...,K] that add up to 1 along the last axis; large logits do not overflow.

    Example:
        >>> softmax(np.array([0.0, 1000.0])).tolist()
        [0.0, 1.0]
    """
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-logits)) without overflow.

    Example:
        >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


def _plain(probability: np.floating) -> float:
    # The shortest number that is the same float32: 0.9812, not 0.9811999797821045.
    return float(str(np.float32(probability)))
