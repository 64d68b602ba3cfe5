"""The page on data repositories runs as it is written."""

from __future__ import annotations

import shlex

import pytest
from pages import blocks, read

from gatera.cli.commands.every import COMMANDS
from gatera.cli.parser import parse
from gatera.store.datasets.labels.rows import COLUMNS

PAGE = read("docs/data-repositories.md")


def test_the_page_runs(tmp_path, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.org")
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block.text, "docs/data-repositories.md", "exec"), scope)
    assert "copy" in scope


def test_its_commands_are_understood():
    lines = [
        shlex.split(line)
        for block in blocks(PAGE, "sh")
        for line in block.text.splitlines()
        if line.startswith("gatera")
    ]
    assert len(lines) >= 9
    for line in lines:
        words = 3 if line[1] == "data" else 2
        parse(COMMANDS[" ".join(line[1:words])], line[words:])


@pytest.mark.parametrize("column", COLUMNS)
def test_it_tells_every_column(column):
    assert f"| `{column}` |" in PAGE
