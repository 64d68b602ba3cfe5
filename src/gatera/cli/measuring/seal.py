"""`gatera seal`: lock a test set."""

from __future__ import annotations

import argparse

from gatera.cli.output import print_json, print_line
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted
from gatera.core.escape import shell_quote
from gatera.evaluate.questions.sealed import seal_folder


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
