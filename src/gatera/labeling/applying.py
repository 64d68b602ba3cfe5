"""Ask every labelling function about every item."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError, DataError, GateraError, shorten
from gatera.core.progress import note, track
from gatera.core.threads import thread_pool, usable_processors
from gatera.labeling.function_arguments import Look, Programs
from gatera.labeling.functions import LabelingFunction, as_functions
from gatera.labeling.kept_votes import Kept
from gatera.labeling.sources import as_items
from gatera.labeling.votes import Faults, Said, Votes, check_labels, classes_in, encode, plain_label

#: Items that a thread takes at once, and how many of these wait.
CHUNK, WAITING = 32, 4

#: What to do with a function's fault.
ON_FAULT = ("count", "raise")


@dataclass
class _Column:
    """The votes of one function, while they are asked for."""

    function: LabelingFunction
    version: str
    said: list[Said]
    known: dict[str, Said]
    faults: int = 0
    first: str = ""
    kept: int = 0


def apply(
    functions: Any,
    items: Any,
    *,
    classes: Sequence[Any] | None = None,
    embeddings: Any = None,
    keep: str | Path | Kept | None = None,
    on_fault: Literal["count", "raise"] = "count",
    workers: int | None = None,
    quiet: bool = False,
) -> Votes:
    """Ask every function about every item, and return the matrix of their votes.

    Args:
        functions: labelling functions, or plain functions with the same parameters.
        items: paths, texts, mappings, a DataFrame (a row is an item), `items_in(folder)`, or anything else.
        classes: all classes; None for those that the functions name, sorted.
        embeddings: a vector per item, float [n,D], for functions that take `embedding`.
        keep: a file that keeps the votes: what is in it is not asked again, and a stopped run goes on.
        on_fault: "count" faults (an error, or a class that does not exist) as abstentions, or "raise" the first one.
        workers: number of threads; None for one per processor.
        quiet: show no progress, and do not print how many votes were kept and how often functions failed.

    Raises:
        ArgumentError: if an argument cannot be used.
        DataError: if there are no items; with `on_fault="raise"` at the first fault; the function and the item are named.

    Example:
        >>> from gatera.labeling import ABSTAIN
        >>> def praises(text): return "positive" if "good" in text else ABSTAIN
        >>> def complains(text): return "negative" if "bad" in text else ABSTAIN
        >>> apply([praises, complains], ["good food", "bad service", "a menu"]).matrix.tolist()
        [[1, -1], [-1, 0], [-1, -1]]
    """
    made, given = as_functions(functions), as_items(items)
    check_choice("on_fault", on_fault, ON_FAULT)
    n = len(given)
    vectors = None if embeddings is None else checked_vectors(embeddings, n, np.float32)
    store = keep if isinstance(keep, Kept) or keep is None else Kept(keep)
    columns = [
        _Column(each, each.version, [Said()] * n, {} if store is None else store.votes(each.name, each.version)) for each in made
    ]  # fmt: skip
    known, programs = None if classes is None else _checked_classes(classes), Programs()
    looks = (
        Look(raw, given, None if vectors is None else vectors[i], programs)
        for i, raw in enumerate(given.raws)
    )
    try:
        _Asking(columns, store, known, on_fault, given.names).run(looks, n, workers, quiet)
    finally:
        for column in columns:
            column.function.stay(column.version)
    found = (
        tuple(known)
        if known is not None
        else classes_in((vote for column in columns for vote in column.said), _failed(columns, n))
    )
    matrix, allowed = encode([column.said for column in columns], found)
    votes = Votes(
        matrix, found, allowed, tuple(each.name for each in made), tuple(each.version for each in made), tuple(given.names),
        tuple(Faults(column.faults, column.first) for column in columns), sum(column.kept for column in columns),
    )  # fmt: skip
    if not quiet:
        for line in lines_about(votes):
            note(line)
    return votes


def lines_about(votes: Votes) -> Iterator[str]:
    """Yield what there is to say about a run: votes that were kept, functions that failed, and classes that may be one."""
    if votes.kept:
        total = votes.matrix.size
        yield f"{votes.kept:,} of {total:,} answers were kept from earlier runs; pass keep=None to ask again."
    for name, fault in zip(votes.functions, votes.faults):
        if fault.count:
            yield (
                f"{name} failed on {fault.count:,} of {len(votes):,} items, which count as abstentions; "
                f'pass on_fault="raise" to stop there. First: {fault.first}'
            )
    plain: dict[str, Any] = {}
    for label in votes.classes:
        other = plain.setdefault(" ".join(str(label).split()).casefold(), label)
        if other is not label:
            yield (
                f"The classes {other!r} and {label!r} differ only in spaces or in upper and lower case, and are two; "
                "if they are the same, spell them the same way in every function."
            )


def _failed(columns: Sequence[_Column], n: int) -> str:
    """Return how the function failed that did so most; "" where none did."""
    worst = max(columns, key=lambda column: column.faults)
    if not worst.faults:
        return ""
    return f"{worst.function.name} failed on {worst.faults:,} of {n:,} items, first on {worst.first}"


class _Asking:
    """Runs the functions in threads, and keeps what they say as it comes."""

    def __init__(
        self,
        columns: list[_Column],
        store: Kept | None,
        classes: dict[Any, int] | None,
        on_fault: str,
        names: Sequence[str],
    ) -> None:
        self.columns, self.store, self.classes = columns, store, classes
        self.on_fault, self.names, self._lock = on_fault, names, threading.Lock()

    def run(self, looks: Iterable[Look], n: int, workers: int | None, quiet: bool) -> None:
        """Ask about all items, in order, a few chunks ahead."""
        chunks = _chunks(enumerate(looks), CHUNK)
        workers = workers or usable_processors()
        with thread_pool(workers) as pool:
            waiting: deque[Future[int]] = deque(
                pool.submit(self._chunk, chunk) for chunk in islice(chunks, workers * WAITING)
            )
            for position in track(range(n), "Labelling", n, quiet):
                if position % CHUNK == 0 and waiting:
                    waiting.popleft().result()
                    waiting.extend(pool.submit(self._chunk, chunk) for chunk in islice(chunks, 1))

    def _chunk(self, chunk: list[tuple[int, Look]]) -> int:
        new: list[dict[str, Said]] = [{} for _ in self.columns]
        try:
            for position, look in chunk:
                for column, said in zip(self.columns, new):
                    self._one(position, look, column, said)
        finally:  # also what was asked before an error
            if self.store is not None:
                for column, said in zip(self.columns, new):
                    if said:
                        self.store.add_votes(column.function.name, column.version, said)
        return len(chunk)

    def _one(self, position: int, look: Look, column: _Column, new: dict[str, Said]) -> None:
        function = column.function
        try:
            key = "" if self.store is None else look.key(function.takes)
            vote = column.known.get(key) if key else None
            kept = vote is not None
            vote = Said.of(look.vote_of(function)) if vote is None else vote
            if self.classes is not None:
                check_labels(vote, self.classes)
            if kept:
                with self._lock:
                    column.kept += 1
            elif key:
                new[key] = vote
            column.said[position] = vote
        except (Exception, SystemExit) as err:  # noqa: BLE001 - the user's code may raise anything; it is counted, or raised again
            self._fault(position, column, err)

    def _fault(self, position: int, column: _Column, err: Exception | SystemExit) -> None:
        text = str(err) if isinstance(err, GateraError) else f"{type(err).__name__}: {err}"
        message = f"{self.names[position]}: {shorten(text, 300)}"
        if self.on_fault == "raise":
            raise DataError(f"The labelling function {column.function.name} failed on {message}") from err
        with self._lock:
            column.faults += 1
            column.first = column.first or message


def _chunks(values: Iterator[tuple[int, Look]], size: int) -> Iterator[list[tuple[int, Look]]]:
    while chunk := list(islice(values, size)):
        yield chunk


def _checked_classes(classes: Sequence[Any]) -> dict[Any, int]:
    names = {plain_label(label): number for number, label in enumerate(classes)}
    if isinstance(classes, str) or len(names) < max(2, len(classes)):
        raise ArgumentError(
            "classes must be two or more different classes", got=classes, remedy='For example ["cat", "dog"].'
        )
    return names


def checked_vectors(embeddings: Any, n: int, dtype: DTypeLike) -> np.ndarray:
    """Return one vector for each of n items, [n, D].

    Raises:
        ArgumentError: if they are not that.
    """
    vectors = np.asarray(embeddings, dtype=dtype)
    if vectors.ndim != 2 or len(vectors) != n:
        raise ArgumentError(
            "embeddings must be one vector per item", got=list(vectors.shape), expected=f"[{n}, D]"
        )
    wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if wrong.size:
        raise ArgumentError(
            f"embeddings hold a value that is not a number, first for item {wrong[0] + 1}",
            got=f"{wrong.size:,} such items", expected="finite numbers",
        )  # fmt: skip
    return vectors
