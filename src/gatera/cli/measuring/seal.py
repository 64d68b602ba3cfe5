"""`gatera seal`: lock a test set."""

from __future__ import annotations

import argparse
from pathlib import Path

from gatera.cli.output import print_json, print_line, show_line
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted
from gatera.core.escape import shell_quote
from gatera.evaluate.questions.sealed import seal_folder, seal_of


def seal(options: argparse.Namespace) -> int:
    """Seal a folder.

    Returns:
        The exit status, 0.

    Raises:
        GateraError: if the folder or the file is not usable.
    """
    sealed = seal_folder(options.folder, options.out, options.force)
    count = sealed.count
    if options.json:
        print_json({"seal": str(sealed.path), "folder": str(sealed.folder), "files": count})
        return 0
    print_line(escaped(f"Sealed {counted(count, 'file')} of {sealed.folder.name} in {sealed.path}."))
    print_line(
        escaped(f"Measure programs on it: gatera test PROGRAM... --sealed {shell_quote(sealed.path.name)}")
    )
    return 0


def say_if_sealed(source: str | Path) -> None:
    """Say that items are a sealed test set, where they are measured without its seal: that is not recorded as an opening."""
    path = seal_of(source)
    if path is not None:
        here = Path.cwd()
        seal = path.relative_to(here) if path.is_relative_to(here) else path
        show_line(
            f"{source} is a sealed test set, and this is not recorded as an opening: gatera test --sealed {shell_quote(str(seal))} does that."
        )
