"""Say which words of texts, and which columns of rows, a program's answers come from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gatera.cli.explaining.photos import check_label, file_names
from gatera.cli.given.program import load_program
from gatera.cli.inputs import Input, find_inputs, first_operation
from gatera.cli.output import print_json, print_line, show_error, show_note
from gatera.cli.terminal.style import colourful
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted, number_text
from gatera.core.errors import ArgumentError, DataError, shorten
from gatera.core.random import rng
from gatera.interpret.answers_of_program import PIECES, answering, explained_row, explained_text
from gatera.program.program import Program
from gatera.program.tables.notes import Note, shown_cell

#: Rows that are explained where nobody chooses.
ROWS = 20

#: Rows that stand for "not this value".
BESIDE = 100

#: Words or columns that a line names, those that weigh most.
NAMED = 5

#: Characters of a cell in a line.
CELL = 30


def explain_texts(options: argparse.Namespace, inputs: Sequence[Input], out: Path) -> tuple[int, int]:
    """Explain texts by their words; return how many there are, and how many were read."""
    program = _program(options)

    def explain(each: Input) -> tuple[Any, list[tuple[str, float]], dict[str, Any]]:
        found = explained_text(program, each.raw, PIECES, options.label)
        words = found.weighed()
        unit = "logit" if program.decoder.vocab else found.label
        return found, words, {"unit": unit, "words": [[word, round(weight, 6)] for word, weight in words]}

    return _explain_each(inputs, explain, out, options)


def explain_rows(options: argparse.Namespace, inputs: Sequence[Input], out: Path) -> tuple[int, int]:
    """Explain rows by their columns; return how many there are, and how many were read.

    Raises:
        ArgumentError: if a row is asked for that is not there, or there are no others to compare with.
    """
    program = _program(options)
    chosen = _chosen(inputs, options.rows)
    others = _others(program, inputs, options)

    def explain(each: Input) -> tuple[Any, list[tuple[str, float]], dict[str, Any]]:
        found = explained_row(program, each.raw, others, options.label)
        columns = list(zip(found.columns, found.cells, map(float, found.weights), strict=True))
        named = [(f"{name} = {shorten(shown_cell(cell), CELL)}", weight) for name, cell, weight in columns]
        facts = {
            "unit": "probability" if program.decoder.vocab else found.label,
            "usual": round(found.usual, 6),
            "columns": {name: round(weight, 6) for name, _, weight in columns},
        }
        return found, named, facts

    return _explain_each(chosen, explain, out, options)


def _program(options: argparse.Namespace) -> Program:
    program = load_program(options.program, trusted=options.trusted)
    check_label(answering(program), options.label)
    return program


def _chosen(inputs: Sequence[Input], rows: Sequence[int] | None) -> list[Input]:
    """Return the rows that are asked for, by their numbers; the first ones where none are."""
    if rows is None:
        if len(inputs) > ROWS:
            note = f"The first {ROWS} of {counted(len(inputs), 'row')} are explained"
            show_note(Note(note, "rows", f"{ROWS + 1},{ROWS + 2}").for_shell())
        return list(inputs[:ROWS])
    beyond = [number for number in rows if number > len(inputs)]
    if beyond:
        raise ArgumentError(
            "rows= names a row that does not exist", got=beyond[0], expected=f"at most {len(inputs):,}",
            remedy="Rows are numbered from 1, not counting the header.",
        )  # fmt: skip
    return [inputs[number - 1] for number in rows]


def _others(program: Program, inputs: Sequence[Input], options: argparse.Namespace) -> torch.Tensor:
    """Return rows that stand for "not this value", chosen at random, as the network takes them, float32 [n,F].

    Raises:
        ArgumentError: if there are none.
        DataError: if none of them can be read.
    """
    rows, failed = inputs, None
    if options.beside is not None:
        rows, _ = find_inputs([options.beside], first_operation(options.program), on_note=lambda note: None)
    encoded = []
    # At random: evenly chosen ones could all be of one kind.
    for place in np.sort(rng(0).permutation(len(rows))[:BESIDE]):
        try:
            encoded.append(np.asarray(program.preprocess(rows[place].raw), np.float32))
        except DataError as err:  # such a row is reported where it is to be explained
            failed = failed or rows[place].named(err)
    if not encoded and failed is not None:
        raise failed
    if len(encoded) < 2:
        raise ArgumentError(
            "a row is explained with the help of others, whose cells replace its own", got=counted(len(encoded), "row"),
            remedy="Pass beside= a table, such as the training set.",
        )  # fmt: skip
    return torch.from_numpy(np.stack(encoded))


def _explain_each(
    inputs: Sequence[Input],
    explain: Callable[[Input], tuple[Any, list[tuple[str, float]], dict[str, Any]]],
    out: Path,
    options: argparse.Namespace,
) -> tuple[int, int]:
    """Print a line, or an object, for each input, and draw it; return how many there are, and how many were read."""
    read = 0
    for each, name in zip(inputs, file_names(inputs), strict=True):
        try:
            if each.error is not None:
                raise each.error
            found, parts, facts = explain(each)
        except DataError as err:
            show_error(each.named(err), "explain")
            continue
        read += 1
        path = found.save(out / f"{name}-{found.method}.png")
        if options.json:
            known = {
                "label": found.label,
                "answer": round(found.answer, 6),
                **facts,
                "pictures": {found.method: str(path)},
            }
            print_json({**each.where, **known})
            continue
        usual = f" (usually {number_text(found.usual, 4)})" if "usual" in facts else ""
        first = sorted(parts, key=lambda part: -abs(part[1]))[:NAMED]
        named = ", ".join(f"{escaped(part)} {weight:+.4g}" for part, weight in first if weight)
        weighed = f"  {escaped(facts['unit'])}: {named}" if named else ""
        print_line(
            f"{escaped(each)}: {escaped(found.label)} {number_text(found.answer, 4)}{usual}{weighed}  {escaped(path)}"
        )
        if "words" in facts and sys.stdout.isatty():
            print_line(found.terminal(colourful(sys.stdout)).partition("\n")[2])
    return len(inputs), read
