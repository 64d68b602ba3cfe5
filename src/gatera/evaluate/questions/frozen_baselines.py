"""Simple classifiers on the features of a body as it was before training: what the trained model should beat."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.checks import require
from gatera.evaluate.questions.features import kept_outputs
from gatera.learn.head_start import linear_head
from gatera.learn.learner import Learner
from gatera.models.vision.body import Body
from gatera.models.vision.linear_head import create_linear_head

#: They are fitted to at most this many items.
MOST_ITEMS = 5_000


def frozen_baselines(learn: Learner) -> dict[str, dict[str, float]]:
    """Return the errors (0..1) of simple classifiers on pretrained features: side of the split -> name -> error.

    Call it before the first epoch: the features of a trained body know the labels. What they are is kept for the training of the
    head. Empty after an epoch, without a pretrained body, and of more than 5,000 training items.

    Args:
        learn: a learner of one class per item.
    """
    train, body = learn.dls.train, learn.body
    if not isinstance(body, Body) or learn.epochs_done or train.n > MOST_ITEMS:
        return {}
    # what a linear head would see, also where the model has another one
    head = linear_head(learn.model) or create_linear_head(body.num_features, 1, pool=body.spatial)
    fixed = nn.Sequential(body, head.features)
    quiet = not learn.display.bar_on
    x = kept_outputs(learn, fixed, train, quiet)
    if x is None:
        return {}
    loaders = {"valid": learn.dls.valid} | ({} if learn.dls.test is None else {"test": learn.dls.test})
    held = {
        side: (kept_outputs(learn, fixed, loader, quiet), loader.dataset.targets)
        for side, loader in loaders.items()
    }
    known = {side: (features, wanted) for side, (features, wanted) in held.items() if features is not None}
    return _errors(x, train.dataset.targets, known)


def _errors(x: Tensor, labels: Tensor, held: dict[str, tuple[Tensor, Tensor]]) -> dict[str, dict[str, float]]:
    """Return the errors on held-out features and labels of classifiers that learn from features [n,F] and labels [n]."""
    unit, known = F.normalize(x - x.mean(0)), labels.unique()
    means = torch.stack([unit[labels == k].mean(0) for k in known])
    scale = x.std(0).clamp_min(1e-6)
    model = require("sklearn.linear_model", "train", "for baselines").LogisticRegression(C=0.01, max_iter=200)
    model.fit((x / scale).numpy(), labels.numpy())
    found = {}
    for side, (features, wanted) in held.items():
        nearest = known[torch.cdist(F.normalize(features - x.mean(0)), means).argmin(1)]
        regression = torch.from_numpy(model.predict((features / scale).numpy()))
        found[side] = {
            "the nearest class mean of pretrained features": float((nearest != wanted).float().mean()),
            "logistic regression on pretrained features": float((regression != wanted).float().mean()),
        }
    return found
