"""What the version of a function covers: votes of before are kept while it stays."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

RULES = """
import dataclasses, enum, functools, typing

WORD = "one"

def plain(x): return "two" in x

@functools.lru_cache
def cached(x): return "three" in x

part = functools.partial(plain, "four")

def wrapped(function):
    @functools.wraps(function)
    def inner(x): return function(x) or "five" in x
    return inner

@wrapped
def decorated(x): return "six" in x

class Base:
    def says(self, x): return "seven" in x

class Rule(Base):
    @functools.cached_property
    def word(self): return "eight"
    @functools.lru_cache
    def kept(self, x): return "nine" in x
    @property
    def value(self): return 1
    @value.setter
    def value(self, x): self.x = "ten"

bound = Rule().says

@dataclasses.dataclass
class Data:
    word: str = "eleven"

class Pair(typing.NamedTuple):
    word: str = "twelve"

class Kind(enum.Enum):
    A = "thirteen"
"""

MAIN = """
import sys
import own
import own.rules
from gatera.labeling.version import version_of
from own.rules import Base, Data, Kind, Pair, Rule, bound, cached, decorated, part

class Here:
    words = ["HERE"]

SET = {Rule, Here, Kind}

def by_submodule(x): return own.rules.plain(x) or own.rules.WORD in x
def by_cached(x): return cached(x)
def by_part(x): return part()
def by_decorated(x): return decorated(x)
def by_class(x): return Rule().says(x)
def by_bound(x): return bound(x)
def by_data(x): return Data().word in x
def by_pair(x): return Pair().word in x
def by_kind(x): return Kind.A.value in x
def by_here(x): return Here.words[0] in x
def by_set(x): return x in SET

print({name: version_of(value) for name, value in [*vars().items()] if name.startswith("by_")})
"""

CLASSES = {"by_class", "by_bound", "by_set"}


@pytest.fixture
def versions(tmp_path):
    package = tmp_path / "own"
    package.mkdir()
    (package / "__init__.py").touch()

    def run(rules=RULES, main=MAIN, **env):
        (package / "rules.py").write_text(rules)
        (tmp_path / "main.py").write_text(main)
        given = main if env.pop("typed", False) else None
        command = [sys.executable, "-B", "-" if given else "main.py"]
        found = subprocess.run(
            command, input=given, cwd=tmp_path, env={**os.environ, **env}, capture_output=True, text=True, check=True
        )  # fmt: skip
        return ast.literal_eval(found.stdout)

    return run


def other(one, two):
    return {name for name in one if one[name] != two[name]}


def test_a_version_covers_what_is_the_users_however_it_is_used(versions):
    """Submodules, base classes, methods, properties, and what is decorated or partial were left out: votes of before were kept unsaid."""
    before = versions()
    for word, changed in {
        "one": {"by_submodule"}, "two": {"by_submodule", "by_part"}, "three": {"by_cached"}, "four": {"by_part"},
        "five": {"by_decorated"}, "six": {"by_decorated"}, "seven": CLASSES, "eight": CLASSES, "nine": CLASSES, "ten": CLASSES,
        "eleven": {"by_data"}, "twelve": {"by_pair"}, "thirteen": {"by_kind", "by_set"},
    }.items():  # fmt: skip
        assert other(before, versions(RULES.replace(f'"{word}"', '"changed"'))) == changed, word


def test_a_version_is_the_same_whatever_the_seed_of_hashes(versions):
    assert versions(PYTHONHASHSEED="1") == versions(PYTHONHASHSEED="2")


def test_classes_of_a_notebook_are_the_users(versions):
    """Its module has no file."""
    assert other(versions(typed=True), versions(main=MAIN.replace("HERE", "there"), typed=True)) == {
        "by_here",
        "by_set",
    }
