"""Turn a raw input into the array that is stacked into a batch: read it, then apply the item transforms in turn.

What is the same in every epoch (a `FixedReader`) is kept apart from what is random: only the first can be cached, and at
prediction there is nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from gatera.core.errors import ExportError
from gatera.data.blocks.base import InputBlock
from gatera.data.transforms.item import ItemTransform, Op
from gatera.program.operations import OPERATIONS
from gatera.program.placing import op_steps
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.placement import Placement, Size

#: (height, width) of an imaginary photo, to ask transforms where they would put it.
PROBE = (240, 320)


class FixedReader:
    """Turns a raw input into an array, always in the same way.

    Args:
        block: reads the raw input.
        transforms: item transforms, in order; what they do without random numbers.
        more: operations to be done after them.
    """

    def __init__(
        self, block: InputBlock, transforms: Sequence[ItemTransform] = (), more: Sequence[Op] = ()
    ) -> None:
        self.block, self.transforms, self.more = block, tuple(transforms), tuple(more)

    @cached_property
    def _run(self) -> Preprocessing | None:
        # Not before it is asked for: a block of texts may have its words still to learn.
        try:
            return self.preprocessing()
        except ExportError:  # a transform is the user's own function: steps are run one by one
            return None

    @cached_property
    def config(self) -> list[Op] | None:
        """All of it as operations of `program.preprocess`, or None where that is not possible."""
        return None if self._run is None else self._run.config

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of every photo, or None where that depends on the photo or is not known."""
        if self.config is None:
            return None
        last = self.config[-1]
        return tuple(last["size"]) if OPERATIONS[last["op"]].sized else None

    def preprocessing(self) -> Preprocessing:
        """Return the steps as data that a program can hold.

        Raises:
            ExportError: if the block or a transform cannot be written as data; it is named.
        """
        ops = [*self.block.config(), *(op for tfm in self.transforms for op in tfm.config()), *self.more]
        return Preprocessing(with_decoding_hint(ops), self.block.entries())

    def __call__(self, raw: Any) -> Any:
        """Return the array for one raw input: for photos uint8 [H,W,C].

        Raises:
            PhotoError: if a photo cannot be read.
        """
        if self._run is not None:
            # Programs know no tensors; the block does.
            return self._run(self.block.read(raw) if isinstance(raw, Tensor) else raw)
        value = self.block.read(raw)
        for transform in self.transforms:
            value = transform(value)
        array = self.block.encode(value)
        if not self.more:
            return array
        return Preprocessing([{"op": "read_photo", "mode": as_photo(array).mode}, *self.more])(array)

    def steps(self, size: Size) -> list[Placement]:
        """Return where a photo of `size` (height, width) is put, step by step.

        Raises:
            ArgumentError: if a transform does not say so.
        """
        steps: list[Placement] = []
        for transform in self.transforms:
            steps += transform.steps(steps[-1].size if steps else size)
        return steps + op_steps(self.more, steps[-1].size if steps else size)

    def photo(self, raw: Any) -> Image.Image:
        """Return the photo instead of its pixels, for transforms that follow."""
        return as_photo(self(raw)) if self.transforms else self.block.read(raw)


def with_decoding_hint(ops: list[Op]) -> list[Op]:
    """Let a JPEG be decoded at reduced scale where the next operation shrinks it anyway."""
    if len(ops) > 1 and ops[0]["op"] == "read_photo" and ops[1]["op"] == "resize":
        return [{**ops[0], "at_least": ops[1]["size"]}, *ops[1:]]
    return ops


def as_photo(array: np.ndarray) -> Image.Image:
    """Return an array uint8 [H,W,C] as a Pillow image of mode RGB or L."""
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


class Pipeline:
    """The steps from a raw input to an array, in training and at prediction.

    Args:
        block: reads the raw input.
        transforms: item transforms, in order.
        at_prediction: operations that the batch transforms ask for at validation and prediction, e.g. a resize.

    Attributes:
        beginning: what training does to an input before the first transform that draws random numbers.
        random_transforms: the item transforms from there on.
        evaluation: all that is done to an input at validation and prediction.
    """

    def __init__(
        self, block: InputBlock, transforms: Sequence[ItemTransform] = (), at_prediction: Sequence[Op] = ()
    ) -> None:
        self.block, self.transforms = block, tuple(transforms)
        first = next((i for i, tfm in enumerate(self.transforms) if tfm.random), len(self.transforms))
        self.random_transforms = self.transforms[first:]
        self.evaluation = FixedReader(block, self.transforms, at_prediction)
        same = not self.random_transforms and not at_prediction
        self.beginning = self.evaluation if same else FixedReader(block, self.transforms[:first])

    def __repr__(self) -> str:
        steps = [
            type(self.block).__name__,
            *map(repr, self.transforms),
            *(op["op"] for op in self.evaluation.more),
        ]
        return f"<Pipeline: {' -> '.join(steps)}>"

    @property
    def random(self) -> bool:
        """Whether an item transform draws random numbers while training."""
        return bool(self.random_transforms)

    @property
    def serial(self) -> bool:
        """Whether the random part must run in the caller's thread."""
        return any(transform.serial for transform in self.random_transforms)

    def check(self) -> None:
        """Raise ProgramFileError if a block or transform describes itself by an operation that is not valid."""
        self.beginning.config, self.evaluation.config  # noqa: B018 - each is made and checked when first asked for

    def check_places(self) -> None:
        """Raise ArgumentError, naming it, if a transform does not say where it puts a photo."""
        self.evaluation.steps(PROBE)
        self.random_steps(PROBE, np.random.default_rng(0))

    def random_steps(self, size: Size, rng: np.random.Generator) -> list[Placement]:
        """Return where `apply_random`, given the same numbers, puts a photo from `beginning` of this size."""
        steps: list[Placement] = []
        for transform in self.random_transforms:
            steps += transform.steps(steps[-1].size if steps else size, rng)
        return steps

    def apply_random(self, photo: Image.Image, rng: np.random.Generator) -> np.ndarray:
        """Apply the random transforms, and those that follow them, to a photo from `beginning`.

        Returns:
            uint8 [H,W,C].
        """
        for transform in self.random_transforms:
            photo = transform(photo, rng)
        return self.block.encode(photo)
