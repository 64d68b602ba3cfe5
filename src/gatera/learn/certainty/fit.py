"""Make what a program knows of how sure it is, from held-out items and the features of the training set."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from gatera.data.loading.loader import DataLoader
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.certainty.collect import (
    MOST_HELD_OUT,
    MOST_TRAINING_ITEMS,
    Collected,
    collect,
    positions,
)
from gatera.learn.certainty.projection import Projection
from gatera.learn.certainty.rows import READ_ROW, RowProjection, encoded
from gatera.learn.frozen_features import FeatureCache
from gatera.measure.calibration import (
    FEWEST,
    answers_of,
    at_highest,
    at_lowest,
    cross_fitted,
    expected_calibration_error,
    fit_temperature,
    fold_of,
    log_loss,
    scaled,
    seem_probabilities,
)
from gatera.measure.check_given import group_numbers
from gatera.measure.grouped import UNNAMED
from gatera.measure.losses.base import Loss
from gatera.measure.reports.certainty import (
    ALL_RIGHT,
    LEFT,
    SAYS_LITTLE,
    SOFTMAX_TWICE,
    CalibrationReport,
    few_groups,
    missing_labels,
    not_finite,
)
from gatera.program.certain.arrays import pack
from gatera.program.certain.conformal import Answers, Scores, default_level, least_items
from gatera.program.certain.judged import probability_of_all
from gatera.program.certain.novelty import distances
from gatera.program.tasks import TASKS

#: Features of so many held-out items are kept for comparing batches, and of training items for single inputs.
MOST_KEPT = 500

#: With fewer held-out items, more than one in twenty of the usual inputs would be called novel.
FEWEST_TO_COMPARE = 19

#: The name of the features in model.onnx.
TENSOR = "features"

#: A program's probabilities differ from its learner's by rounding, and scores are stored in float32: where many items have the same
#: probability, as of a few words or categories, all of them would fall out of a set by that.
ROUNDING = 1e-6

#: The same of numbers, in steps of float32: numbers of a size far above their differences have room for no more.
STEPS = 2


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a program will know.

    Attributes:
        report: what was measured, and in words.
        certainty: the object `certainty` of program.json; None if nothing is known.
        projection: makes the model's features short; None if it has none.
    """

    report: CalibrationReport
    certainty: Mapping[str, Any] | None = field(default=None, repr=False)  # thousands of numbers, packed
    projection: Projection | RowProjection | None = field(default=None, repr=False)

    @property
    def temperature(self) -> float:
        """What logits are divided by."""
        return self.report.temperature


NOTHING_HELD_OUT = "Without a validation set the program does not know how sure it is: sure=, .set and .novelty are not available."
OTHER_LOADERS = "The loaders are not Gatera's, so the program does not know how sure it is: sure=, .set and .novelty are not available."


def fit_certainty(
    model: nn.Module,
    dls: DataLoaders,
    loss_func: Loss,
    arithmetic: Arithmetic,
    quiet: bool = True,
    cache: FeatureCache | None = None,
    groups: tuple[Sequence[Hashable], str] | None = None,
) -> Fitted:
    """Measure on the validation set how sure a model may be.

    Args:
        model: the trained model.
        dls: its data.
        loss_func: knows the activation.
        arithmetic: device and precision.
        quiet: show no progress bar.
        cache: where outputs of the model's fixed beginning may be kept.
        groups: the group of each item of the validation set, and what groups them, where items of one are alike.

    Returns:
        What the program will know; an empty one with the reason where there is no validation set of our own loaders.
    """
    train, valid, task = dls.train, dls.valid, dls.task
    if valid is None or not len(valid):
        return Fitted(CalibrationReport(0, remarks=[NOTHING_HELD_OUT]))
    if not isinstance(valid, DataLoader) or not isinstance(train, DataLoader):
        return Fitted(CalibrationReport(0, remarks=[OTHER_LOADERS]))
    flat = task in ("classification", "multilabel", "regression")
    if not flat and task not in TASKS:
        return Fitted(CalibrationReport(0))
    held_out = collect(model, valid, arithmetic, MOST_HELD_OUT, flat, quiet, cache)
    alike = _alike(valid, groups)
    report, parts = _answers(held_out, task or "", list(dls.vocab or []), loss_func, alike)
    run = partial(collect, model, arithmetic=arithmetic, most=MOST_TRAINING_ITEMS, quiet=quiet, cache=cache)
    projection, looks = _looks(dls, held_out, lambda: run(train, flat=flat and cache is not None).features)
    parts |= {"features": looks} if looks else {}
    known = {name: part for name, part in parts.items() if part}
    certainty = {"held_out": report.n, **known} if known else None
    return Fitted(report, certainty, projection)


class Alike(NamedTuple):
    """Which held-out items belong together.

    Attributes:
        members: the number of each item's group, int64 [N]; None where each stands alone.
        by: what groups them, as a column; "" for no name.
    """

    members: np.ndarray | None = None
    by: str = ""

    def among(self, items: np.ndarray) -> Alike:
        """Return the groups of some of the items."""
        return self if self.members is None else Alike(_numbered(self.members[items]), self.by)


#: Each item stands alone.
ALONE = Alike()


def _alike(valid: DataLoader, groups: tuple[Sequence[Hashable], str] | None) -> Alike:
    """Return the groups of the items that are looked at. Raises ArgumentError unless each item has one."""
    if groups is None:
        return ALONE
    members = _numbered(group_numbers(groups[0], valid.n)[positions(valid, MOST_HELD_OUT)])
    if members.max() + 1 == len(members):
        return ALONE
    return Alike(members, "" if groups[1] == UNNAMED else groups[1])


def _numbered(members: np.ndarray) -> np.ndarray:
    """Return the numbers of groups without those that are left out, from 0, int64 [N]."""
    return np.unique(members, return_inverse=True)[1]


def _looks(
    dls: DataLoaders, held_out: Collected, features_of_training: Callable[[], np.ndarray | None]
) -> tuple[Projection | RowProjection | None, dict[str, Any]]:
    """Return what makes features short, and what is stored of them; (None, {}) where there are none, or too few items."""
    n_held_out, steps = min(len(dls.valid_ds), MOST_HELD_OUT), dls.preprocess.config
    if n_held_out < FEWEST_TO_COMPARE:
        return None, {}
    if steps[0]["op"] == READ_ROW:
        seen = encoded(dls.train_ds.inputs, dls.preprocess, MOST_TRAINING_ITEMS)
        rows = RowProjection.fitted(seen, steps)
        others = encoded(dls.valid_ds.inputs, dls.preprocess, MOST_HELD_OUT)
        return rows, {} if rows is None else _features(rows(seen), rows(others))
    features = None if held_out.features is None else features_of_training()
    projection = None if features is None else Projection.fitted(features)
    if projection is None or features is None or held_out.features is None:
        return None, {}
    return projection, _features(projection(features), projection(held_out.features))


def _answers(
    found: Collected, task: str, vocab: Sequence[Any], loss_func: Loss, alike: Alike = ALONE
) -> tuple[CalibrationReport, dict[str, Any]]:
    """Return what is known of a model's answers on held-out items: in words, and for program.json."""
    outputs, targets = found.outputs, found.targets
    if outputs is not None and not np.isfinite(outputs).all():
        return CalibrationReport(len(outputs), remarks=[not_finite(outputs)]), {}
    if outputs is None or targets is None:
        n = 0 if found.features is None else len(found.features)
        remarks = [NOT_FOR_PLACES] if task in ("segmentation", "points") else ()
        return CalibrationReport(n, remarks=remarks), {}
    if task == "regression":
        return _numbers(outputs, targets.reshape(len(targets), -1), alike)
    if task == "classification":
        known = targets >= 0  # no label, or one that training has not seen
        return _classes(outputs[known], targets[known], vocab, loss_func.activation_name, alike.among(known))
    return _label_sets(outputs, targets, vocab, loss_func, alike)


NOT_FOR_PLACES = (
    "Masks and points are not calibrated: the pixels of a photo are not independent of each other, and scaled probabilities would "
    "move the borders between classes."
)


def _classes(
    logits: np.ndarray, targets: np.ndarray, vocab: Sequence[Any], activation: str, alike: Alike
) -> tuple[CalibrationReport, dict[str, Any]]:
    n = len(targets)
    if not n or len(vocab) < 2:
        one = "There is a single class, so there is nothing to be unsure of."
        return CalibrationReport(n, remarks=[one if len(vocab) == 1 else NOTHING_HELD_OUT]), {}
    report = _temperature(logits, targets, activation, alike.members)
    probabilities = _as_answered(logits, report.temperature, activation)
    measured = (
        cross_fitted(logits, targets, groups=alike.members)
        if report.applied
        else _as_answered(logits, 1.0, activation)
    )
    scores, (sure, right) = scores_of(probabilities, targets), answers_of(probabilities, targets)
    missing = [label for number, label in enumerate(vocab) if not (targets == number).any()]
    remarks = [*report.remarks, *([missing_labels(missing)] if missing else []), *_few(n, alike)]
    report = replace(_sets(measured.astype(np.float32), targets, report, alike.members), remarks=remarks)
    part = {
        "scores": pack(np.sort(scores)), "right": pack(np.sort(sure[right])), "wrong": pack(np.sort(sure[~right]))
    }  # fmt: skip
    return report, {"labels": part, "missing": missing}


def _temperature(
    logits: np.ndarray, targets: np.ndarray, activation: str, members: np.ndarray | None
) -> CalibrationReport:
    """Return the report with the temperature, which is 1 where it would not help or cannot be told."""
    n = len(logits)
    plain = _as_answered(logits, 1.0, activation)
    sure, plain_right = answers_of(plain, targets, activation)
    before = expected_calibration_error(sure, plain_right) if n else float("nan")
    remarks = [SOFTMAX_TWICE] if activation == "softmax" and seem_probabilities(logits) else []
    report = CalibrationReport(n, 1.0, before, before, probability=sure, right=plain_right, remarks=remarks)
    if activation not in ("softmax", "sigmoid") or (activation == "sigmoid" and targets.ndim == 1):
        return replace(report, remarks=[f"The model's outputs are not logits: its {LEFT}."])
    if n < FEWEST:
        return replace(report, remarks=[*remarks, f"With fewer than {FEWEST} held-out items, {LEFT}."])
    sure, right = answers_of(cross_fitted(logits, targets, activation, members), targets, activation)
    after = expected_calibration_error(sure, right)
    temperature = round(fit_temperature(logits, targets, activation), 4)
    likelier = log_loss(logits, targets, temperature, activation) < log_loss(logits, targets, 1.0, activation)
    if at_lowest(temperature, plain_right):
        return replace(report, remarks=[*remarks, ALL_RIGHT])
    if after >= before or not likelier:
        said = f"Temperature scaling would not lower the calibration error ({after:.3f})."
        return replace(report, remarks=[*remarks, said])
    remarks += [SAYS_LITTLE] if at_highest(temperature) else []
    report = replace(report, remarks=remarks)
    return replace(report, temperature=temperature, error_after=after, probability=sure, right=right)


def _as_answered(logits: np.ndarray, temperature: float, activation: str) -> np.ndarray:
    """Return probabilities as a program gives them, float32 [N,K]."""
    answered = logits if activation == "none" else scaled(logits, temperature, activation)
    return answered.astype(np.float32)


def scores_of(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return 1 - the probability of each item's true class, and room for rounding, float32 [N], of probabilities [N,K] and classes [N].

    Source: Sadinle, Lei and Wasserman 2019: of all sets with the same coverage, those of this score are the smallest on average.
    """
    return _score(probabilities[np.arange(len(targets)), targets])


def _score(probabilities: np.ndarray) -> np.ndarray:
    """Return 1 - each probability, and room for rounding, float32."""
    return (1 - probabilities.astype(np.float64) + ROUNDING).astype(np.float32)


def _sets(
    probabilities: np.ndarray, targets: np.ndarray, report: CalibrationReport, members: np.ndarray | None
) -> CalibrationReport:
    """Return the report with the coverage of the sets, each item's by the cutoff of the other folds."""
    n, level = len(targets), default_level(len(targets))
    fold = fold_of(n, groups=members)
    if least_items(level) > n - np.bincount(fold).max():
        return replace(report, level=level)
    scores, (sure, right) = scores_of(probabilities, targets), answers_of(probabilities, targets)
    covered, size, answered = np.zeros(n, bool), np.zeros(n), np.zeros(n, bool)
    for held, others, cutoff in _cutoffs(scores, fold, level):
        answers = Answers(np.sort(sure[others & right]), np.sort(sure[others & ~right]))
        inside = 1 - probabilities[held].astype(np.float64) <= cutoff
        inside[np.arange(len(inside)), probabilities[held].argmax(1)] = True
        covered[held], size[held] = inside[np.arange(len(inside)), targets[held]], inside.sum(1)
        answered[held] = (size[held] == 1) & (sure[held] >= answers.least_probability(level))
    wrong = float((~right[answered]).mean()) if answered.any() else float("nan")
    return replace(
        report, level=level, coverage=float(covered.mean()), size=float(size.mean()),
        answered=float(answered.mean()), answered_wrong=wrong,
    )  # fmt: skip


def _cutoffs(
    scores: np.ndarray, fold: np.ndarray, level: float
) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Yield for each fold which items are in it, which are not, bool [N], and the cutoff by those that are not."""
    for number in np.unique(fold):
        held, others = fold == number, fold != number
        yield held, others, Scores(np.sort(scores[others]), int(others.sum())).cutoff("level", level)


def _label_sets(
    logits: np.ndarray, targets: np.ndarray, vocab: Sequence[Any], loss_func: Loss, alike: Alike
) -> tuple[CalibrationReport, dict[str, Any]]:
    activation = loss_func.activation_name
    targets = targets.reshape(logits.shape) > 0.5
    n = len(targets)
    report = _temperature(logits, targets, activation, alike.members)
    probabilities = _as_answered(logits, report.temperature, activation)
    missing = [label for number, label in enumerate(vocab) if not np.any(targets[:, number])]
    remarks = [*report.remarks, *([missing_labels(missing)] if missing else []), *_few(n, alike)]
    share = np.broadcast_to(1 / np.maximum(targets.sum(1, keepdims=True), 1), targets.shape)[targets]
    scores = _score(probabilities[targets])
    order = np.argsort(scores, kind="stable")
    plain = loss_func.activation(torch.from_numpy(logits))
    applies = loss_func.decodes(plain).numpy().astype(bool)  # temperatures change no label
    whole, right = probability_of_all(probabilities, applies), (applies == targets).all(axis=1)
    part = {
        "scores": pack(scores[order]), "weights": pack(share[order]),
        "sets_right": pack(np.sort(whole[right])), "sets_wrong": pack(np.sort(whole[~right])),
    }  # fmt: skip
    return replace(report, remarks=remarks), {"labels": part, "missing": missing}


def _numbers(
    predicted: np.ndarray, targets: np.ndarray, alike: Alike
) -> tuple[CalibrationReport, dict[str, Any]]:
    errors, n = np.abs(predicted.astype(np.float64) - targets), len(targets)
    if predicted.shape != targets.shape or not np.isfinite(errors).all():
        return CalibrationReport(n), {}
    usual = np.median(errors, axis=0)
    scale = np.where(usual > 0, usual, 1.0).astype(np.float32)
    sizes = np.maximum(np.abs(predicted), np.abs(targets))
    room = STEPS * np.finfo(np.float32).eps * np.maximum(sizes, _usual_size(targets))
    scores = ((errors + room) / scale).max(1).astype(np.float32)
    fold = fold_of(n, groups=alike.members)
    level, covered, width = default_level(n), np.zeros(n, bool), np.zeros(n)
    whole = scale.mean() if scale.size == 1 else np.nan  # of several numbers the mean is the width of none
    report = CalibrationReport(n, level=level, remarks=_few(n, alike))
    if n - np.bincount(fold).max() >= least_items(level):
        for held, _, cutoff in _cutoffs(scores, fold, level):
            covered[held], width[held] = scores[held] <= cutoff, 2 * cutoff * whole
        report = replace(report, coverage=float(covered.mean()), size=float(width.mean()))
    return report, {"numbers": {"scores": pack(np.sort(scores)), "scale": pack(scale)}}


def _usual_size(targets: np.ndarray) -> np.ndarray:
    """Return the median of the numbers that are not 0, without their signs, float64 [D]: one far beyond the others changes it little."""
    sizes = (np.abs(column[column != 0]) for column in targets.T)
    return np.array([np.median(column) if len(column) else 0.0 for column in sizes])


def _few(n: int, alike: Alike) -> list[str]:
    """Return the sentence that says which levels few items, or few groups of them, do not support."""
    wanted, level = 0.95, default_level(n)
    if n < least_items(wanted):
        return [
            f"sure={wanted:g} needs {least_items(wanted)} held-out items; there {'is' if n == 1 else 'are'} {n}."
        ]
    n_groups = n if alike.members is None else int(alike.members.max(initial=-1)) + 1
    few = alike.members is not None and n_groups < least_items(level)
    return [few_groups(n_groups, alike.by, level, least_items(level))] if few else []


def _features(seen: np.ndarray, held_out: np.ndarray) -> dict[str, Any]:
    rng = np.random.default_rng(0)

    def some(rows: np.ndarray) -> np.ndarray:
        kept = np.sort(rng.permutation(len(rows))[:MOST_KEPT])
        return rows[kept].astype(np.float16).astype(np.float32)

    reference = some(seen)
    scores = np.sort(distances(held_out, reference))
    return {
        "tensor": TENSOR, "reference": pack(reference, "float16"), "held_out": pack(some(held_out), "float16"),
        "scores": pack(scores),
    }  # fmt: skip
