"""What an explanation needs of a trained model: the network, and how a raw item becomes its input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.image import ImageInput
from gatera.data.loading.loaders import DataLoader
from gatera.program.decode import Decoder
from gatera.program.description import facts_in
from gatera.program.raw.cells import Codes

if TYPE_CHECKING:
    from gatera.learn.learner import Learner


#: What outputs [N,K] become, by the name that program.json gives it.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda x: x.softmax(1), "sigmoid": Tensor.sigmoid, "none": lambda x: x,
}  # fmt: skip


def answers_of(decoder: Decoder) -> Callable[[Tensor], Tensor]:
    """Return what makes answers of a network's outputs [N,K], as a program does."""
    activation, temperature = ACTIVATIONS[decoder.activation], decoder.temperature
    return lambda outputs: activation(outputs.float() / temperature)


def number_of(info: Mapping[str, Any]) -> str:
    """Return what the answer of a program with a single number is called: its column's name, where one was asked for; "" for several.

    Args:
        info: what program.json says.
    """
    shape = facts_in(info, "model", "output").get("shape")
    several = isinstance(shape, list) and len(shape) > 1 and shape[1] != 1
    return "" if several else str(facts_in(info, "training", "settings").get("target") or "value")


@dataclass(frozen=True)
class Subject:
    """A trained model with what its explanations need. Made of a learner, or of a program file (`network_of_program`).

    Attributes:
        model: the network.
        encode: raw item -> the model's input [1,...], preprocessed as at validation.
        pixels: a model's input -> what people look at, uint8 [H,W,C]; None for inputs that are not images.
        activation: outputs -> probabilities or values.
        vocab: the labels, or None for numbers.
        task: the kind of task.
        normalize: the loaders' `Normalize`, which `encode` applies; None where the model normalises.
        number: what a single number is called, as the column it was learned from; "" where that is not known.
    """

    model: nn.Module
    encode: Callable[[Any], Any]
    pixels: Callable[[Tensor], np.ndarray] | None
    activation: Callable[[Tensor], Tensor]
    vocab: Sequence[Any] | None
    task: str | None
    normalize: Any = None
    number: str = ""

    def grey(self, x: Tensor, fill: float) -> Tensor:
        """Return a grey (0 black, 1 white) as the model's inputs have it, to be written into x [N,C,H,W]: [C,1,1]."""
        plain = torch.full((1, x.shape[1], 1, 1), fill, dtype=x.dtype, device=x.device)
        return (plain if self.normalize is None else self.normalize(plain))[0]

    def answers(self, outputs: Tensor) -> Tensor:
        """Return one number per item and output: outputs [N,K] or, for masks, [N,K,H,W] -> float32 [N,K].

        They are probabilities of classes or values; of masks the mean over the pixels.

        Raises:
            ArgumentError: if the outputs are not a tensor.
        """
        if not isinstance(outputs, Tensor):
            raise ArgumentError(
                "an explanation needs a model that returns one tensor", got=type(outputs).__name__,
                expected="outputs [N,K], or [N,K,H,W] for masks",
                remedy="Wrap the model in a module that returns only the outputs to be explained.",
            )  # fmt: skip
        found = self.activation(outputs)
        return found.flatten(2).mean(2) if found.ndim > 2 else found.reshape(len(found), -1)

    def name(self, output: int) -> str:
        """Return what figures call an output: its label, what its number is, or its place."""
        return (self.number or f"output {output}") if self.vocab is None else str(self.vocab[output])

    def output_of(self, label: Any, answers: Tensor) -> int:
        """Return the output that stands for a label.

        Args:
            label: a label, or its spelling; of several numbers the place of one, or its name; None for the most probable one, or
                the first number.
            answers: from `answers`, [1,K].

        Raises:
            ArgumentError: if the model does not know the label.
            DataError: if an answer is not finite, so that nothing explains it.
        """
        if not bool(torch.isfinite(answers).all()):
            raise DataError(
                "the model's answer to this item is not a finite number, so nothing explains it",
                got=[round(value, 4) for value in answers[0].tolist()[:4]],
                remedy="Check the item and the training (in Python, learn.doctor()): a rate that is too high ends in such weights.",
            )
        if label is None:
            return 0 if self.vocab is None else int(answers[0].argmax())
        if self.vocab is None and answers.shape[1] == 1:
            raise ArgumentError(
                "label= is for models with classes or several numbers", got=label, remedy="Omit it."
            )
        labels = list(range(answers.shape[1]) if self.vocab is None else self.vocab)
        spelled = list(map(self.name, range(len(labels))))  # as a command line or a file has them
        places = [
            place for known in (labels, spelled) for place, own in enumerate(known) if _same(own, label)
        ] or written_otherwise(label, spelled)
        if not places:
            raise ArgumentError(
                "the model does not know this label", got=label, available=listed(spelled),
                remedy=did_you_mean(label, spelled),
            )  # fmt: skip
        return places[0]


def written_otherwise(label: Any, spelled: Sequence[str]) -> list[int]:
    """Return the place of a label that is written with other blanks or another notation of accents, as a Mac has it; none for others."""
    code = Codes(spelled)(label) if isinstance(label, str) else 0
    return [code - 1] if code > 0 else []


def _same(own: Any, label: Any) -> bool:
    """Return whether a label is one of the model's; True is not 1."""
    wanted = label.item() if isinstance(label, Tensor | np.ndarray) and label.ndim == 0 else label
    same = own == wanted
    both = isinstance(own, bool | np.bool_) == isinstance(wanted, bool | np.bool_)
    return isinstance(same, bool | np.bool_) and bool(same) and both


def subject_of(learn: Learner) -> Subject:
    """Return a learner's model as a `Subject`.

    Raises:
        DataError: if the learner's loaders are not Gatera's, so that it is not known how an item becomes an input.
    """
    train = learn.dls.train
    if not isinstance(train, DataLoader):
        raise DataError(
            "explaining an item needs loaders made by Gatera", got=type(train).__name__,
            remedy="Make them with ImageDataLoaders or DataBlock.",
        )  # fmt: skip
    image = train.dataset.fields.image is not None
    return Subject(
        learn.model, learn.dls.input_batch, (lambda x: train.pictures(x)[0]) if image else None,
        learn.loss_func.activation, learn.dls.vocab, learn.dls.task,
        learn.dls.normalize if image else None,
    )  # fmt: skip


def check_images(learn: Learner, wanted: str) -> ImageInput:
    """Return the block of a learner's images.

    Args:
        learn: the learner.
        wanted: what needs them, for the message.

    Raises:
        DataError: if its inputs are not images.
    """
    train = learn.dls.train
    block = train.dataset.fields.image if isinstance(train, DataLoader) else None
    if block is None:
        got = type(train.dataset.fields.x).__name__ if isinstance(train, DataLoader) else type(train).__name__
        raise DataError(
            f"{wanted} needs photos or sounds",
            got=got,
            remedy="learn.attribution(item) explains other inputs.",
        )
    return block


def validation_loader(learn: Learner, dl: Any, wanted: str) -> DataLoader:
    """Return the loader of the validation set, or `dl`, in dataset order.

    Raises:
        DataError: if the learner has no validation set and none is given.
    """
    if dl is None and learn.dls.valid is None:
        raise DataError(
            f"{wanted} needs a validation set, and these loaders have none",
            remedy="Make the loaders with valid_pct=0.2, or pass dl=learn.dls.test_dl(items, with_labels=True).",
        )
    loader = learn.loader(1, dl)
    if not isinstance(loader, DataLoader):
        raise DataError(
            f"{wanted} needs a loader made by Gatera",
            got=type(loader).__name__,
            remedy="Make it with learn.dls.test_dl(items).",
        )
    return loader.for_evaluation()


def item_and_label(learn: Learner, item: Any, label: Any) -> tuple[Any, Any]:
    """Return a raw item and its label; a whole number stands for that item of the validation set.

    Raises:
        ArgumentError: if there is no item of this number.
    """
    if isinstance(item, Tensor | np.ndarray) and item.ndim == 0:
        item = item.item()
    if isinstance(item, bool) or not isinstance(item, int | np.integer):
        return item, label
    dataset = validation_loader(learn, None, "an item by its number").dataset
    if not 0 <= item < len(dataset):
        raise ArgumentError(
            "the validation set has no item of this number",
            got=int(item),
            expected=f"0 to {len(dataset) - 1:,}",
        )
    known = label is None and learn.dls.task == "classification"
    return dataset.inputs[int(item)], dataset.label(int(item)) if known else label


def as_input(subject: Subject, item: Any) -> Any:
    """Return an item as the model's input [1,...]; a tensor [1,C,H,W] is one already, and is copied."""
    return item.clone() if isinstance(item, Tensor) and item.ndim == 4 else subject.encode(item)
