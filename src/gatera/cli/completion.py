"""`gatera completion`: print the completion script of a shell."""

from __future__ import annotations

import argparse
from importlib.resources import files

#: The scripts, by shell; the package may be in a zip file. `gatera.cli.completions.scripts` writes them.
FILES = {
    shell: files("gatera.cli") / "completions" / name
    for shell, name in {"bash": "gatera.bash", "zsh": "_gatera", "fish": "gatera.fish"}.items()
}


def completion(options: argparse.Namespace) -> int:
    """Print the script of the shell asked for."""
    print(FILES[options.shell].read_text(encoding="utf-8"), end="")
    return 0
