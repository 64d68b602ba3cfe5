"""The tables of options in docs/command-line.md. `python tests/docs/option_tables.py` writes them into the page."""

from __future__ import annotations

import re
from pathlib import Path

from gatera.cli.commands.every import COMMANDS
from gatera.cli.options import Option

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"

HEAD = "| option | default | what it does |\n|---|---|---|\n"


def row(option: Option) -> str:
    """Return the row of an option."""
    flags = list(option.all_flags) or [option.spelled]
    if option.flags and option.metavar:
        flags[-1] += f" {option.metavar}"
    words = option.help + (
        f" One of {', '.join(f'`{choice}`' for choice in option.choices)}." if option.choices else ""
    )
    spelled = ", ".join(f"`{flag}`" for flag in flags)
    return f"| {spelled} | {option.default_in_words or 'must be given'} | {words} |\n"


def table(name: str) -> str:
    """Return the table of a command's options; --help and --debug are described once for all."""
    return HEAD + "".join(
        row(option) for option in COMMANDS[name].options if option.name not in ("help", "debug")
    )


def with_tables(page: str) -> str:
    """Return the page with the table of each command as it is now."""
    for name in COMMANDS:
        pattern = rf"(\n## gatera {name}\n(?:(?!\n## ).)*?){re.escape(HEAD)}(?:\|[^\n]*\n)*"
        page = re.sub(pattern, lambda found, name=name: found[1] + table(name), page, flags=re.DOTALL)
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
