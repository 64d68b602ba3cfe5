"""`gatera predict`: run a program, and print predictions as a table, plain lines or JSON lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, starmap
from pathlib import Path
from typing import Any

from gatera.cli.given.commits import with_commits
from gatera.cli.given.program import load_program
from gatera.cli.inputs import AS_FOUND, Group, Input, Names, arriving_inputs, columns_of, first_operation
from gatera.cli.output import (
    FAILED,
    notes,
    print_json,
    print_line,
    show_decision,
    show_error,
    show_line,
    write,
)
from gatera.cli.parser import UsageError
from gatera.cli.saving.write_csv import csv_header, csv_rows_of, write_csv
from gatera.cli.terminal.table import Column, table_lines
from gatera.cli.terminal.text import cells, escaped, padded
from gatera.core.errors import DataError
from gatera.core.escape import shell_join
from gatera.core.lazy import later
from gatera.core.memory import take_memory_at_once
from gatera.core.progress import track
from gatera.program.certain.judged import check_sure
from gatera.program.prediction import Prediction
from gatera.program.program import ManyInputs, Program
from gatera.program.stream import threads_for
from gatera.program.tasks import NOT_SURE, TASKS, TaskKind

#: Where the class stands that writes what predictions look like.
SAVER = ("gatera.cli.saving.folder", "Saver")


def predict(options: argparse.Namespace) -> int:
    """Run a program on photos, recordings, texts or CSV rows.

    Returns:
        The exit status: 0, or 1 if an input could not be read.

    Raises:
        ProgramFileError: if the program cannot be used.
        DataError: if a folder or pattern holds nothing for it, or a table cannot be read.
    """
    _check_order(options.program, options.inputs)
    if options.user is not None:
        return _recommend(options)
    names: Names | None = "null" if options.null else "lines" if options.names else None
    if not options.inputs and names is None:
        why = (
            ""
            if options.program.endswith(".gatera")
            else "; the program comes first: gatera predict PROGRAM INPUT"
        )
        raise UsageError(f'missing argument: INPUT{why}. See "gatera predict --help".')
    if names is not None and "-" in options.inputs:
        raise UsageError("standard input holds the names, so - cannot be an input as well. Omit -.")
    if options.csv:
        _check_no_output(options.inputs)
    first = first_operation(options.program)
    options.inputs = with_commits(options.inputs, show_line, bool(columns_of(first)))
    groups = arriving_inputs(
        options.inputs, names, first,
        {name: getattr(options, name) for name in AS_FOUND}, lambda note: show_decision(note, "predict"),
    )  # fmt: skip
    group = next(groups)
    while not group.inputs and (another := next(groups, None)) is not None:
        group = another
    if not group.inputs:
        raise DataError(f"there are no {group.things} in {', '.join(options.inputs) or 'standard input'}")
    if len(group.inputs) < ManyInputs.FEW:
        take_memory_at_once()
    with notes("predict"):
        program = load_program(
            options.program, engine=options.engine, precision=options.precision,
            threads=threads_for(len(group.inputs), options.batch_size), trusted=options.trusted,
        )  # fmt: skip
        # what draws on photos is needed only here, and costs a twentieth of the start
        saver = None if options.save is None else later(*SAVER)(Path(options.save), options.save_as, program)
        answered = _Answered(program, options)
        shown = answered.by_group(chain([group], groups))
        _show(shown if saver is None else _saved(shown, saver), group.inputs, program, options)
    if saver is not None:
        show_line(saver.line())
    answered.show_unread(group.things)
    return FAILED if answered.failed else 0


class _Answered:
    """Asks a program about inputs, and counts those that have no answer.

    Args:
        program: what answers.
        options: of the command.
    """

    def __init__(self, program: Program, options: argparse.Namespace) -> None:
        self._program, self._options = program, options
        self._n = self._given = 0
        self.failed: list[Input] = []
        if options.sure is not None:
            check_sure(program.certainty, program.task, options.sure)

    def by_group(self, groups: Iterable[Group]) -> Iterator[tuple[Input, Prediction]]:
        """Yield inputs with their answers; those of a group are written out before the next group is asked for."""
        for inputs, _, given in groups:
            self._n, self._given = self._n + len(inputs), self._given + given
            for each in inputs:
                if each.error is not None:
                    self.failed.append(each)
                    show_error(each.error, "predict")
            readable = [each for each in inputs if each.error is None]
            predictions = self._program.predict_stream(
                [each.raw for each in readable], self._options.batch_size, on_error="return", sure=self._options.sure
            )  # fmt: skip
            shown = track(predictions, "Predicting", total=len(readable))
            yield from _report_failures(zip(shown, readable), self.failed)
            write("")

    def show_unread(self, things: str) -> None:
        """Print how many of several inputs could not be read."""
        tables = sum(each.is_table for each in self.failed)
        for unread, of, what in (
            (tables, self._given, "inputs"),
            (len(self.failed) - tables, self._n - tables, things),
        ):
            if unread and of > 1:
                show_line(f"{unread} of {of} {what} could not be read.")


def _saved(answers: Iterable[tuple[Input, Prediction]], saver: Any) -> Iterator[tuple[Input, Prediction]]:
    for each, answer in answers:
        saver(each, answer)
        yield each, answer


def _recommend(options: argparse.Namespace) -> int:
    """Print the items that a user would rate highest."""
    if options.inputs:
        raise UsageError(f"--user takes no INPUT, got {options.inputs[0]!r}")
    unused = [
        name for name in ("sure", "save", "names", "null") if getattr(options, name) not in (None, False)
    ]
    if unused:
        raise UsageError(f"{'-0' if unused[0] == 'null' else '--' + unused[0]} cannot be used with --user.")
    program = load_program(
        options.program, engine=options.engine, precision=options.precision, trusted=options.trusted
    )
    found = program.recommend(options.user, options.top or 10)
    if not found:
        show_line(f"User {escaped(options.user)} has rated every item.")
    if options.csv and not options.json:
        write_csv(
            sys.stdout,
            ("user", "item", "rating"),
            ((options.user, item, f"{rating:.6g}") for item, rating in found),
        )
        return 0
    width = max((cells(escaped(each.item)) for each in found), default=0)
    for item, rating in found:
        if options.json:
            print_json({"user": options.user, "item": item, "rating": round(rating, 6)})
        else:
            print_line(padded(escaped(item), width), f"{rating:.4g}")
    return 0


def _check_order(program: str, inputs: Sequence[str]) -> None:
    """Raise UsageError where the program was given among the inputs."""
    programs = [word for word in inputs if word.endswith(".gatera")]
    if programs and not program.endswith(".gatera"):
        raise UsageError(f"the program comes first: gatera predict {shell_join([programs[0], program])}")


def _check_no_output(given: Sequence[str]) -> None:
    """Raise UsageError where a new table was named behind `--csv`, which prints."""
    for name in given:
        if name.endswith(".csv") and not Path(name).exists():
            raise UsageError(
                f"{name} does not exist, and --csv prints the answers. To write them to a file: --csv > {name}"
            )


def answer_lines(answer: Prediction, top: int | None = None) -> list[tuple[str, str]]:
    """Return (label, number) pairs that say what a prediction is.

    The label or labels with their probabilities; the values of a regression; the classes of a mask with their shares of the
    photo; points as their x and y.

    Args:
        answer: a prediction.
        top: show this many labels, likeliest first, whether they apply or not.

    Example:
        >>> import numpy as np
        >>> answer_lines(Prediction("b", 1, np.array([0.25, 0.75]), ["a", "b"]), top=2)
        [('b', '0.7500'), ('a', '0.2500')]
    """
    return TASKS[answer.task].lines(answer, answer.vocab, top)


def _report_failures(
    answers: Iterable[tuple[Prediction | DataError | None, Input]], failed: list[Input]
) -> Iterator[tuple[Input, Prediction]]:
    """Yield the predictions; print why an input has none, and add it to `failed`."""
    for answer, each in answers:
        if isinstance(answer, Prediction):
            yield each, answer
        elif answer is not None:
            failed.append(each)
            show_error(each.named(answer), "predict")


def _show(
    answers: Iterable[tuple[Input, Prediction]],
    inputs: Sequence[Input],
    program: Program,
    options: argparse.Namespace,
) -> None:
    """Print predictions as soon as they are known: as JSON, as a table on a terminal, else as plain lines."""
    if options.json:
        for each, answer in answers:
            print_json({**each.where, **answer.to_dict()})
    elif options.csv:
        layouts = dict.fromkeys(tuple(each.raw) for each in inputs if isinstance(each.raw, dict))
        columns = list(dict.fromkeys(chain.from_iterable(layouts)))  # of all tables, in their order
        named = ["file" if "file" in inputs[0].where else "text"]
        header = csv_header(program, columns or named, options.sure)
        write_csv(sys.stdout, header, csv_rows_of(program, answers, columns))
    else:
        names = max((cells(escaped(each)) for each in inputs), default=0)
        known = [*(program.vocab or ()), *([NOT_SURE] if options.sure is not None and program.vocab else ())]
        labels = max((cells(escaped(label)) for label in known), default=0)
        for line in (
            _table(answers, TASKS[program.task], options, names, labels)
            if sys.stdout.isatty()
            else _plain_lines(answers, options.top, names, labels)
        ):
            print_line(line)


def _plain_lines(
    answers: Iterable[tuple[Input, Prediction]], top: int | None, names: int, labels: int
) -> Iterator[str]:
    """Yield a line for each answer; the names of the inputs and the labels take as many cells in all of them."""
    for each, answer in answers:
        fields = [escaped(field) for line in answer_lines(answer, top) for field in line if field]
        reason = [escaped(answer.reason)] if answer.reason else []
        yield "  ".join([padded(escaped(each), names), *(padded(field, labels) for field in fields), *reason])


def _table(
    answers: Iterable[tuple[Input, Prediction]],
    task: TaskKind,
    options: argparse.Namespace,
    names: int,
    labels: int,
) -> Iterator[str]:
    """Yield the lines of a table: the inputs, their labels and numbers, and why there is none."""
    columns = [Column("input", names, "name"), Column(task.number_heading, 11, right=True)]
    if task.needs_vocab:
        columns.insert(1, Column("label", max(labels, len("(none)")), "bold"))
    if options.sure is not None:
        columns.append(Column("why not", 60))

    def row(each: Input, answer: Prediction) -> list[list[str]]:
        lines = answer_lines(answer, options.top)
        found = [[label for label, _ in lines]] if task.needs_vocab else []
        why = [] if options.sure is None else [[answer.reason or ""]]
        return [[str(each)], *found, [number for _, number in lines], *why]

    return table_lines(columns, starmap(row, answers))
