"""The program that a command is given: a file, or a version in the registry ("cats@production")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatera.core.lazy import later
from gatera.program.archive import SUFFIX
from gatera.program.program import Program
from gatera.program.program import load_program as load_file


def program_path(name: str) -> str:
    """Return the file of a program.

    Args:
        name: a file, which needs nothing of the registry; else a name such as "cats@v3".

    Raises:
        RegistryError: if it looks like a version, and there is none.
    """
    if (name.endswith(SUFFIX) and "://" not in name) or Path(name).exists():
        return name
    # the registry is only imported where it is asked: a prediction should come at once
    return str(later("gatera.store.models.open", "program_file")(name))


def load_program(name: str, **options: Any) -> Program:
    """Load the program that a command is given; see `gatera.load_program`."""
    path = program_path(name)
    program = load_file(path, **options)
    program.version = None if path == name else name
    return program
