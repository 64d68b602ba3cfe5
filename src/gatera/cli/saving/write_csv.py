"""Answers as CSV: a line for each input, quoted where needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from gatera.cli.output import write
from gatera.cli.terminal.text import escaped
from gatera.core.checks import number_text
from gatera.program.prediction import Prediction
from gatera.program.program import Program
from gatera.program.tasks import TASKS

#: What separates several labels in one cell.
JOINT = ";"


def write_csv(stream: TextIO, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table as CSV, row by row. On a terminal, control characters are shown as escapes."""
    terminal = stream.isatty()
    _print_row(header, terminal)
    for row in rows:
        _print_row(row, terminal)


def _print_row(cells: Sequence[Any], terminal: bool) -> None:
    buffer = io.StringIO()
    shown = [escaped(cell) if terminal else cell for cell in cells]
    csv.writer(buffer, lineterminator="\n").writerow(shown)
    write(buffer.getvalue())


def csv_header(program: Program, given: Sequence[str], sure: float | None = None) -> list[str]:
    """Return the names of the columns: those of the input, then those of the answer.

    Args:
        program: what answers.
        given: the columns of the input: "file", or those of a table.
        sure: the level that was asked for; None for none.

    Example of a classifier of photos: file, label, probability, probability_cat, probability_dog, set, novelty, novel.
    """
    names = {
        "classification": ["label", "probability", *(f"probability_{label}" for label in program.vocab)],
        "multilabel": ["labels", *(f"probability_{label}" for label in program.vocab)],
        "segmentation": ["height", "width", *(f"share_{label}" for label in program.vocab)],
    }.get(program.task, ["points" if program.task == "points" else "value"])
    taken = set(given)
    return [*given, *(_free(name, taken) for name in [*names, *about_itself(program, sure)])]


def about_itself(program: Program, sure: float | None) -> list[str]:
    """Return the names of the columns that say how sure an answer is: those that the program knows."""
    known = program.certainty
    names = ["set"] if known.labels is not None and known.held_out else []
    names += ["low", "high"] if known.numbers is not None and known.held_out else []
    names += ["novelty", "novel"] if known.novelty is not None else []
    return [*names, "reason"] if sure is not None else names


def cells_about_itself(answer: Prediction) -> list[Any]:
    """Return the cells of those columns, in their order; several labels or numbers in one cell."""
    said = answer.about_itself()
    cells: list[Any] = [JOINT.join(map(str, said["set"]))] if "set" in said else []
    if "interval" in said:
        pairs = said["interval"] if isinstance(said["interval"], list) else [said["interval"]]
        cells += [JOINT.join(number_text(pair[side]) for pair in pairs) for side in (0, 1)]
    cells += [said["novelty"], said["novel"]] if "novelty" in said else []
    return [*cells, said["reason"] or ""] if "reason" in said else cells


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no column of the table has: "label", else "label_2"."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def answer_cells(program: Program, answer: Prediction) -> list[Any]:
    """Return the cells of an answer, in the order of `csv_header`."""
    return [*_answer_cells(program, answer), *cells_about_itself(answer)]


def _answer_cells(program: Program, answer: Prediction) -> list[Any]:
    values: Mapping[str, Any] = TASKS[answer.task].to_dict(answer, answer.vocab)
    match program.task:
        case "classification":
            return [values["label"], values["probability"], *values["probabilities"].values()]
        case "multilabel":
            labels = "" if values["label"] is None else JOINT.join(map(str, values["label"]))
            return [labels, *values["probabilities"].values()]
        case "segmentation":
            return [
                values["height"],
                values["width"],
                *(values["shares"].get(str(label), 0.0) for label in program.vocab),
            ]
        case "points":
            return [JOINT.join(f"{x:.2f} {y:.2f}" for x, y in values["points"])]
    value = values["value"]
    return [JOINT.join(map(str, value)) if isinstance(value, list) else value]


def csv_rows_of(
    program: Program, answers: Iterable[tuple[Any, Prediction]], columns: Sequence[str]
) -> Iterator[list[Any]]:
    """Yield the rows for inputs with their answers.

    Args:
        program: what answers.
        answers: inputs, as `gatera.cli.inputs.Input`, with their predictions.
        columns: the columns of the table that the inputs are rows of; none for files and texts. A text beside rows stands in
            the column that holds the texts.
    """
    texts = program.preprocess.config[0].get("column")
    for each, answer in answers:
        row = each.raw if isinstance(each.raw, Mapping) else {texts: named(each.where)}
        given = [row.get(name, "") for name in columns] if columns else [named(each.where)]
        yield [*given, *answer_cells(program, answer)]


def named(where: Mapping[str, Any]) -> str:
    """Return how CSV calls an input: its file or the text itself."""
    return str(where.get("file", where.get("text", "")))
