"""Features of items that no label of theirs has touched, and predictions out of fold."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.checks import require
from gatera.core.errors import DataError
from gatera.core.threads import count_cores_for_trees
from gatera.data.loading.loader import DataLoader
from gatera.learn.arithmetic import evaluating
from gatera.learn.head_start import fit_ridge, linear_head, scale_of_scores
from gatera.learn.learner import Learner
from gatera.program.tasks import task_kind

#: Who judges labels where the features know them: a network that was trained from scratch, such as one of recordings.
TRAINED = "Export the learner: gatera report PROGRAM --data SOURCE judges labels of items that the program has not seen."

#: Folds where predictions are made by refitting.
FOLDS = 5


def frozen_features(learn: Learner, loader: DataLoader) -> Tensor | None:
    """Return what the layers before a linear head make of each item, float32 [n,F], in dataset order; None for other models.

    Where these layers were never trained on the items, they are kept from the training and cost nothing.
    """
    head = linear_head(learn.model)
    if head is None or not isinstance(learn.model, nn.Sequential):
        return None
    return kept_outputs(learn, nn.Sequential(learn.model[0], head.features), loader)


def kept_outputs(learn: Learner, fixed: nn.Module, loader: DataLoader, quiet: bool = True) -> Tensor | None:
    """Return what a fixed part of the model says of each item, float32 [n,F], in dataset order, and keep it for later questions.

    Args:
        learn: the learner.
        fixed: ends in rows of numbers.
        loader: the items.
        quiet: show no progress bar.

    Returns:
        None if it needs too much memory.
    """
    with evaluating(learn.model), learn.arithmetic.kernels(fixed):
        kept = learn.feature_cache.loaders(fixed, [loader.for_evaluation()], learn.arithmetic, quiet)
    outputs = None if kept is None else kept[0].features.outputs
    return outputs.cpu().float() if isinstance(outputs, Tensor) else None


def features_of_sides(learn: Learner, loaders: Mapping[str, DataLoader]) -> dict[str, np.ndarray] | None:
    """Return `frozen_features` of each side, float32 [n,F] by its name; None where the model has none."""
    found = {side: frozen_features(learn, loader) for side, loader in loaders.items()}
    known = {side: features.numpy() for side, features in found.items() if features is not None}
    return known if len(known) == len(found) else None


def inputs_of(learn: Learner, loaders: Sequence[DataLoader]) -> tuple[str, Any]:
    """Return the items of some loaders, as something that simple models learn from: a kind and the values.

    "features": float32 [n,F] of the frozen body; "texts": TF-IDF, sparse [n,W]; "rows": encoded rows, float32 [n,F].

    Raises:
        DataError: if the items are of another kind.
    """
    frozen = [frozen_features(learn, loader) for loader in loaders]
    if all(part is not None for part in frozen):
        return "features", torch.cat([part for part in frozen if part is not None])
    block, first = loaders[0].dataset.fields.x, loaders[0].dataset.inputs[0]
    if block.pad is not None:  # texts, of different lengths
        return "texts", _words_of([block.read(raw) for loader in loaders for raw in loader.dataset.inputs])
    arrays = [loader.dataset.arrays for loader in loaders] if loaders[0].dataset.fields.image is None else []
    if arrays and all(isinstance(part, np.ndarray) and part.ndim == 2 for part in arrays):
        return "rows", np.concatenate(arrays)
    raise DataError(
        "predictions out of fold need a linear head, texts or rows", got=type(first).__name__, remedy=TRAINED
    )


def _words_of(texts: Sequence[str]) -> Any:
    """Return TF-IDF of the words of texts; where no text has a word of two letters, of their characters."""
    words = require("sklearn.feature_extraction.text", "train", "for predictions out of fold")
    if any(re.search(r"\w\w", text) for text in texts):
        return words.TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit_transform(texts)
    if not any(text.strip() for text in texts):
        raise DataError(
            "predictions out of fold need texts, and all of these are empty", got=f"{len(texts):,} texts"
        )
    return words.TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), analyzer="char").fit_transform(texts)


def out_of_fold(
    learn: Learner, loaders: Sequence[DataLoader], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of each item's classes by models that did not learn from it, [n,K], and its label, int64 [n].

    On the features of a frozen body it is ridge regression, whose predictions without an item have a formula; else logistic
    regression on TF-IDF, or gradient boosting on rows, in five folds.

    Args:
        learn: a learner of one class per item.
        loaders: the items, e.g. of training and validation set together.
        seed: of the folds.

    Raises:
        DataError: if items have no single class, or there is nothing that simple models learn from.
    """
    kind = task_kind(learn.dls.task)
    if kind is None or kind.labels_per_item != "one" or learn.dls.vocab is None:
        raise DataError("predictions out of fold need one class per item", got=learn.dls.task)
    labels = torch.cat([loader.dataset.targets for loader in loaders])
    n_classes = len(learn.dls.vocab)
    what, x = inputs_of(learn, loaders)
    if what == "features":
        wanted = F.one_hot(labels, n_classes)
        ridge = fit_ridge(x, wanted)
        factor, _ = scale_of_scores(ridge.left_out, wanted, "classification")
        return (ridge.left_out * factor).softmax(1).numpy(), labels.numpy()
    return _refitted(what, x, labels.numpy(), n_classes, seed), labels.numpy()


def _refitted(what: str, x: Any, labels: np.ndarray, n_classes: int, seed: int) -> np.ndarray:
    if what == "texts":
        model = require("sklearn.linear_model", "train", "for predictions out of fold").LogisticRegression(
            C=10.0, max_iter=1000
        )
    else:
        count_cores_for_trees()
        model = require(
            "sklearn.ensemble", "train", "for predictions out of fold"
        ).HistGradientBoostingClassifier(max_iter=40, random_state=seed)
    found = np.full((len(labels), n_classes), 1e-9)
    for train, held in _folds(labels, seed):
        model.fit(x[train], labels[train])
        found[np.ix_(held, model.classes_)] = model.predict_proba(x[held])
    return found / found.sum(axis=1, keepdims=True)


def _folds(labels: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return five folds, each with its share of every class: what is learned from and what is predicted.

    Raises:
        DataError: if there are too few items: each class is needed in what is learned from.
    """
    counts = np.bincount(labels)
    several = int((counts >= 2).sum())
    if several < 2:
        raise DataError(
            "predictions out of fold need two classes with at least 2 items each",
            got=f"{several} of {int((counts > 0).sum())} classes, in {len(labels)} items",
        )
    selection = require("sklearn.model_selection", "train", "for predictions out of fold")
    # two classes are in every fold, and so in all that is learned from
    n = min(FOLDS, int(np.sort(counts)[-2]))
    folds = selection.StratifiedKFold(n, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the rarest class is not in each fold
        return list(folds.split(np.zeros(len(labels)), labels))
