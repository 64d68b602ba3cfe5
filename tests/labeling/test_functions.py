"""Labelling functions: what they take, what they may say, and when they are another version."""

from __future__ import annotations

import enum
import importlib.util
import linecache
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.labeling import ABSTAIN, LabelingFunction, Not, Votes, apply, labeling_function
from gatera.labeling.functions import as_functions, functions_in
from gatera.labeling.labelled import load_functions
from gatera.labeling.votes import Said, classes_in, encode


def test_a_function_says_by_its_parameters_what_it_takes():
    @labeling_function
    def both(path, photo):
        return ABSTAIN

    @labeling_function(name="other")
    def x_only(x):
        return "cat"

    assert both.takes == ("path", "photo") and both.name == "both"
    assert x_only.takes == ("item",) and x_only.name == "other" and x_only("a") == "cat"


def test_an_unknown_parameter_is_named_with_what_there_is():
    with pytest.raises(
        ArgumentError, match=r"parameter 'fotos'.*Available: item, path, photo.*Did you mean 'photo'"
    ):
        labeling_function(lambda fotos: "cat", )  # fmt: skip
    with pytest.raises(ArgumentError, match="takes nothing"):
        labeling_function(lambda: "cat")
    with pytest.raises(ArgumentError, match="no program is named"):
        labeling_function(lambda prediction: "cat")


def test_two_functions_of_one_name_are_refused():
    def same(text):
        return "a"

    with pytest.raises(ArgumentError, match="several labelling functions are called same"):
        as_functions([same, LabelingFunction(same)])
    with pytest.raises(ArgumentError, match="cannot be called"):
        as_functions([same, "praises"])


SOURCE = '''
import re
from gatera.labeling import labeling_function
WORDS = ["good", "fun"]
PATTERN = re.compile("x+")

def helper(text):
    return text.lower()

@labeling_function
def praises(text):
    """What it does."""
    # a comment
    return "yes" if any(word in helper(text) for word in WORDS) and not PATTERN.search(text) else None
'''


def version(tmp_path: Path, source: str) -> str:
    file = tmp_path / f"functions{abs(hash(source))}.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (found,) = functions_in(vars(module))
    return found.version


def test_a_version_depends_on_the_code_and_on_what_it_uses(tmp_path):
    before = version(tmp_path, SOURCE)
    assert len(before) == 8
    for same in (
        SOURCE.replace("# a comment", "# another"),
        SOURCE.replace("What it does.", "Other words."),
        SOURCE + "\nUNUSED = 1\n",
    ):
        assert version(tmp_path, same) == before
    for other in (
        SOURCE.replace('"fun"', '"funny"'),
        SOURCE.replace("text.lower()", "text.upper()"),
        SOURCE.replace('"yes"', '"no"'),
        SOURCE.replace("x+", "y+"),
    ):
        assert version(tmp_path, other) != before


def test_a_version_depends_on_what_a_function_closes_over():
    def made(word):
        return LabelingFunction(lambda text: "yes" if word in text else None, "rule")

    assert made("good").version == made("good").version != made("bad").version


def test_votes_are_classes_several_or_what_they_are_not():
    said = [Said.of(vote) for vote in ("cat", ["dog", "cat"], {"cat"}, Not("cat"), ABSTAIN, None)]
    assert classes_in([*said, Said.of("bird")]) == ("bird", "cat", "dog")
    matrix, allowed = encode([said], ["bird", "cat", "dog"])
    assert matrix[:, 0].tolist() == [1, 3, 1, 4, -1, -1]
    assert allowed[3].tolist() == [False, True, True] and allowed[4].tolist() == [True, False, True]
    with pytest.raises(DataError, match=r"not a class. Got: 0.5"):
        Said.of(0.5)
    assert Not("cat") == Not("cat") and Not("cat") != Not("dog")
    with pytest.raises(ArgumentError, match="names no class"):
        Not()


def test_a_vote_for_everything_or_nothing_is_none():
    matrix, _ = encode([[Said.of(["a", "b"]), Said.of(Not("a", "b")), Said.of("a")]], ["a", "b"])
    assert matrix[:, 0].tolist() == [-1, -1, 0]


@pytest.mark.parametrize("bad", [[[0.5, 1.0]], [0, 1], [[-2, 0]], np.zeros((0, 2), int)])
def test_a_matrix_that_holds_no_class_numbers_is_refused(bad):
    with pytest.raises(ArgumentError, match="votes are not a matrix of class numbers"):
        Votes.from_matrix(bad)


def test_known_labels_must_be_classes():
    votes = Votes.from_matrix([[0], [1]], ["cat", "dog"])
    assert votes.class_numbers([None, "dog"]).tolist() == [-1, 1]
    with pytest.raises(
        ArgumentError, match=r"item 2 has a label that is not a class. Got: 'dgo'.*Did you mean 'dog'"
    ):
        votes.class_numbers(["", "dgo"])
    with pytest.raises(ArgumentError, match="one label per item"):
        votes.class_numbers(["cat"])
    with pytest.raises(ArgumentError, match="not in classes"):
        Votes.from_matrix([[0], [2]], ["cat", "dog"])


def test_known_labels_that_pandas_says_are_missing_are_unknown():
    votes = Votes.from_matrix([[0], [1], [1]], ["cat", "dog"])
    assert votes.class_numbers(pd.Series(["cat", pd.NA, None], dtype="string")).tolist() == [0, -1, -1]
    assert votes.class_numbers([pd.NaT, np.float64("nan"), "dog"]).tolist() == [-1, -1, 1]


@pytest.mark.parametrize("word", ["ABSTAIN", "-1", "nan"])
def test_a_text_that_means_no_vote_is_not_made_a_class(word):
    said = [Said.of(np.array(vote)) for vote in (word, "pos", "neg")]  # arrays of one text
    with pytest.raises(DataError, match=f"vote for the text '{word}'.*without quotes"):
        classes_in(said)
    assert classes_in(said[1:]) == ("neg", "pos")


def test_functions_in_a_list_are_found_too():
    made = [labeling_function(name=name)(lambda text: None) for name in ("one", "two")]
    assert functions_in({"x": 1, "RULES": made, "again": made[0]}) == made


def test_a_file_in_which_a_function_loses_its_name_to_another_is_refused(tmp_path):
    path = tmp_path / "functions.py"
    rule = "@labeling_function\ndef says(text):\n    return {!r} if {!r} in text else None\n"
    head = "from gatera.labeling import labeling_function\nRULES = []\n"
    path.write_text(head + rule.format("pos", "joy") + rule.format("neg", "dull"))
    with pytest.raises(
        DataError, match="says in line 4 and again in line 7, so the first would not be asked"
    ):
        load_functions(path)
    path.write_text(head + rule.format("pos", "joy") + "RULES.append(says)\n" + rule.format("neg", "dull"))
    assert len(load_functions(path)) == 2  # kept in a list; apply() asks for other names
    path.write_text("import sys\nsys.exit(4)\n")
    with pytest.raises(DataError, match="failed in line 2: SystemExit: 4"):
        load_functions(path)


def test_minus_one_is_asked_about():
    said = [Said((-1,)), Said((0,)), Said((1,))]
    with pytest.raises(
        DataError,
        match=r"vote for -1, which means an abstention in Snorkel.*Return ABSTAIN.*classes=\[-1, 1\]",
    ):
        classes_in(said)
    assert classes_in(said[1:]) == (0, 1)


def test_the_code_of_own_modules_and_classes_counts(tmp_path, monkeypatch):
    """Votes of before were kept, unsaid, where a function's rule is in another file and called by that file's name, or is a method."""
    monkeypatch.syspath_prepend(tmp_path)
    functions = tmp_path / "functions.py"
    functions.write_text(
        "import own_rules, math\nfrom gatera.labeling import labeling_function\n"
        "class Here:\n    words = ['fun']\n    def ok(self, text): return any(each in text for each in self.words)\n"
        "@labeling_function\ndef by_module(text): return 'pos' if own_rules.ok(text) and math.pi else None\n"
        "@labeling_function\ndef by_class(text): return 'pos' if own_rules.Rule().ok(text) else None\n"
        "@labeling_function\ndef by_own_class(text): return 'pos' if Here().ok(text) else None\n"
        "@labeling_function\ndef apart(text): return 'pos' if own_rules.OTHER else None\n"
    )

    def versions(word, own="fun"):
        (tmp_path / "own_rules.py").write_text(
            f"OTHER = 1\ndef ok(text): return '{word}' in text\nclass Rule:\n    def ok(self, text): return '{word}' in text\n"
        )
        functions.write_text(functions.read_text().replace("'fun'", f"'{own}'"))
        sys.modules.pop("own_rules", None)
        importlib.invalidate_caches()
        linecache.clearcache()
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        return {
            name: each.version
            for name, each in runpy.run_path(str(functions)).items()
            if hasattr(each, "version")
        }

    first, same, other, mine = (
        versions("joy"),
        versions("joy"),
        versions("delight"),
        versions("delight", "glee"),
    )
    assert first == same
    assert {name for name in first if first[name] != other[name]} == {"by_module", "by_class"}
    assert {name for name in first if other[name] != mine[name]} == {"by_own_class"}


def test_members_of_an_enumeration_are_their_text():
    """`str` of one is its name in the code: labels.csv got "Kind.CAT", and "cat" from the votes that were kept."""
    kind = enum.Enum("Kind", {"CAT": "cat", "DOG": "dog"}, type=str)
    votes = apply([lambda text: kind.CAT if "meow" in text else kind.DOG], ["meow", "woof"], quiet=True)
    assert [str(label) for label in votes.classes] == ["cat", "dog"]
    given = apply([lambda text: "cat"], ["meow"], classes=list(kind), quiet=True)
    assert [type(label) for label in given.classes] == [str, str]
    assert Votes.from_matrix([[0], [1]], list(kind)).class_numbers([kind.CAT, "dog"]).tolist() == [0, 1]
