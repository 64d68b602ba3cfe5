"""What a prediction says about itself: its set or interval, how odd its input looked, and why there is no label."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, ProgramFileError
from gatera.program.certain.certainty import NO_FEATURES, NOT_KNOWN, TO_KNOW, Certainty
from gatera.program.certain.conformal import Answers
from gatera.program.tasks import TASKS, Answer, Task

#: Labels that a reason names.
MOST_NAMED = 5


class Judged(Answer):
    """An answer that knows how sure it is. `Prediction` is one.

    Attributes:
        certainty: what the program knows of that.
        features: what the input looked like, float32 [D]; None where the program has no features.
        sure: the level that was asked for, 0..1; None for none.
        reason: why `label` is None, in words; None where it is not.
    """

    vocab: list[Any]
    task: Task
    certainty: Certainty
    features: np.ndarray | None
    sure: float | None
    reason: str | None
    _novelty: float | None = None

    @property
    def set(self) -> list[Any]:
        """The labels that cannot be ruled out, likeliest first, at the level that was asked for, else at 0.95.

        Of 100 inputs from the same source as the training data, at least 95 are expected to have their true label in it. With
        several labels per item: at least 95 % of the true labels, on average. Where an item has one label, the set holds at
        least the likeliest one, which may be more than the level asks for.

        Raises:
            ArgumentError: if the program does not know it: one for numbers, masks or points, or one without held-out items.
        """
        return self.set_at(self.sure)

    def set_at(self, level: float | None, exact: bool = False) -> list[Any]:
        """Return the labels that cannot be ruled out at a level, 0..1, likeliest first.

        Args:
            level: 0..1.
            exact: leave the likeliest label out, too, where it is less probable than the level asks for. Such sets hold the true label
                in just that share of cases; where the program is right more often, some are empty.

        Raises:
            ArgumentError: as `set`, and if the level needs more held-out items than there were.
        """
        probabilities = np.asarray(self.probabilities)
        found = self.certainty.in_set(probabilities, level, exact).tolist()
        inside = [place for place, possible in enumerate(found) if possible]
        if len(inside) > 1:
            inside.sort(key=lambda place: -probabilities[place])
        return [self.vocab[place] for place in inside]

    @property
    def interval(self) -> Any:
        """The interval (low, high) in which the true number lies at the level that was asked for, else at 0.95; a list for several.

        Raises:
            ArgumentError: if the answer is not a number, or the program has no held-out items.
        """
        return self.interval_at(self.sure)

    def interval_at(self, level: float | None) -> Any:
        """Return the interval (low, high) in which the true number lies at a level, 0..1; a list of them for several numbers.

        Raises:
            ArgumentError: as `interval`, and if the level needs more held-out items than there were.
        """
        values = np.asarray(self.probabilities, np.float64)
        half = self.certainty.half_width(level)
        pairs = [(float(low), float(high)) for low, high in zip(values - half, values + half, strict=True)]
        return pairs[0] if len(pairs) == 1 else pairs

    @property
    def novelty(self) -> float:
        """How unusual the input looks: the share of held-out items that look less unusual, 0..1.

        Raises:
            ArgumentError: if the program does not know what its training inputs looked like.
        """
        if self._novelty is None:
            if self.certainty.novelty is None or self.features is None:
                raise ArgumentError(NO_FEATURES, remedy=TO_KNOW)
            self._novelty = self.certainty.novelty.of(self.features)
        return self._novelty

    @property
    def novel(self) -> bool:
        """Whether the input looks unlike anything that the program was trained on: more unusual than 99 % of the held-out items.

        Raises:
            ArgumentError: as `novelty`.
        """
        return self.certainty.novelty is not None and self.novelty > self.certainty.novelty.alarm

    @property
    def knows_novelty(self) -> bool:
        """Whether `novelty` can be read."""
        return self.certainty.novelty is not None and self.features is not None

    def about_itself(self) -> dict[str, Any]:
        """Return set, interval and novelty as plain values for JSON: those that the program knows."""
        said: dict[str, Any] = {}
        if self.certainty.labels is not None and self.certainty.held_out:
            said["set"] = self.set
        if self.certainty.numbers is not None and self.certainty.held_out:
            said["interval"] = self.interval
        if self.knows_novelty:
            said |= {"novelty": round(self.novelty, 4), "novel": self.novel}
        if self.sure is not None:
            said |= {"sure": self.sure, "reason": self.reason}
        return said


#: What makes a program that knows how sure it is.
TO_BE_SURE = (
    "A program knows it if it was made with a validation set and, for labels, at least two of them; train again, or export again from such "
    "a learner."
)


#: What is said of a program of several labels that was made before `sets` was stored.
LABEL_BY_LABEL = (
    "The program was made by an older Gatera and judges each label separately: with sure=, more of its answers may be wrong than the "
    "level allows. Train again, or export again from its learner."
)


def check_sure(certainty: Certainty, task: Task, sure: float) -> None:
    """Check a level before anything is predicted, as `check_level` does; it is warned where a program cannot keep it."""
    check_level(certainty, task, sure)
    if certainty.labels is not None and certainty.answers is None and certainty.sets is None:
        warnings.warn(LABEL_BY_LABEL, stacklevel=3)


def check_level(certainty: Certainty, task: Task, sure: float) -> None:
    """Check that a program can be asked to be sure at a level.

    Raises:
        ArgumentError: if the program does not know how sure it is, or the level is not between 0 and 1 or needs more items.
    """
    if certainty.labels is None and certainty.numbers is None:
        whole = TASKS[task].spatial
        raise ArgumentError(
            NOT_KNOWN.format("masks and points" if whole else "its answers"),
            got=sure,
            remedy="Leave sure= out." if whole else TO_BE_SURE,
        )  # fmt: skip
    certainty.level("sure", sure)


def why_unsure(answer: Judged, sure: float) -> str | None:
    """Return why an answer is not to be given at a level, in words; None if it is."""
    certainty = answer.certainty
    if answer.knows_novelty and answer.novel:
        return f"the input looks unlike anything in the training set: more unusual than {100 * answer.novelty:.1f} % of the held-out items"
    if certainty.labels is None:
        return None
    inside = answer.set_at(sure)
    if certainty.answers is None:
        return _why_open(answer, sure, inside)
    if len(inside) > 1:
        return f"at {sure:g} these cannot be ruled out: {listed(inside, MOST_NAMED)}"
    return _why_improbable(
        str(answer.label), float(answer.probabilities[answer.index]), certainty.answers, sure
    )


def probability_of_all(probabilities: Any, applies: Any) -> np.ndarray:
    """Return the probability that all labels of an answer are right, as if they had nothing to do with each other, float32 [...].

    Args:
        probabilities: of each label, [...,K].
        applies: whether the answer has it, [...,K].

    Example:
        >>> probability_of_all([0.9, 0.5, 0.1], [True, False, False]).round(3)
        np.float32(0.405)
    """
    p = np.asarray(probabilities, np.float64)
    return np.where(np.asarray(applies, bool), p, 1 - p).prod(axis=-1).astype(np.float32)


def _why_open(answer: Judged, sure: float, inside: list[Any]) -> str | None:
    """Return why an answer of several labels is not to be given; programs made before `sets` was stored know only which are open."""
    known = answer.certainty.sets
    more = [label for label in inside if label not in answer.label]
    lacks = [] if known is not None else [label for label in answer.label if label not in inside]
    if undecided := [*more, *lacks]:
        return f"at {sure:g} it is undecided whether it is {listed(undecided, MOST_NAMED)}"
    if known is None:
        return None
    named = listed(answer.label, MOST_NAMED) or "(none)"
    return _why_improbable(named, float(probability_of_all(answer.probabilities, answer.index)), known, sure)


def _why_improbable(named: str, probability: float, known: Answers, sure: float) -> str | None:
    least = known.least_probability(sure)
    if probability >= least:
        return None
    needed = (
        f"predictions of {least:.4f} or more were" if least <= 1 else "no probability was high enough to be"
    )
    return f"{named} has a probability of {probability:.4f}; on the held-out items, {needed} right in {100 * sure:g} % of cases"


def check_features(features: np.ndarray | None, count: int, certainty: Certainty) -> np.ndarray:
    """Return the features that a model gave for `count` inputs, float32 [N,D].

    Raises:
        ProgramFileError: if they are not those that the program compares.
    """
    width = 0 if certainty.novelty is None else certainty.novelty.width
    if features is not None and features.shape == (count, width) and features.dtype == np.float32:
        return features
    raise ProgramFileError(
        "model.onnx does not give the features that program.json compares",
        got=None if features is None else f"{features.dtype} {list(features.shape)}",
        expected=f"float32 [{count}, {width}]",
    )
