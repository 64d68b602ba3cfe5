"""The page on pieces of one's own: every example runs, and the checks it names are all there are."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pages import Block, blocks, read, section, spans
from tests.tiny_programs import SIDE, photos

import gatera.testing
from gatera.program.engines import ENGINES, Engine

PAGE = read("docs/extending.md")
EXAMPLES = blocks(PAGE, "python")


def title(block: Block) -> str:
    """Return the heading that an example stands under."""
    before = [line for line in PAGE.splitlines()[: block.line] if line.startswith("#")]
    return before[-1].lstrip("# ")


@pytest.mark.slow
@pytest.mark.parametrize("block", EXAMPLES, ids=[f"{title(block)} ({block.line})" for block in EXAMPLES])
def test_every_example_runs_by_itself(block):
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(block.text, "docs/extending.md", "exec", dont_inherit=True), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        test()
    assert tests or "check_" in block.text.splitlines()[-1] or "ContractError" in block.text


@pytest.mark.slow
def test_the_message_that_is_shown_is_the_one_that_comes(capsys):
    exec(compile(EXAMPLES[-1].text, "docs/extending.md", "exec", dont_inherit=True), {"__name__": "__main__"})
    assert capsys.readouterr().out == blocks(section(PAGE, "## When a rule is broken"), "text")[0].text


def test_the_engine_of_the_page_serves_programs_that_know_their_training_inputs():
    names: dict[str, object] = {"__name__": "__main__"}
    exec(next(block.text for block in EXAMPLES if title(block) == "An engine"), names)
    del ENGINES["half"]
    half = names["HalfEngine"]
    assert {name for name in vars(Engine) if not name.startswith("_")} <= vars(half).keys()
    output, features = half(photos()[1]["model.onnx"], "float32", 1, "mean").run_with_features(
        np.zeros((2, SIDE, SIDE, 3), np.uint8)
    )
    assert (output.shape, features.shape) == ((2, 2), (2, 3))


def test_every_check_is_on_the_page_and_no_other():
    named = {match for span in spans(PAGE) for match in re.findall(r"check_\w+", span)}
    assert named == {name for name in gatera.testing.__all__ if name.startswith("check_")}
