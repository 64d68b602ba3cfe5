"""`gatera completion`: print the completion script of a shell."""

from __future__ import annotations

import argparse
from pathlib import Path

#: The scripts, by shell. `gatera.cli.completions.scripts` writes them.
FILES = {
    shell: Path(__file__).with_name("completions") / name
    for shell, name in {"bash": "gatera.bash", "zsh": "_gatera", "fish": "gatera.fish"}.items()
}


def completion(options: argparse.Namespace) -> int:
    """Print the script of the shell asked for."""
    print(FILES[options.shell].read_text(encoding="utf-8"), end="")
    return 0
