"""Open a studio from what the command line says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatera.core.errors import ArgumentError
from gatera.store.who import user_name
from gatera.studio.leaving import leave
from gatera.studio.server_log import served_items
from gatera.studio.studio import Studio, open_place

if TYPE_CHECKING:
    from gatera.program.program import Program


def open_studio(
    source: str | Path,
    classes: Sequence[str] = (),
    kind: str | None = None,
    text: str | None = None,
    log: str | Path | None = None,
    say: Callable[[str], None] = print,
) -> Studio:
    """Open a folder, a data repository or a table.

    Args:
        source: its path.
        classes: labels that can be given, beside those that items have.
        kind: which files of a folder are shown, or "masks"; None for masks where there are some, else those that there are most of.
        text: the column of a table that holds a text; None to find it.
        log: the folder of a server's log; None for none, or the source itself if it is one.
        say: takes lines about what was decided.

    Raises:
        DataError: if there is nothing to label.
    """
    studio = Studio(open_place(source, kind, text, say), classes, say)
    if log is None and Path(source, "answers").is_dir() and Path(source, "inputs").is_dir():
        log = source
        say(
            f"{source} is the log of a server: the queue of what it saw begins with what it was least sure of."
        )
    if log is not None:
        studio.served = served_items(studio.place, Path(log))
        say(f"The server saw {len(studio.served):,} of these items.")
    return studio


def check_fits(program: Program, kind: str) -> None:
    """Check that a program can look at the items of a studio.

    Args:
        program: any program.
        kind: what the items are: "photos", "texts", "recordings" or "rows".

    Raises:
        ArgumentError: if it does not answer one class per item, or takes something else.
    """
    if program.task != "classification":
        raise ArgumentError("--program needs a program of one class per item", got=program.task)
    accepts = program.preprocess.accepts
    if accepts is None or accepts.things != kind:
        raise ArgumentError(
            f"--program must predict from {kind}, which are the items here",
            got="a program of unknown inputs" if accepts is None else f"a program of {accepts.things}",
            remedy="Name another program, or none: the studio trains one.",
        )  # fmt: skip


def finish(
    source: str, by: str | None, kind: str | None, text: str | None, say: Callable[[str], None]
) -> str:
    """Write what a person decided earlier, and return what was written.

    Raises:
        DataError: if it cannot be written, or that person is at work.
    """
    studio = open_studio(source, (), kind, text, None, say)
    try:
        return leave(studio, user_name() if by is None else by).sentence
    finally:
        studio.close()
