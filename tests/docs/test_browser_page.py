"""The page on programs in the browser: its example runs, and it names what the code does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pages import ROOT, blocks, read

from gatera.browser import export, runtime
from gatera.browser.runtime import RUNTIME, VARIABLE
from gatera.cli.commands.exporting import EXPORT
from gatera.cli.parser import parse

PAGE = read("docs/browser.md")


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests" / "fixtures" / "format1.gatera", "cats.gatera")
    stand_in = {}
    for name in RUNTIME.hashes:  # tests/pages export with the real one
        stand_in[name] = tmp_path / name
        stand_in[name].write_bytes(b"in its place")
    monkeypatch.setattr(export, "runtime_files", lambda given: stand_in)
    example, printed = blocks(PAGE, "python")[0], blocks(PAGE, "")[0]
    exec(compile(example.text, "docs/browser.md", "exec", dont_inherit=True), {})
    assert capsys.readouterr().out == printed.text


def test_every_command_line_is_understood() -> None:
    lines = [
        line
        for block in blocks(PAGE, "console")
        for line in block.text.splitlines()
        if "gatera export" in line
    ]
    assert len(lines) == 3
    for line in lines:
        parse(EXPORT, line.partition("gatera export ")[2].split())


def test_it_names_the_version_and_the_variables() -> None:
    assert f"npm pack onnxruntime-web@{RUNTIME.version}" in PAGE and f"version {RUNTIME.version} " in PAGE
    assert f"{VARIABLE}=" in PAGE and f"`{runtime.REGISTRY_VARIABLE}`" in PAGE
    assert f"above {export.LARGEST_MODEL / 1e9:g} GB" in PAGE
