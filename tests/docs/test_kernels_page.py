from __future__ import annotations

import re
from pathlib import Path

from pages import read

from gatera.kernels import switch

PAGE = read("docs/kernels.md")


def test_every_module_of_the_kernels_is_explained():
    modules = {path.stem for path in Path(switch.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == modules


def test_the_switch_is_named():
    assert f"{switch.VARIABLE}=off" in PAGE
