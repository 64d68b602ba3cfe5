"""The contract of blocks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import GateraError
from gatera.data.blocks.base import Block, InputBlock, TargetBlock, as_block
from gatera.data.blocks.image import ImageInput
from gatera.data.blocks.spatial import SpatialTarget
from gatera.testing.config_as_program import exported, program
from gatera.testing.contract import Contract, Rule, described, piece_name, same, shaped, shown

FIT = Rule(
    "fit returns a fitted copy of the same class",
    "End fit() with `return dataclasses.replace(self, ...)`, or `return self` if there is nothing to learn.",
)
UNFITTED = Rule(
    "fit does not change the block itself, so that one DataBlock can build any number of data sets",
    "Do not assign to self in fit(): return a changed copy, e.g. dataclasses.replace(self, vocab=...).",
)
UNCHANGED = Rule(
    "the values do not change", "Work on a copy, e.g. list(values), in fit(), read() and encode()."
)
READS = Rule(
    "read converts a raw value to the one that is shown",
    "Let read(raw) return a value that encode() accepts.",
)
ENCODES = Rule(
    "encode returns numbers with the same dtype and number of axes for all values",
    "Return np.asarray(..., dtype=np.float32) or a tensor of one dtype for every value.",
)
STACKS = Rule(
    "encoded values can be stacked into a batch: one shape for all values",
    "Encode to a fixed length, known after fit(). (Photos may differ, because Resize follows; so may targets with ragged = True.)",
)
PHOTO = Rule(
    "a photo is encoded as uint8 [H,W,C], C being 1 or 3",
    "End encode() with gatera.program.preprocess.photo_array(photo), or subclass InputBlock instead of ImageInput.",
)
LABEL = Rule(
    'task and encoding go together: "classification" int64 [], "multilabel" float32 [n_out] of 0 and 1, '
    '"regression" float32 [n_out], "segmentation" uint8 [H,W] below n_out, "points" float64 [n_out / 2, 2]',
    "Encode accordingly, or set task = None if no model predicts such values.",
)
VOCAB = Rule(
    "a fitted block of labels has a vocab without duplicates, and n_out is its length",
    "Learn vocab in fit(), and let n_out be len(vocab).",
)
ROUND = Rule(
    "decode undoes encode", "Let decode(encode(value)) return a value that encodes to the same numbers."
)
REFUSES = Rule(
    "an invalid value raises one of Gatera's errors",
    "Check the value in read() or encode(), and raise DataError with got= and expected=.",
)
SHOWS = Rule("show returns one line of text", 'Join parts with "; ", not with line breaks.')
CONFIG = Rule(
    "config lists operations of gatera.program.preprocess, as JSON data, that read values exactly as the block does",
    "Return such a list, e.g. [{'op': 'read_photo', 'mode': 'RGB'}], or omit config(): then it raises ExportError.",
)

#: Values that are invalid for almost any block.
UNUSABLE = (None, object())


def check_block(block: Block | type[Block], values: Sequence[Any], raws: Sequence[Any] | None = None) -> None:
    """Check a block against its contract.

    `fit` returns a copy and does not change the block; `encode` and `decode` round-trip; encodings can be stacked and suit the
    block's task; an invalid value raises a `GateraError`; `show` returns a line of text; `config`, if there is one, reads values
    exactly as the block does.

    Args:
        block: the block or its class, not fitted.
        values: values as they are shown (labels, numbers, Pillow images), at least two different ones.
        raws: the raw value of each, e.g. a path; by default the values themselves.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and the remedy.

    Example:
        >>> from gatera.data.blocks.category import CategoryBlock
        >>> check_block(CategoryBlock, ["cat", "dog", "cat"])
    """
    made = as_block(block)
    raws = values if raws is None else raws
    contract = Contract(piece_name(made), "blocks")
    with contract.unchanged(UNCHANGED, values=list(values), raws=list(raws)):
        fitted = _check_fit(contract, made, raws)
        encoded = [
            _check_encoding(contract, fitted, raw, value) for raw, value in zip(raws, values, strict=True)
        ]
    _check_alike(contract, fitted, encoded)
    if isinstance(fitted, TargetBlock):
        _check_task(contract, fitted, encoded)
    _check_round_trip(contract, fitted, encoded)
    _check_refusal(contract, fitted)
    for value in values:
        with contract.running(SHOWS, "show()"):
            text = fitted.show(value)
        contract.require(isinstance(text, str) and "\n" not in text, SHOWS, repr(text))
    if isinstance(fitted, InputBlock):
        _check_config(contract, fitted, raws, encoded)


def _check_fit(contract: Contract, block: Block, raws: Sequence[Any]) -> Block:
    before = copy.deepcopy(vars(block))
    with contract.running(FIT, "fit(values)"):
        fitted = block.fit(list(raws))
    contract.require(type(fitted) is type(block), FIT, f"fit returned {shaped(fitted)}")
    contract.require(same(before, vars(block)), UNFITTED, "the block's attributes changed")
    return fitted


def _check_encoding(contract: Contract, block: Block, raw: Any, value: Any) -> Tensor:
    """Return the encoding of a raw value, which must be equal to that of its value."""
    with contract.running(READS, f"read({shown(raw)})"):
        read = block.read(raw)
    with contract.running(ENCODES, f"encode({shown(value)})"):
        made = [block.encode(read), block.encode(value)]
    for one in made:
        numeric = isinstance(one, Tensor) or np.asarray(one).dtype.kind in "biuf"
        contract.require(numeric, ENCODES, f"encode gave {shaped(one)}")
    encoded, expected = map(_as_tensor, made)
    contract.require(
        same(encoded, expected), READS, f"read({shown(raw)}) encodes to other numbers than {shown(value)}"
    )
    return encoded


def _as_tensor(encoded: Any) -> Tensor:
    return encoded if isinstance(encoded, Tensor) else torch.from_numpy(np.array(encoded))


def _check_alike(contract: Contract, block: Block, encoded: Sequence[Tensor]) -> None:
    first = encoded[0]
    for other in encoded:
        alike = (other.dtype, other.ndim) == (first.dtype, first.ndim)
        contract.require(alike, ENCODES, f"{shaped(first)} and {shaped(other)}")
        if isinstance(block, ImageInput):
            fits = other.dtype == torch.uint8 and other.ndim == 3 and other.shape[2] in (1, 3)
            contract.require(fits, PHOTO, shaped(other))
        elif not _may_differ(block):
            skipped = 1 if isinstance(block, InputBlock) and block.pad is not None else 0  # padded in a batch
            fits = other.shape[skipped:] == first.shape[skipped:]
            contract.require(fits, STACKS, f"{shaped(first)} and {shaped(other)}")


def _may_differ(block: Block) -> bool:
    """Whether encodings may differ in shape: masks have the shape of their photo, ragged targets any."""
    if isinstance(block, SpatialTarget) and block.task == "segmentation":
        return True
    return isinstance(block, TargetBlock) and block.ragged


def _check_task(contract: Contract, block: TargetBlock, encoded: Sequence[Tensor]) -> None:
    if block.task is None:
        return
    if block.task in ("classification", "multilabel", "segmentation"):
        labels = list(block.vocab or [])
        counted = len(labels) > 0 and len(set(labels)) == len(labels) == block.n_out
        contract.require(counted, VOCAB, f"vocab = {labels!r}, n_out = {block.n_out}")
    for number in encoded:
        if block.task == "classification":
            fits = (number.dtype, number.ndim) == (torch.int64, 0) and 0 <= int(number) < int(
                block.n_out or 0
            )
        elif block.task == "segmentation":
            fits = (number.dtype, number.ndim) == (torch.uint8, 2) and int(number.max()) < int(
                block.n_out or 0
            )
        elif block.task == "points":
            fits = (number.dtype, tuple(number.shape)) == (torch.float64, (int(block.n_out or 0) // 2, 2))
        else:
            fits = (number.dtype, tuple(number.shape)) == (torch.float32, (block.n_out,))
            fits = fits and (block.task != "multilabel" or bool(((number == 0) | (number == 1)).all()))
        contract.require(
            fits, LABEL, f"task = {block.task!r}, n_out = {block.n_out}, encoding {shaped(number)}"
        )


def _check_round_trip(contract: Contract, block: Block, encoded: Sequence[Tensor]) -> None:
    for one in encoded:
        with contract.running(ROUND, f"decode({shaped(one)})"):
            if isinstance(block, ImageInput):  # decoded as they are in a batch: 8 bits, or floats in 0..1
                batch = block.as_batch(one[None])
                back = [_as_tensor(block.decode(x[0])) for x in (batch, batch.float() / 255)]
            else:
                back = [_as_tensor(block.encode(block.decode(one)))]
        for found in back:
            contract.require(
                same(found, one), ROUND, f"{shaped(one)} came back as {shaped(found)}, or as other values"
            )


def _check_refusal(contract: Contract, block: Block) -> None:
    for value in UNUSABLE:
        words = "None" if value is None else "object()"
        try:
            block.encode(block.read(value))
        except GateraError:
            continue
        except Exception as err:  # what a user would see for a bad label
            raise contract.broken(REFUSES, f"{words} raised {described(err)}") from err


def _check_config(
    contract: Contract, block: InputBlock, raws: Sequence[Any], encoded: Sequence[Tensor]
) -> None:
    ops = exported(contract, CONFIG, block)
    if ops is None:
        return
    prepare = program(contract, CONFIG, ops, block.entries())
    for raw, expected in zip(raws, encoded, strict=True):
        with contract.running(CONFIG, f"running {ops}"):
            found = _as_tensor(prepare(raw))
        contract.require(same(found, expected), CONFIG, f"other numbers for {shown(raw)}")
