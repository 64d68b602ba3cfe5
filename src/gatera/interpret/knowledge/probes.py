"""Linear probes: how well a linear classifier on each stage's output answers, by depth.

Source: Zeiler and Fergus 2014 (arXiv 1311.2901), table 7; Alain and Bengio 2016 (arXiv 1610.01644).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gatera.core.checks import check_count, require
from gatera.core.errors import ArgumentError, DataError
from gatera.core.figures import Pictured, new_figure
from gatera.core.progress import note, track
from gatera.core.random import rng
from gatera.data.loading.batch import as_pair
from gatera.data.loading.loader import DataLoader
from gatera.interpret.layers import Stage, outputs_at, runs, stages
from gatera.interpret.subject import validation_loader
from gatera.learn.arithmetic import evaluating
from gatera.measure.intervals import Interval, wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner

#: A map is averaged over a grid of squares, so fine (4 x 4 at most) that a stage has about this many features.
FEATURES, FINEST = 1024, 4

#: Strengths of the penalty that the probe chooses among, by leave-one-out on the training set.
PENALTIES = tuple(10.0**power for power in range(-1, 7))


@dataclass(frozen=True)
class Probe:
    """What a linear classifier on one stage's output gets right.

    Attributes:
        stage: the stage's name.
        n_features: how many features it sees.
        right, n: of how many validation items how many are right.
        training: share of the training items that it gets right, 0..1.
    """

    stage: str
    n_features: int
    right: int
    n: int
    training: float

    @property
    def accuracy(self) -> float:
        """Share of the validation items that it gets right, 0..1."""
        return self.right / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % Wilson interval of `accuracy`."""
        low, high = wilson_interval(self.n - self.right, self.n)
        return Interval(1 - high, 1 - low)


@dataclass(frozen=True, repr=False)
class Probes(Pictured):
    """Linear probes by depth, earliest first.

    Attributes:
        probes: one for the pixels (or encoded input), then one per stage.
        guessing: accuracy of always naming the most frequent label of the training set, 0..1.
        whole: accuracy of the network itself, 0..1.
        n_train: number of training items.
    """

    probes: list[Probe]
    guessing: float
    whole: float
    n_train: int

    def __repr__(self) -> str:
        lines = [
            f"{probe.stage:<16} {100 * probe.accuracy:5.1f} %  (95 % interval {100 * probe.interval.low:.1f} % to {100 * probe.interval.high:.1f} %; "
            f"{probe.n_features:,} features)"
            for probe in self.probes
        ]
        head = f"Linear probes on {self.n_train:,} training and {self.probes[0].n:,} validation items"
        return "\n".join(
            [
                head,
                *lines,
                f"{'the network':<16} {100 * self.whole:5.1f} %",
                f"{'guessing':<16} {100 * self.guessing:5.1f} %",
            ]
        )

    def table(self) -> pd.DataFrame:
        """Return one row per stage: stage, features, accuracy, low, high, training."""
        pandas = require("pandas", "train", "for tables")
        return pandas.DataFrame(
            [(p.stage, p.n_features, p.accuracy, *p.interval, p.training) for p in self.probes],
            columns=["stage", "features", "accuracy", "low", "high", "training"],
        )

    def plot(self) -> Figure:
        """Draw accuracy by depth with intervals; dashed lines are the network and guessing."""
        figure = new_figure((max(5.0, 0.75 * len(self.probes) + 2), 3.8))
        axes = figure.subplots()
        places = range(len(self.probes))
        values = np.array([probe.accuracy for probe in self.probes])
        ends = np.array([probe.interval for probe in self.probes])
        axes.errorbar(
            places, values, yerr=np.abs(ends - values[:, None]).T, fmt="o-", capsize=4, color="#0072b2"
        )
        axes.axhline(
            self.whole, linestyle="--", color="#009e73", label=f"the network: {100 * self.whole:.1f} %"
        )
        axes.axhline(
            self.guessing, linestyle=":", color="#666666", label=f"guessing: {100 * self.guessing:.1f} %"
        )
        axes.set_xticks(places, [probe.stage for probe in self.probes], rotation=35, ha="right")
        axes.set_ylabel("accuracy on the validation set")
        axes.set_title("What a linear probe reads from each stage", fontsize=10)
        axes.legend(fontsize=8, loc="lower right")
        axes.grid(axis="y", alpha=0.3)
        return figure


def which_layer_knows(learn: Learner, most: int = 2000, seed: int = 0) -> Probes:
    """Fit a linear probe on every stage; see `Learner.which_layer_knows`."""
    check_count("most", most, 2)
    check_count("seed", seed, 0)
    if learn.dls.task != "classification":
        raise DataError(
            "probes answer with one class per item", got=learn.dls.task, expected="the task classification",
            remedy="learn.ablate() works for other tasks.",
        )  # fmt: skip
    valid = validation_loader(learn, None, "which_layer_knows")
    found = _running(learn, valid)
    if not found:
        raise ArgumentError("the model has no stages to probe", got=type(learn.model).__name__)
    train_x, train_y = _features(learn, _some(learn, most, seed), found)
    valid_x, valid_y = _features(learn, valid, found)
    names = ["input", *(stage.name for stage in found)]
    probes = [
        _probe(name, (train_x[i], train_y), (valid_x[i], valid_y))
        for i, name in enumerate(track(names, "fitting probes", quiet=not learn.display.bar_on))
    ]
    usual = np.bincount(train_y).argmax()
    predictions, labels, *_ = learn.get_preds()
    assert predictions is not None and labels is not None
    whole = float((predictions.argmax(1) == labels).float().mean())
    return Probes(probes, float((valid_y == usual).mean()), whole, len(train_y))


def _running(learn: Learner, loader: Any) -> list[Stage]:
    """Return the stages that run when the model predicts: some networks have parts for training only."""
    found = stages(learn.model)
    x = learn.arithmetic.to_device(as_pair(loader.one_batch())[0])
    with evaluating(learn.model):
        counts = runs(learn.model, [stage.last for stage in found], x)
    return [stage for stage, n in zip(found, counts, strict=True) if n]


def _some(learn: Learner, most: int, seed: int) -> Any:
    """Return a loader of the training set, or of `most` of its items, without augmentation."""
    loader = learn.loader(0)
    n = len(loader.dataset)
    if n <= most:
        return loader
    note(f"Probes are fitted to {most:,} of {n:,} training items; most= takes more.")
    chosen = sorted(rng(seed).permutation(n)[:most].tolist())
    return DataLoader(
        loader.dataset.subset(chosen),
        loader.bs,
        training=False,
        batch_tfms=loader.batch_tfms,
        options=loader.options,
    )


def _features(learn: Learner, loader: Any, found: Sequence[Stage]) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the features of the input and of each stage, float32 [N,F] each, and labels, int64 [N]."""
    parts: list[list[Tensor]] = [[] for _ in range(len(found) + 1)]
    labels: list[Tensor] = []
    layers = [stage.last for stage in found]
    with evaluating(learn.model), learn.arithmetic.kernels(learn.model), torch.inference_mode():
        for batch in track(loader, "reading all stages", quiet=not learn.display.bar_on):
            x, y = as_pair(batch)
            x = learn.arithmetic.to_device(x)
            with learn.arithmetic.autocast():
                _, outputs = outputs_at(learn.model, layers, x)
            for place, output in enumerate([_plain(x), *outputs]):
                parts[place].append(as_features(output).cpu())
            labels.append(y.cpu())
    return [_joined(part).numpy() for part in parts], torch.cat(labels).numpy()


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """Return the features of all batches, [N,F]; texts of one batch may be longer than those of another."""
    width = max(part.shape[1] for part in parts)
    return torch.cat([F.pad(part, (0, width - part.shape[1])) for part in parts])


def _plain(x: Any) -> Tensor:
    """Return an input as numbers; of a row its codes and its numbers."""
    return x if isinstance(x, Tensor) else torch.cat([part.float().flatten(1) for part in x], dim=1)


def as_features(output: Any) -> Tensor:
    """Return a stage's output as features, float32 [N,F].

    Maps [N,C,h,w] are averaged over a grid of squares (see `FEATURES`), tokens [N,T,F] over the text.
    """
    values = (output[0] if isinstance(output, tuple) else output).float()
    if values.ndim == 4:
        n = int(np.clip((FEATURES / values.shape[1]) ** 0.5, 1, FINEST))
        values = F.adaptive_avg_pool2d(values, (min(n, values.shape[2]), min(n, values.shape[3])))
    elif values.ndim == 3:
        values = values.mean(1)
    return values.flatten(1)


def _probe(name: str, train: tuple[np.ndarray, np.ndarray], valid: tuple[np.ndarray, np.ndarray]) -> Probe:
    linear = require("sklearn.linear_model", "train", "to fit probes")
    (x, y), (other, labels) = train, valid
    if not (np.isfinite(x).all() and np.isfinite(other).all()):
        raise DataError(
            f"what the stage {name} gives is not finite, so no probe can read it",
            remedy="Check the training (learn.doctor()): a rate that is too high ends in such weights.",
        )
    mean, deviation = x.mean(0), x.std(0)
    deviation = np.where(deviation > 1e-6, deviation, 1)
    x, other = (x - mean) / deviation, (other - mean) / deviation
    if len(np.unique(y)) < 2:
        raise DataError(
            "probes need at least two classes in the training set",
            got=f"{len(y):,} items of one class",
            remedy="Pass a larger most=, or loaders whose training set has both.",
        )
    model = linear.RidgeClassifierCV(PENALTIES).fit(x, y)
    right = int((model.predict(other) == labels).sum())
    return Probe(name, x.shape[1], right, len(labels), float(model.score(x, y)))
