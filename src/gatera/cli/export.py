"""`gatera export`: a program as a static page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatera.browser.export import export_web
from gatera.browser.runtime import RUNTIME
from gatera.cli.given.program import program_path
from gatera.cli.output import print_line, wrapped
from gatera.cli.parser import UsageError
from gatera.cli.terminal.text import escaped
from gatera.core.errors import OutputExistsError
from gatera.core.escape import shell_quote
from gatera.core.files import human_bytes


def export(options: argparse.Namespace) -> int:
    """Write the page of a program.

    Raises:
        ProgramFileError, ExportError, OutputExistsError, ArgumentError, DownloadError: see `export_web`.
    """
    if options.web is None:
        raise UsageError(
            'missing option: --web FOLDER, the folder to write the page to. See "gatera export --help".'
        )
    program = program_path(options.program)
    named = None if program == options.program else options.program.partition("@")[0]
    try:
        folder = export_web(
            program, options.web,
            title=options.title or named, runtime=options.runtime, force=options.force, trusted=options.trusted,
        )  # fmt: skip
    except OutputExistsError as err:
        if err.remedy != "Pass force=True.":
            raise
        raise OutputExistsError(err.problem, remedy="Use --force to replace it.") from err
    for line in _said(folder):
        print_line(line)
    return 0


def _said(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = human_bytes(sum(path.stat().st_size for path in files))
    about = (
        f"It holds the model and onnxruntime-web {RUNTIME.version} (MIT licence); training figures, and which user rated what, are "
        "not included."
    )
    return [
        f"Wrote {escaped(folder)} ({len(files)} files, {size}).",
        *wrapped(about, sys.stdout),
        "Try it:",
        f"  python -m http.server --bind 127.0.0.1 --directory {escaped(shell_quote(str(folder)))}",
    ]
