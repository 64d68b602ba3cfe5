"""Conformal sets of MAPIE for given probabilities: run by the Python that has it installed.

    python mapie_sets.py INPUT.npz LEVEL RESPLITS

INPUT.npz holds `probabilities` [N,K] and `targets` [N]. Prints coverage and mean size over random halves, as JSON.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin


class Known(ClassifierMixin, BaseEstimator):
    """A classifier whose inputs are probabilities already."""

    def __init__(self, n_classes: int = 2) -> None:
        self.n_classes = n_classes

    def fit(self, x, y):
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    @property
    def classes_(self):
        return np.arange(self.n_classes)

    def predict_proba(self, x):
        return np.asarray(x)

    def predict(self, x):
        return np.asarray(x).argmax(1)


def main() -> None:
    given, level, resplits = np.load(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    probabilities, targets = given["probabilities"].astype(np.float64), given["targets"]
    probabilities /= probabilities.sum(1, keepdims=True)
    coverage, size = [], []
    for seed in range(resplits):
        order = np.random.default_rng(seed).permutation(len(targets))
        first, second = np.array_split(order, 2)
        model = SplitConformalClassifier(
            Known(probabilities.shape[1]), confidence_level=level, prefit=True, conformity_score="lac"
        )
        model.conformalize(probabilities[first], targets[first])
        sets = np.asarray(model.predict_set(probabilities[second])[1])[:, :, 0]
        coverage.append(float(sets[np.arange(len(second)), targets[second]].mean()))
        size.append(float(sets.sum(1).mean()))
    print(json.dumps({"coverage": coverage, "size": size}))


if __name__ == "__main__":
    main()
