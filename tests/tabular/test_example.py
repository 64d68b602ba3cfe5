from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.whole
def test_the_example_for_tables_runs(tmp_path, capfd):
    spec = importlib.util.spec_from_file_location("tabular_example", EXAMPLES / "tabular.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.main(out=tmp_path, quick=True)
    assert found["network"] > 0.7 and found["trees"] > 0.7
    said = capfd.readouterr().out
    assert "PyTorch and pandas were never imported" in said
    assert (tmp_path / "salary.gatera").is_file()
