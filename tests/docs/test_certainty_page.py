"""The page on how sure a program is: its examples run one after the other, and its words are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import blocks, read

from gatera.program.certain.conformal import least_items
from gatera.program.certain.novelty import ALARM, NEIGHBOURS

PAGE = read("docs/certainty.md")


@pytest.mark.whole
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    said = []
    for block in blocks(PAGE, "python"):
        source = "\n" * (block.line - 1) + block.text
        exec(compile(source, "docs/certainty.md", "exec", dont_inherit=True), names)
        said.append(capsys.readouterr().out)
    assert "held-out items" in said[0]
    assert said[2].startswith("cats ['cats'] None")
    assert "sure needs more held-out items than the program has: at least 999 for 0.999. Got: 30." in said[3]
    calm, drifted = said[5].split("\nThe batch has drifted")
    assert calm.startswith("No drift was detected") and "AUC of" in drifted


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert [least_items(level) for level in (0.9, 0.95, 0.99)] == [9, 19, 99]
    assert "9 for 0.9, 19 for 0.95, 99 for 0.99" in PAGE
    assert f"above {ALARM}" in PAGE and f"the {NEIGHBOURS} nearest training items" in PAGE
