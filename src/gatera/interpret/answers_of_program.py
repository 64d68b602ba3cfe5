"""A program's own engine as a network: for explanations of texts and rows that need its answers only, and no gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.errors import ArgumentError
from gatera.interpret.attributions.rows import RowAttribution, row_attribution
from gatera.interpret.attributions.texts import TextAttribution, text_attribution
from gatera.interpret.subject import Subject, answers_of, number_of
from gatera.program.program import Program
from gatera.program.raw.cells import cells_of

#: Stretches of a text that are left out at most, where it would take long to leave out every word.
PIECES = 96


class EngineNetwork(nn.Module):
    """A network that a program's engine computes.

    Args:
        program: the program.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._engine = program.engine

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs float32 [N,K] for inputs as the program's preprocessing makes them, stacked."""
        return torch.from_numpy(np.array(self._engine.run(x.numpy()), np.float32))


class ProgramRows:
    """How a program reads rows, as a block of rows says it.

    Args:
        program: a program for rows.
    """

    def __init__(self, program: Program) -> None:
        self._reader, self._config = program.preprocess.reader, program.preprocess.config

    def read(self, raw: Any) -> dict[str, Any]:
        """Return a row's cells by column. Raises DataError if one is missing."""
        return cells_of(raw, self._reader.columns)

    def encode(self, value: Mapping[str, Any]) -> np.ndarray:
        """Return a row as float32 [F]."""
        return np.asarray(self._reader(value), np.float32)

    def as_batch(self, stacked: Tensor) -> Tensor:
        """Return rows float32 [N,F] as the network takes them."""
        return stacked

    def config(self) -> list[dict[str, Any]]:
        """Return the one operation that reads a row."""
        return self._config


def answering(program: Program) -> Subject:
    """Return a program as something that can be explained by its answers alone."""
    decoder = program.decoder

    def encode(raw: Any) -> Tensor:
        return torch.from_numpy(np.array(program.preprocess(raw)))[None]

    return Subject(
        EngineNetwork(program), encode, None, answers_of(decoder), decoder.vocab or None, decoder.task,
        number=number_of(program.info),
    )  # fmt: skip


def explained_text(
    program: Program, raw: Any, pieces: int | None = None, label: str | None = None
) -> TextAttribution:
    """Return how much each word of a text speaks for a program's answer: what the score loses without it.

    Args:
        program: a program for texts.
        raw: a text, or its file.
        pieces: leave out at most so many stretches, one after the other; None for every word by itself.
        label: the label; None for the predicted one.

    Raises:
        ArgumentError: if the program does not take texts.
        DataError: if the text cannot be read.
    """
    tokens, pad = program.preprocess.tokens, program.preprocess.pad
    if tokens is None or pad is None:
        raise ArgumentError("words are explained for programs that take texts", got=program.task)
    return text_attribution(answering(program), raw, "occlusion", label, tokens.words, pad, pieces=pieces)


def explained_row(
    program: Program, raw: Any, others: Tensor | Sequence[Any], label: str | None = None
) -> RowAttribution:
    """Return what each column of a row adds to a program's answer: Shapley values, beside other rows.

    Args:
        program: a program for rows.
        raw: the row.
        others: rows that stand for "not this value", of the training set best: as they are, or encoded, float32 [n,F].
        label: the label; None for the predicted one.

    Raises:
        DataError: if the row lacks a column.
    """
    if not isinstance(others, Tensor):
        others = torch.from_numpy(
            np.stack([np.asarray(program.preprocess(row), np.float32) for row in others])
        )
    return row_attribution(answering(program), ProgramRows(program), others, raw, label)
