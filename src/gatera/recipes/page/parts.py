"""Which words of texts and which columns of rows a program's answers come from, for the report page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from gatera.core.checks import number_text
from gatera.core.errors import DataError, shorten
from gatera.evaluate.html_parts import Explained
from gatera.evaluate.item_pictures import caption_of
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Outcome
from gatera.evaluate.page import to_explain
from gatera.evaluate.section import Section
from gatera.interpret.answers_of_program import PIECES, explained_row, explained_text
from gatera.program.program import Program
from gatera.program.tables.notes import shown_cell

#: Items whose answer is explained: so many wrong ones, and so many right ones.
WRONG, RIGHT = 2, 2

#: Rows that stand for "not this value".
OTHERS = 20

#: Characters of a cell.
CELL = 30

WORDS = (
    "Words are removed one at a time (in longer texts, several at a time): the weight of a word is how much the answer's score drops. "
    "The deeper the mark, the larger the weight; solid lines speak for the answer, dashed ones against it."
)
COLUMNS = (
    "What each column adds to the answer{of}: its cell is replaced by those of {n} other rows of these, in many orders (Shapley "
    "values). Bars to the right speak for the answer, those to the left against it; together they lead from the usual answer to this one."
)


def parts_sections(program: Program, measured: Measurement) -> list[Section]:
    """Return the section about words or columns that answers come from; [] for other inputs, and where no item can be read."""
    first = program.preprocess.config[0]["op"]
    if first == "read_text" and program.task == "classification":
        found = _explained(measured.outcomes, lambda outcome: _words(program, outcome))
        return [Section("Which words it decides by", explained=found, note=WORDS)] if found else []
    if first == "read_row" and program.task in ("classification", "regression"):
        others = _encoded(program, measured.outcomes)
        found = _explained(measured.outcomes, lambda outcome: _columns(program, outcome, others))
        of = "'s probability" if program.task == "classification" else ""
        note = COLUMNS.format(of=of, n=len(others))
        return [Section("Which columns it decides by", explained=found, note=note)] if found else []
    return []


def _explained(
    outcomes: Sequence[Outcome], explain: Callable[[Outcome], Explained | None]
) -> list[Explained]:
    chosen = to_explain(outcomes, WRONG, RIGHT)
    return [one for each in chosen if (one := explain(each)) is not None]


def _words(program: Program, outcome: Outcome) -> Explained | None:
    try:
        found = explained_text(program, outcome.example.raw, PIECES)
    except (DataError, OSError):  # it can no longer be read
        return None
    return Explained(outcome.example.name, caption_of(outcome), found.weighed(), running=True)


def _columns(program: Program, outcome: Outcome, others: torch.Tensor) -> Explained | None:
    try:
        found = explained_row(program, outcome.example.raw, others)
    except DataError:
        return None
    names = [
        f"{name} = {shorten(shown_cell(cell), CELL)}"
        for name, cell in zip(found.columns, found.cells, strict=True)
    ]
    parts = list(zip(names, found.weights.tolist(), strict=True))
    usual = f" Usual: {number_text(found.usual, 3, grouped=True)}; here {number_text(found.answer, 3, grouped=True)}."
    return Explained(outcome.example.name, caption_of(outcome) + usual, parts)


def _encoded(program: Program, outcomes: Sequence[Outcome]) -> torch.Tensor:
    """Return some of the rows, chosen evenly, as the network takes them, float32 [n,F]."""
    some = outcomes[:: -(-len(outcomes) // OTHERS)]
    return torch.from_numpy(np.stack([np.asarray(program.preprocess(each.example.raw)) for each in some]))
