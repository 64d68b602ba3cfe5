from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_the_example_for_ratings_runs(tmp_path, capfd):
    spec = importlib.util.spec_from_file_location("recommend_example", EXAMPLES / "recommend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.main(out=tmp_path, quick=True)
    assert found["network"] < found["means"]
    assert "PyTorch and pandas were never imported" in capfd.readouterr().out
    assert (tmp_path / "ratings.gatera").is_file()
