"""Label a folder or a table by functions: votes, model, labels with their source, and what becomes of the labels there were."""

from __future__ import annotations

import ast
import hashlib
import runpy
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import counted
from gatera.core.errors import DataError, GateraError, is_library_error, shorten
from gatera.core.escape import shell_quote
from gatera.core.files import sha256_file
from gatera.core.progress import note
from gatera.labeling.applying import apply, lines_about
from gatera.labeling.functions import LabelingFunction, as_functions, functions_in
from gatera.labeling.kept import KEPT, Kept
from gatera.labeling.labels.copy import LabelledCopy
from gatera.labeling.labels.place import CELLS, keep_labels, labels_of
from gatera.labeling.labels.table import Change, LabelRow, mark_of, merged, still_stands
from gatera.labeling.model.label_model import COMBINING, LabelModel
from gatera.labeling.model.majority import MajorityLabeler
from gatera.labeling.sources import Items, items_in
from gatera.labeling.votes import Votes
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.work.lock import labels_alone
from gatera.store.who import now, user_name

#: Columns that are always added to the copy of a table.
ADDED = ("label", "source", "note")


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
        raise DataError(f"{source} does not exist", remedy="Check the path.")
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
    rows = labels_of(source, items.names) if items.table is None else _rows_in(items)
    people = {name: row.label for name, row in rows.items() if row.label and not row.of_function}
    found = [people.get(name) for name in items.names]
    texts = {str(label) for label in votes.classes}
    other = sorted({label for label in found if label is not None and label not in texts})
    if other:
        count = sum(label in other for label in found)
        on_line(
            f"{count:,} known labels are of classes that no function names ({', '.join(other[:3])}); they are not compared."
        )
    by_text = {str(label): label for label in votes.classes}
    return [None if label is None else by_text.get(label) for label in found]


def save_labels(
    labelled: Labelled, source: Path, least: float = 0.0, on_line: Callable[[str], None] = note
) -> tuple[Path, Change]:
    """Write the labels beside the items: labels.csv in a folder, NAME-labelled.csv for a table. People's labels stay.

    A label of functions stays as it is while all of them say the same about its item as when it was given, and their votes are combined
    in the same way: changing one function changes only labels of items on which it votes, or voted. Where an earlier version combined
    them in another way (`COMBINING`), all are decided again.

    Args:
        labelled: from `label_source`.
        source: the folder or the file of the table.
        least: only labels of at least this probability, 0..1.
        on_line: takes each line about what was decided.

    Returns:
        The file (or the data repository, where the labels are committed), and what changed.
    """
    home = home_of(source)
    new = label_rows(labelled, least)
    prints = fingerprints(labelled.votes, isinstance(labelled.model, MajorityLabeler))
    names = labelled.items.names
    table = labelled.items.table is not None
    # a data repository is locked where rows are put into it
    alone = nullcontext() if is_repository(home) and not table else labels_alone(home, on_line)
    with Kept(home / KEPT) as kept, kept.alone(), alone:
        prefix = f"{source.name}:" if table else ""
        earlier = kept.labelled()
        # a folder may be called ".", which has no name to change
        copy = LabelledCopy(source, labelled.items.raws) if table else None
        path = home if copy is None else copy.path
        before = labels_of(home, names) if copy is None else _rows_of_table(labelled.items, copy)
        same = [
            name
            for name, votes in zip(names, prints)
            if still_stands(earlier.get(prefix + name, ""), votes, before.get(name), COMBINING)
        ]
        rows, change = merged(before, new, same, names)
        by_name = {row.file: row for row in rows}
        if copy is not None:
            _write_table(copy, names, by_name)
        else:
            named = ", ".join(f"{each.name}@{each.version}" for each in labelled.functions)
            path = keep_labels(
                home,
                before,
                _with_hashes(rows, labelled.items),
                f"Label by functions: {named}\n\n{change}",
                on_line,
            )
        others = {
            name: mark
            for name, mark in earlier.items()
            if not name.startswith(prefix) or (not prefix and ":row " in name)
        }
        kept.set_labelled(
            {
                **others,
                **{
                    prefix + name: mark_of(
                        votes, by_name.get(name), COMBINING, earlier.get(prefix + name, "")
                    )
                    for name, votes in zip(names, prints)
                },
            }
        )
    return path, change


def label_rows(labelled: Labelled, least: float = 0.0) -> list[LabelRow]:
    """Return a line for every item with a vote and a label of at least `least` probability; `source` names the function that says most for it."""
    votes, model = labelled.votes, labelled.model
    said = model.evidence(votes) if isinstance(model, LabelModel) else np.where(votes.voted, 1.0, 0.0)
    name, time, rows = user_name(), now(), []
    best = labelled.probabilities.argmax(axis=1)
    for i in np.flatnonzero(votes.covered).tolist():
        probability = float(labelled.probabilities[i, best[i]])
        if probability < least:
            continue
        for_it = [
            j
            for j in np.argsort(-said[i], kind="stable")
            if votes.voted[i, j] and votes.allowed[votes.matrix[i, j], best[i]]
        ]
        first = for_it[0] if for_it else int(np.argmax(np.where(votes.voted[i], said[i], -np.inf)))
        also = ", ".join(f"{votes.functions[j]}@{votes.versions[j]}" for j in for_it[1:4])
        more = f" and {len(for_it) - 4} more" if len(for_it) > 4 else ""
        others = f"; also {also}{more}" if also else "" if for_it else "; no function said so"
        rows.append(
            LabelRow(
                labelled.items.names[i],
                "",
                str(votes.classes[best[i]]),
                source=labelled.functions[first].source,
                by=name,
                at=time,
                note=f"p={probability:.3f}{others}",
            )
        )
    return rows


def fingerprints(votes: Votes, majority: bool = False) -> list[str]:
    """Return for each item a short hash of what was said about it, by which functions; "" where nothing was.

    Args:
        votes: what was said.
        majority: whether the votes are counted, which may give another label than a model.
    """
    words = [
        [f"{name}={votes.allowed[number].tobytes().hex()}" for number in range(len(votes.allowed))]
        for name in votes.functions
    ]
    classes = f"{votes.classes!r}{' by majority' if majority else ''}"
    found = []
    for row in votes.matrix:
        text = "\n".join(words[j][number] for j, number in enumerate(row) if number >= 0)
        found.append(hashlib.sha256(f"{classes}\n{text}".encode()).hexdigest()[:16] if text else "")
    return found


def home_of(source: Path) -> Path:
    """Return the folder of the items: the source itself, or that of the table."""
    return source if source.is_dir() else source.absolute().parent


def _with_hashes(rows: Sequence[LabelRow], items: Items) -> list[LabelRow]:
    """Return the rows with the hash of their file, where functions labelled it and none was known."""
    files = dict(zip(items.names, items.raws))
    return [
        replace(row, sha256=sha256_file(files[row.file])) if row.of_function and not row.sha256 and row.file in files else row
        for row in rows
    ]  # fmt: skip


def _rows_of_table(items: Items, copy: LabelledCopy) -> dict[str, LabelRow]:
    """Return the labels of a table's rows: those that people gave there, and those that functions gave in an earlier run.

    Raises:
        DataError: if labels of people stand in a copy whose rows are others now.
    """
    found = _rows_in(items)
    copy.read(made_again=True)
    for name, cells in zip(items.names, copy.cells, strict=True):
        if not found[name].label:
            found[name] = _row(name, cells)
    return found


def _rows_in(items: Items) -> dict[str, LabelRow]:
    """Return the labels in a table itself."""
    assert items.table is not None
    cells = LabelledCopy(items.table, items.raws).cells
    return {name: _row(name, each) for name, each in zip(items.names, cells, strict=True)}


def _row(name: str, said: Mapping[str, str]) -> LabelRow:
    more = tuple((column, said[column]) for column in said if column not in CELLS and said[column])
    return LabelRow(name, **{column: said[column] for column in CELLS}, more=more)


def _write_table(copy: LabelledCopy, names: Sequence[str], rows: Mapping[str, LabelRow]) -> None:
    """Write the copy of a table; what only the studio writes there has columns where some row has it."""
    copy.cells = [_cells(rows.get(name, LabelRow(name))) for name in names]
    copy.write([name for name in copy.called if name in ADDED or any(each.get(name) for each in copy.cells)])


def _cells(row: LabelRow) -> dict[str, str]:
    """Return what is said of a label; functions' names and times are those of a run, and stand in no table."""
    by, at = ("", "") if row.of_function else (row.by, row.at)
    return {"label": row.label, "source": row.source, "by": by, "at": at, "note": row.note, **dict(row.more)}


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
