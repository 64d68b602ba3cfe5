"""Start a linear head from the least-squares solution on the pretrained body's features, instead of from zero.

One linear layer on fixed features has a best value that needs no learning rate: ridge regression on the targets. How strongly
it is held back, and how sure its scores are, is chosen by leave-one-out predictions of the training set, which cost nothing
extra; the validation set is not touched. Training then continues from there, so the rows of the table of epochs are those that
were asked for.

Source of the leave-one-out formula: Golub, Heath and Wahba 1979, "Generalized Cross-Validation as a Method for Choosing a Good
Ridge Parameter", Technometrics 21(2), section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.progress import note
from gatera.core.random import rng
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.frozen_features import FeatureCache, Features, compute
from gatera.models.vision.linear_head import LinearHead

#: Tasks whose targets a linear map can be fitted to.
TASKS = ("classification", "multilabel", "regression")

#: The start is solved from at most this many training items: more would hardly move it, and take memory.
MOST_ITEMS = 5_000

#: The most columns of the targets that penalties are tried on.
COLUMNS_TRIED = 256

#: Ridge penalties that are tried, as multiples of the features' total variance per item.
PENALTIES = tuple(10.0 ** (step / 4) for step in range(-16, 13))

#: Factors that scores are tried with, and offsets: the score at which a label is as likely as not.
FACTORS = tuple(2.0 ** (step / 4) for step in range(-4, 25))
OFFSETS = (0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class HeadStart:
    """What a pretrained model's linear head starts from: the least-squares solution, earlier training, or zero.

    Attributes:
        missed: fraction of the training items whose class the solution misses, each judged without it; None where items have no
            single class, or the head was trained earlier.
        from_zero: whether the head starts from zero, because the solution misses too many items.
    """

    missed: float | None = None
    from_zero: bool = False


@dataclass(frozen=True)
class Ridge:
    """A linear map, fitted by ridge regression.

    Attributes:
        weight: float64 [F,K].
        bias: float64 [K].
        left_out: what the map says of each training item when fitted without it, float64 [n,K].
    """

    weight: Tensor
    bias: Tensor
    left_out: Tensor


def start_head(
    model: nn.Module,
    dls: DataLoaders,
    loss_func: object,
    arithmetic: Arithmetic,
    cache: FeatureCache,
    limit: float = 1.0,
    quiet: bool = False,
) -> HeadStart | None:
    """Solve a linear head that is still zero; a line says what was found.

    It acts on targets of one class per item, several labels, and numbers without a range.

    Args:
        model: a pretrained body and a head; the linear layer is changed in place.
        dls: the training set and its task.
        loss_func: the loss; class weights in it count.
        arithmetic: device and precision to compute features in.
        cache: where features are kept for the frozen epochs.
        limit: keep the head at zero if the solution misses this fraction of the training items or more.
        quiet: show no progress bar.

    Returns:
        How good the solution is; None if there is nothing to solve.
    """
    head, train = linear_head(model), dls.train
    if head is None or not head.untrained or dls.task not in TASKS or not isinstance(train, DataLoader):
        return None
    assert isinstance(model, nn.Sequential)  # for the type checker: it has a head
    fixed = nn.Sequential(model[0], head.features)
    with arithmetic.kernels(fixed):
        features = _features(fixed, train, arithmetic, cache, quiet)
    if features is None or not isinstance(features.outputs, Tensor):
        return None
    labels, is_class = features.labels.cpu(), dls.task == "classification"
    wanted = F.one_hot(labels, head.linear.out_features) if is_class else labels.reshape(len(labels), -1)
    soft = train.dataset.training_targets if len(labels) == len(train.dataset) else None
    if soft is not None and is_class:
        wanted = soft / soft.sum(dim=1, keepdim=True)
    if head.scale is not None:
        wanted = head.scale.standardised(wanted)
    if wanted.shape[1] != head.linear.out_features:
        return None
    class_weights = getattr(loss_func, "weight", None) if is_class else None
    weights = class_weights.cpu()[labels] if isinstance(class_weights, Tensor) else None
    found = fit_ridge(features.outputs.cpu(), wanted, weights)
    start = _judged(found, labels, limit) if is_class else HeadStart()
    if not start.from_zero:
        factor, offset = scale_of_scores(found.left_out, wanted, dls.task)
        with torch.no_grad():
            head.linear.weight.copy_((found.weight * factor).T)
            head.linear.bias.copy_((found.bias - offset) * factor)
    return start


def _judged(found: Ridge, labels: Tensor, limit: float) -> HeadStart:
    """Decide whether a head starts from a solution for classes, int64 [n]; a line says so."""
    missed = int((found.left_out.argmax(1) != labels).sum())
    start = HeadStart(missed / len(labels), missed >= limit * len(labels))
    begins = (
        "zeros: the least-squares solution gets"
        if start.from_zero
        else "a least-squares solution, which gets"
    )
    note(f"The head starts from {begins} {missed:,} of {len(labels):,} training items wrong (leave-one-out).")
    return start


def suffices(start: HeadStart | None, limit: float) -> bool:
    """Return whether `fine_tune` may skip its unfrozen part, as the head's start misses less than `limit`; a line says so."""
    if start is None or start.missed is None or start.missed >= limit:
        return False
    note(
        f"Skipping the unfrozen part: the head alone gets only {100 * start.missed:.1f} % of the training items wrong, less "
        f"than {100 * limit:.1f} %."
    )
    return True


def linear_head(model: nn.Module) -> LinearHead | None:
    """Return the model's head if it is linear and without a range."""
    head = model[1] if isinstance(model, nn.Sequential) and len(model) == 2 else None
    if not isinstance(head, LinearHead):
        return None
    return head if head[-1] in (head.linear, head.scale) else None


def trained_before(model: nn.Module) -> HeadStart | None:
    """Return the start of a linear head that is not zero any more; None for any other head."""
    head = linear_head(model)
    return None if head is None or head.untrained else HeadStart()


def _features(
    fixed: nn.Module, train: DataLoader, arithmetic: Arithmetic, cache: FeatureCache, quiet: bool
) -> Features | None:
    """Return features [n,F] and labels of the training set, at most `MOST_ITEMS` of them, without augmentation."""
    positions = np.arange(train.n)
    if train.n > MOST_ITEMS:
        positions = np.sort(rng(train.options.seed, train.n).choice(train.n, MOST_ITEMS, replace=False))
    if not train.random:  # an epoch of the frozen body needs all of them, and finds them kept
        kept = cache.loaders(fixed, [train], arithmetic, quiet)
        if kept is None or not isinstance(kept[0].features.outputs, Tensor):
            return None
        some = torch.from_numpy(positions).to(kept[0].features.labels.device)
        return Features(kept[0].features.outputs[some], kept[0].features.labels[some])
    options = replace(train.options, device=train.device)
    some_items = train.dataset.subset(positions.tolist())
    fixed.eval()
    return compute(
        fixed,
        DataLoader(some_items, train.bs, batch_tfms=train.batch_tfms, options=options),
        arithmetic,
        quiet,
    )


def fit_ridge(x: Tensor, targets: Tensor, weights: Tensor | None = None) -> Ridge:
    """Fit a linear map by ridge regression; the penalty is the one whose leave-one-out predictions err least.

    Args:
        x: features [n,F], n at least 2.
        targets: numbers [n,K].
        weights: what each item counts, [n], above 0; None for one each.

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
    # The smaller of the two matrices has the same eigenvalues: u holds its eigenvectors as seen from the items.
    if len(x) <= x.shape[1]:
        values, u = torch.linalg.eigh(centred @ centred.T)
        values = values.clamp_min(0)
    else:
        values, vectors = torch.linalg.eigh(centred.T @ centred)
        values = values.clamp_min(values.max() * 1e-12)
        u = centred @ vectors / values.sqrt()  # [n,F]
    along = u.T @ wanted
    own = (root**2 / len(x)).squeeze(1)  # an item's pull on the means
    shares = {penalty: values / (values + penalty * values.sum() / len(x)) for penalty in PENALTIES}

    def left_out(penalty: float, columns: slice) -> Tensor:
        """Return weighted residuals, each without its item."""
        shrunk = shares[penalty]
        pull = ((u * u) @ shrunk + own).clamp_max(1 - 1e-9)
        return (wanted[:, columns] - u @ (shrunk[:, None] * along[:, columns])) / (1 - pull)[:, None]

    # Thousands of classes would take minutes and gigabytes; some of them, spread over all, tell the same.
    some = slice(None, None, -(-wanted.shape[1] // COLUMNS_TRIED))
    losses = {penalty: float((left_out(penalty, some) ** 2).mean()) for penalty in PENALTIES}
    best = min(PENALTIES, key=lambda penalty: losses[penalty])
    left = left_out(best, slice(None))
    weight = centred.T @ (u @ ((shares[best] / values.clamp_min(1e-300))[:, None] * along))
    return Ridge(weight, mean_t - mean_x @ weight, targets - left / root)


def scale_of_scores(left_out: Tensor, wanted: Tensor, task: str | None) -> tuple[float, float]:
    """Return the factor and offset that make logits of a ridge's outputs: (output - offset) * factor.

    Targets are moved a little away from 0 and 1, or a few items that are all right would make the scores certain.

    Source: Platt 1999, "Probabilistic Outputs for Support Vector Machines", section 2.2.

    Args:
        left_out: leave-one-out predictions [n,K].
        wanted: what they should be, [n,K]; 0 or 1 for classes and labels.
        task: "classification", "multilabel" or "regression" (whose outputs stay as they are).
    """
    if task == "regression":
        return 1.0, 0.0
    spread = 1 / (len(wanted) + 2)
    if task == "classification":
        classes = wanted.argmax(1)
        tried = [
            (float(F.cross_entropy(left_out * t, classes, label_smoothing=spread)), t, 0.0) for t in FACTORS
        ]
    else:
        labels = wanted.double() * (1 - 2 * spread) + spread
        tried = [
            (float(F.binary_cross_entropy_with_logits((left_out - offset) * t, labels)), t, offset)
            for t in FACTORS
            for offset in OFFSETS
        ]
    return min(tried)[1:]
