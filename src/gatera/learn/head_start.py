"""Start a linear head from the least-squares solution on the pretrained body's features, instead of from zero.

The best linear layer on fixed features can be computed directly, by ridge regression on the targets. Its penalty and the scale
of its scores are chosen by leave-one-out predictions of the training set, which cost nothing extra; the validation set is not
used. Training then continues from there, with the usual number of epochs.

Source of the leave-one-out formula: Golub, Heath and Wahba 1979, "Generalized Cross-Validation as a Method for Choosing a Good
Ridge Parameter", Technometrics 21(2), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.progress import note
from gatera.core.random import rng
from gatera.data.loading.loaders import DataLoader
from gatera.learn.frozen_features import FeatureCache, Features, compute
from gatera.learn.state import LoopState
from gatera.models.vision.linear_head import LinearHead

#: Tasks whose targets a linear map can be fitted to.
TASKS = ("classification", "multilabel", "regression")

#: The head is solved from at most this many training items: more would hardly change it, and need more memory.
MOST_ITEMS = 5_000

#: Ridge penalties to try, as multiples of the features' total variance per item.
PENALTIES = tuple(10.0 ** (step / 4) for step in range(-16, 13))

#: Factors and offsets to try for the scores; the offset is the score at which a label has a probability of 0.5.
FACTORS = tuple(2.0 ** (step / 4) for step in range(-4, 25))
OFFSETS = (0.1, 0.2, 0.3, 0.4, 0.5)

#: A pretrained body learns at its full rate if a linear head on its frozen features misclassifies this fraction of the training
#: items or more, and proportionally slower below that, down to the second fraction: on 700 photos with 1 % misclassified the
#: full rate makes it worse (see LOG.md).
FULL_BODY_ERROR, LEAST_BODY_SHARE = 0.1, 0.1


@dataclass(frozen=True)
class Ridge:
    """A linear map, fitted by ridge regression.

    Attributes:
        weight: float64 [F,K].
        bias: float64 [K].
        left_out: the prediction for each training item by a map fitted without it, float64 [n,K].
    """

    weight: Tensor
    bias: Tensor
    left_out: Tensor


def start_head(state: LoopState, task: str | None, cache: FeatureCache, quiet: bool) -> float | None:
    """Solve the linear head of a pretrained model, if it is untrained; a line reports the result.

    It is solved for one class per item, several labels, and numbers without a range.

    Args:
        state: the loop's state, before the fit; the head's linear layer is changed in place.
        task: the data's task.
        cache: where the features are kept for the fit.
        quiet: show no progress bar.

    Returns:
        For one class per item: the fraction of training items that the solution misclassifies when each is left out.
        None otherwise, or if nothing was solved.
    """
    head = _untrained_head(state.whole) if task in TASKS else None
    if head is None or not isinstance(state.train, DataLoader):
        return None
    features = _features(state, nn.Sequential(state.whole[0], head.features), cache, quiet)  # type: ignore[index]
    if features is None:
        return None
    (x, labels), one_class = features, task == "classification"
    wanted = F.one_hot(labels, head.linear.out_features) if one_class else labels.reshape(len(labels), -1)
    if wanted.shape[1] != head.linear.out_features:
        return None
    class_weights = getattr(state.loss_func, "weight", None) if one_class else None
    found = fit_ridge(x, wanted, class_weights[labels] if isinstance(class_weights, Tensor) else None)
    factor, offset = scale_of_scores(found.left_out, wanted, task)
    with torch.no_grad():
        head.linear.weight.copy_((found.weight * factor).T)
        head.linear.bias.copy_((found.bias - offset) * factor)
    if not one_class:
        return None
    missed = int((found.left_out.argmax(1) != labels).sum())
    note(
        f"The head starts from a least-squares solution that misclassifies {missed:,} of {len(labels):,} training items "
        "(each left out in turn)."
    )
    return missed / len(labels)


def _untrained_head(model: nn.Module) -> LinearHead | None:
    """Return a model's head if it can be solved: linear, untrained, without a range."""
    if not isinstance(model, nn.Sequential) or len(model) != 2:
        return None
    head = model[1]
    if isinstance(head, LinearHead) and head[-1] is head.linear and head.untrained:
        return head
    return None


def _features(
    state: LoopState, fixed: nn.Module, cache: FeatureCache, quiet: bool
) -> tuple[Tensor, Tensor] | None:
    """Return features [n,F] and labels [n, ...], on the CPU, of at most `MOST_ITEMS` training items, without augmentation."""
    train = state.train
    assert isinstance(train, DataLoader)  # for the type checker: `start_head` has checked it
    positions = np.arange(train.n)
    if train.n > MOST_ITEMS:
        positions = np.sort(rng(state.seed, train.n).choice(train.n, MOST_ITEMS, replace=False))
    with state.arithmetic.kernels(fixed):
        if not train.random:  # the frozen body's epochs need all of them, and will find them in the cache
            kept = cache.loaders(fixed, [train], state.arithmetic, quiet)
            return None if kept is None else _rows(kept[0].features, positions)
        options = replace(train.options, device=train.device)
        subset = train.dataset.subset(positions.tolist())
        loader = DataLoader(subset, train.bs, batch_tfms=train.batch_tfms, options=options)
        fixed.eval()
        features = compute(fixed, loader, state.arithmetic, quiet)
    return None if features is None else _rows(features, np.arange(len(positions)))


def _rows(features: Features, positions: np.ndarray) -> tuple[Tensor, Tensor] | None:
    if not isinstance(features.outputs, Tensor):
        return None
    some = torch.from_numpy(positions).to(features.labels.device)
    return features.outputs[some].cpu(), features.labels[some].cpu()


def head_suffices(head_error: float | None, limit: float) -> bool:
    """Whether a head misses less than `limit` of the training items, so that `fine_tune` stops; a line says so."""
    if head_error is None or head_error >= limit:
        return False
    note(
        f"Skipping the unfrozen part: only {head_error:.1%} of the training items were misclassified on frozen features, "
        f"less than {limit:.1%}."
    )
    return True


def unfrozen_rates(rates: Sequence[float], head_error: float | None, trained: Sequence[str]) -> list[float]:
    """Return the peak rates of the unfrozen part: lower for a body whose features leave little to learn.

    Args:
        rates: the usual peak rates, one per parameter group; the last one, the head's, stays.
        head_error: what `start_head` returned; None changes nothing.
        trained: names of the parameter groups that are trained, for the line that reports the change.
    """
    if head_error is None:
        return list(rates)
    share = min(1.0, max(LEAST_BODY_SHARE, head_error / FULL_BODY_ERROR))
    note(
        f"Training {' and '.join(trained)}; the body at {share:.0%} of its usual learning rate, as {head_error:.1%} of the "
        "training items were misclassified on its frozen features."
    )
    return [*(rate * share for rate in rates[:-1]), rates[-1]]


def fit_ridge(x: Tensor, targets: Tensor, weights: Tensor | None = None) -> Ridge:
    """Fit a linear map by ridge regression, with the penalty whose leave-one-out predictions have the smallest error.

    Args:
        x: features [n,F], n at least 2.
        targets: numbers [n,K].
        weights: weight of each item, [n], above 0; None for equal weights.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
        >>> fit_ridge(x, 2 * x + 1).weight.item().__round__(2)
        2.0
    """
    x, targets = x.double(), targets.double()
    share = torch.ones(len(x), dtype=torch.float64) if weights is None else weights.double()
    mean_x, mean_t = (share @ x) / share.sum(), (share @ targets) / share.sum()
    root = (share / share.mean()).sqrt()[:, None]  # [n,1]
    centred, wanted = (x - mean_x) * root, (targets - mean_t) * root
    # the smaller of the two matrices has the same eigenvalues; u holds the eigenvectors in item space
    if len(x) <= x.shape[1]:
        values, u = torch.linalg.eigh(centred @ centred.T)
        values = values.clamp_min(0)
    else:
        values, vectors = torch.linalg.eigh(centred.T @ centred)
        values = values.clamp_min(values.max() * 1e-12)
        u = centred @ vectors / values.sqrt()  # [n,F]
    along = u.T @ wanted
    own = (root**2 / len(x)).squeeze(1)  # an item's influence on the means
    best: tuple[float, Tensor, Tensor] | None = None
    for penalty in PENALTIES:
        shrunk = values / (values + penalty * values.sum() / len(x))
        pull = ((u * u) @ shrunk + own).clamp_max(1 - 1e-9)
        residual = wanted - u @ (shrunk[:, None] * along)
        left = residual / (1 - pull)[:, None]  # weighted residuals, each without its item
        loss = float((left**2).mean())
        if best is None or loss < best[0]:
            best = loss, left, u @ ((shrunk / values.clamp_min(1e-300))[:, None] * along)
    assert best is not None  # for the type checker: there are penalties
    weight = centred.T @ best[2]
    return Ridge(weight, mean_t - mean_x @ weight, targets - best[1] / root)


def scale_of_scores(left_out: Tensor, wanted: Tensor, task: str | None) -> tuple[float, float]:
    """Return the factor and offset that turn a ridge's outputs into logits: (output - offset) * factor.

    Args:
        left_out: leave-one-out predictions [n,K].
        wanted: the targets, [n,K]; 0 or 1 for classes and labels.
        task: "classification", "multilabel" or "regression" (whose outputs stay unchanged).
    """
    if task == "regression":
        return 1.0, 0.0
    wanted = wanted.double()
    if task == "classification":
        tried = [(float(F.cross_entropy(left_out * t, wanted)), t, 0.0) for t in FACTORS]
    else:
        tried = [
            (float(F.binary_cross_entropy_with_logits((left_out - offset) * t, wanted)), t, offset)
            for t in FACTORS
            for offset in OFFSETS
        ]
    return min(tried)[1:]
