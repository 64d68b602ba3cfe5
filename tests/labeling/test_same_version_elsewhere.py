"""A version of a labelling function is the same in another run, in another folder, and after what decides nothing."""

from __future__ import annotations

import os
import subprocess
import sys

FILE = '''
"""Rules."""
import functools, operator
from os import environ
from pathlib import Path
from types import MappingProxyType
from gatera.labeling import labeling_function as make

HERE = Path(__file__).parent
WORDS = frozenset({"alpha", "beta", "gamma", "delta"})
COMMON = operator.methodcaller("intersection", WORDS)
TABLE = {}
TABLE["get"] = TABLE.get

def helped(text): return text
RULES = {lambda text: helped(text + "1"), lambda text: helped(text + "2"), lambda text: helped(text + "3")}

@functools.singledispatch
def by_type(text): return "a"
for kind in {int, float, bytes} if environ["PYTHONHASHSEED"] == "1" else [bytes, float, int]:
    by_type.register(kind, lambda text: "b")

def own(text): return "a"
own.registry = MappingProxyType({})

class Counted:
    version = "3"
    def __init__(self): self.key = environ["PYTHONHASHSEED"]
    def __call__(self, text): return "a"

class Kept:
    @functools.cached_property
    def words(self): return WORDS
    def __call__(self, text): return "a" if text in self.words else None

kept = Kept()
if environ["PYTHONHASHSEED"] == "1":
    kept("x")

def of_set(text): return "a" if text in WORDS else None
def of_common(text): return COMMON({text})
def of_table(text): return TABLE["get"](text)
def of_rules(text): return [rule(text) for rule in RULES]
def of_own(text): return own(text)
def of_environment(text): return environ.get("CLASS")
def of_folder(text): return (HERE / "words.txt").read_text()
def of_file(text): return Path(__file__).name + __name__ + __doc__

for rule in [of_set, of_common, of_table, of_rules, of_own, of_environment, of_folder, of_file, by_type, own, kept, Counted()]:
    print(make(name="f")(rule).version)
print(make(name="f")(lambda text: "a" if text in {"alpha", "beta", "gamma", "delta"} else None).version)
'''


def test_another_run_in_another_folder(tmp_path):
    """Another order of sets and registrations, environment, folder, module and docstring, and what an object was asked: the same."""
    found = []
    for seed in "12":
        file = tmp_path / seed / f"rules_{seed}.py"
        file.parent.mkdir()
        file.write_text(FILE.replace("Rules.", f"Rules, {seed}."))
        run = subprocess.run(
            [sys.executable, file], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        found.append(run.stdout.splitlines())
    assert len(found[0]) == 13
    assert found[0] == found[1]
