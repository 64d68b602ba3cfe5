"""Label a folder or a table by functions: their votes, the label model, the labels that people gave."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import counted
from gatera.core.errors import DataError, GateraError, is_library_error, shorten
from gatera.core.escape import shell_quote
from gatera.core.files import where_to_look
from gatera.core.progress import note
from gatera.labeling.applying import apply, lines_about
from gatera.labeling.functions import LabelingFunction, as_functions, functions_in
from gatera.labeling.kept_votes import KEPT, Kept
from gatera.labeling.labels.copy import LabelledCopy
from gatera.labeling.labels.place import CELLS, labels_of
from gatera.labeling.labels.table import LabelRow
from gatera.labeling.model.label_model import LabelModel
from gatera.labeling.model.majority import MajorityLabeler
from gatera.labeling.sources import Items, items_in
from gatera.labeling.votes import Votes


@dataclass(frozen=True)
class Labelled:
    """A folder or table, and what functions say about it.

    Attributes:
        items: the items.
        functions: the functions.
        votes: their votes.
        model: fitted on these.
        probabilities: of the classes, float64 [n,K].
        gold: the labels that people gave, None where there is none [n].
    """

    items: Items
    functions: tuple[LabelingFunction, ...]
    votes: Votes
    model: LabelModel | MajorityLabeler
    probabilities: np.ndarray
    gold: list[str | None]


def load_functions(path: Path) -> list[LabelingFunction]:
    """Run a file of Python and return its labelling functions. This runs the file's code, which is the user's own.

    Raises:
        DataError: if the file is missing, fails, defines no labelling function, or gives the name of one to another.
    """
    if not path.is_file():
        raise DataError(
            f"{path} does not exist" if not path.exists() else f"{path} is not a file",
            expected="a Python file with labelling functions",
        )
    try:
        namespace = runpy.run_path(str(path))
    except GateraError:
        raise
    except (Exception, SystemExit) as err:
        if not isinstance(err, SystemExit) and not is_library_error(err):
            raise
        line = _line_in(err, path)
        raise DataError(
            f"{path} failed{line}: {type(err).__name__}: {shorten(str(err))}",
            remedy="Run it with python to see where.",
        ) from err
    found = functions_in(namespace)
    if not found:
        raise DataError(
            f"{path} defines no labelling function",
            remedy="Write @labeling_function above each: from gatera.labeling import labeling_function.",
        )
    _check_none_lost(path, found)
    return found


def _check_none_lost(path: Path, found: Sequence[LabelingFunction]) -> None:
    """Raise DataError where a labelling function has the name of a later one, which Python then puts in its place."""
    codes = (getattr(each.function, "__code__", None) for each in found)
    there = {code.co_firstlineno for code in codes if code is not None}
    lines: dict[str, int] = {}
    for node in ast.parse(path.read_bytes()).body:
        if not isinstance(node, ast.FunctionDef) or not any(
            "labeling_function" in ast.unparse(each) for each in node.decorator_list
        ):
            continue
        if (line := lines.get(node.name)) is not None:
            raise DataError(
                f"{path} defines the labelling function {node.name} in line {line} and again in line {node.lineno}, so the first would not be asked",
                remedy="Give them different names.",
            )
        if node.decorator_list[0].lineno not in there:
            lines[node.name] = node.lineno


def label_source(
    functions: Sequence[LabelingFunction],
    source: Path,
    *,
    text: str | None = None,
    majority: bool = False,
    on_fault: Any = "count",
    workers: int | None = None,
    again: bool = False,
    on_line: Callable[[str], None] = note,
) -> Labelled:
    """Ask functions about a folder or table, and combine their votes.

    Args:
        functions: the functions.
        source: a folder or the file of a table.
        text: the table's column that holds the text.
        majority: count votes instead of learning what each function is worth.
        on_fault: see `apply`.
        workers: number of threads.
        again: ask also where votes were kept.
        on_line: takes each line about what was decided.

    Raises:
        DataError: if there is nothing to label, no function votes, or a known label is not a class that functions name.
    """
    functions, items = as_functions(functions), items_in(source, text, on_line)
    with Kept(home_of(source) / KEPT) as kept:
        for each in functions if again else ():
            kept.forget_votes(each.name, each.version)
        kept.set_last_run(
            _key(source), [{"name": f.name, "version": f.version, "takes": list(f.takes)} for f in functions]
        )
        votes = apply(functions, items, keep=kept, on_fault=on_fault, workers=workers, quiet=True)
    for line in lines_about(votes):
        on_line(line)
    model: LabelModel | MajorityLabeler = MajorityLabeler() if majority else LabelModel()
    rows = model.fit(votes).predict_proba(votes)
    return Labelled(items, tuple(functions), votes, model, rows, known_labels(source, items, votes, on_line))


def recall_source(source: Path, on_line: Callable[[str], None] = note) -> Labelled:
    """Return what the functions of the last `label_source` said about a folder or table; no function is run.

    Raises:
        DataError: if none were asked there.
    """
    if not source.exists():
        raise DataError(f"{source} does not exist", remedy=where_to_look(source, "Check the path."))
    file = home_of(source) / KEPT
    last: list[dict[str, Any]] = []
    if file.exists():
        with Kept(file) as kept:
            last = kept.last_run(_key(source))
    if not last:
        raise DataError(
            f"No functions have labelled {source}",
            remedy=f"Run gatera label apply FUNCTIONS {shell_quote(str(source))} first.",
        )
    items = items_in(source, None, lambda line: None)
    functions = [LabelingFunction.remembered(each["name"], each["version"], each["takes"]) for each in last]
    with Kept(file) as kept:
        votes = apply(functions, items, keep=kept, quiet=True)
    for name, fault in zip(votes.functions, votes.faults):
        if fault.count:
            on_line(
                f"{name} has no vote that was kept on {counted(fault.count, 'item')}: it failed there, or what is to be labelled is new; run gatera label apply again."
            )
    model = LabelModel().fit(votes)
    return Labelled(
        items,
        tuple(functions),
        votes,
        model,
        model.predict_proba(votes),
        known_labels(source, items, votes, on_line),
    )


def _key(source: Path) -> str:
    """Return what the kept file calls a source: "" for its folder, else the table's name."""
    return "" if source.is_dir() else source.name


def known_labels(
    source: Path, items: Items, votes: Votes, on_line: Callable[[str], None]
) -> list[str | None]:
    """Return the labels that people gave, None where there is none: from labels.csv, or the table's column "label"."""
    rows = labels_of(source, items.names) if items.table is None else rows_in(items)
    people = {name: row.label for name, row in rows.items() if row.label and not row.of_function}
    found = [people.get(name) for name in items.names]
    texts = {str(label) for label in votes.classes}
    other = sorted({label for label in found if label is not None and label not in texts})
    if other:
        count = sum(label in other for label in found)
        on_line(
            f"{counted(count, 'known label')} {'is' if count == 1 else 'are'} of classes that no function names ({', '.join(other[:3])}) and not compared."
        )
    by_text = {str(label): label for label in votes.classes}
    return [None if label is None else by_text.get(label) for label in found]


def home_of(source: Path) -> Path:
    """Return the folder of the items: the source itself, or that of the table."""
    return source if source.is_dir() else source.absolute().parent


def rows_in(items: Items) -> dict[str, LabelRow]:
    """Return the labels in a table itself."""
    assert items.table is not None
    cells = LabelledCopy(items.table, items.raws).cells
    return {name: row_of(name, each) for name, each in zip(items.names, cells, strict=True)}


def row_of(name: str, said: Mapping[str, str]) -> LabelRow:
    """Return the label of an item, given the cells of its row."""
    more = tuple((column, said[column]) for column in said if column not in CELLS and said[column])
    return LabelRow(name, **{column: said[column] for column in CELLS}, more=more)


def _line_in(err: BaseException, path: Path) -> str:
    """Return " in line 7" for the last line of the user's file on the way to an error."""
    line, step = None, err.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == str(path):
            line = step.tb_lineno
        step = step.tb_next
    if isinstance(err, SyntaxError):
        line = err.lineno
    return "" if line is None else f" in line {line}"
