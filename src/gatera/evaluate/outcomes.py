"""What a program answered for one labelled item, and how wrong that is; one class for each kind of task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed, number_text
from gatera.core.errors import DataError
from gatera.data.folders.mask_codes import is_ignored
from gatera.evaluate.items import Example
from gatera.measure.grouped import COPIES, UNNAMED
from gatera.measure.reports.baseline import Baseline, most_frequent_class
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport, pixel_table
from gatera.measure.reports.numbers import NumberReport
from gatera.measure.reports.points import PointReport, distance_of, distances_from_mean
from gatera.program.description import facts_in
from gatera.program.prediction import Prediction
from gatera.program.program import Program
from gatera.program.raw.cells import Codes, number_in
from gatera.program.raw.photo import photo_size

#: Of more probabilities (items times classes) none are kept.
MOST_PROBABILITIES = 20_000_000

Report = ErrorReport | LabelSetReport | NumberReport | MaskReport | PointReport


@dataclass(frozen=True)
class Outcome:
    """The answer for one item.

    Attributes:
        example: the item.
        truth: its label, in words.
        answer: the answer, in words.
        wrong: whether it is wrong; None where there is only more or less.
        badness: how bad it is; larger is worse.
        how: `badness` in words, as "probability 0.03" or "off by 2.1".
        weight: how much it counts in the error of all items: of a photo with a mask, its labelled pixels.
    """

    example: Example
    truth: str
    answer: str
    wrong: bool | None
    badness: float
    how: str
    weight: float = 1.0


@dataclass(frozen=True)
class ClassAnswers:
    """What a program said of items of one class each.

    Attributes:
        probabilities: of each class that the program knows, float32 [N,K].
        labels: class indices, int64 [N]; K or more for classes that it does not know.
    """

    probabilities: np.ndarray
    labels: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Whether each answer is right, bool [N]."""
        return self.probabilities.argmax(axis=1) == self.labels


@dataclass(frozen=True)
class SetAnswers:
    """What a program said of items with any number of labels.

    Attributes:
        probabilities: of each label, float32 [N,K].
        labels: whether items have it, bool [N,K].
    """

    probabilities: np.ndarray
    labels: np.ndarray


class Scores:
    """Collects answers; base of the kinds below.

    Args:
        program: what answers.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.unknown: Counter[str] = Counter()

    def add(self, example: Example, answer: Prediction) -> Outcome:
        """Take one answer."""
        raise NotImplementedError

    def report(self) -> Report:
        """Return the measurements of all answers."""
        raise NotImplementedError

    def class_answers(self) -> ClassAnswers | None:
        """Return the probabilities of all answers; None where items have no single class, or they are too many to keep."""
        return None

    def set_answers(self) -> SetAnswers | None:
        """Return the same of items with any number of labels; None for others."""
        return None

    def remark(self) -> str:
        """Return what is odd about the labels, in a sentence; "" if nothing is."""
        return ""


class LabelScores(Scores):
    """One label per item. Items of classes that the program does not know count as wrong."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.codes, self.vocab = Codes(program.vocab), list(program.vocab)
        self.truths: list[int] = []
        self.answers: list[int] = []
        self.probabilities: list[np.ndarray] | None = []

    def add(self, example: Example, answer: Prediction) -> Outcome:
        """Take one answer."""
        code = self.codes(example.truth) - 1
        known = code >= 0
        if not known:
            label = str(example.truth)
            self.unknown[label] += 1
            new = [str(name) for name in self.vocab[len(self.program.vocab) :]]
            if label not in new:
                self.vocab.append(label)
                new.append(label)
            code = len(self.program.vocab) + new.index(label)
        self.truths.append(code)
        self.answers.append(answer.index)
        self._keep(answer)
        right = float(answer.probabilities[code]) if known else 0.0
        how = f"probability {answer.probability:.2f}"
        if code != answer.index:
            how += f"; {right:.2f} for {self.vocab[code]}"
        return Outcome(
            example, str(self.vocab[code]), str(answer.label), code != answer.index, 1 - right, how
        )

    def _keep(self, answer: Prediction) -> None:
        if self.probabilities is None:
            return
        self.probabilities.append(np.array(answer.probabilities, np.float32))
        if len(self.probabilities) * len(self.program.vocab) > MOST_PROBABILITIES:
            self.probabilities = None

    def class_answers(self) -> ClassAnswers | None:
        """Return the probabilities of all answers; None if they are too many to keep."""
        if not self.probabilities:
            return None
        return ClassAnswers(np.stack(self.probabilities), np.array(self.truths, np.int64))

    def report(self) -> ErrorReport:
        """Return the error, beside that of the class that was most frequent in training."""
        return ErrorReport.from_predictions(self.answers, self.truths, self.vocab, self._baseline())

    def remark(self) -> str:
        """Say so where all items are of one class."""
        if len(set(self.truths)) > 1 or len(self.truths) < 2:
            return ""
        return f"All of these items are labelled {self.vocab[self.truths[0]]}: the error says nothing about others."

    def _baseline(self) -> Baseline:
        baseline = facts_in(self.program.info, "training", "valid", "baseline")
        label = baseline.get("label")
        if label in self.program.vocab:
            index = self.program.vocab.index(label)
            return Baseline(index, sum(truth != index for truth in self.truths), len(self.truths))
        return most_frequent_class(self.truths, self.truths)


class LabelSetScores(Scores):
    """Any number of labels per item. Labels that the program does not know are counted, and left out."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.codes = Codes(program.vocab)
        self.truths: list[np.ndarray] = []
        self.answers: list[np.ndarray] = []
        self.probabilities: list[np.ndarray] = []

    def add(self, example: Example, answer: Prediction) -> Outcome:
        """Take one answer."""
        labels = example.truth if isinstance(example.truth, list | tuple) else [example.truth]
        actual = np.zeros(len(self.program.vocab), bool)
        for label in labels:
            code = self.codes(label) - 1
            if code >= 0:
                actual[code] = True
            else:
                self.unknown[str(label)] += 1
        self.truths.append(actual)
        self.answers.append(answer.index)
        self.probabilities.append(np.asarray(answer.probabilities, np.float32))
        wrong = int((actual != answer.index).sum())
        missing = float(np.abs(answer.probabilities - actual).sum())
        words = _joined(self.program.vocab, actual), _joined(self.program.vocab, answer.index)
        return Outcome(
            example, *words, wrong > 0, wrong + missing / (1 + missing), f"{wrong} wrong of {len(actual)}"
        )

    def set_answers(self) -> SetAnswers | None:
        """Return the probabilities of all answers; None if they are too many to keep."""
        if len(self.truths) * len(self.program.vocab) > MOST_PROBABILITIES:
            return None
        return SetAnswers(np.stack(self.probabilities), np.stack(self.truths))

    def report(self) -> LabelSetReport:
        """Return the error of the labels."""
        return LabelSetReport.from_predictions(self.answers, self.truths, self.program.vocab)


class NumberScores(Scores):
    """Numbers."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.truths: list[list[float]] = []
        self.answers: list[list[float]] = []

    def add(self, example: Example, answer: Prediction) -> Outcome:
        """Take one answer."""
        cells = example.truth if isinstance(example.truth, list | tuple) else [example.truth]
        actual = [number_in(cell, example.name) for cell in cells]
        values = [float(value) for value in np.ravel(answer.probabilities)]
        if len(actual) != len(values):
            raise DataError(
                f"{example.name} has {len(actual)} numbers, and the program answers with {len(values)}"
            )
        self.truths.append(actual)
        self.answers.append(values)
        off = float(np.sqrt(np.mean(np.square(np.subtract(values, actual)))))
        return Outcome(
            example,
            _numbers(actual),
            _numbers(values),
            None,
            off,
            f"off by {number_text(off, 4, grouped=True)}",
        )

    def report(self) -> NumberReport:
        """Return the error of the numbers, beside that of always answering their mean."""
        actual = np.array(self.truths)
        baselines = {"the mean of these items": np.square(actual - actual.mean(axis=0)).mean(axis=1)}
        return NumberReport.from_predictions(np.array(self.answers), actual, baselines)


class MaskScores(Scores):
    """Masks, in the photo's own pixels. Pixels that the program did not see or nobody labelled, as of a class void, do not count."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.tables: list[np.ndarray] = []
        self.names = [str(name) for name in program.vocab]
        self.ignored = next((name for name in self.names if is_ignored(name)), None)

    def add(self, example: Example, answer: Prediction) -> Outcome:
        """Take one answer."""
        actual = np.asarray(example.truth() if callable(example.truth) else example.truth).astype(np.int64)
        found = np.asarray(answer.label).astype(np.int64)
        if actual.shape != found.shape:
            raise DataError(
                f"the mask of {example.name} has a different size from its photo",
                got=list(actual.shape), expected=str(list(found.shape)),
            )  # fmt: skip
        k = len(self.names)
        actual = np.where(found < k, actual, -1)
        if self.ignored is not None:
            actual[actual == self.names.index(self.ignored)] = -1
        table = pixel_table(np.minimum(found, k - 1), actual, k)
        self.tables.append(table)
        share = 1 - float(np.trace(table)) / max(int(table.sum()), 1) if table.sum() else 0.0
        there, predicted = (self._named(table.sum(axis=axis)) for axis in (1, 0))
        how = f"{100 * share:.1f} % of the pixels wrong"
        return Outcome(example, there, predicted, None, share, how, float(table.sum()))

    def _named(self, counts: np.ndarray) -> str:
        return ", ".join(self.names[k] for k in np.flatnonzero(counts).tolist())

    def report(self) -> MaskReport:
        """Return the share of wrong pixels."""
        return MaskReport.from_tables(np.stack(self.tables), self.names, self.ignored)


class PointScores(Scores):
    """Points, in the photo's own pixels."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.pairs: list[tuple[Any, Any, float]] = []
        self.sizes: list[tuple[float, float]] = []
        self.outside: list[str] = []

    def add(self, example: Example, answer: Prediction) -> Outcome:
        """Take one answer."""
        actual = np.asarray(example.truth, np.float64).reshape(-1, 2)
        height, width = photo_size(example.raw)
        self.pairs.append((answer.label, actual, width))
        self.sizes.append((width, height))
        if (actual < 0).any() or (actual > (width, height)).any():
            self.outside.append(f"{example.name} ({_points(actual)})")
        off = distance_of(answer.label, actual)
        return Outcome(example, _points(actual), _points(answer.label), None, off, f"{off:.1f} pixels off")

    def report(self) -> PointReport:
        """Return the mean distance."""
        baseline = distances_from_mean([actual for _, actual, _ in self.pairs], self.sizes)
        return PointReport.from_points(self.pairs, baseline)

    def remark(self) -> str:
        """Say which photos have points beside them, which often stand for points that nobody saw."""
        if not self.outside:
            return ""
        many = f"{counted(len(self.outside), 'photo')} {'has' if len(self.outside) == 1 else 'have'}"
        named = listed(self.outside, 3)
        return f"{many} labelled points outside of the picture, which count as they are: {named}. Remove those that only say that a point is not there."


#: What collects the answers, by task.
SCORES: dict[str, Callable[[Program], Scores]] = {
    "classification": LabelScores, "multilabel": LabelSetScores, "regression": NumberScores, "segmentation": MaskScores,
    "points": PointScores,
}  # fmt: skip


def over_groups(info: Mapping[str, Any], outcomes: Sequence[Outcome], report: Report) -> Report:
    """Return the report with its interval over groups, if those of the measured items are known: by their labels, or as in training.

    Args:
        info: what the program's file says of it.
        outcomes: the answer for each item that the report is of.
        report: the figures.
    """
    by = str(facts_in(info, "training", "valid", "over_groups").get("by", ""))
    groups = _column(by, outcomes)
    if groups is None or isinstance(report, PointReport):
        return report
    by = UNNAMED if by in ("", COPIES) else by  # no column: the labels name them
    if isinstance(report, ErrorReport):
        return report.over_groups(_wrong(outcomes), groups, by)
    if isinstance(report, NumberReport):
        return report.over_groups(np.square([outcome.badness for outcome in outcomes]), groups, by)
    return report.over_groups(groups, by)


def groups_of(report: Report, outcomes: Sequence[Outcome]) -> tuple[list[Any], str] | None:
    """Return the group of each outcome, and what groups them, if the report's interval is over groups; else None."""
    known = None if isinstance(report, PointReport) else report.grouped
    groups = None if known is None else _column(known.by, outcomes)
    return None if known is None or groups is None else (groups, known.by)


def in_groups_of(whole: Report, outcomes: Sequence[Outcome], report: ErrorReport) -> ErrorReport:
    """Return the report of some of the items, with its interval over groups if that of all of them has such."""
    groups = groups_of(whole, outcomes)
    return report if groups is None else report.over_groups(_wrong(outcomes), *groups)


def _column(by: str, outcomes: Sequence[Outcome]) -> list[Any] | None:
    """Return the group of each item, or its cell in a column; None if nothing groups them, or the items do not have it."""
    groups = [outcome.example.group for outcome in outcomes]
    if any(group is not None for group in groups):
        return groups
    cells = [outcome.example.raw for outcome in outcomes]
    if not by or not all(isinstance(raw, Mapping) and by in raw for raw in cells):
        return None
    return [raw[by] for raw in cells]


def _wrong(outcomes: Sequence[Outcome]) -> np.ndarray:
    return np.array([bool(outcome.wrong) for outcome in outcomes], np.float64)


def _joined(vocab: Sequence[Any], applies: np.ndarray) -> str:
    return ", ".join(str(label) for label, yes in zip(vocab, applies, strict=True) if yes) or "(none)"


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(number_text(value) for value in values)


def _points(points: Any) -> str:
    return "; ".join(f"{x:.0f}, {y:.0f}" for x, y in points)
