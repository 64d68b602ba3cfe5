"""What `predict` returns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.program.familiar.figures import familiar_index, figures
from gatera.program.tasks import TASKS, Answer, Task


class Prediction(Answer):
    """What a program answers for one input. It unpacks as `label, index, probabilities`.

    | task | label | index | probabilities |
    |---|---|---|---|
    | classification | the likeliest label | its place in the vocabulary, int | float32 [K], of every label, 0..1 |
    | multilabel | list of the labels that apply | bool [K] | float32 [K], 0..1 |
    | regression | the value, or list of K values | float32 [K] | float32 [K], the values again |
    | segmentation | the mask: class of each pixel of the photo, uint8 [H,W] | the same on the model's own grid, uint8 [h,w] | float32 [K,h,w], of every class, 0..1 |
    | points | list of P points [x, y] in pixels of the photo | float32 [2P], -1..1 | float32 [2P], the values again |

    Index and probabilities also answer to the methods of a tensor that code for predictions uses, such as `.item()`, `.numpy()`
    and `.topk()`; where PyTorch is imported, its functions take them.

    A mask is 255 where the model did not see the photo, because its preprocessing cuts something off; `vocab[mask[y, x]]` is
    the class at (x, y). Photos stand upright: EXIF rotation is applied before.

    Args:
        label: see the table.
        index: see the table.
        probabilities: see the table.
        vocab: the K labels.
        task: see the table.

    Example:
        >>> import numpy as np
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
        numbers = figures(probabilities) if isinstance(probabilities, np.ndarray) else probabilities
        self = super().__new__(cls, label, familiar_index(index), numbers)
        self.vocab, self.task = vocab or [], task
        return self

    @property
    def probability(self) -> float:
        """The probability of the label, 0..1.

        Raises:
            ArgumentError: unless this is a classification.
        """
        if TASKS[self.task].labels_per_item != "one":
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
        return TASKS[self.task].to_dict(self, self.vocab)
