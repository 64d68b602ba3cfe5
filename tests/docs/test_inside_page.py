"""The page on seeing inside: its examples run one after the other, and it names every method there is."""

from __future__ import annotations

import re

import pytest
from pages import blocks, read, spans

from gatera.interpret.attribution import METHODS
from gatera.interpret.attributions.integrated_gradients import MOST_STEPS, TOLERANCE
from gatera.learn.inference.inside import SeesInside

PAGE = read("docs/inside.md")


@pytest.mark.whole
def test_the_examples_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(PAGE, "python"):
        exec(compile(block.text, f"docs/inside.md:{block.line}", "exec", dont_inherit=True), names)
    assert {file.name for file in tmp_path.glob("*.png")} == {
        name for block in blocks(PAGE, "python") for name in re.findall(r"[\w-]+\.png(?=\"\))", block.text)
    }
    assert "Linear probes on 120 training and 30 validation items" in capsys.readouterr().out


def test_every_method_is_on_the_page_and_no_other():
    there = {name for name in vars(SeesInside) if not name.startswith("_")}
    assert set(re.findall(r"^\| .* \| \[`learn\.(\w+)\(", PAGE, re.MULTILINE)) == there


def test_every_way_to_attribute_is_on_the_page():
    named = set(spans(PAGE))
    assert {method for methods in METHODS.values() for method in methods} <= named
    assert f"up to {MOST_STEPS}" in PAGE and f"within {TOLERANCE:.0%}".replace("%", " %") in PAGE
