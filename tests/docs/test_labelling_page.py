"""The page on labelling by functions: its examples run one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import blocks, read

from gatera.labeling.functions import VIEWS

PAGE = read("docs/labelling.md")


@pytest.mark.whole
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    said = []
    for block in blocks(PAGE, "python"):
        source = "\n" * (block.line - 1) + block.text
        exec(compile(source, "docs/labelling.md", "exec", dont_inherit=True), names)
        said.append(capsys.readouterr().out)
    assert "items have a vote" in said[1] and "right" in said[1]
    assert "'pos':" in said[2]
    assert float(said[3].split()[-1]) > 0.6
    assert said[4].count("caused,") == 4 and "row " in said[4]
    assert said[5].startswith("(8, 2) <asked model my-model-2026-11: 8 sent")


def test_the_functions_of_the_page_vote_as_it_says(tmp_path: Path) -> None:
    names: dict[str, object] = {}
    exec(blocks(PAGE, "python")[0].text, names)
    assert names["praises"]("a joy") == "pos" and names["laughs"]("we laugh") == names["Not"]("neg")
    assert all(f"`{view}`" in PAGE for view in VIEWS)
