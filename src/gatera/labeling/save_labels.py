"""Save the labels that functions gave: in labels.csv, a data repository, or the copy of a table. People's labels stay."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from gatera.core.files import sha256_file
from gatera.core.progress import note
from gatera.labeling.kept_votes import KEPT, Kept
from gatera.labeling.labelled import Labelled, home_of, row_of, rows_in
from gatera.labeling.labels.copy import LabelledCopy
from gatera.labeling.labels.place import keep_labels, labels_of
from gatera.labeling.labels.table import Change, LabelRow, mark_of, merged, still_stands
from gatera.labeling.model.label_model import COMBINING, LabelModel
from gatera.labeling.model.majority import MajorityLabeler
from gatera.labeling.sources import Items
from gatera.labeling.votes import Votes
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.work.lock import labels_alone
from gatera.store.who import now, user_name

#: Columns that are always added to the copy of a table.
ADDED = ("label", "source", "note")


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
            copy.cells = [_cells(by_name.get(name, LabelRow(name))) for name in names]
            # what only the studio writes there has columns where some row has it
            copy.write(
                [name for name in copy.called if name in ADDED or any(each.get(name) for each in copy.cells)]
            )
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


def _with_hashes(rows: Sequence[LabelRow], items: Items) -> list[LabelRow]:
    """Return the rows with the hash of their file, where functions labelled it and none was known."""
    if items.root is None:
        return list(rows)
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
    found = rows_in(items)
    copy.read(made_again=True)
    for name, cells in zip(items.names, copy.cells, strict=True):
        if not found[name].label:
            found[name] = row_of(name, cells)
    return found


def _cells(row: LabelRow) -> dict[str, str]:
    """Return what is said of a label; functions' names and times are those of a run, and stand in no table."""
    by, at = ("", "") if row.of_function else (row.by, row.at)
    return {"label": row.label, "source": row.source, "by": by, "at": at, "note": row.note, **dict(row.more)}
