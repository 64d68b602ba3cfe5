"""What a rule uses may change after the rule was made: another cell of a notebook runs again."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

from gatera.labeling import apply

TEXTS = ["a joy", "a delight", "a waste", "stale"]

RULES = """
from gatera.labeling import ABSTAIN, labeling_function
WORD = "joy"
def fits(text): return WORD in text
@labeling_function
def inner(text): return "pos" if fits(text) else ABSTAIN
@labeling_function
def rule(text): return {rule}
@labeling_function
def other(text): return "neg" if "waste" in text else ABSTAIN
"""


@pytest.mark.parametrize(
    "rule", ['"pos" if WORD in text else ABSTAIN', '"pos" if fits(text) else ABSTAIN', "inner(text)"]
)
@pytest.mark.parametrize("cell", ["WORD = 'delight'", "def fits(text): return 'delight' in text"])
def test_votes_are_kept_of_what_a_rule_says_now(rule, cell, tmp_path):
    if "WORD" in rule and "def" in cell:
        cell += "\nWORD = 'delight'"
    world = {"__name__": "__main__"}
    exec(RULES.format(rule=rule), world)
    functions = [world["rule"], world["other"]]
    before = apply(functions, TEXTS, keep=tmp_path / "votes.sqlite", quiet=True)
    exec(cell, world)
    after = apply(functions, TEXTS, keep=tmp_path / "votes.sqlite", quiet=True)
    assert np.array_equal(after.matrix, apply(functions, TEXTS, quiet=True).matrix)
    assert not np.array_equal(after.matrix, before.matrix)
    assert [a == b for a, b in zip(after.versions, before.versions)] == [False, True]
    assert after.kept == len(TEXTS)  # of the other rule


def test_a_file_that_was_edited_and_not_loaded_again_changes_no_version(tmp_path, monkeypatch):
    file = tmp_path / "edited_rules.py"
    file.write_text(RULES.format(rule='"pos" if fits(text) else ABSTAIN'))
    monkeypatch.syspath_prepend(tmp_path)
    try:
        rule = importlib.import_module("edited_rules").rule
        rule.renew()
        before = rule.version
        file.write_text(
            file.read_text()
            .replace("WORD in text", "WORD in text.lower()")
            .replace("fits(text)", "fits(text )")
        )
        rule.renew()
        assert rule.version == before
    finally:
        sys.modules.pop("edited_rules", None)


def test_a_rule_that_calls_itself_keeps_its_version():
    world = {"__name__": "__main__"}
    exec(RULES.format(rule='"pos" if text == "joy" else rule(text[:-1]) if text else ABSTAIN'), world)
    rule = world["rule"]
    rule.renew()
    before = rule.version
    rule.renew()
    assert rule.version == before and len(before) == 8


@pytest.mark.parametrize("plain", [False, True])
def test_what_a_rule_keeps_of_its_own_answers_makes_no_other_rule_of_it(plain, tmp_path):
    rule = "'pos' if ANSWERS.setdefault(text, WORD in text) else ABSTAIN"
    world = {"__name__": "__main__", "ANSWERS": {}}
    exec(RULES.format(rule=rule), world)
    functions = [world["rule"].function if plain else world["rule"], world["other"]]
    first = apply(functions, TEXTS[:3], keep=tmp_path / "votes.sqlite", quiet=True)
    second = apply(functions, TEXTS, keep=tmp_path / "votes.sqlite", quiet=True)
    assert second.versions == first.versions and second.kept == 6
    world["ANSWERS"]["a waste"] = True  # somebody else did
    third = apply(functions, TEXTS, keep=tmp_path / "votes.sqlite", quiet=True)
    assert third.versions[0] != first.versions[0] and third.kept == len(TEXTS)
    assert (third.matrix[:, 0] >= 0).tolist() == [True, False, True, False]
