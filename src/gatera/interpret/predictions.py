"""What a model said of every item of a data set, and which items cost it most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gatera.core.checks import check_at_least
from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.loaders import DataLoader
from gatera.data.loading.show_table import show_items
from gatera.data.show.photos import show_photos
from gatera.data.show.pil import show_image

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner


class Interpretation:
    """Predictions, targets and losses of a data set. The photos themselves are read again when they are shown.

    Args:
        predictions: what the model said, after the activation; float [N,K].
        targets: class indices int [N], or a mask or numbers [N,K].
        losses: one per item, float [N].
        vocab: the classes [K]; None for numbers.
        dataset: where `dataset[i]` gives (photo, label) of item i; needed only to show photos.

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
    ) -> None:
        self.predictions = np.asarray(predictions, np.float32)
        self.targets, self.losses = np.asarray(targets), np.asarray(losses, np.float32)
        counts = [len(self.predictions), len(self.targets), len(self.losses)]
        if len(set(counts)) > 1 or not counts[0]:
            raise ArgumentError(
                "predictions, targets and losses are not of the same items",
                got="{} predictions, {} targets, {} losses".format(*counts),
                expected="as many of each, and at least one",
            )
        self.vocab = None if vocab is None else list(vocab)
        self.dataset = dataset

    @classmethod
    def from_learner(cls, learn: Learner, ds_idx: int = 1, dl: Any = None) -> Self:
        """Predict a data set and keep what was said; memory grows with N x K numbers, not with the photos.

        Args:
            learn: a trained learner.
            ds_idx: 0 for training, 1 for validation data.
            dl: any loader instead, e.g. `learn.dls.test_dl(files, with_labels=True)`.

        Raises:
            DataError: if the items have no labels.
        """
        ours = dl.for_evaluation() if isinstance(dl, DataLoader) else dl  # dataset order, nothing dropped
        loader = learn.loader(ds_idx, ours)
        predictions, targets, losses = learn.get_preds(dl=loader, with_loss=True)
        if targets is None or losses is None or predictions is None:
            raise DataError(
                "these items have no labels to compare predictions with",
                remedy="Use learn.dls.test_dl(items, with_labels=True).",
            )
        dataset = loader.dataset if isinstance(loader, DataLoader) else None
        return cls(predictions.numpy(), targets.numpy(), losses.numpy(), learn.dls.vocab, dataset)

    def __len__(self) -> int:
        return len(self.losses)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} items, mean loss {self.losses.mean():.4f})"

    def top_losses(self, k: int | None = None, largest: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Return the items that cost most, or least.

        Args:
            k: how many; all if None or more than there are.
            largest: the largest losses first; else the smallest. A loss that is NaN counts as infinite.

        Returns:
            (losses float32 [k], indices int64 [k] into the data set).
        """
        if k is not None:
            check_at_least("k", k, 1)
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
        """Show the photos that cost most, each with prediction / actual / loss / probability.

        Inputs of other kinds are shown in a table, with their loss in its last column.

        Args:
            k: how many.
            nrows: rows of the grid.
            figsize: width and height in inches.
            largest: the largest losses; else the smallest.

        Raises:
            ArgumentError: if there is no data set to read the photos from.
        """
        losses, indices = self.top_losses(k, largest)
        if isinstance(self.dataset, Dataset) and not self.dataset.fields.x.is_photo:
            answers = [self._answer(int(index)) for index in indices]
            return show_items(self.dataset, indices.tolist(), answers).assign(loss=losses)
        photos = [self._photo(int(index)) for index in indices]
        titles = [self._title(int(index), loss) for index, loss in zip(indices, losses, strict=True)]
        draw = self.dataset.fields.x.draw if isinstance(self.dataset, Dataset) else show_image
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
                "the photos are not known, only their predictions",
                remedy="Make the interpretation with from_learner on the learner's own data, or pass dataset=.",
            )
        return self.dataset[index][0]

    def _answer(self, index: int) -> Any:
        """Return the predicted label, labels, number or numbers."""
        said = self.predictions[index]
        if self.vocab is None:
            return said.tolist() if said.size > 1 else said.item()
        if np.ndim(self.targets[index]):
            return [label for label, p in zip(self.vocab, said, strict=True) if p > 0.5]
        return self.vocab[int(said.argmax())]

    def _title(self, index: int, loss: float) -> str:
        said, actual = self.predictions[index], self.targets[index]
        if np.ndim(said) > 1:  # a mask
            return f"loss {loss:.2f}"
        if self.vocab is None:
            return f"{_numbers(said)} / {_numbers(actual)}\n{loss:.2f}"
        if np.ndim(actual):  # several labels per item: name those that are there
            names = [name for name, there in zip(self.vocab, actual, strict=True) if there]
            likely = int(said.argmax())
            return f"{self.vocab[likely]} / {';'.join(map(str, names)) or '(none)'}\n{loss:.2f} / {said[likely]:.2f}"
        likely = int(said.argmax())
        return f"{self.vocab[likely]} / {self.vocab[int(actual)]}\n{loss:.2f} / {said[likely]:.2f}"


def _numbers(values: Any) -> str:
    return ", ".join(f"{value:.3g}" for value in np.ravel(values))
