from __future__ import annotations

import subprocess
import sys

import pytest

from gatera.core.lazy import LazyModule, lazy_exports


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
