"""The baseline for texts: logistic regression on TF-IDF weights of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import DataError
from gatera.measure.intervals import Interval, wilson_interval
from gatera.program.tasks import task_kind
from gatera.text.loaders import TextLoaders

#: Inverse regularization strength (scikit-learn's C): 1, 10 and 30 gave 0.856, 0.880 and
#: 0.879 on 4,000 reviews of films, see LOG.md.
REGULARIZATION_C = 10.0

#: Word pairs count as words do; what only one text has is left out.
WORDS_TOGETHER, FEWEST_TEXTS = 2, 2


@dataclass(frozen=True)
class TextBaseline:
    """How well a linear model of word counts does on texts it was not trained on.

    Attributes:
        errors: how many texts it gets wrong.
        most_frequent: how many the most frequent class of the training split gets wrong.
        n: how many texts there are.
    """

    errors: int
    most_frequent: int
    n: int

    @property
    def accuracy(self) -> float:
        """The share that is right, 0..1."""
        return 1 - self.errors / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % Wilson interval of the error."""
        return wilson_interval(self.errors, self.n)

    def __str__(self) -> str:
        simplest = 1 - self.most_frequent / self.n
        return (
            f"TF-IDF and logistic regression: accuracy {self.accuracy:.4f} on {self.n:,} texts "
            f"(the most frequent class: {simplest:.4f})"
        )


def tfidf_baseline(dls: TextLoaders, ds_idx: int = 1) -> TextBaseline:
    """Train scikit-learn's logistic regression on TF-IDF weights of words and word pairs, and measure it.

    It reads whole texts, cleaned as a network gets them; cutting is the network's business.

    Args:
        dls: labelled texts; one class each.
        ds_idx: 1 to measure on the validation split, 2 on the test split.

    Raises:
        DataError: if there is no such split, labels are no classes, or a text cannot be read.
        MissingExtraError: if scikit-learn is not installed.
    """
    held_out = dls[ds_idx]
    task = task_kind(dls.task)
    if held_out is None or task is None or task.labels_per_item != "one":
        raise DataError("The baseline needs a held-out split and one class for each text", got=dls.task)
    words = require("sklearn.feature_extraction.text", "train", "for the baseline")
    linear = require("sklearn.linear_model", "train", "for the baseline")
    count = words.TfidfVectorizer(
        sublinear_tf=True, ngram_range=(1, WORDS_TOGETHER), min_df=_fewest(dls.train.n)
    )
    texts, labels = _texts(dls.train_ds)
    wanted_texts, wanted = _texts(held_out.dataset)
    model = linear.LogisticRegression(C=REGULARIZATION_C, max_iter=2000)
    model.fit(count.fit_transform(texts), labels)
    said = model.predict(count.transform(wanted_texts))
    usual = np.bincount(labels).argmax()
    return TextBaseline(int((said != wanted).sum()), int((wanted != usual).sum()), len(wanted))


def _fewest(n: int) -> int:
    return FEWEST_TEXTS if n >= 100 else 1  # of a handful of texts nothing can be left out


def _texts(dataset: Any) -> tuple[list[str], np.ndarray]:
    """Return cleaned texts and class indices, int64 [n]."""
    return [dataset.fields.x.read(raw) for raw in dataset.inputs], dataset.targets.numpy()
