"""The score without parts of the network: groups of layers removed, or their weights shuffled.

Source: Zeiler and Fergus 2014 (arXiv 1311.2901), table 3. There the network is trained again; here it is measured as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import check_choice, check_count, counted, require
from gatera.core.figures import Pictured, new_figure
from gatera.core.progress import track
from gatera.core.random import torch_seeded
from gatera.core.signatures import call
from gatera.interpret.layers import Stage, find_layer, hooked, name_of_layer, runs, stages
from gatera.interpret.subject import validation_loader
from gatera.learn.arithmetic import evaluating
from gatera.measure.intervals import FEWEST_SAMPLED, Interval, bootstrap_interval, too_few, wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner

WAYS = ("both", "removed", "randomised")


@dataclass(frozen=True)
class Ablation:
    """The score of a network that lacks something.

    Attributes:
        group: the layers' name; "nothing" for the whole network.
        how: "whole", "removed" or "randomised".
        n_parameters: number of parameters of the group.
        removed: how many blocks were removed, of how many; (0, 0) unless `how` is "removed".
        score: accuracy (0..1) or mean loss; NaN where nothing could be removed.
        interval: its 95 % interval; NaN where nothing could be removed, and of a loss on fewer than 5 items.
    """

    group: str
    how: str
    n_parameters: int
    removed: tuple[int, int]
    score: float
    interval: Interval


@dataclass(frozen=True, repr=False)
class Ablations(Pictured):
    """Scores on the validation set without parts of the network.

    Attributes:
        metric: "accuracy" or "loss".
        ablations: the whole network first, then each group.
        n: number of validation items.
    """

    metric: str
    ablations: list[Ablation]
    n: int

    def __repr__(self) -> str:
        def words(value: float) -> str:
            return f"{100 * value:.1f} %" if self.metric == "accuracy" else f"{value:.4g}"

        few = self.metric != "accuracy" and self.n < FEWEST_SAMPLED
        said = f"; {too_few(self.n, 'item')}" if few else ", with its 95 % interval"
        lines = [f"{self.metric} on {counted(self.n, 'validation item')}{said}"]
        for one in self.ablations:
            if one.how == "removed" and not one.removed[0]:
                lines.append(f"{one.group:<14} {one.how:<11} none of its blocks keeps the shape of its input")
                continue
            blocks = f"; {one.removed[0]} of {one.removed[1]} blocks" if one.how == "removed" else ""
            ends = "" if few else f"{words(one.interval.low)} to {words(one.interval.high)}; "
            lines.append(
                f"{one.group:<14} {one.how:<11} {words(one.score)}  ({ends}{one.n_parameters:,} parameters{blocks})"
            )
        return "\n".join(lines)

    def table(self) -> pd.DataFrame:
        """Return one row per ablation: group, how, parameters, blocks removed, score, low, high."""
        pandas = require("pandas", "train", "for tables")
        return pandas.DataFrame(
            [(a.group, a.how, a.n_parameters, a.removed[0], a.score, *a.interval) for a in self.ablations],
            columns=["group", "how", "parameters", "blocks_removed", self.metric, "low", "high"],
        )

    def plot(self) -> Figure:
        """Draw the score of each ablation beside that of the whole network."""
        whole, rest = self.ablations[0], [one for one in self.ablations[1:] if np.isfinite(one.score)]
        figure = new_figure((7, 1.2 + 0.26 * len(rest)))
        axes = figure.subplots()
        colours = {"removed": "#e69f00", "randomised": "#0072b2"}
        for place, one in enumerate(rest):
            ends = np.abs(np.array(one.interval) - one.score)[:, None]
            axes.barh(place, one.score, xerr=ends, color=colours[one.how], ecolor="#444444", capsize=2)
        axes.axvline(
            whole.score, color="black", linestyle="--", linewidth=1, label=f"whole network: {whole.score:.3g}"
        )
        axes.set_yticks(range(len(rest)), [f"{one.group}, {one.how}" for one in rest], fontsize=8)
        axes.invert_yaxis()
        axes.set_xlabel(f"{self.metric} on the validation set")
        figure.legend(fontsize=8, loc="outside upper left", frameon=False)
        return figure


def ablate(
    learn: Learner,
    groups: str | Sequence[str] | None = None,
    how: Literal["both", "removed", "randomised"] = "both",
    seed: int = 0,
) -> Ablations:
    """Measure the model without each group of layers; see `Learner.ablate`."""
    check_choice("how", how, WAYS)
    check_count("seed", seed, 0)
    groups = [groups] if isinstance(groups, str) else groups
    loader = validation_loader(learn, None, "ablate")
    chosen = stages(learn.model) if groups is None else [_group(learn.model, name) for name in groups]
    ways = ("removed", "randomised") if how == "both" else (how,)
    metric, scores = _scores(learn, loader)
    found = [
        Ablation(
            "nothing", "whole", _size(learn.model), (0, 0), float(scores.mean()), interval_of(metric, scores)
        )
    ]
    x = learn.arithmetic.to_device(loader.one_batch()[0])
    for stage in track(chosen, "measuring without parts", quiet=not learn.display.bar_on):
        for way in ways:
            found.append(_without(learn, loader, stage, way, seed, x))
    return Ablations(metric, found, len(scores))


def _group(model: nn.Module, name: str) -> Stage:
    known = next((stage for stage in stages(model) if stage.name == name), None)
    layer = find_layer(model, name)
    return known or Stage(name_of_layer(model, layer), (layer,))


def _without(learn: Learner, loader: Any, stage: Stage, way: str, seed: int, x: Any) -> Ablation:
    size = stage.n_parameters
    if way == "removed":
        blocks = blocks_of(stage)
        passing = [
            block for block, same in zip(blocks, keeps_shape(learn.model, blocks, x), strict=True) if same
        ]
        counts = (len(passing), len(blocks))
        if not passing:
            return Ablation(stage.name, way, size, counts, float("nan"), Interval(float("nan"), float("nan")))
        with passed_over(passing):
            metric, scores = _scores(learn, loader)
    else:
        counts = (0, 0)
        with shuffled(stage, seed):
            metric, scores = _scores(learn, loader)
    return Ablation(stage.name, way, size, counts, float(scores.mean()), interval_of(metric, scores))


def blocks_of(stage: Stage) -> list[nn.Module]:
    """Return the blocks of a stage that may be removed one by one: the children of a container, else its layers."""
    first = stage.modules[0]
    inner = list(first.children()) if isinstance(first, nn.Sequential) else []
    return inner or list(stage.modules)


def keeps_shape(model: nn.Module, blocks: Sequence[nn.Module], x: Any) -> list[bool]:
    """Return for each block whether it can be passed over, found by one batch: its output has the shape of its input.

    A block without parameters that runs several times, a shared rectifier for example, belongs to other stages too: it stays.
    """
    same: dict[int, bool] = {}

    def look(module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        tensors = isinstance(output, Tensor) and len(given) == 1 and isinstance(given[0], Tensor)
        same[id(module)] = tensors and given[0].shape == output.shape and given[0].dtype == output.dtype

    with evaluating(model), torch.inference_mode():
        with hooked(look, blocks):
            call(model, x)
        shared = [n > 1 and not _size(block) for n, block in zip(runs(model, blocks, x), blocks, strict=True)]
    return [same.get(id(block), False) and not also for block, also in zip(blocks, shared, strict=True)]


@contextmanager
def passed_over(blocks: Sequence[nn.Module]) -> Iterator[None]:
    """While the block of code runs, these parts of a model return their input."""
    before = [block.forward for block in blocks]
    try:
        for block in blocks:
            block.forward = nn.Identity().forward
        yield
    finally:
        for block, forward in zip(blocks, before, strict=True):
            block.__dict__.pop("forward", None)
            if block.forward != forward:  # it had one of its own, which the class has not
                block.forward = forward


@contextmanager
def shuffled(stage: Stage, seed: int) -> Iterator[None]:
    """While the block runs, the values inside each weight of a stage are in random order; their distribution stays."""
    weights = [p for module in stage.modules for p in module.parameters()]
    kept = [weight.detach().clone() for weight in weights]
    try:
        with torch_seeded(seed), torch.no_grad():
            for weight in weights:
                order = torch.randperm(weight.numel()).to(weight.device)
                weight.copy_(weight.flatten()[order].reshape(weight.shape))
        yield
    finally:
        with torch.no_grad():
            for weight, values in zip(weights, kept, strict=True):
                weight.copy_(values)


def _scores(learn: Learner, loader: Any) -> tuple[str, np.ndarray]:
    """Return what is measured, and its value for each item, float64 [N]: 1 where the class is right, else the loss."""
    with learn.no_bar():
        predictions, labels, losses = learn.get_preds(dl=loader, with_loss=True)
    assert predictions is not None and labels is not None and losses is not None
    if learn.dls.task == "classification":
        return "accuracy", (predictions.argmax(1) == labels).double().numpy()
    return "loss", losses.double().numpy()


def interval_of(metric: str, scores: np.ndarray) -> Interval:
    """Return the interval of an accuracy, or of a mean loss: NaN where the items are too few for one."""
    if metric != "accuracy":
        return bootstrap_interval(scores) if len(scores) >= FEWEST_SAMPLED else Interval(np.nan, np.nan)
    low, high = wilson_interval(int(len(scores) - scores.sum()), len(scores))
    return Interval(1 - high, 1 - low)


def _size(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
