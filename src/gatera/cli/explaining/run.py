"""`gatera explain`: say which parts of photos, recordings, texts or rows a program's answers come from."""

from __future__ import annotations

import argparse
from pathlib import Path

from gatera.cli.explaining.parts import explain_rows, explain_texts
from gatera.cli.explaining.photos import explain_photos
from gatera.cli.given.commits import with_commits
from gatera.cli.inputs import columns_of, find_inputs, first_operation
from gatera.cli.output import FAILED, notes, show_decision, show_line
from gatera.core.errors import ArgumentError, OutputExistsError
from gatera.core.files import check_can_write

#: Options that say how maps are drawn.
_OF_MAPS = ("method", "units", "layer", "patch", "stride")

#: Options that say which rows are explained, and beside which.
_OF_ROWS = ("rows", "beside")

#: What a program does first, where no map can be drawn -> what explains its inputs, and what is done to them.
_BY_PARTS = {
    "read_text": (explain_texts, "texts are explained by removing words"),
    "read_row": (explain_rows, "rows are explained by what each column adds"),
}


def explain(options: argparse.Namespace) -> int:
    """Explain a program's answers to some inputs.

    Returns:
        The exit status: 0, or 1 if an input could not be read.

    Raises:
        GateraError: if the program cannot be explained, an option is not for its inputs, or the folder is not empty or
            cannot be written.
    """
    out = Path(options.out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not options.force:
        raise OutputExistsError(
            f"{out} exists and is not empty", remedy="Pass force=True to write into it, or another folder."
        )
    check_can_write(out / "picture.png")
    first = first_operation(options.program)
    explained, how = _BY_PARTS.get(first.get("op", ""), (explain_photos, "maps are drawn"))
    for name in _OF_ROWS if explained is not explain_rows else ():
        if getattr(options, name) is not None:
            raise ArgumentError(
                f"{name}= can only be used with rows of a table: {how} here", remedy=f"Omit {name}=."
            )
    for name in _OF_MAPS if explained is not explain_photos else ():
        if getattr(options, name) is not None:
            raise ArgumentError(
                f"{name}= can only be used with photos and recordings: {how}", remedy=f"Omit {name}=."
            )
    options.inputs = with_commits(options.inputs, show_line, bool(columns_of(first)))
    inputs, things = find_inputs(options.inputs, first, on_note=lambda note: show_decision(note, "explain"))
    with notes("explain"):
        asked, read = explained(options, inputs, out)
    if read < asked and asked > 1:
        show_line(f"{asked - read} of {asked} {things} could not be read.")
    return FAILED if read < asked else 0
