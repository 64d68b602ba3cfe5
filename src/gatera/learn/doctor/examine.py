"""`learn.doctor()`: look at a trained learner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.random import rng
from gatera.data.loading.batch import as_pair
from gatera.data.loading.loader import DataLoader
from gatera.learn.arithmetic import evaluating
from gatera.learn.doctor import findings
from gatera.learn.doctor.findings import Finding
from gatera.learn.frozen_features import split_fixed
from gatera.learn.head_start import fit_ridge, linear_head

if TYPE_CHECKING:
    from gatera.learn.trainer import Trainer

#: Batches that are looked at for dead units, and shares of the training set in the learning curve.
BATCHES, SHARES = 3, (0.25, 0.5, 1.0)

#: Items that are run at once while units are watched: 64 photos of 320 px would take 1.4 GB.
AT_ONCE = 8

#: A learning curve is made of at most this many items.
MOST_ITEMS = 5_000

RELUS = (nn.ReLU, nn.ReLU6)


#: What could not be looked at.
UNTRAINED = "Nothing has been trained yet, so there are no curves to look at."
NO_VALIDATION_SET = (
    "There is no validation set, so whether it overfits, and what it gets wrong, is not known."
)


class Diagnosis(Sequence[Finding]):
    """What was found, the most serious first.

    Args:
        found: the findings.
        not_seen: what could not be looked at, and why, in sentences.
    """

    def __init__(self, found: Sequence[Finding], not_seen: Sequence[str] = ()) -> None:
        self.found, self.not_seen = list(found), list(not_seen)

    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return "\n".join(
            [*(map(str, self.found) if self.found else ["Nothing looks wrong."]), *self.not_seen]
        )


def examine(learn: Trainer, outputs: Tensor | None = None, targets: Tensor | None = None) -> Diagnosis:
    """Look at the curves, the errors and the units of a trained learner.

    Args:
        learn: the learner.
        outputs: predictions for the validation set [n,K], or numbers, if they are known; without them errors are not looked at.
        targets: its labels, or numbers.
    """
    found = findings.from_curves(learn.recorder.rows, learn.recorder.losses, learn.recorder.iters)
    if outputs is not None and targets is not None and learn.dls.task == "classification":
        wrong = (outputs.argmax(1) != targets).numpy()
        train = learn.dls.train_ds.targets.tolist()
        likely = outputs.float().numpy()
        found += findings.from_errors(train, wrong, targets.tolist(), learn.dls.vocab or [], likely)
        found += _from_features(learn)
    if outputs is not None and targets is not None and learn.dls.task == "regression":
        seen = getattr(learn.dls.train_ds, "targets", None)
        found += [] if seen is None else findings.from_numbers(outputs.float().numpy(), targets.numpy(), seen)
    if isinstance(learn.dls.train, DataLoader):
        found += findings.from_dead_units(dead_units(learn))
    not_seen = [] if learn.recorder.rows else [UNTRAINED]
    return Diagnosis(found, not_seen if learn.dls.valid is not None else [*not_seen, NO_VALIDATION_SET])


def dead_units(learn: Trainer) -> dict[str, float]:
    """Return for each trained layer of rectified units the share of them that is 0 for all items of a few batches."""
    parts = split_fixed(learn.model)
    trained = learn.model if parts is None else parts[1]  # training did nothing to what is before it
    if not any(isinstance(module, RELUS) for module in trained.modules()):
        return {}
    alive: dict[str, Tensor] = {}
    with _watched(learn.model, trained, alive), torch.no_grad():
        for number, batch in enumerate(learn.dls.train.for_evaluation()):
            if number >= BATCHES:
                break
            inputs = learn.arithmetic.to_device(as_pair(batch)[0])
            for part in inputs.split(AT_ONCE) if isinstance(inputs, Tensor) else [inputs]:
                learn.model(part)
    return {name: float((~seen).float().mean()) for name, seen in alive.items()}


@contextmanager
def _watched(model: nn.Module, part: nn.Module, alive: dict[str, Tensor]) -> Iterator[None]:
    """Keep which units of a part's rectifiers answer, while the model is in evaluation mode."""
    watched = set(part.modules())

    def hook(name: str) -> Any:
        def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
            # channels stand second in pictures, last elsewhere
            channels = output.movedim(1, -1) if output.dim() == 4 else output
            seen = (channels > 0).reshape(-1, channels.shape[-1]).any(0)
            alive[name] = alive.get(name, torch.zeros_like(seen)) | seen

        return keep

    handles = [
        module.register_forward_hook(hook(name))
        for name, module in model.named_modules()
        if isinstance(module, RELUS) and module in watched
    ]
    try:
        with evaluating(model):
            yield
    finally:
        for handle in handles:
            handle.remove()


def _from_features(learn: Trainer) -> list[Finding]:
    """Compare the sides, and draw a learning curve, by ridge regression on the frozen body's features, if they were kept."""
    head, loaders = linear_head(learn.model), (learn.dls.train, learn.dls.valid)
    if (
        head is None
        or not learn.trains_head_only
        or not isinstance(learn.model, nn.Sequential)
        or not all(isinstance(loader, DataLoader) for loader in loaders)
    ):
        return []
    fixed = nn.Sequential(learn.model[0], head.features)
    plain = [loader.for_evaluation() for loader in loaders]
    features = [learn.feature_cache.kept(fixed, loader) for loader in plain]  # in any precision
    if any(part is None for part in features):
        with learn.arithmetic.kernels(fixed):
            computed = learn.feature_cache.loaders(fixed, plain, learn.arithmetic, True)
        features = [part.features for part in computed or []]
    known = [part for part in features if part is not None and isinstance(part.outputs, Tensor)]
    if len(known) < len(loaders):
        return []
    (x, y), (vx, vy) = ((torch.as_tensor(part.outputs).cpu(), part.labels.cpu()) for part in known)
    order = torch.from_numpy(rng(0, len(x)).permutation(len(x)).astype(np.int64))[:MOST_ITEMS]
    n_classes = head.linear.out_features
    sizes = [round(share * len(order)) for share in SHARES]
    errors, ridge = [], None
    for size in sizes:
        some = order[:size]
        if size < 2 * n_classes:
            return []
        ridge = fit_ridge(x[some], F.one_hot(y[some], n_classes))
        errors.append(int(((vx.double() @ ridge.weight + ridge.bias).argmax(1) != vy).sum()))
    assert ridge is not None  # for the type checker: there are sizes
    missed = float((ridge.left_out.argmax(1) != y[order]).double().mean())
    return [
        *findings.from_judged_without(missed, len(order), errors[-1], len(vx)),
        *findings.from_learning_curve(sizes, [wrong / len(vx) for wrong in errors], len(vx)),
    ]
