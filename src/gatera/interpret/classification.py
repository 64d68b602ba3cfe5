"""The confusion matrix of a classifier and the classes it confuses most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatera.core.checks import check_count, require
from gatera.core.errors import ArgumentError
from gatera.interpret.plots import plot_confusion
from gatera.interpret.predictions import Interpretation
from gatera.measure.reports.confusion import Confusion, confusion_matrix, most_confused

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class ClassificationInterpretation(Interpretation):
    """The predictions of a classifier and its mistakes. Made by `from_learner`, or from plain arrays.

    Args:
        predictions: probabilities, float [N,K].
        targets: class indices, int [N].
        losses: one per item, float [N].
        vocab: the classes [K].
        dataset: `dataset[i]` gives (photo, label) of item i; needed only to show photos.

    Attributes:
        predicted: the most probable class of each item, int64 [N].

    Raises:
        ArgumentError: if the arrays do not fit each other, or there is not one class per item.

    Example:
        >>> interp = ClassificationInterpretation(
        ...     [[0.9, 0.1], [0.2, 0.8]], targets=[0, 0], losses=[0.1, 1.6], vocab=["cat", "dog"]
        ... )
        >>> interp.most_confused()
        [Confusion(actual='cat', predicted='dog', n=1)]
    """

    vocab: list[object]

    def __init__(
        self,
        predictions: Any,
        targets: Any,
        losses: Any,
        vocab: Sequence[object] | None = None,
        dataset: Any = None,
    ) -> None:
        super().__init__(predictions, targets, losses, vocab, dataset)
        if self.predictions.ndim != 2 or self.targets.ndim != 1 or self.targets.dtype.kind not in "iu":
            raise ArgumentError(
                "predictions and targets must be those of a classifier with one class per item",
                got=f"predictions {list(self.predictions.shape)}, {self.targets.dtype} targets {list(self.targets.shape)}",
                expected="predictions [N,K] and integer targets [N]",
                remedy="For other tasks, use Interpretation.",
            )
        n_classes = self.predictions.shape[1]
        self.vocab = list(range(n_classes)) if vocab is None else list(vocab)
        if len(self.vocab) != n_classes or not 0 <= self.targets.min() <= self.targets.max() < n_classes:
            raise ArgumentError(
                "vocab, targets and predictions disagree on the number of classes",
                got=f"{len(self.vocab)} classes, targets {self.targets.min()} to {self.targets.max()}, "
                f"{n_classes} probabilities per item",
            )
        self.predicted = self.predictions.argmax(axis=1)

    def confusion_matrix(self) -> np.ndarray:
        """Return the confusion matrix: rows are actual classes, columns predicted ones, int64 [K,K]."""
        return confusion_matrix(self.targets, self.predicted, len(self.vocab))

    def most_confused(self, min_val: int = 1) -> list[Confusion]:
        """Return (actual, predicted, n) for each confusion that occurs at least `min_val` times, most frequent first."""
        check_count("min_val", min_val, 1)
        return most_confused(self.confusion_matrix(), self.vocab, min_val)

    def plot_confusion_matrix(
        self,
        normalize: bool = False,
        title: str = "Confusion matrix",
        cmap: str = "Blues",
        norm_dec: int = 2,
        plot_txt: bool = True,
        figsize: tuple[float, float] | None = None,
        dpi: float | None = None,
    ) -> Figure:
        """Draw the confusion matrix.

        Args:
            normalize: show each row as shares of its sum.
            title: the title.
            cmap: name of a matplotlib colour map.
            norm_dec: decimals of the shares.
            plot_txt: write numbers into the cells, unless they would be too small to read.
            figsize: width and height in inches; the default grows with the number of classes.
            dpi: dots per inch.
        """
        decimals = norm_dec if normalize else None
        return plot_confusion(
            self.confusion_matrix(), self.vocab, title, cmap, decimals, plot_txt, figsize, dpi
        )

    def classification_report(self) -> str:
        """Return scikit-learn's table of precision, recall and F1 of each class as text."""
        metrics = require("sklearn.metrics", "train", "for the classification report")
        return str(
            metrics.classification_report(
                self.targets, self.predicted, labels=range(len(self.vocab)),
                target_names=[str(name) for name in self.vocab], zero_division=0,
            )
        )  # fmt: skip

    def print_classification_report(self) -> None:
        """Print `classification_report`."""
        print(self.classification_report())
