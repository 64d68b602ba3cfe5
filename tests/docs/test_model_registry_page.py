"""The page on the registry: its commands and its Python run one after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from pages import ROOT, blocks, read

from gatera.cli.main import main
from gatera.program.package import read_package, write_package

PAGE = read("docs/model-registry.md")
FORMAT1 = ROOT / "tests" / "fixtures" / "format1.gatera"


def write_program(path: Path, error: float) -> None:
    package = read_package(FORMAT1)
    described = {name: value for name, value in package.program.items() if name not in ("format", "entries")}
    described["training"] = {"valid": {"n": 40, "error": error}, "source": "photos"}
    write_package(
        path, described, {name: package.read(name) for name in package.names if name != "program.json"}
    )


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, photo_folder: Path) -> None:
    pytest.importorskip("cryptography")
    monkeypatch.chdir(tmp_path)
    for name, error in (("cats", 0.1), ("better", 0.05), ("best", 0.02)):
        write_program(tmp_path / f"{name}.gatera", error)
    (tmp_path / "photos").symlink_to(photo_folder)
    names: dict[str, object] = {"__name__": "__main__"}
    said = ""
    for block in blocks(PAGE):
        if block.language == "python":
            exec(compile("\n" * (block.line - 1) + block.text, "docs/model-registry.md", "exec"), names)
        for line in (
            re.findall(r"^\$ gatera (.*)$", block.text, re.MULTILINE) if block.language == "console" else ()
        ):
            with pytest.raises(SystemExit) as done:
                main(shlex.split(line))
            assert done.value.code == 0, (line, capsys.readouterr().err)
        said += capsys.readouterr().out
    for words in (
        "Added cats@v1 (", "production of cats: v1 -> v2", "production of cats: v2 -> v1", "v2 on holiday we take the risk",
        "Error of cats@production minus that of cats@latest: +0 points", "├── data: photos", "2 versions checked: no problems found.",
        "there already", "Signed with the key ann.", "cat\n", "None\n",
    ):  # fmt: skip
        assert words in said, words
    assert (tmp_path / "cats.svg").read_text().startswith("<svg") and (tmp_path / "gatera.lock").exists()


def test_the_keys_on_the_page_are_those_on_the_disk() -> None:
    fixture = ROOT / "tests" / "fixtures" / "registry1"
    known = {
        re.sub(r"\d+(?=/|\.json)", "N", path.relative_to(fixture).as_posix())
        for path in fixture.rglob("*.json")
    }
    on_page = {
        re.sub(r"\d+(?=/|\.json)", "N", key) for key in re.findall(r"^\| `(\S+\.json)`", PAGE, re.MULTILINE)
    }
    assert known == on_page
