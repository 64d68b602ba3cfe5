"""Predictions, targets and losses of every item, and the items with the largest losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gatera.core.checks import check_count, number_text
from gatera.core.errors import ArgumentError, DataError
from gatera.core.signatures import one_target
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.loaders import DataLoader
from gatera.data.loading.show_batch import show_items
from gatera.data.show.photos import show_photos
from gatera.data.show.pil import show_image

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner


class Interpretation:
    """Predictions, targets and losses of a data set. Photos are not kept: they are read again when they are shown.

    Args:
        predictions: the model's outputs after the activation, float [N,K].
        targets: class indices int [N], or a mask or numbers [N,K].
        losses: one per item, float [N].
        vocab: the classes [K]; None for numbers.
        dataset: `dataset[i]` gives (photo, label) of item i; needed only to show photos.
        threshold: the probability above which a label applies, for several labels per item: one number, or K of them.
            `from_learner` takes it from the loss.

    Raises:
        ArgumentError: if these do not hold the same number of items, or none.
    """

    def __init__(
        self,
        predictions: Any,
        targets: Any,
        losses: Any,
        vocab: Sequence[object] | None = None,
        dataset: Any = None,
        threshold: float | tuple[float, ...] = 0.5,
    ) -> None:
        self.predictions = np.asarray(predictions, np.float32)
        self.targets, self.losses = np.asarray(targets), np.asarray(losses, np.float32)
        counts = [len(self.predictions), len(self.targets), len(self.losses)]
        if len(set(counts)) > 1 or not counts[0]:
            raise ArgumentError(
                "predictions, targets and losses must have the same length",
                got="{} predictions, {} targets, {} losses".format(*counts),
                expected="the same number of each, at least 1",
            )
        self.vocab = None if vocab is None else list(vocab)
        self.dataset, self.threshold = dataset, threshold

    @classmethod
    def from_learner(cls, learn: Learner, ds_idx: int = 1, dl: Any = None) -> Self:
        """Predict a data set and keep the predictions: N x K numbers, no photos.

        Args:
            learn: a trained learner.
            ds_idx: 0 for the training set, 1 for the validation set.
            dl: another loader, e.g. `learn.dls.test_dl(files, with_labels=True)`.

        Raises:
            DataError: if the items have no labels.
        """
        in_order = dl.for_evaluation() if isinstance(dl, DataLoader) else dl  # dataset order, nothing dropped
        loader = learn.loader(ds_idx, in_order)
        predictions, targets, losses = learn.get_preds(dl=loader, with_loss=True)
        if targets is None or losses is None or predictions is None:
            raise DataError(
                "the items have no labels to compare the predictions with",
                remedy="Use learn.dls.test_dl(items, with_labels=True).",
            )
        dataset = loader.dataset if isinstance(loader, DataLoader) else None
        one_target(cls.__name__, targets)
        found = cls(predictions.numpy(), targets.numpy(), losses.numpy(), learn.dls.vocab, dataset)
        if learn.loss_func.threshold is not None:
            found.threshold = learn.loss_func.threshold
        return found

    def __len__(self) -> int:
        return len(self.losses)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} items, mean loss {self.losses.mean():.4f})"

    def top_losses(self, k: int | None = None, largest: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Return the items with the largest losses, or the smallest.

        Args:
            k: the number of items; None for all.
            largest: sort the largest losses first, else the smallest. A NaN loss counts as infinite.

        Returns:
            (losses float32 [k], indices int64 [k] into the data set).
        """
        if k is not None:
            check_count("k", k, 1)
        key = np.nan_to_num(self.losses, nan=np.inf, posinf=np.inf)
        order = np.argsort(-key if largest else key, kind="stable")[:k]
        return self.losses[order], order

    def plot_top_losses(
        self,
        k: int,
        nrows: int | None = None,
        figsize: tuple[float, float] | None = None,
        largest: bool = True,
    ) -> Figure | pd.DataFrame:
        """Show the photos with the largest losses, each with prediction / actual / loss / probability.

        Other inputs are shown in a table, with the loss in the last column.

        Args:
            k: the number of items.
            nrows: rows of the grid.
            figsize: width and height in inches.
            largest: show the largest losses, else the smallest.

        Raises:
            ArgumentError: if there is no data set to read the photos from.
        """
        losses, indices = self.top_losses(k, largest)
        if isinstance(self.dataset, Dataset) and self.dataset.fields.image is None:
            predicted = [self._predicted(int(index)) for index in indices]
            return show_items(self.dataset, indices.tolist(), predicted).assign(loss=losses)
        photos = [self._photo(int(index)) for index in indices]
        titles = [self._title(int(index), loss) for index, loss in zip(indices, losses, strict=True)]
        image = self.dataset.fields.image if isinstance(self.dataset, Dataset) else None
        draw = show_image if image is None else image.draw
        return show_photos(
            photos,
            titles,
            nrows=nrows,
            figsize=figsize,
            suptitle="Prediction / Actual / Loss / Probability",
            draw=draw,
        )

    def _photo(self, index: int) -> Any:
        if self.dataset is None:
            raise ArgumentError(
                "there are no photos to show: this interpretation has no data set",
                remedy="Use from_learner on the learner's own data, or pass dataset=.",
            )
        return self.dataset[index][0]

    def _predicted(self, index: int) -> Any:
        """Return the predicted label, labels, number or numbers."""
        prediction = self.predictions[index]
        if self.vocab is None:
            return prediction.tolist() if prediction.size > 1 else prediction.item()
        if np.ndim(self.targets[index]):
            return _labels(self.vocab, prediction > np.asarray(self.threshold))
        return self.vocab[int(prediction.argmax())]

    def _title(self, index: int, loss: float) -> str:
        prediction, target = self.predictions[index], self.targets[index]
        if prediction.ndim > 1:  # a mask
            return f"loss {loss:.2f}"
        if self.vocab is None:
            return f"{_numbers(prediction)} / {_numbers(target)}\n{loss:.2f}"
        predicted = self._predicted(index)
        if np.ndim(target):  # several labels per item
            titles = _names(predicted), _names(_labels(self.vocab, target))
        else:
            titles = str(predicted), str(self.vocab[int(target)])
        return f"{titles[0]} / {titles[1]}\n{loss:.2f} / {prediction.max():.2f}"


def _labels(vocab: Sequence[object], applies: Any) -> list[object]:
    return [label for label, yes in zip(vocab, applies, strict=True) if yes]


def _names(labels: Sequence[object]) -> str:
    return ";".join(map(str, labels)) or "(none)"


def _numbers(values: Any) -> str:
    return ", ".join(number_text(value, 3, grouped=True) for value in np.ravel(values))
