"""From the model's output to an answer: activations in numpy, and the record that a prediction is."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self

import numpy as np

from gatera.core.errors import ArgumentError

Task = Literal["classification", "multilabel", "regression", "segmentation", "points"]
Activation = Literal["softmax", "sigmoid", "none"]
TASKS = ("classification", "multilabel", "regression", "segmentation", "points")

#: Tasks whose answers lie on the photo, and are given in its own pixels.
ON_PHOTO = ("segmentation", "points")


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
    | segmentation | the mask: class of each pixel of the photo, uint8 [H,W] | the same on the model's own grid, uint8 [h,w] | float32 [K,h,w], of every class, 0..1 |
    | points | list of P points [x, y] in pixels of the photo | float32 [2P], -1..1 | float32 [2P], the values again |

    A mask is 255 where the model did not see the photo, because its preprocessing cuts something off; `vocab[mask[y, x]]` is
    the class at (x, y). Photos stand upright: EXIF rotation is applied before.

    Args:
        label: see the table.
        index: see the table.
        probabilities: see the table.
        vocab: the K labels.
        task: see the table.

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
        """Return plain values for JSON.

        A regression gives its "value" only, points their "points". A mask gives its "height" and "width", the "shares" of all
        classes in the pixels of the photo, and of those "not_seen", 0..1.
        """
        if self.task == "points":
            return {"points": self.label}
        if self.task == "segmentation":
            return self._mask_facts()
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

    def _mask_facts(self) -> dict[str, Any]:
        height, width = self.label.shape
        counts = np.bincount(self.label.ravel(), minlength=256)
        shares = [round(float(count) / self.label.size, 6) for count in counts]
        return {
            "height": height, "width": width,
            "shares": {str(label): share for label, share in zip(self.vocab, shares)},
            "not_seen": shares[255],
        }  # fmt: skip


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


def _plain(probability: np.floating) -> float:
    # The shortest number that is the same float32: 0.9812, not 0.9811999797821045.
    return float(str(np.float32(probability)))
