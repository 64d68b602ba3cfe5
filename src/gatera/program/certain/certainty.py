"""What a program knows of how sure it is: the object `certainty` of program.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError, ProgramFileError
from gatera.program.certain.arrays import unpack, unpack_sorted
from gatera.program.certain.conformal import Answers, Scores, check_level, default_level
from gatera.program.certain.novelty import Novelty
from gatera.program.certain.shift import Shift, judge_batch

#: Cutoffs of so many levels are kept.
MOST_LEVELS = 16


@dataclass(frozen=True, eq=False)
class Certainty:
    """What was found on held-out items; a part is None where the task or the model does not have it.

    Attributes:
        held_out: number of held-out items.
        labels: scores 1 - probability of the true labels.
        answers: how sure the model was where it was right, and where it was wrong (one label per item only).
        numbers: scores of predicted numbers, the largest of |error| / scale.
        scale: what an error of each number is divided by, float32 [K].
        novelty: what the inputs looked like.
        features: the name of the tensor in model.onnx that holds the features that `novelty` compares.
        missing: labels that no held-out item has.
        sets: as `answers`, of items with several labels: the probability that all of an item's labels are right, as if they had nothing
            to do with each other. None in older programs.
    """

    held_out: int = 0
    labels: Scores | None = None
    answers: Answers | None = None
    numbers: Scores | None = None
    scale: np.ndarray | None = None
    novelty: Novelty | None = None
    features: str | None = None
    missing: Sequence[Any] = ()
    sets: Answers | None = None

    def level(self, name: str, level: float | None) -> float:
        """Return a level that the data supports; the usual one for None.

        Raises:
            ArgumentError: if it is not between 0 and 1, or needs more held-out items.
        """
        return check_level(name, default_level(self.held_out) if level is None else level, self.held_out)

    def in_set(self, probabilities: np.ndarray, level: float | None, exact: bool = False) -> np.ndarray:
        """Return which labels cannot be ruled out at a level, bool [K]: always the likeliest one, where items have one.

        Args:
            probabilities: float32 [K].
            level: 0..1.
            exact: leave the likeliest label out, too, where it is less probable than the level asks for.

        Raises:
            ArgumentError: if the program knows nothing of that, or the level needs more held-out items.
        """
        known = level is None or type(level) is float
        cutoff = self._cutoffs.get(level) if known else None
        if cutoff is None:
            scores = _present(self.labels, "labels", self.numbers)
            cutoff = scores.cutoff("level", self.level("level", level))
            if known and len(self._cutoffs) < MOST_LEVELS:
                self._cutoffs[level] = cutoff
        found = np.subtract(1, probabilities, dtype=np.float64) <= cutoff
        if self.answers is not None and not exact:
            found[int(probabilities.argmax())] = True
        return found

    @cached_property
    def _cutoffs(self) -> dict[float | None, float]:
        """The cutoffs of levels that were asked for: finding one takes as long as the rest of a set."""
        return {}

    def half_width(self, level: float | None) -> np.ndarray:
        """Return how far on either side of the predicted numbers the true ones lie at a level, float64 [K].

        Raises:
            ArgumentError: as `in_set`.
        """
        scores = _present(self.numbers, "numbers", self.labels)
        scale = np.ones(1) if self.scale is None else self.scale.astype(np.float64)
        return scale * scores.cutoff("level", self.level("level", level))

    def shift_of(self, answers: Sequence[Any], looks: int, gaps: np.ndarray | None = None) -> Shift:
        """Return whether a batch has drifted, by its predictions; see `shift`."""
        features = np.array([answer.features for answer in answers], np.float32)
        sure = [np.asarray(answer.probabilities).max() for answer in answers] if self.answers else None
        width = 0 if self.novelty is None else self.novelty.width
        return self.shift(
            features.reshape(len(answers), width), None if sure is None else np.array(sure, np.float32), looks, gaps
        )  # fmt: skip

    def shift(
        self, features: np.ndarray, sureness: np.ndarray | None, looks: int, gaps: np.ndarray | None = None
    ) -> Shift:
        """Return whether a batch has drifted from the held-out items.

        Args:
            features: of the batch, float32 [n,D].
            sureness: the probabilities of the batch's answers, [n]; None where there are none.
            looks: how many batches are looked at in all.
            gaps: whether each item has an empty cell where training had none, bool [n]; None where that is not known.

        Raises:
            ArgumentError: if the program has no features, the batch is too small, or a feature is not a finite number.
        """
        novelty = self.novelty
        if novelty is None:
            raise ArgumentError(NO_FEATURES, remedy=TO_KNOW)
        known = None if self.answers is None else np.concatenate([self.answers.right, self.answers.wrong])
        return judge_batch(features, novelty, sureness, known, looks, gaps)


NOT_KNOWN = "the program does not know how sure it is of {}"
HOW = "Only programs made with a validation set know it. Masks and points have no such level."
OF_LABELS, OF_NUMBERS = (
    "It answers with labels: .set and set_at() have those.",
    "It answers with numbers: .interval and interval_at() say how far off they may be.",
)
NO_FEATURES = "the program does not know what its training inputs looked like"
TO_KNOW = (
    "A program knows it if it was made with at least 19 held-out items, from a network with features or rows that hold more than "
    "dates; train again, or export again from such a learner."
)


def _present(scores: Scores | None, what: str, other: Scores | None) -> Scores:
    if scores is None:
        instead = OF_NUMBERS if what == "labels" else OF_LABELS
        raise ArgumentError(NOT_KNOWN.format(what), remedy=HOW if other is None else instead)
    return scores


def read_certainty(value: Any, vocab: Sequence[Any]) -> Certainty:
    """Return the object `certainty` of program.json; an empty one for None.

    Raises:
        ProgramFileError: if a part of it is not what docs/program-format.md says.
    """
    if value is None:
        return Certainty()
    held_out = value.get("held_out") if isinstance(value, Mapping) else None
    if type(held_out) is not int or held_out < 0:
        raise ProgramFileError("'certainty' has no number of held-out items", got=held_out)
    found = Certainty(held_out, missing=[label for label in value.get("missing") or () if label in vocab])
    labels, numbers, features = (_part(value, name) for name in ("labels", "numbers", "features"))
    if labels is not None:
        found = replace(
            found, labels=_scores(labels, held_out), answers=_answers(labels), sets=_answers(labels, "sets_")
        )
    if numbers is not None:
        scale = unpack(numbers.get("scale"), "scale")
        found = replace(found, numbers=_scores(numbers, held_out), scale=scale)
    return found if features is None else _with_features(found, features)


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    part = value.get(name)
    if part is not None and not isinstance(part, Mapping):
        raise ProgramFileError(f"{name!r} of 'certainty' is not an object", got=part)
    return part


def _scores(part: Mapping[str, Any], held_out: int) -> Scores:
    values, weights = unpack_sorted(part.get("scores"), "scores"), None
    if part.get("weights") is not None:
        weights = unpack(part["weights"], "weights")
        if len(weights) != len(values) or (weights < 0).any():
            raise ProgramFileError("'weights' are not one for each score")
    elif len(values) != held_out:
        raise ProgramFileError("'scores' are not one for each held-out item", got=len(values))
    return Scores(values, held_out, weights)


def _answers(part: Mapping[str, Any], of: str = "") -> Answers | None:
    right, wrong = f"{of}right", f"{of}wrong"
    if part.get(right) is None:
        return None
    return Answers(unpack_sorted(part[right], right), unpack_sorted(part.get(wrong), wrong))


def _with_features(found: Certainty, part: Mapping[str, Any]) -> Certainty:
    name = part.get("tensor")
    reference, held_out = (unpack(part.get(each), each, 2) for each in ("reference", "held_out"))
    scores = unpack_sorted(part.get("scores"), "scores")
    sound = isinstance(name, str) and name and len(reference) and len(held_out) and len(scores)
    if not sound or reference.shape[1] != held_out.shape[1] or not reference.shape[1]:
        raise ProgramFileError(
            "'features' of 'certainty' do not fit each other", got=[reference.shape, held_out.shape]
        )
    return replace(found, novelty=Novelty(reference, held_out, scores), features=name)
