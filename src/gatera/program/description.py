"""What a program file says about itself: program.json, checked once when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ProgramFileError
from gatera.program.archive import TOKENIZER
from gatera.program.package import Package
from gatera.program.placing import NOT_SEEN, mask_on_photo, points_on_photo
from gatera.program.prediction import ON_PHOTO, TASKS, Activation, Prediction, Task, sigmoid, softmax
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.placement import Placement, whole

_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": softmax,
    "sigmoid": sigmoid,
    "none": np.asarray,
}


@dataclass(frozen=True)
class Decoder:
    """How logits become a prediction.

    Attributes:
        task: one of `TASKS`.
        activation: "softmax", "sigmoid" or "none".
        vocab: the K labels; empty for a regression.
        threshold: the probability above which a label applies (multilabel only): one number, or K of them.
        temperature: logits are divided by it before the activation (calibration); 1 changes nothing.
    """

    task: Task
    activation: Activation
    vocab: list[Any]
    threshold: float | tuple[float, ...]
    temperature: float

    @property
    def on_photo(self) -> bool:
        """Whether answers lie on the photo."""
        return self.task in ON_PHOTO

    def __call__(self, logits: np.ndarray, placement: Placement | None = None) -> Prediction:
        """Return the prediction for one row of the model's output.

        Args:
            logits: float32 [K]; [K,h,w] for a mask.
            placement: for answers that lie on a photo, where it lies in the model's input; None for all of it.

        Raises:
            ProgramFileError: if there are not K of them, if they are not finite, or a mask has not the input's size.
        """
        if self.on_photo:
            return self._on_photo(logits, placement)
        if self.vocab and logits.shape != (len(self.vocab),):
            raise ProgramFileError(
                f"model.onnx gives {list(logits.shape)} values for one input, and there are {len(self.vocab)} labels"
            )
        _check_finite(logits)
        # float64: the rounding of the last step is then float32's own.
        scores = _ACTIVATIONS[self.activation](logits.astype(np.float64) / self.temperature)
        probabilities = scores.astype(np.float32)
        if self.task == "classification":
            index = int(scores.argmax())
            return Prediction(self.vocab[index], index, probabilities, self.vocab, self.task)
        if self.task == "multilabel":
            mask = scores > np.asarray(self.threshold)
            labels = [label for label, applies in zip(self.vocab, mask) if applies]
            return Prediction(labels, mask, probabilities, self.vocab, self.task)
        values = [float(value) for value in probabilities]
        return Prediction(
            values[0] if len(values) == 1 else values, probabilities, probabilities, [], self.task
        )

    def _on_photo(self, logits: np.ndarray, placement: Placement | None) -> Prediction:
        _check_finite(logits)
        if self.task == "points":
            placement = placement or whole((1, 1))
            return Prediction(points_on_photo(logits, placement), logits, logits, [], self.task)
        placement = placement or whole((logits.shape[-2], logits.shape[-1]))
        if logits.shape != (len(self.vocab), *placement.size):
            raise ProgramFileError(
                f"model.onnx gives {list(logits.shape)} values for one input",
                expected=f"{len(self.vocab)} classes on {placement.size[0]} x {placement.size[1]} pixels",
            )
        probabilities = softmax(logits.astype(np.float64) / self.temperature, axis=0).astype(np.float32)
        mask = mask_on_photo(probabilities, placement)
        return Prediction(
            mask, probabilities.argmax(0).astype(np.uint8), probabilities, self.vocab, self.task
        )


def _check_finite(logits: np.ndarray) -> None:
    if not np.isfinite(logits).all():
        raise ProgramFileError("model.onnx gives NaN or infinite values", got=logits.tolist())


def read_description(package: Package) -> tuple[Preprocessing, Decoder]:
    """Return the two ends of a program: what is done before the model, and after it.

    Raises:
        ProgramFileError: if program.json lacks a part, or says something that this version does not know.
    """
    program, where = package.program, f"program.json of {package.path}"
    entries = {name: package.read(name) for name in (TOKENIZER,) if name in package.names}
    preprocessing = Preprocessing(_part(program, "preprocess", list, where), entries)
    decode = _part(program, "decode", dict, where)
    task, activation = program.get("task"), decode.get("activation")
    for name, value, known in (("task", task, TASKS), ("activation", activation, tuple(_ACTIVATIONS))):
        if value not in known:
            raise ProgramFileError(
                f"{where} has an unknown {name}", got=value, expected=listed(known),
                remedy="A newer Gatera may know it: pip install -U gatera.",
            )  # fmt: skip
    vocab = decode.get("vocab") or []
    has_labels = task not in ("regression", "points")
    if not isinstance(vocab, list) or (has_labels and not vocab):
        raise ProgramFileError(f"{where} has no list of labels", got=decode.get("vocab"))
    if task == "segmentation" and len(vocab) > NOT_SEEN:
        raise ProgramFileError(
            f"{where} has too many classes", got=len(vocab), expected=f"at most {NOT_SEEN}"
        )
    decoder = Decoder(
        cast(Task, task), cast(Activation, activation), vocab if has_labels else [],
        _threshold(decode, len(vocab), where), _number(decode, "temperature", 1.0, where),
    )  # fmt: skip
    if not 0 < decoder.temperature < float("inf"):
        raise ProgramFileError(f"the temperature in {where} is not a number above 0", got=decoder.temperature)
    return preprocessing, decoder


def package_info(package: Package) -> dict[str, Any]:
    """Return what a program file says about itself, for people and JSON: program.json, and "path", "size", "sha256".

    "sha256" is that of program.json, which holds the hashes of all other entries: two files with the same one are the
    same program.
    """
    return {
        "path": str(package.path),
        "size": package.size_bytes,
        "sha256": package.sha256,
        **package.program,
    }


def _part(program: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    value = program.get(name)
    if not isinstance(value, kind):
        raise ProgramFileError(
            f"{where} has no usable {name!r}", got=value, expected=f"a JSON {kind.__name__}"
        )
    return value


def _threshold(decode: Mapping[str, Any], n_labels: int, where: str) -> float | tuple[float, ...]:
    value = decode.get("threshold")
    if not isinstance(value, list):
        return _number(decode, "threshold", 0.5, where)
    if len(value) != n_labels or any(
        isinstance(each, bool) or not isinstance(each, int | float) for each in value
    ):
        raise ProgramFileError(
            f"the thresholds in {where} are not usable",
            got=value,
            expected=f"{n_labels} numbers, one for each label",
        )
    return tuple(map(float, value))


def _number(decode: Mapping[str, Any], name: str, default: float, where: str) -> float:
    value = decode.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProgramFileError(f"the {name} in {where} is not a number", got=value)
    return float(value)
