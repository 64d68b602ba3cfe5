"""What `predict` returns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.program.certain.certainty import Certainty
from gatera.program.certain.judged import Judged, why_unsure
from gatera.program.familiar.figures import familiar_index, figures
from gatera.program.tasks import TASKS, Task

#: What a prediction knows of itself that no program made.
NOTHING = Certainty()


class Prediction(Judged):
    """A program's prediction for one input. It unpacks as `label, index, probabilities`.

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

    It also knows how sure it is, if its program does: `.set`, `.interval`, `.novelty` and `.novel`. Where a level was asked for
    (`program.predict(x, sure=0.95)`) and is not reached, label and index are None, and `.reason` says why.

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
        self.certainty, self.features, self.sure, self.reason = NOTHING, None, None, None
        return self

    def at(self, sure: float) -> Self:
        """Return the same prediction with label and index None, and the reason, where it is not sure at a level, 0..1.

        Raises:
            ArgumentError: if the program does not know how sure it is, or the level needs more held-out items than it had.
        """
        reason = why_unsure(self, sure)
        label, index = (self.label, self.index) if reason is None else (None, None)
        answer = type(self)(label, index, self.probabilities, self.vocab, self.task)
        answer.certainty, answer.features, answer.sure, answer.reason = (
            self.certainty,
            self.features,
            sure,
            reason,
        )
        return answer

    def __eq__(self, other: object) -> bool:
        """Whether all three are the same, number by number."""
        if not isinstance(other, tuple) or len(other) != len(self):
            return NotImplemented
        return all(map(np.array_equal, self, other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

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
        if self.index is None:
            raise ArgumentError(f"the prediction has no label: {self.reason}", remedy="Read .probabilities.")
        return float(self.probabilities[self.index])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        A regression gives its "value" only, points their "points". A mask gives its "height" and "width", the "shares" of all
        classes in the pixels of the photo, and of those "not_seen", 0..1. What the program knows of how sure it is follows:
        "set", "interval", "novelty", "novel"; where a level was asked for also "sure" and "reason".
        """
        return TASKS[self.task].to_dict(self, self.vocab) | self.about_itself()
