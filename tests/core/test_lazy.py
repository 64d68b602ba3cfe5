from __future__ import annotations

import re
import subprocess
import sys

import pytest

import gatera
from gatera.core.lazy import LazyModule, LazyPattern, lazy_exports


def test_a_lazy_module_is_the_module_when_used():
    import json

    lazy = LazyModule("json")
    assert lazy.dumps is json.dumps
    assert "dumps" in dir(lazy)


def test_exports_are_found_and_others_are_not():
    get, listing = lazy_exports("mine", {"dumps": "json"})
    assert get("dumps")([1]) == "[1]"
    assert listing() == ["dumps"]
    with pytest.raises(AttributeError) as err:
        get("other")
    assert str(err.value) == "module 'mine' has no attribute 'other'"


@pytest.mark.slow
def test_nothing_is_imported_before_it_is_used():
    code = (
        "import sys; from gatera.core.lazy import LazyModule; m = LazyModule('wave'); "
        "before = 'wave' in sys.modules; m.open; print(before, 'wave' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]


def test_a_pattern_is_compiled_once_and_only_when_it_is_used(monkeypatch):
    compiled = []
    real = re.compile
    monkeypatch.setattr(re, "compile", lambda *given: compiled.append(given) or real(*given))
    pattern = LazyPattern("b+", re.IGNORECASE)
    assert compiled == []
    assert [pattern.sub("-", text) for text in ("aBb", "abba")] == ["a-", "a-a"]
    assert compiled == [("b+", re.IGNORECASE)]
    assert not hasattr(pattern, "__array__")


def test_dir_shows_what_every_module_has_too():
    assert {"train", "__version__", "__doc__"} <= {*dir(gatera)}
    assert not {"lazy_exports", "TYPE_CHECKING"} & {*dir(gatera)}


def test_a_misspelt_name_is_told():
    with pytest.raises(
        AttributeError, match=r"module 'gatera' has no attribute 'trian'. Did you mean 'train'\?"
    ):
        gatera.trian
    assert not hasattr(gatera, "__wrapped__")
