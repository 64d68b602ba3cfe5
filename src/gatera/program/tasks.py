"""Kinds of task: what a model predicts, and how its scores become an answer.

A kind of task is one row of `TASKS`. Everything that depends on the task looks it up there: decoding, JSON, the terminal,
the model card, the default loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from gatera.core.checks import number_text
from gatera.core.errors import ProgramFileError
from gatera.program.placing import NOT_SEEN, mask_on_photo, points_on_photo
from gatera.program.raw.placement import Placement, whole

Task = Literal["classification", "multilabel", "regression", "segmentation", "points"]
Activation = Literal["softmax", "sigmoid", "none"]


#: What the terminal shows where no answer is given at the level that was asked for.
NOT_SURE = "(not sure)"


class Answer(NamedTuple):
    """What decoding gives; `gatera.program.prediction.Prediction` describes the three for each task."""

    label: Any
    index: Any
    probabilities: Any


class DecodeContext(NamedTuple):
    """What decoding needs besides the scores.

    Attributes:
        vocab: the K labels; empty for tasks without labels.
        threshold: the score above which a label applies ("multilabel"): one number, or K of them.
        placement: for spatial tasks, where the photo lies in the model's input; None if the input is the photo.
    """

    vocab: list[Any]
    threshold: float | tuple[float, ...] = 0.5
    placement: Placement | None = None


class TaskKind(NamedTuple):
    """One kind of task.

    Attributes:
        decode: turns scores, float [K,...] after the activation, into an answer. Raises ProgramFileError if the shape of
            the scores does not fit.
        to_dict: turns an answer and the vocab into plain values for JSON.
        lines: turns an answer, the vocab and the number of labels to show (None: those that apply) into (label, number)
            pairs for the terminal.
        number_heading: what those numbers are.
        card_sentence: the model card's first sentence; may hold {n} and {labels}.
        loss: the default loss, by its name in `gatera.measure.losses.standard.STANDARD_LOSSES`.
        labels_per_item: "one", "any" number of them, or None where items do not have labels of their own.
        needs_vocab: whether the answer is made of labels.
        spatial: whether answers are positions on the photo and are given in its own pixels.
        coordinates: whether the model's outputs are coordinates, so that its head must keep positions.
        most_labels: the largest vocab that answers can hold; None for any.
        activation: always this activation; None for the one that the program names.
    """

    decode: Callable[[np.ndarray, DecodeContext], Answer]
    to_dict: Callable[[Answer, list[Any]], dict[str, Any]]
    lines: Callable[[Answer, list[Any], int | None], list[tuple[str, str]]]
    number_heading: str
    card_sentence: str
    loss: str
    labels_per_item: Literal["one", "any"] | None = None
    needs_vocab: bool = False
    spatial: bool = False
    coordinates: bool = False
    most_labels: int | None = None
    activation: Activation | None = None


def _decode_label(scores: np.ndarray, context: DecodeContext) -> Answer:
    _check_one_each(scores, context.vocab)
    index = int(scores.argmax())
    return Answer(context.vocab[index], index, scores.astype(np.float32))


def _decode_labels(scores: np.ndarray, context: DecodeContext) -> Answer:
    _check_one_each(scores, context.vocab)
    applies = scores > np.asarray(context.threshold)
    labels = [label for label, yes in zip(context.vocab, applies) if yes]
    return Answer(labels, applies, scores.astype(np.float32))


def _decode_numbers(scores: np.ndarray, context: DecodeContext) -> Answer:
    values = scores.astype(np.float32)
    numbers = [float(value) for value in values]
    return Answer(numbers[0] if len(numbers) == 1 else numbers, values, values)


def _decode_mask(scores: np.ndarray, context: DecodeContext) -> Answer:
    n_classes, shape = len(context.vocab), scores.shape
    if scores.ndim != 3:
        raise ProgramFileError(
            f"model.onnx gives {list(shape)} values for one input", expected=f"[{n_classes}, height, width]"
        )
    placement = context.placement or whole((shape[1], shape[2]))
    if shape != (n_classes, *placement.size):
        raise ProgramFileError(
            f"model.onnx gives {list(shape)} values for one input",
            expected=f"{n_classes} classes on {placement.size[0]} x {placement.size[1]} pixels",
        )
    probabilities = scores.astype(np.float32)
    mask = mask_on_photo(probabilities, placement)
    return Answer(mask, probabilities.argmax(0).astype(np.uint8), probabilities)


def _decode_points(scores: np.ndarray, context: DecodeContext) -> Answer:
    values = scores.astype(np.float32)
    return Answer(points_on_photo(values, context.placement or whole((1, 1))), values, values)


def _check_one_each(scores: np.ndarray, vocab: list[Any]) -> None:
    if scores.shape != (len(vocab),):
        raise ProgramFileError(
            f"model.onnx gives {list(scores.shape)} values for one input, and there are {len(vocab)} labels"
        )


def _label_to_dict(answer: Answer, vocab: list[Any]) -> dict[str, Any]:
    probability = None if answer.index is None else _shortest(answer.probabilities[answer.index])
    return {
        "label": answer.label, "index": answer.index, "probability": probability,
        "probabilities": _by_label(answer, vocab),
    }  # fmt: skip


def _labels_to_dict(answer: Answer, vocab: list[Any]) -> dict[str, Any]:
    known = answer.index is not None
    return {
        "label": answer.label, "index": answer.index.tolist() if known else None,
        "probability": [_shortest(p) for p in answer.probabilities[answer.index]] if known else None,
        "probabilities": _by_label(answer, vocab),
    }  # fmt: skip


def _mask_to_dict(answer: Answer, vocab: list[Any]) -> dict[str, Any]:
    height, width = answer.label.shape
    counts = np.bincount(answer.label.ravel(), minlength=NOT_SEEN + 1)
    shares = [round(float(count) / answer.label.size, 6) for count in counts]
    return {
        "height": height, "width": width,
        "shares": {str(label): share for label, share in zip(vocab, shares)},
        "not_seen": shares[NOT_SEEN],
    }  # fmt: skip


def _by_label(answer: Answer, vocab: list[Any]) -> dict[str, float]:
    return {str(label): _shortest(p) for label, p in zip(vocab, answer.probabilities)}


def _shortest(probability: np.floating) -> float:
    """Return the shortest number that is the same float32: 0.9812, not 0.9811999797821045."""
    return float(str(np.float32(probability)))


def _label_lines(answer: Answer, vocab: list[Any], top: int | None) -> list[tuple[str, str]]:
    return [(NOT_SURE, "")] if answer.label is None and not top else _likeliest(answer, vocab, top or 1)


def _labels_lines(answer: Answer, vocab: list[Any], top: int | None) -> list[tuple[str, str]]:
    if answer.label is None and not top:
        return [(NOT_SURE, "")]
    return _likeliest(answer, vocab, top or len(answer.label)) or [("(none)", "")]


def _likeliest(answer: Answer, vocab: list[Any], count: int) -> list[tuple[str, str]]:
    order = np.argsort(-answer.probabilities, kind="stable")[:count]
    return [(str(vocab[i]), f"{answer.probabilities[i]:.4f}") for i in order]


def _numbers_lines(answer: Answer, vocab: list[Any], top: int | None) -> list[tuple[str, str]]:
    return (
        [("", NOT_SURE)]
        if answer.label is None
        else [("", number_text(value)) for value in answer.probabilities]
    )


def _mask_lines(answer: Answer, vocab: list[Any], top: int | None) -> list[tuple[str, str]]:
    shares = sorted(_mask_to_dict(answer, vocab)["shares"].items(), key=lambda share: -share[1])
    return [(label, f"{share:.4f}") for label, share in shares[:top] if top or share]


def _points_lines(answer: Answer, vocab: list[Any], top: int | None) -> list[tuple[str, str]]:
    return [("", f"{x:.1f}, {y:.1f}") for x, y in answer.label]


#: Every kind of task, by the name that program.json gives it.
TASKS: dict[str, TaskKind] = {
    "classification": TaskKind(
        _decode_label, _label_to_dict, _label_lines, "probability", "Predicts one of {n} labels: {labels}.",
        loss="cross_entropy", labels_per_item="one", needs_vocab=True,
    ),
    "multilabel": TaskKind(
        _decode_labels, _labels_to_dict, _labels_lines, "probability", "Predicts any of {n} labels: {labels}.",
        loss="binary_cross_entropy", labels_per_item="any", needs_vocab=True,
    ),
    "regression": TaskKind(
        _decode_numbers, lambda answer, vocab: {"value": answer.label}, _numbers_lines, "value",
        "Predicts a number, or several.", loss="squared_error",
    ),
    "segmentation": TaskKind(
        _decode_mask, _mask_to_dict, _mask_lines, "share", "Predicts for each pixel of a photo one of {n} labels: {labels}.",
        loss="pixel_cross_entropy", needs_vocab=True, spatial=True, most_labels=NOT_SEEN,
        activation="softmax",
    ),
    "points": TaskKind(
        _decode_points, lambda answer, vocab: {"points": answer.label}, _points_lines, "x, y",
        "Predicts points on the photo, in its own pixels.", loss="squared_error", spatial=True, coordinates=True,
        activation="none",
    ),
}  # fmt: skip


def task_kind(task: str | None) -> TaskKind | None:
    """Return the row of a task; None if there is no such task."""
    return None if task is None else TASKS.get(task)
