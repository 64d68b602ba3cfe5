"""What a network for texts must be compared with: counted words and a logistic regression, which take seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import DataError
from gatera.data.loaders import DataLoaders

#: Single words and pairs of neighbours that occur in two texts or more, counted on a logarithmic scale: the usual settings
#: for reviews. The strength of the regression was not tuned.
VECTORS: Mapping[str, Any] = {"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
STRENGTH = 10.0


@dataclass(frozen=True)
class TextBaseline:
    """How well counted words do on one side of the split.

    Attributes:
        value: accuracy, 0..1, of a logistic regression on TF-IDF vectors.
        simplest: that of the most frequent class.
        n: how many texts there are.
    """

    value: float
    simplest: float
    n: int

    def __str__(self) -> str:
        return (
            f"TF-IDF and logistic regression: accuracy {self.value:.4f} on {self.n:,} texts "
            f"(the most frequent class: {self.simplest:.4f})"
        )


def counted_words(dls: DataLoaders, ds_idx: int = 1) -> TextBaseline:
    """Train a logistic regression on the TF-IDF vectors of the training texts, and measure it on others.

    Args:
        dls: loaders of texts with one class each.
        ds_idx: 1 for the validation texts, 2 for the test texts.

    Raises:
        DataError: if there are no such texts, or they have not one class each.
        MissingExtraError: if scikit-learn is not installed.
    """
    loader = dls[ds_idx]
    if loader is None or dls.task != "classification":
        raise DataError("The baseline needs held-out texts with one class each", received=dls.task)
    text = require("sklearn.feature_extraction.text", "train", "for the baseline")
    linear = require("sklearn.linear_model", "train", "for the baseline")
    vectors = text.TfidfVectorizer(**VECTORS)
    x, y = vectors.fit_transform(_texts(dls.train_ds)), dls.train_ds.targets.numpy()
    regression = linear.LogisticRegression(C=STRENGTH, max_iter=1000).fit(x, y)
    wanted = loader.dataset.targets.numpy()
    said = regression.predict(vectors.transform(_texts(loader.dataset)))
    simplest = float((wanted == np.bincount(y).argmax()).mean())
    return TextBaseline(float((said == wanted).mean()), simplest, len(wanted))


def _texts(dataset: Any) -> list[str]:
    return [dataset.fields.x.read(raw) for raw in dataset.inputs]
